//! The sandbox: a simulated Okta, a simulated Haiilo, and a configuration that names them, in a folder that is removed afterwards.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use okta_haiilo_sim::haiilo::{self, Haiilo};
use okta_haiilo_sim::okta::Okta;
use okta_haiilo_sim::{Server, SimClock};
use tempfile::TempDir;

use crate::cli::args::ProductWord;
use crate::cli::context::{Context, Invoker};
use crate::cli::demo::files;
use crate::cli::screen::Screen;
use crate::config::EnvVars;

/// Both servers and the folder.
#[derive(Debug)]
pub(super) struct Sandbox {
    pub(super) okta: Server<Okta>,
    pub(super) haiilo: Server<Haiilo>,
    folder: TempDir,
}

impl Sandbox {
    /// Starts both servers, without people, and writes the configuration.
    pub(super) async fn set(product: ProductWord) -> io::Result<Self> {
        let clock = SimClock::system();
        let okta = Server::start(Okta::new(clock.clone()), clock.clone()).await?;
        let haiilo = match product {
            ProductWord::Advocacy => {
                let mut haiilo = Haiilo::advocacy(clock.clone());
                haiilo.set_groups(&haiilo::GROUPS.map(|(_, name)| name));
                haiilo
            }
            ProductWord::Intranet => Haiilo::intranet(clock.clone()),
        };
        let haiilo = Server::start(haiilo, clock).await?;
        let folder = tempfile::Builder::new().prefix("okta-haiilo-sync-demo-").tempdir()?;
        let sandbox = Self { okta, haiilo, folder };
        fs::create_dir(sandbox.path("credentials"))?;
        fs::set_permissions(sandbox.path("credentials"), fs::Permissions::from_mode(0o700))?;
        let origins = [sandbox.okta.origin(), sandbox.haiilo.origin()];
        for (name, text) in files::of(product, [&origins[0], &origins[1]], sandbox.folder()) {
            sandbox.write(name, &text)?;
        }
        Ok(sandbox)
    }

    /// The configuration file.
    pub(super) fn config(&self) -> PathBuf {
        self.path(files::CONFIGURATION)
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the commands are given.
    pub(super) fn context(&self) -> Context {
        Context {
            config: self.config(),
            env: EnvVars::default(),
            invoker: Invoker { sudo_user: None, uid: None },
            shows_progress: false,
            screen: Screen::default(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        fs::write(self.path(name), text)?;
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600))
    }
}
