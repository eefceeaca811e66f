//! Cursors of lists: opaque to clients, and signed, so that one that this org never gave is known as such.
//!
//! A cursor names the last row that was seen, not a page: rows that come or go between two pages shift the list honestly.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Signs; no secret of anyone, but no client knows it either.
const KEY: &[u8] = b"cursors of the simulated org";

const TAG_BYTES: usize = 9;

/// The cursor after the row at `place` of the list with this path.
pub(crate) fn seal(path: &str, place: u64) -> String {
    let mut bytes = place.to_be_bytes().to_vec();
    bytes.extend_from_slice(&tag(path, place));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place that a cursor names; none when this list never gave it.
pub(crate) fn open(path: &str, cursor: &str) -> Option<u64> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (place, given) = bytes.split_first_chunk::<8>()?;
    let place = u64::from_be_bytes(*place);
    (given == tag(path, place)).then_some(place)
}

fn tag(path: &str, place: u64) -> [u8; TAG_BYTES] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY);
    let signed = hmac::sign(&key, format!("{path} {place}").as_bytes());
    *signed.as_ref().first_chunk().expect("a SHA-256 tag has 32 bytes")
}
