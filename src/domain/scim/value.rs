//! Values and their comparison: what counts as a difference between Okta's side and Haiilo's side, and what does not.
//!
//! Missing, null and "" are the same: empty, which is the absence of a [`Value`]. Texts are compared in Unicode NFC and trimmed,
//! multi-values without order, booleans without case. A value keeps its original form, because that form is sent.

use std::borrow::Cow;

use compact_str::CompactString;
use serde::Serialize;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// One value of one attribute; never empty.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// A text that is not blank.
    Text(CompactString),
    /// A boolean.
    Flag(bool),
    /// Several texts, none of them blank.
    List(Box<[CompactString]>),
}

/// How texts are compared beyond NFC and trimming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Letter by letter.
    Exact,
    /// Without case.
    IgnoreCase,
}

impl Value {
    /// A text, or `None` if it is blank.
    pub fn text(text: impl Into<CompactString>) -> Option<Self> {
        let text = text.into();
        if is_blank(&text) { None } else { Some(Self::Text(text)) }
    }

    /// Several texts without the blank ones, or `None` if no text is left.
    pub fn list(texts: impl IntoIterator<Item = CompactString>) -> Option<Self> {
        let texts: Box<[CompactString]> = texts.into_iter().filter(|text| !is_blank(text)).collect();
        if texts.is_empty() { None } else { Some(Self::List(texts)) }
    }

    /// The form in which two values are the same text for a reader: trimmed, NFC, without case.
    pub fn key(&self) -> CompactString {
        canonical(&self.shown(), Compare::IgnoreCase).into()
    }

    /// Whether both values are equal under `compare`.
    pub fn same_as(&self, other: &Self, compare: Compare) -> bool {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => same_text(left, right, compare),
            (Self::Flag(left), Self::Flag(right)) => left == right,
            (Self::Flag(flag), Self::Text(text)) | (Self::Text(text), Self::Flag(flag)) => {
                text.trim().eq_ignore_ascii_case(if *flag { "true" } else { "false" })
            }
            (Self::List(left), Self::List(right)) => same_list(left, right, compare),
            (Self::List(list), Self::Text(text)) | (Self::Text(text), Self::List(list)) => {
                list.len() == 1 && same_text(&list[0], text, compare)
            }
            (Self::List(_), Self::Flag(_)) | (Self::Flag(_), Self::List(_)) => false,
        }
    }

    /// The value for a human reader: lists with commas.
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
            Self::List(list) => Cow::Owned(list.join(", ")),
        }
    }

    /// The value as JSON, in its original form.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => serde_json::Value::from(text.as_str()),
            Self::Flag(flag) => serde_json::Value::from(*flag),
            Self::List(list) => list.iter().map(CompactString::as_str).collect(),
        }
    }
}

/// A value is personal data: Debug shows only its kind, so no log can show more.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(***)",
            Self::Flag(_) => "Flag(***)",
            Self::List(_) => "List(***)",
        })
    }
}

impl Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::List(list) => list.serialize(serializer),
        }
    }
}

/// Whether two values, either of which may be empty, are equal.
pub fn same(left: Option<&Value>, right: Option<&Value>, compare: Compare) -> bool {
    match (left, right) {
        (None, None) => true,
        (Some(left), Some(right)) => left.same_as(right, compare),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// Whether a text contains only white space. Nearly always the first character decides.
pub(crate) fn is_blank(text: &str) -> bool {
    !text.as_bytes().first().is_some_and(u8::is_ascii_graphic) && text.trim().is_empty()
}

fn same_text(left: &str, right: &str, compare: Compare) -> bool {
    left == right || canonical(left, compare) == canonical(right, compare)
}

fn same_list(left: &[CompactString], right: &[CompactString], compare: Compare) -> bool {
    let sorted = |list: &[CompactString]| {
        let mut texts: Vec<String> = list.iter().map(|text| canonical(text, compare).into_owned()).collect();
        texts.sort_unstable();
        texts
    };
    left == right || sorted(left) == sorted(right)
}

fn canonical(text: &str, compare: Compare) -> Cow<'_, str> {
    let trimmed = text.trim();
    let composed = if is_nfc(trimmed) { Cow::Borrowed(trimmed) } else { Cow::Owned(trimmed.nfc().collect()) };
    match compare {
        Compare::Exact => composed,
        Compare::IgnoreCase => Cow::Owned(composed.chars().flat_map(char::to_lowercase).nfc().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Compare, Value, same};

    fn text(text: &str) -> Option<Value> {
        Value::text(text)
    }

    fn list(texts: &[&str]) -> Option<Value> {
        Value::list(texts.iter().map(|text| (*text).into()))
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "the tables below read better without references")]
    fn equal(left: Option<Value>, right: Option<Value>, compare: Compare) {
        assert!(same(left.as_ref(), right.as_ref(), compare));
        assert!(same(right.as_ref(), left.as_ref(), compare));
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "the tables below read better without references")]
    fn different(left: Option<Value>, right: Option<Value>, compare: Compare) {
        assert!(!same(left.as_ref(), right.as_ref(), compare));
        assert!(!same(right.as_ref(), left.as_ref(), compare));
    }

    #[test]
    fn what_is_no_difference() {
        equal(text(""), None, Compare::Exact);
        equal(text(" \t"), None, Compare::Exact);
        equal(list(&["", " "]), None, Compare::Exact);
        equal(text(" Berlin"), text("Berlin "), Compare::Exact);
        equal(text("Jose\u{301}"), text("Jos\u{e9}"), Compare::Exact);
        equal(text("SALES"), text("sales"), Compare::IgnoreCase);
        equal(Some(Value::Flag(true)), text("True"), Compare::Exact);
        equal(list(&["a", "b"]), list(&["b", "a"]), Compare::Exact);
        equal(list(&["a"]), text("a"), Compare::Exact);
    }

    #[test]
    fn what_is_a_difference() {
        different(text("Berlin"), None, Compare::Exact);
        different(text("SALES"), text("sales"), Compare::Exact);
        different(Some(Value::Flag(true)), text("false"), Compare::Exact);
        different(list(&["a", "a"]), list(&["a"]), Compare::Exact);
        different(list(&["a", "b"]), text("a, b"), Compare::Exact);
    }

    #[test]
    fn a_value_is_small() {
        // A hundred thousand people hold about ten values each.
        assert!(size_of::<Option<Value>>() <= 24, "{} bytes", size_of::<Option<Value>>());
    }

    #[test]
    fn debug_shows_no_person() {
        assert_eq!(format!("{:?}", text("Ada")), "Some(Text(***))");
    }
}
