//! The org's one application, as its administrator set it up.
//!
//! Follows `Application` of Okta's management API, of which it keeps what a test may want to change.

/// The id of the org.
pub const ORG_ID: &str = "00o1simOrg0kWq45d7ab";

/// The id of the application.
pub const APP_ID: &str = "0oa1simApp0kWq45d7ab";

/// The application, as an administrator sets it up. Each field is what the API shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// `ACTIVE`, `INACTIVE` or `DELETED`.
    pub status: String,
    /// Provisioning features; none for an application that only signs people in.
    pub features: Vec<String>,
    /// The name that administrators gave it.
    pub label: String,
    /// The key of the application's kind.
    pub name: String,
    /// How people sign in.
    pub sign_on_mode: String,
    /// What user names in the application are made of.
    pub user_name_template: String,
}

impl App {
    pub(crate) fn new() -> Self {
        Self {
            status: "ACTIVE".to_owned(),
            features: Vec::new(),
            label: "Haiilo".to_owned(),
            name: "simorg_haiilo_1".to_owned(),
            sign_on_mode: "SAML_2_0".to_owned(),
            user_name_template: "${source.login}".to_owned(),
        }
    }
}
