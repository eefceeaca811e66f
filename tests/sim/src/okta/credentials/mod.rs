//! Who may call: API tokens, access tokens, and the keys behind them.
//!
//! `token` is the endpoint that gives an access token for a signed assertion; `auth` decides whether a call to the API is allowed. Both
//! read JSON Web Tokens with `jwt` and `DPoP` proofs with `proof`.

pub(crate) mod auth;
pub(crate) mod jwt;
pub(crate) mod proof;
pub(crate) mod token;
