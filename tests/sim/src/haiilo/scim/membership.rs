//! A group as an account in it shows it (RFC 7643 4.1.2). It knows neither groups nor accounts.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

/// A group as an account in it shows it; all its members hold the same one.
#[derive(Debug)]
pub(crate) struct Membership {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Serialize for Membership {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("value", &self.id)?;
        map.serialize_entry("display", &self.name)?;
        map.serialize_entry("type", "direct")?;
        map.end()
    }
}
