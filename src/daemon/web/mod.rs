//! What the daemon shows over HTTP: health, readiness, metrics, and a status page.
//!
//! [`endpoint`] listens and answers from the status that the main loop writes, and from the store. The page is a template beside it;
//! `page` fills it.

pub(super) mod endpoint;
mod page;
