//! What was learnt of Haiilo's endpoint: one fact, as JSON.

use sqlx::{AnyConnection, Error};

use crate::domain::model::target::TargetProfile;
use crate::ports::StoreFailure;
use crate::store::notes;
use crate::store::open::{ReadStore, Store};

const FACT: &str = "target";

impl ReadStore {
    /// Whether there is a store that holds anything.
    pub async fn exists(&self) -> Result<bool, StoreFailure> {
        self.look(|_| Box::pin(async { Ok(true) })).await
    }
}

impl Store {
    /// Keeps what was learnt in place of what was known.
    pub async fn keep_target(&self, profile: &TargetProfile) -> Result<(), StoreFailure> {
        let text = serde_json::json!(profile).to_string();
        self.transaction(async |connection| notes::set_fact(connection, FACT, Some(&text)).await).await
    }
}

/// What was kept. A text that this version cannot read says nothing: it is learnt anew.
pub(super) async fn read(connection: &mut AnyConnection) -> Result<Option<TargetProfile>, Error> {
    let text = notes::read_fact(connection, FACT).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}
