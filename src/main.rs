//! The program: the allocator, the arguments, the exit code.

use std::os::unix::fs::MetadataExt as _;
use std::process::ExitCode;

use clap::Parser as _;
use okta_haiilo_sync::cli::{self, Arguments, Invoker};
use okta_haiilo_sync::config::EnvVars;

/// Gives memory back after a large cycle; `.cargo/config.toml` sets how soon.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    cli::run(arguments, EnvVars::of_this_process(), invoker())
}

/// Who started the program: the user before `sudo`, and the owner of this process.
fn invoker() -> Invoker {
    #[expect(
        clippy::disallowed_methods,
        reason = "main may see the environment, and only the journal wants to know this"
    )]
    let sudo_user = std::env::var("SUDO_USER").ok();
    let uid = std::fs::metadata("/proc/self").ok().map(|metadata| metadata.uid());
    Invoker { sudo_user, uid }
}
