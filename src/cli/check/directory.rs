//! What a write probe showed of an intranet's user directory, compared with what the configuration says of it. A cycle uses the
//! configuration, and what it sees itself.

use crate::cli::check::findings::CheckFindings;
use crate::cli::wiring::Wiring;
use crate::domain::mapping::AttributeKind;
use crate::domain::model::policy::{Deprovision, Product};
use crate::domain::model::target::WriteSupport;
use crate::domain::model::word::Word as _;
use crate::domain::planning::write_probe::place;
use crate::ports::StoreReader as _;

/// Compares the two.
pub(super) async fn compare(wiring: &Wiring, findings: &mut CheckFindings) {
    if wiring.cycle.policy.product != Product::Intranet {
        return;
    }
    // A store that cannot be read is reported elsewhere.
    let known = wiring.read_store().target().await.ok().flatten();
    let known = known.filter(|known| known.base_url == wiring.cycle.tenant.base_url).and_then(|known| known.writes);
    let Some(WriteSupport { learnt, profile_fields, deactivation, .. }) = known else {
        return findings.fine(
            "what a deactivation does, and where SCIM keeps profile fields, no look can show: `check --write-probe ADDRESS` finds out",
        );
    };
    let date = learnt.format("%Y-%m-%d");
    let again = "or run `check --write-probe ADDRESS` again if Haiilo was set up anew since";
    if let Some(found) = deactivation {
        let said = wiring.cycle.policy.deprovision;
        let does = match found {
            Deprovision::Deactivate => "leaves the account there, inactive",
            Deprovision::Delete => "deletes the account",
        };
        if found == said {
            findings.fine(format_args!("a deactivation {does}, by the write probe of {date}"));
        } else {
            findings.warn(format_args!(
                "a deactivation {does}, by the write probe of {date}, and the configuration goes by the other policy: set \
                 haiilo.deprovision_policy = {:?}, {again}",
                found.as_str()
            ));
        }
    }
    let Some(kept) = profile_fields else { return };
    let fields = wiring.cycle.mapping.rules().iter().filter(|rule| rule.kind == AttributeKind::ProfileField);
    let elsewhere: Vec<String> =
        fields.filter(|rule| place(&rule.path) != kept).map(|rule| rule.path.to_string()).collect();
    if elsewhere.is_empty() {
        findings.fine(format_args!("profile fields are kept at {kept:?}, by the write probe of {date}"));
    } else {
        findings.warn(format_args!(
            "profile fields are kept at {kept:?}, by the write probe of {date}, and these are elsewhere: {}; set haiilo.profile_fields = \
             {kept:?}, {again}",
            elsewhere.join(", ")
        ));
    }
}
