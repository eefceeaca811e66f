//! The name that was most likely meant, for one that is unknown.

/// The known name that differs in the fewest letters: at most in a third of them.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let distances = known.into_iter().map(|known| (strsim::damerau_levenshtein(name, known), known));
    distances.filter(|(distance, _)| distance * 3 <= name.len()).min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        assert_eq!(nearest(name, ["value", "compare", "on", "when_empty"]), expected, "{name}");
    }

    #[test]
    fn a_slip_of_the_keyboard() {
        check("valeu", Some("value"));
        check("values", Some("value"));
        check("whenempty", Some("when_empty"));
        check("compere", Some("compare"));
        check("no", None);
        check("", None);
        check("unsupported", None);
    }
}
