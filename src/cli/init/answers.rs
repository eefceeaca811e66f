//! What only the administrator knows: from flags, and, at a terminal, by asking for what is missing.

use crate::cli::args::{AuthWord, InitArguments, ProductWord};
use crate::cli::exit::{CommandError, CommandResult};
use crate::config::sample::Setting;

/// How often a question is asked before the command gives up.
const PATIENCE: usize = 3;

/// Something that the administrator is asked for.
struct Question<'a> {
    key: &'static str,
    flag: &'static str,
    prompt: &'static str,
    given: Option<&'a String>,
    is_optional: bool,
}

impl<'a> Question<'a> {
    fn new(key: &'static str, flag: &'static str, given: Option<&'a String>) -> Self {
        Self { key, flag, prompt: "", given, is_optional: false }
    }

    fn asking(self, prompt: &'static str) -> Self {
        Self { prompt, ..self }
    }
}

/// Asks a person: shows a text and reads a line.
pub(super) trait Terminal {
    /// Shows the text and reads the line that is typed; `None` where nobody can be asked.
    fn ask(&mut self, text: &str) -> Option<String>;
    /// Shows a text.
    fn show(&mut self, text: &str);
}

/// What the configuration's own reader says about settings: the key and the message of each problem.
pub(super) type Judge<'a> = dyn Fn(&[(&'static str, Setting)]) -> Vec<String> + 'a;

/// The settings of the marked keys. `judge` is asked about each answer that is typed.
pub(super) fn gather(
    arguments: &InitArguments,
    terminal: &mut dyn Terminal,
    judge: &Judge<'_>,
) -> CommandResult<Vec<(&'static str, Setting)>> {
    let auth = auth(arguments, terminal)?;
    let mut settings = match auth {
        AuthWord::PrivateKeyJwt => Vec::new(),
        AuthWord::ApiToken => vec![
            ("okta.auth.method", Setting::Text("api_token".to_owned())),
            ("okta.auth.client_id", Setting::Off),
            ("okta.auth.key_id", Setting::Off),
        ],
    };
    let mut missing = Vec::new();
    for question in questions(arguments, auth) {
        match answer(&question, terminal, judge, &settings) {
            Some(setting) => settings.push((question.key, setting)),
            None => missing.push(question.flag),
        }
    }
    if !missing.is_empty() {
        return Err(CommandError::misconfigured(format!(
            "nothing was written, since there is nobody to ask: give {}, or run `init` in a terminal; `init --help` says what they are",
            missing.join(", ")
        )));
    }
    let owner = settings.iter().find_map(|(key, setting)| match setting {
        Setting::Text(owner) if *key == "haiilo.auth.token_owner" && !owner.is_empty() => Some(owner.clone()),
        _ => None,
    });
    settings.push(("protect.accounts", Setting::Texts(owner.into_iter().chain(["*@haiilo.com".to_owned()]).collect())));
    Ok(settings)
}

/// The flag that an answer to a key is given by.
pub(super) fn flag_of(key: &str) -> Option<&'static str> {
    [ProductWord::Advocacy, ProductWord::Intranet].into_iter().find_map(|product| {
        let arguments = InitArguments { product, ..InitArguments::default() };
        questions(&arguments, AuthWord::PrivateKeyJwt).into_iter().find(|question| question.key == key).map(|q| q.flag)
    })
}

fn questions(arguments: &InitArguments, auth: AuthWord) -> Vec<Question<'_>> {
    let InitArguments { org_url, app_id, client_id, key_id, base_url, token_owner, haiilo_client_id, product, .. } =
        arguments;
    let mut questions = vec![
        Question::new("okta.org_url", "--org-url", org_url.as_ref())
            .asking("Okta's address, as people sign in at (https://example.okta.com)"),
        Question::new("okta.app_id", "--app-id", app_id.as_ref())
            .asking("The id of the Haiilo application, from the address of its page in the Admin Console (0oa…)"),
    ];
    if auth == AuthWord::PrivateKeyJwt {
        let key = Question::new("okta.auth.key_id", "--key-id", key_id.as_ref());
        questions.extend([
            Question::new("okta.auth.client_id", "--client-id", client_id.as_ref())
                .asking("The client id of the service app in Okta"),
            Question { is_optional: true, ..key }.asking("The id of its key (nothing, if it has one key)"),
        ]);
    }
    let base_url = Question::new("haiilo.base_url", "--base-url", base_url.as_ref());
    questions.extend(match product {
        ProductWord::Advocacy => [
            base_url.asking("The address of Haiilo's SCIM endpoint (https://example.smarpshare.com/api/scim/v2)"),
            Question::new("haiilo.auth.token_owner", "--token-owner", token_owner.as_ref())
                .asking("The userName of the Haiilo account that made the access token"),
        ],
        ProductWord::Intranet => [
            base_url.asking("The address of Haiilo's SCIM endpoint (https://intranet.example.com/api/scim/v2)"),
            Question::new("haiilo.auth.client_id", "--haiilo-client-id", haiilo_client_id.as_ref())
                .asking("The id of the API client of the user directory in Haiilo"),
        ],
    });
    questions
}

fn auth(arguments: &InitArguments, terminal: &mut dyn Terminal) -> CommandResult<AuthWord> {
    let InitArguments { auth, client_id, key_id, .. } = arguments;
    let is_about_key = client_id.is_some() || key_id.is_some();
    if *auth == Some(AuthWord::ApiToken) && is_about_key {
        return Err(CommandError::misconfigured(
            "--client-id and --key-id belong to --auth private_key_jwt; leave them out, or the token",
        ));
    }
    if let Some(auth) = auth {
        return Ok(*auth);
    }
    if is_about_key {
        return Ok(AuthWord::PrivateKeyJwt);
    }
    for _ in 0..PATIENCE {
        let typed =
            terminal.ask("How to sign in to Okta: private_key_jwt, a service app with a key (the usual), or api_token");
        match typed.as_deref() {
            None | Some("" | "private_key_jwt") => return Ok(AuthWord::PrivateKeyJwt),
            Some("api_token") => return Ok(AuthWord::ApiToken),
            Some(_) => terminal.show("  type private_key_jwt or api_token, or nothing for private_key_jwt"),
        }
    }
    Err(CommandError::misconfigured("nothing was written: --auth is private_key_jwt or api_token"))
}

fn answer(
    question: &Question<'_>,
    terminal: &mut dyn Terminal,
    judge: &Judge<'_>,
    settings: &[(&'static str, Setting)],
) -> Option<Setting> {
    if let Some(given) = question.given {
        return Some(Setting::Text(given.clone()));
    }
    for _ in 0..PATIENCE {
        let Some(typed) = terminal.ask(question.prompt) else { break };
        if typed.is_empty() && !question.is_optional {
            continue;
        }
        let setting = if typed.is_empty() { Setting::Off } else { Setting::Text(typed) };
        let with_it = [settings, &[(question.key, setting.clone())]].concat();
        let problems = judge(&with_it);
        let Some(problem) = problems.iter().find(|problem| is_about(problem, question.key)) else {
            return Some(setting);
        };
        terminal.show(&format!("  {problem}"));
    }
    // Where nobody can be asked, what may be left out is left out.
    question.is_optional.then_some(Setting::Off)
}

/// Whether a message of the configuration's reader begins with this key.
pub(super) fn is_about(message: &str, key: &str) -> bool {
    message.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', ':']))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::{Terminal, gather};
    use crate::cli::args::InitArguments;
    use crate::config::sample::Setting;

    /// A user who types these lines, and what was shown.
    struct Typist {
        lines: VecDeque<&'static str>,
        shown: Vec<String>,
    }

    impl Terminal for Typist {
        fn ask(&mut self, text: &str) -> Option<String> {
            self.shown.push(text.to_owned());
            self.lines.pop_front().map(str::to_owned)
        }

        fn show(&mut self, text: &str) {
            self.shown.push(text.to_owned());
        }
    }

    /// Judges like the configuration: an id has no slash.
    fn judge(settings: &[(&'static str, Setting)]) -> Vec<String> {
        let is_bad =
            |setting: &Setting| matches!(setting, Setting::Text(text) if text.contains('/') && !text.contains(':'));
        settings.iter().filter(|(_, setting)| is_bad(setting)).map(|(key, _)| format!("{key}: has a slash")).collect()
    }

    fn typing(arguments: &InitArguments, lines: &[&'static str]) -> (Result<Vec<String>, String>, Vec<String>) {
        let mut typist = Typist { lines: lines.iter().copied().collect(), shown: Vec::new() };
        let gathered = gather(arguments, &mut typist, &judge);
        let shown = |settings: Vec<(&str, Setting)>| {
            settings.into_iter().map(|(key, setting)| format!("{key} {setting:?}")).collect()
        };
        (gathered.map(shown).map_err(|unfinished| unfinished.to_string()), typist.shown)
    }

    #[test]
    fn what_is_missing_is_asked_and_what_is_wrong_is_asked_again() {
        let arguments = InitArguments { base_url: Some("https://a".to_owned()), ..InitArguments::default() };
        let (gathered, shown) = typing(&arguments, &["", "https://o", "0oa/1", "0oa1", "client", "", "o@example.com"]);
        let expected = [
            "okta.org_url Text(\"https://o\")",
            "okta.app_id Text(\"0oa1\")",
            "okta.auth.client_id Text(\"client\")",
            "okta.auth.key_id Off",
            "haiilo.base_url Text(\"https://a\")",
            "haiilo.auth.token_owner Text(\"o@example.com\")",
            "protect.accounts Texts([\"o@example.com\", \"*@haiilo.com\"])",
        ];
        assert_eq!(gathered.expect("answers"), expected);
        assert!(shown.contains(&"  okta.app_id: has a slash".to_owned()), "{shown:?}");
        assert_eq!(shown.iter().filter(|text| text.starts_with("The id of the Haiilo application")).count(), 2);
    }

    #[test]
    fn a_token_needs_no_client() {
        let (gathered, shown) =
            typing(&InitArguments::default(), &["api_token", "https://o", "0oa1", "https://a", "o"]);
        assert!(gathered.expect("answers").contains(&"okta.auth.client_id Off".to_owned()));
        assert!(shown.iter().all(|text| !text.contains("client")), "{shown:?}");
    }

    #[test]
    fn somebody_who_goes_away_is_not_asked_for_ever() {
        let (gathered, _) = typing(&InitArguments::default(), &["", "https://o"]);
        let why = gathered.expect_err("nobody");
        assert!(why.contains("give --app-id, --client-id, --base-url, --token-owner, or run `init`"), "{why}");
    }
}
