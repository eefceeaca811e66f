//! Ids that look like Okta's: a prefix of three characters, 20 in all, upper and lower case mixed.
//!
//! They are the same in every run, and they do not sort in the order in which they were given: no client may lean on that.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// 62 to the tenth: how many different ids one prefix has.
const SPACE: u128 = 839_299_365_868_340_224;

/// Shares no factor with 62, so that different numbers give different ids.
const STRIDE: u128 = 523_347_633_027_360_537;

/// The `n`-th id with this prefix (`00u` for users, `00g` for groups).
pub(crate) fn okta_id(prefix: &str, n: u64) -> String {
    let mut rest = u128::from(n) * STRIDE % SPACE;
    let mut id = String::with_capacity(20);
    id.push_str(prefix);
    for _ in 0..10 {
        let digit = usize::try_from(rest % 62).expect("a remainder by 62 is an index");
        id.push(char::from(DIGITS[digit]));
        rest /= 62;
    }
    id.push_str("kWq45d7");
    id
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::okta_id;

    #[test]
    fn ids_have_twenty_characters_and_never_repeat() {
        let ids: HashSet<String> = (0..100_000).map(|n| okta_id("00u", n)).collect();
        assert_eq!(ids.len(), 100_000);
        assert!(ids.iter().all(|id| id.len() == 20 && id.starts_with("00u")));
    }
}
