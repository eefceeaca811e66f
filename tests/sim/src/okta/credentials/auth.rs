//! Who may call: API tokens, access tokens, scopes, the admin role, `DPoP`.
//!
//! Follows "Create an API token", "Implement OAuth for Okta with a service app" and the `DPoP` guide. This is the side of the API; the
//! token endpoint is `token`. It knows nothing of what is asked, but the scope that it takes.

use std::collections::{HashMap, HashSet};

use crate::face::Call;
use crate::okta::credentials::jwt::VerifyingKey;
use crate::okta::credentials::proof::{self, ClientKey, Context};
use crate::okta::errors::Refusal;
use crate::okta::route::LOGS_SCOPE;

/// The org's one valid API token.
pub const API_TOKEN: &str = "00QCjAl4MlV-WPXM-ApiTokenOfTheSimulatedOrg";

/// The org's one service app, as its tokens are asked for.
pub const CLIENT_ID: &str = "0oa2servicekWq45d7ab";

const READ_SCOPES: [&str; 5] =
    ["okta.apps.read", "okta.users.read", "okta.groups.read", "okta.schemas.read", LOGS_SCOPE];

/// Whether the client's account has an admin role. Without one a token is granted, yet no call is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A role that may read everything.
    Given,
    /// A custom role, which may read applications, users, groups and schemas; no permission of custom roles is for the System Log.
    Custom,
    /// None.
    Missing,
}

/// Whether the service app's tokens are bound to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dpop {
    /// Proofs are ignored, tokens are bearer tokens.
    Off,
    /// No token without a proof.
    Required,
}

/// Whether the API asks for a nonce too, as the token endpoint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiNonce {
    /// As Okta's API is today.
    NotNeeded,
    /// 401 `use_dpop_nonce` without the current one.
    Demanded,
}

/// What becomes of a token request that names a scope which was never granted to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ungranted {
    /// `invalid_scope`.
    Refused,
    /// The token comes with the granted ones alone, as some orgs were seen to do.
    LeftOut,
}

/// The switches of authentication, and what the org remembers of it.
#[derive(Clone, Debug)]
pub struct Auth {
    /// Whether [`API_TOKEN`] is refused.
    pub token_revoked: bool,
    /// The admin role of the API token's creator and of the service app.
    pub admin_role: Role,
    /// The scopes granted to the service app.
    pub scopes: Vec<String>,
    /// What happens to others.
    pub ungranted: Ungranted,
    /// `DPoP` of the service app.
    pub dpop: Dpop,
    /// `DPoP` nonces at the API.
    pub api_nonce: ApiNonce,
    pub(crate) keys: Vec<ClientKey>,
    pub(crate) grants: HashMap<String, Grant>,
    pub(crate) used_assertions: HashSet<String>,
    pub(crate) used_proofs: HashSet<String>,
    /// How many tokens were granted.
    pub(crate) granted: u64,
    nonce: u64,
}

/// An access token.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) scopes: Vec<String>,
    pub(crate) ends_ms: i64,
    /// The key that it is bound to.
    pub(crate) thumbprint: Option<String>,
}

/// The moment and the place of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    pub(crate) call: &'a Call,
    /// Scheme and host as the client sees them.
    pub(crate) origin: &'a str,
    pub(crate) now_ms: i64,
}

impl Auth {
    pub(crate) fn new() -> Self {
        Self {
            token_revoked: false,
            admin_role: Role::Given,
            scopes: READ_SCOPES.map(str::to_owned).to_vec(),
            ungranted: Ungranted::Refused,
            dpop: Dpop::Off,
            api_nonce: ApiNonce::NotNeeded,
            keys: Vec::new(),
            grants: HashMap::new(),
            used_assertions: HashSet::new(),
            used_proofs: HashSet::new(),
            granted: 0,
            nonce: 1,
        }
    }

    /// Registers a public key of the service app: PEM, with `RS256`, `RS384`, `RS512`, `ES256` or `ES384`. Gives its key id.
    pub fn register_key(&mut self, public_pem: &str, algorithm: &str) -> String {
        let key =
            VerifyingKey::from_pem(public_pem, algorithm).expect("a test registers a key that fits its algorithm");
        let id = format!("simKey{}", self.keys.len() + 1);
        self.keys.push(ClientKey { id: id.clone(), key });
        id
    }

    /// Forgets all keys of the service app, as when an administrator rotates them.
    pub fn forget_keys(&mut self) {
        self.keys.clear();
    }

    /// Ends all access tokens at once.
    pub fn revoke_tokens(&mut self) {
        self.grants.clear();
    }

    /// The access tokens that are alive, in no order: a test looks for them where they must not be.
    #[must_use]
    pub fn live_tokens(&self) -> Vec<String> {
        self.grants.keys().cloned().collect()
    }

    pub(crate) fn is_live(&self, token: &str) -> bool {
        self.grants.contains_key(token)
    }

    /// Replaces the `DPoP` nonce. Okta does this daily and takes the old one for three more days; here it is worthless at once.
    pub fn rotate_nonce(&mut self) {
        self.nonce += 1;
    }

    pub(crate) fn nonce(&self) -> String {
        format!("simNonce-{:016x}", self.nonce.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Whether the call may do what needs this scope.
    pub(crate) fn allow(&mut self, at: At<'_>, scope: &str, violations: &mut Vec<String>) -> Result<(), Refusal> {
        let credential = at.call.header("authorization");
        let (scheme, token) = credential.split_once(' ').unwrap_or((credential, ""));
        match scheme {
            "" => {
                violations.push(format!("no credential: {} {}", at.call.method, at.call.path));
                return Err(Refusal::not_authenticated());
            }
            "SSWS" if token == API_TOKEN && !self.token_revoked => {}
            "Bearer" | "DPoP" => self.allow_token(at, scheme, token, scope, violations)?,
            _ => return Err(Refusal::invalid_token()),
        }
        match self.admin_role {
            Role::Given => Ok(()),
            Role::Custom if scope != LOGS_SCOPE => Ok(()),
            Role::Custom | Role::Missing => Err(Refusal::not_allowed()),
        }
    }

    fn allow_token(
        &mut self,
        at: At<'_>,
        scheme: &str,
        token: &str,
        scope: &str,
        violations: &mut Vec<String>,
    ) -> Result<(), Refusal> {
        let challenge = |error: &str, description: &str| challenge(at.origin, scheme, scope, error, description);
        let alive = self.grants.get(token).filter(|grant| grant.ends_ms > at.now_ms);
        let Some(grant) = alive else {
            let header = challenge("invalid_token", "The access token is invalid or has expired.");
            return Err(Refusal::invalid_token().with("www-authenticate", header));
        };
        match (&grant.thumbprint, scheme) {
            (None, "Bearer") => {}
            (Some(bound_to), "DPoP") => {
                let bound_to = bound_to.clone();
                self.prove(at, token, &bound_to, scope, violations)?;
            }
            (bound, _) => {
                let kind = if bound.is_some() { "DPoP" } else { "bearer" };
                violations.push(format!("a {kind} token was sent as {scheme}"));
                let header = challenge("invalid_token", "The token type does not fit the authentication scheme.");
                return Err(Refusal::invalid_token().with("www-authenticate", header));
            }
        }
        let granted = &self.grants[token].scopes;
        if granted.iter().any(|granted| granted == scope) {
            return Ok(());
        }
        let description = "The access token provided does not contain the required scopes.";
        Err(Refusal::not_allowed().with("www-authenticate", challenge("insufficient_scope", description)))
    }

    fn prove(
        &mut self,
        at: At<'_>,
        token: &str,
        bound_to: &str,
        scope: &str,
        violations: &mut Vec<String>,
    ) -> Result<(), Refusal> {
        let context = Context { call: at.call, origin: at.origin, now_ms: at.now_ms, token: Some(token) };
        let checked = proof::check(context, &mut self.used_proofs, &self.keys, violations);
        let proof = checked.and_then(|proof| {
            let bound = proof.thumbprint == bound_to;
            let wrong_key = || "The DPoP proof JWT has another key than the access token is bound to.".to_owned();
            bound.then_some(proof).ok_or_else(wrong_key)
        });
        let proof = proof.map_err(|description| {
            let header = challenge(at.origin, "DPoP", scope, "invalid_dpop_proof", &description);
            Refusal::bare(400).with("www-authenticate", header)
        })?;
        if self.api_nonce == ApiNonce::Demanded && proof.nonce != self.nonce() {
            let description = "Resource server requires nonce in DPoP proof.";
            let header = challenge(at.origin, "DPoP", scope, "use_dpop_nonce", description);
            return Err(Refusal::oauth(401, "use_dpop_nonce", description)
                .with("www-authenticate", header)
                .with("dpop-nonce", self.nonce()));
        }
        Ok(())
    }
}

/// The challenge that Okta sends with a refused access token.
fn challenge(origin: &str, scheme: &str, scope: &str, error: &str, description: &str) -> String {
    let algorithms = if scheme == "DPoP" { r#"algs="RS256 RS384 RS512 ES256 ES384 ES512", "# } else { "" };
    format!(
        r#"{scheme} {algorithms}authorization_uri="{origin}/oauth2/v1/authorize", realm="{origin}", scope="{scope}", error="{error}", error_description="{description}""#
    )
}
