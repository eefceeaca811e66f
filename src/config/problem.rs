//! What is wrong with the configuration, one line each. Never holds the value of a secret: whoever makes one sees to that.

use std::fmt;

/// One thing that is wrong, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: a file, with line and column where these are known, or a variable of the environment.
    pub place: String,
    /// What is wrong and what would be right, without the place.
    pub message: String,
}

impl Problem {
    pub(super) fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into() }
    }
}

/// One line, whatever a value held.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format!("{}: {}", self.place, self.message);
        f.write_str(&line.replace(|c: char| c.is_control(), " "))
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::Problem;

    #[test]
    fn a_problem_is_one_line() {
        let problem = Problem::new("a.toml:1", "okta.app_id: over\r\ntwo lines");
        assert_eq!(problem.to_string(), "a.toml:1: okta.app_id: over  two lines");
    }
}
