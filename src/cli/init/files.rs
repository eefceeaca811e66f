//! The two files: both are written or none, and what is there is never overwritten.

use std::fs::{self, DirBuilder, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::NamedTempFile;

use crate::cli::args::ProductWord;
use crate::cli::exit::{CommandError, CommandResult};
use crate::config::ConfigDraft;

/// The folder of the package, where state and secrets have places of their own.
const PACKAGE: &str = "/etc/okta-haiilo-sync";
/// The name of the mapping, as the samples have it.
fn mapping_of(product: ProductWord) -> &'static str {
    match product {
        ProductWord::Advocacy => "mapping.advocacy.toml",
        ProductWord::Intranet => "mapping.intranet.toml",
    }
}

/// Where the files will be.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) folder: PathBuf,
    pub(super) configuration: PathBuf,
    pub(super) mapping: PathBuf,
}

impl Files {
    /// In the folder of the configuration, or in another one.
    pub(super) fn of(config: &Path, dir: Option<&Path>, product: ProductWord) -> Self {
        let configuration = dir.map_or(config.to_owned(), |dir| dir.join("okta-haiilo-sync.toml"));
        let folder = configuration.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        let mapping = configuration.with_file_name(mapping_of(product));
        Self { folder, configuration, mapping }
    }

    /// Whether state and secrets are where the package has them.
    pub(super) fn are_of_the_package(&self) -> bool {
        self.folder == Path::new(PACKAGE)
    }

    /// The folder of the secrets.
    pub(super) fn credentials(&self) -> PathBuf {
        self.folder.join("credentials")
    }

    /// Refuses if either file is there, also as a link to nowhere.
    pub(super) fn refuse_existing(&self) -> CommandResult<()> {
        match [&self.configuration, &self.mapping].into_iter().find(|path| fs::symlink_metadata(path).is_ok()) {
            None => Ok(()),
            Some(path) => Err(CommandError::misconfigured(format!(
                "{} is there already, and init never overwrites; edit it, move it away, or name another folder with --dir",
                path.display()
            ))),
        }
    }

    /// Writes both.
    pub(super) fn write(&self, draft: &ConfigDraft<'_>) -> CommandResult<()> {
        let ConfigDraft { configuration, mapping } = draft;
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o750);
        builder.create(&self.folder).with_context(|| {
            format!("the folder {} cannot be made; make it, or name another one with --dir", self.folder.display())
        })?;
        let configuration = self.prepare(configuration)?;
        let mapping = self.prepare(mapping)?;
        keep(mapping, &self.mapping)?;
        // The configuration comes last: without it, nothing reads the mapping.
        keep(configuration, &self.configuration).inspect_err(|_| {
            // We made it a moment ago.
            let _ = fs::remove_file(&self.mapping);
        })
    }

    /// A complete file without a name. A user who may read the secrets may read it.
    fn prepare(&self, text: &str) -> CommandResult<NamedTempFile> {
        let unwritable = || {
            format!(
                "no file can be written in {}; name another folder with --dir, or run as another user",
                self.folder.display()
            )
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".okta-haiilo-sync-").permissions(Permissions::from_mode(0o640));
        let mut file = builder.tempfile_in(&self.folder).with_context(unwritable)?;
        file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).with_context(unwritable)?;
        if let Ok(credentials) = fs::metadata(self.credentials()) {
            // Only root may give a file to another group; others keep their own.
            let _ = chown(file.path(), None, Some(credentials.gid()));
        }
        Ok(file)
    }
}

/// Gives a file its name, which nothing may have.
fn keep(file: NamedTempFile, path: &Path) -> CommandResult<()> {
    file.persist_noclobber(path).map_err(|error| error.error).with_context(|| {
        format!(
            "{} cannot be written, and nothing was; look at what is there, or name another folder with --dir",
            path.display()
        )
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Files;
    use crate::cli::args::ProductWord;

    #[test]
    fn the_folder_is_that_of_the_configuration_or_another() {
        let check = |config: &str, dir: Option<&str>, expected: [&str; 2]| {
            let Files { folder: _, configuration, mapping } =
                Files::of(Path::new(config), dir.map(Path::new), ProductWord::Advocacy);
            assert_eq!([configuration, mapping].map(|path| path.display().to_string()), expected);
        };
        let usual = "/etc/okta-haiilo-sync/okta-haiilo-sync.toml";
        check(usual, None, [usual, "/etc/okta-haiilo-sync/mapping.advocacy.toml"]);
        check("sync.toml", None, ["sync.toml", "mapping.advocacy.toml"]);
        check(usual, Some("/a"), ["/a/okta-haiilo-sync.toml", "/a/mapping.advocacy.toml"]);
        let intranet = Files::of(Path::new(usual), None, ProductWord::Intranet);
        assert_eq!(intranet.mapping, Path::new("/etc/okta-haiilo-sync/mapping.intranet.toml"));
        assert!(intranet.are_of_the_package());
        assert!(!Files::of(Path::new("sync.toml"), None, ProductWord::Advocacy).are_of_the_package());
    }
}
