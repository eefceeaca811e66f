//! Every error message of the program, found in the sources: it names the file, key, call or thing that it is about, and says what to do
//! next. One that is by nature the inner cause or the outside of another is listed by hand, with the reason.

use std::fs;
use std::path::{Path, PathBuf};

/// Who gives a message its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// The message itself.
    Own,
    /// Whoever wraps it puts the file and the key, or the store, before it.
    Added,
}

/// What an error message stands behind, where that counts, and who gives it its subject. That an operation is held before its write is no
/// error: the next cycle plans anew.
const MARKS: [(&str, &str, Subject); 35] = [
    ("src/", "#[error(", Subject::Own),
    ("src/cli/", "misconfigured(", Subject::Own),
    ("src/cli/", "anyhow!(", Subject::Own),
    ("src/cli/", "bail!(", Subject::Own),
    ("src/cli/", ".context(", Subject::Own),
    ("src/cli/", "with_context(", Subject::Own),
    ("src/cli/", "Err(", Subject::Own),
    ("src/store/", "message = format!(", Subject::Own),
    ("src/store/", "message: format!(", Subject::Own),
    ("src/config/", "Err(", Subject::Added),
    ("src/config/", "refuse(", Subject::Added),
    ("src/config/", "refuse_at(", Subject::Added),
    ("src/config/", "refuse_here(", Subject::Added),
    ("src/config/", "Problem::new(", Subject::Added),
    ("src/daemon/schedule.rs", "Err(", Subject::Added),
    ("src/store/", "failure(", Subject::Added),
    ("src/store/", "fn explain(", Subject::Added),
    ("src/store/history.rs", "refused(", Subject::Added),
    ("src/okta/key.rs", "Key(", Subject::Added),
    ("src/okta/error.rs", "fn remedy(", Subject::Added),
    ("src/haiilo/error.rs", "fn remedy(", Subject::Added),
    ("src/haiilo/error.rs", "fn token_remedy(", Subject::Added),
    ("src/domain/plan/hold.rs", "fn remedy(", Subject::Added),
    ("src/domain/mapping/", "Err(", Subject::Added),
    ("src/domain/mapping/", "Error::new(", Subject::Added),
    ("src/domain/mapping/", "message = format!(", Subject::Added),
    ("src/domain/mapping/", "problem(", Subject::Added),
    ("src/domain/mapping/", "held(", Subject::Added),
    ("src/domain/mapping/", "fn a_number(", Subject::Added),
    ("src/cli/check/", "findings.error(", Subject::Own),
    ("src/cli/check/", "findings.warn(", Subject::Own),
    ("src/domain/plan/warning.rs", "write!(", Subject::Added),
    ("src/engine/", "Verdict::Bad", Subject::Added),
    ("src/engine/", "Outcome::Failed(", Subject::Added),
    ("src/engine/executor/run_state.rs", "fn reason(", Subject::Added),
];

/// What a message with a subject of its own names: something of these, or a value that is filled in.
const THINGS: [&str; 14] = [
    "{",
    "--",
    "`",
    "okta",
    "haiilo",
    "store",
    "http.",
    "listen.",
    "account",
    "journal",
    "plan",
    "page",
    "configuration",
    "standard output",
];

/// How a clause begins that says what to do.
const STEPS: [&str; 48] = [
    "activate",
    "add",
    "ask",
    "check",
    "choose",
    "connect",
    "copy",
    "correct",
    "create",
    "deactivate",
    "decrypt",
    "delete",
    "end",
    "fill",
    "finish",
    "free",
    "give",
    "grant",
    "install",
    "keep",
    "leave",
    "let",
    "look",
    "lower",
    "make",
    "mend",
    "move",
    "name",
    "put",
    "raise",
    "read",
    "remove",
    "rename",
    "restore",
    "run",
    "see",
    "set",
    "shorten",
    "switch",
    "take",
    "tell",
    "try",
    "type",
    "unassign",
    "unlink",
    "use",
    "wait",
    "write",
];

/// What is filled in and says what to do; its own texts are looked at where they are made.
const FILLED: [&str; 10] =
    ["{message}", "{right}", "{wanted}", "{what}", "{why}", "{failure}", "{unfinished}", "{less}", "{meant}", "{step}"];

/// Messages that the rule does not fit, and why they are right all the same.
const RIGHT: [(&str, &str); 10] = [
    ("okta could not be read; nothing was changed", "the failure behind it says what to do"),
    ("haiilo could not be read; nothing was changed", "the failure behind it says what to do"),
    ("okta's listing of assignments is not complete; nothing was changed", "`Incomplete` behind it says what to do"),
    ("haiilo's listing of users is not complete; nothing was changed", "`Incomplete` behind it says what to do"),
    ("okta answered {status}{}; {}", "the second is a remedy, each of which is looked at"),
    ("haiilo answered {status}{}; {}", "the second is a remedy, each of which is looked at"),
    ("haiilo gave no access token: it answered {status}{}; {}", "the second is a remedy, each of which is looked at"),
    ("the private key of okta {0}", "what is wrong with the key says what to do, and is looked at"),
    ("dropped, since a plan that is made now does not have it: {kind} {name}", "what is not due needs nothing"),
    ("{more} operations that are not in the reviewed plan wait for another run", "says what becomes of them"),
];

struct Message {
    place: String,
    text: String,
    subject: Subject,
}

/// The source files before their tests, without comments.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("inside").display().to_string();
            found.push((name, lines.collect::<Vec<_>>().join("\n")));
        }
    }
}

/// What a piece of code holds.
#[derive(Default)]
struct Piece {
    /// Its texts in quotes.
    texts: Vec<String>,
    /// Names, keywords and numbers.
    words: Vec<String>,
}

/// A piece of code that begins with a bracket, until that is closed; of a function, until its body is.
fn piece(code: &str, until: char) -> Piece {
    let Piece { mut texts, mut words } = Piece::default();
    let (mut depth, mut word, mut chars) = (0_i32, String::new(), code.chars().peekable());
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        words.push(std::mem::take(&mut word));
        match c {
            '"' => {
                let mut text = String::new();
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    match (c, chars.peek()) {
                        ('\\', Some('\n')) => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                        ('\\', Some(_)) => text.extend(chars.next()),
                        _ => text.push(c),
                    }
                }
                texts.push(text);
            }
            // A sign in single quotes may be a bracket or a quote; a lifetime has no second one.
            '\'' => {
                let ahead: String = chars.clone().take(3).collect();
                let length = if ahead.starts_with('\\') { 3 } else { 2 };
                if ahead.chars().nth(length - 1) == Some('\'') {
                    chars.by_ref().take(length).for_each(drop);
                }
            }
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => {
                depth -= 1;
                if depth == 0 && c == until {
                    break;
                }
            }
            _ => {}
        }
    }
    Piece { texts, words }
}

/// The texts in quotes of a piece of code, those of the constants that it names among them.
fn literals(code: &str, until: char, file: &str) -> Vec<String> {
    let Piece { mut texts, words } = piece(code, until);
    let is_constant = |word: &&String| word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    for name in words.iter().filter(is_constant) {
        let value = file.split(&format!("const {name}: &str =")).nth(1).and_then(|rest| rest.split(";\n").next());
        texts.extend(value.map(|value| piece(value, ')').texts).into_iter().flatten());
    }
    texts
}

/// The texts of a context that a function or a closure of the same file makes.
fn named_elsewhere(code: &str, call: &str) -> Vec<String> {
    let argument = call.split(')').next().unwrap_or_default();
    let names = argument.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|name| !name.is_empty());
    names
        .flat_map(|name| {
            let function = code.split(&format!("fn {name}(")).nth(1).map(|body| piece(&format!("({body}"), '}').texts);
            let closure = code.split(&format!("let {name} = ")).nth(1).and_then(|body| body.split(";\n").next());
            function.into_iter().chain(closure.map(|body| piece(body, ')').texts)).flatten().collect::<Vec<_>>()
        })
        .collect()
}

/// The messages of a file.
fn messages(path: &str, code: &str) -> Vec<Message> {
    let mut found = Vec::new();
    for (folder, mark, subject) in MARKS {
        if !path.starts_with(folder) {
            continue;
        }
        for (at, _) in code.match_indices(mark) {
            // Not the end of a longer name, and not where it is made.
            let before = code[..at].chars().next_back().unwrap_or(' ');
            let is_made = code[..at].ends_with("fn ");
            if mark.starts_with(char::is_alphabetic) && (before.is_alphanumeric() || before == '_') || is_made {
                continue;
            }
            let until = if mark.starts_with("fn ") { '}' } else { ')' };
            let call = &code[at + mark.len() - 1..];
            let mut texts = literals(call, until, code);
            // A getter of the same name takes nothing.
            if texts.is_empty() && mark.ends_with("context(") && !call.starts_with("()") {
                texts = named_elsewhere(code, call);
                assert!(!texts.is_empty(), "{path}: the text of a context is not found");
            }
            let line = code[..at].lines().count();
            // Words that join others, keys, names and headers are no messages.
            let is_message =
                |text: &String| text.contains(' ') && text.chars().filter(|c| c.is_alphabetic()).count() > 5;
            for text in texts.into_iter().filter(is_message) {
                found.push(Message { place: format!("{path}, about line {line}, {mark}"), text, subject });
            }
        }
    }
    found
}

fn names_something(message: &Message) -> bool {
    let text = message.text.to_lowercase();
    message.subject == Subject::Added || THINGS.iter().any(|thing| text.contains(thing))
}

fn says_what_to_do(text: &str) -> bool {
    let text = text.to_lowercase();
    let clauses = text
        .split([';', ':', ',', '('])
        .flat_map(|clause| clause.split(" or "))
        .flat_map(|clause| clause.split(" and "));
    let begins = |clause: &str| {
        let clause = clause.trim();
        // A command is a step, too.
        clause.starts_with('`')
            || STEPS.contains(&clause.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default())
    };
    let is_passing = text.starts_with("nothing")
        || ["next cycle", "did you mean", "nothing is to be done"].iter().any(|word| text.contains(word));
    clauses.into_iter().any(begins) || is_passing || FILLED.iter().any(|filled| text.contains(filled))
}

fn is_bare(message: &Message) -> bool {
    let is_right = RIGHT.iter().any(|(text, _)| *text == message.text);
    !(is_right || names_something(message) && says_what_to_do(&message.text))
}

#[test]
fn no_error_message_is_bare() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let all: Vec<Message> = files.iter().flat_map(|(path, code)| messages(path, code)).collect();
    assert!(all.len() > 180, "only {} messages were found", all.len());
    let bare: Vec<String> = all
        .iter()
        .filter(|message| is_bare(message))
        .map(|message| format!("{}: {:?}", message.place, message.text))
        .collect();
    assert!(
        bare.is_empty(),
        "{} of {} messages lack a name or a next step:\n{}",
        bare.len(),
        all.len(),
        bare.join("\n")
    );
    for (text, why) in RIGHT {
        assert!(
            all.iter().any(|message| message.text == text),
            "no message is {text:?} any more ({why}); take it out of the list"
        );
    }
}

#[test]
fn a_bare_message_is_found_wherever_it_stands() {
    let found = |path: &str, code: &str| messages(path, code).iter().filter(|message| is_bare(message)).count();
    assert_eq!(found("src/okta/error.rs", "#[error(\"okta does not work\")]"), 1);
    assert_eq!(found("src/okta/error.rs", "#[error(\n    \"it does not work; try again\"\n)]"), 1, "names nothing");
    assert_eq!(found("src/okta/error.rs", "#[error(\"okta does not work; try again\")]"), 0);
    assert_eq!(found("src/cli/x.rs", "Err(Unfinished::misconfigured(format!(\"{x} is ('(') wrong\")))"), 2);
    assert_eq!(
        found(
            "src/cli/x.rs",
            "fn told() -> String { \"the plan is lost\".into() } fn f() { g().with_context(told)?; }"
        ),
        1
    );
    assert_eq!(found("src/config/values.rs", "Err(\"is \\\n   empty\".to_owned())"), 1);
    assert_eq!(found("src/config/values.rs", "Err(\"is empty; write a value\".to_owned())"), 0);
    assert_eq!(
        found("src/domain/mapping/x.rs", "const ODD: &str = \"yields an odd one\";\nfn f() { Err(ODD.to_owned()) }"),
        1
    );
    assert_eq!(found("src/cli/check/x.rs", "findings.warn(format_args!(\"okta is {slow}\"));"), 1);
    assert_eq!(found("src/cli/check/x.rs", "findings.warn(format_args!(\"okta is {slow}: wait\"));"), 0);
    assert_eq!(
        found(
            "src/store/sqlite.rs",
            "fn explain(a: B) -> C { match a { 1 => \"does not work\", _ => \"is full; free some space\" } }"
        ),
        1
    );
}
