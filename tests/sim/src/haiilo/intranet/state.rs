//! What an intranet holds besides its accounts.

use crate::haiilo::intranet::bin::Bin;
use crate::haiilo::intranet::groups::Groups;
use crate::haiilo::intranet::tokens::Tokens;

/// What an intranet holds besides its accounts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Intranet {
    pub(crate) tokens: Tokens,
    pub(crate) groups: Groups,
    pub(crate) bin: Bin,
}
