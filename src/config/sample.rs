//! The shipped samples, and how values are put into them. `init` writes the sample with other values, so the two cannot drift.

use serde_json::Value as Json;

/// The sample of the configuration.
pub const CONFIGURATION: &str = include_str!("../../config/okta-haiilo-sync.toml");

/// The sample of the mapping for Haiilo Advocacy.
pub const MAPPING: &str = include_str!("../../config/mapping.advocacy.toml");

/// The sample of the mapping for the Haiilo intranet.
pub const MAPPING_OF_THE_INTRANET: &str = include_str!("../../config/mapping.intranet.toml");

/// What becomes of a key of the sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// It has this text.
    Text(String),
    /// It has this list of texts.
    Texts(Vec<String>),
    /// It is switched off: its line becomes a comment.
    Off,
}

/// The sample of the configuration with other settings of these keys, which have their sections before them. The rest is as it was.
pub fn configuration(settings: &[(&str, Setting)]) -> String {
    let mut section = "";
    let line = |line: &'static str| {
        section = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')).unwrap_or(section);
        changed(section, line, settings) + "\n"
    };
    CONFIGURATION.lines().map(line).collect()
}

fn changed(section: &str, line: &str, settings: &[(&str, Setting)]) -> String {
    // A key that is switched off is switched on by a text.
    let Some((name, _)) = line.split_once(" = ") else { return line.to_owned() };
    let name = name.strip_prefix("# ").unwrap_or(name);
    let key = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
    match settings.iter().find(|(known, _)| *known == key) {
        Some((_, Setting::Text(value))) => format!("{name} = {}", quoted(value)),
        Some((_, Setting::Texts(values))) => {
            format!("{name} = [{}]", values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", "))
        }
        Some((_, Setting::Off)) if !line.starts_with('#') => format!("# {line}"),
        Some((_, Setting::Off)) | None => line.to_owned(),
    }
}

/// A text as TOML writes it: with the quotes and escapes of JSON, all of which TOML has too.
pub fn quoted(text: &str) -> String {
    Json::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::{CONFIGURATION, Setting, configuration};

    #[test]
    fn without_settings_it_is_the_sample() {
        assert_eq!(configuration(&[]), CONFIGURATION);
    }

    #[test]
    fn a_setting_changes_the_line_of_its_key_in_its_section_alone() {
        let text = configuration(&[
            ("haiilo.page_size", Setting::Text("a \"b\" \\ \n".to_owned())),
            ("okta.app_id", Setting::Off),
            ("okta.link_hosts", Setting::Texts(vec!["a".to_owned(), "b".to_owned()])),
        ]);
        let differing: Vec<_> = CONFIGURATION.lines().zip(text.lines()).filter(|(old, new)| old != new).collect();
        let expected = [
            ("app_id = \"0oa1example\"", "# app_id = \"0oa1example\""),
            ("link_hosts = []", "link_hosts = [\"a\", \"b\"]"),
            ("page_size = 100", r#"page_size = "a \"b\" \\ \n""#),
        ];
        assert_eq!(differing, expected);
    }
}
