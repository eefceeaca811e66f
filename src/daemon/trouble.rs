//! What is wrong, as far as the daemon does something about it.

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What kind of trouble it is.
    pub class: Class,
    /// Why, in a sentence that names nobody.
    pub what: String,
    /// Why, with all causes, for the log.
    pub causes: String,
}

/// What kind of trouble there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Credentials are refused or lack a right: trying again soon is of no use.
    Credentials,
    /// Somebody must change the configuration, in Okta or here: trying again soon is of no use.
    Configuration,
    /// It may pass by itself.
    Passing,
}
