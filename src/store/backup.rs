//! A backup: the store as it is at one moment, in a file of its own.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sqlx::Error;

use crate::ports::StoreFailure;
use crate::store::open::ReadStore;
use crate::store::place::StorePlace;

impl ReadStore {
    /// Copies the store as it is at one moment, also while a cycle writes. The copy is readable by its owner alone; nothing that exists is
    /// overwritten. A database of PostgreSQL has its own program for this.
    pub async fn backup(&self, file: &Path) -> Result<(), StoreFailure> {
        let refused = |what: &str, cause: Option<Box<dyn std::error::Error + Send + Sync>>| StoreFailure {
            message: format!("the backup {} {what}", file.display()),
            cause,
        };
        if let StorePlace::Server(_) = &self.place {
            let message = format!("the store {} is in PostgreSQL; copy it with `pg_dump`", self.place);
            return Err(StoreFailure { message, cause: None });
        }
        let text = file.to_str().ok_or_else(|| refused("needs a name that is text; choose another one", None))?;
        let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
        new.map_err(|error| {
            refused("cannot be made; give the name of a file that does not exist", Some(error.into()))
        })?;
        let copied = self
            .look(|connection| {
                let text = text.to_owned();
                Box::pin(async move {
                    // A copy that was begun and not believed is begun again, into an empty file.
                    OpenOptions::new().write(true).truncate(true).open(&text).map_err(Error::Io)?;
                    sqlx::query("VACUUM INTO $1").bind(text).execute(connection).await?;
                    Ok(BackupResult::Whole)
                })
            })
            .await;
        match copied {
            Ok(BackupResult::Whole) => Ok(()),
            Ok(BackupResult::Nothing) => {
                let _ = std::fs::remove_file(file);
                Err(refused("was not made: there is no store yet; run `sync` first", None))
            }
            Err(failure) => {
                let _ = std::fs::remove_file(file);
                Err(failure)
            }
        }
    }
}

/// Whether there was anything to copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum BackupResult {
    #[default]
    Nothing,
    Whole,
}
