//! `[groups]` of the configuration: the intranet alone has groups that SCIM reaches.

use crate::config::reader::Reader;
use crate::config::values;
use crate::domain::model::policy::{GroupDeletes, GroupRules, Product};

/// Reads `[groups]`; `None` where groups are not synced.
pub(super) fn rules(reader: &mut Reader, product: Option<Product>) -> Option<GroupRules> {
    if product == Some(Product::Advocacy) {
        return None;
    }
    let enabled = reader.or("groups.enabled", false, values::flag);
    let include = reader.or("groups.include", Vec::new(), |entry| {
        let texts = values::texts(entry)?;
        let is_blank = texts.iter().any(|text| text.trim().is_empty());
        if is_blank { Err("write names or ids (00g…) of groups in Okta".to_owned()) } else { Ok(texts) }
    });
    let delete = reader.or("groups.delete", false, values::flag);
    if !enabled && delete {
        reader.warn("groups.delete has no effect without groups.enabled");
    }
    let delete = if delete { GroupDeletes::WhenGone } else { GroupDeletes::Never };
    enabled.then_some(GroupRules { include, delete })
}
