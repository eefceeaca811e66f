//! The ids and names that both products use for a person, as separate types.
//!
//! An Okta user id is `AppUser.id` of Okta's Apps API. A Haiilo id is the `id` of a SCIM User (RFC 7643, 3.1). A userName is the attribute
//! of RFC 7643, 4.1.1, and is unique without regard to case.

use std::fmt;
use std::num::NonZeroU64;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::model::key_index::hash;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(CompactString);

        impl $name {
            /// Keeps the id as the product writes it.
            pub fn new(id: impl Into<CompactString>) -> Self {
                Self(id.into())
            }

            /// The id as the product writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// The id of a user in Okta (`00u…`), the same in the user and in the assignment.
    OktaUserId
}
id! {
    /// The id of a SCIM User in Haiilo. It is opaque and may hold characters that a path must escape.
    HaiiloId
}
id! {
    /// The id of a group in Okta (`00g…`).
    OktaGroupId
}
id! {
    /// The id of a SCIM Group in Haiilo (RFC 7643, 4.2). It is opaque, like a user's id.
    HaiiloGroupId
}
id! {
    /// The id of one cycle, in the journal and in the logs.
    RunId
}
id! {
    /// The id of a set of blocked operations. Equal operations have an equal id.
    ApprovalId
}

/// An employee number (`User.profile.employeeNumber` of Okta, or the attribute that the mapping names instead), for comparison only. It is
/// the beginning of a SHA-256 hash. It is the same in each process, and small enough to be kept for each person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EmployeeNumber(NonZeroU64);

impl EmployeeNumber {
    /// Hashes a number as it is written; `None` where the text is empty.
    pub fn of(text: &str) -> Option<Self> {
        let key = UserName::new(text).key();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.as_bytes());
        let beginning = digest.as_ref().first_chunk().copied().expect("a hash has more than eight bytes");
        NonZeroU64::new(u64::from_be_bytes(beginning)).filter(|_| !key.is_empty()).map(Self)
    }

    /// The form in which it is stored.
    pub fn to_kept(self) -> i64 {
        self.0.get().cast_signed()
    }

    /// Restores a stored number.
    pub fn from_kept(kept: i64) -> Option<Self> {
        NonZeroU64::new(kept.cast_unsigned()).map(Self)
    }
}

/// A SCIM userName as it is written. Two userNames name the same person when their [`key`](Self::key)s are equal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserName(CompactString);

impl UserName {
    /// Keeps the name as it is written.
    pub fn new(name: impl Into<CompactString>) -> Self {
        Self(name.into())
    }

    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form for comparing names: NFC, trimmed, lower case.
    pub fn key(&self) -> CompactString {
        let trimmed = self.0.trim();
        if trimmed.is_ascii() {
            let mut key = CompactString::from(trimmed);
            key.make_ascii_lowercase();
            key
        } else {
            trimmed.nfc().flat_map(char::to_lowercase).nfc().collect()
        }
    }

    /// A hash of [`key`](Self::key), the same in each process.
    pub fn key_hash(&self) -> u64 {
        hash(&self.key())
    }

    /// Whether both name the same person.
    pub fn same_as(&self, other: &Self) -> bool {
        self.0 == other.0 || self.key() == other.key()
    }
}

/// A userName is personal data: Debug does not show it, so no log can.
impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserName(***)")
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The SHA-256 of a text that represents a part of the configuration, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(CompactString);

impl Fingerprint {
    /// The fingerprint of texts, in order.
    pub fn of(texts: &[&str]) -> Self {
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        for text in texts {
            // The length distinguishes "ab", "c" from "a", "bc".
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        }
        Self(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Restores a stored fingerprint.
    pub fn from_hex(hex: impl Into<CompactString>) -> Self {
        Self(hex.into())
    }

    /// The hexadecimal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::UserName;

    #[track_caller]
    fn same(left: &str, right: &str) {
        let (left, right) = (UserName::new(left), UserName::new(right));
        assert!(left.same_as(&right));
        assert_eq!(left.key_hash(), right.key_hash());
    }

    #[test]
    fn names_are_compared_without_case_space_and_unicode_form() {
        same("ada@example.com", "ada@example.com");
        same("Ada@Example.COM", " ada@example.com ");
        same("J\u{fc}rgen@example.com", "ju\u{308}rgen@example.com");
        same("\u{dc}nal@example.com", "u\u{308}nal@EXAMPLE.com");
        same("", " ");
        assert!(!UserName::new("ada@example.com").same_as(&UserName::new("ada@example.org")));
    }
}
