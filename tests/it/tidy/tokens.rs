//! The reading of tokens. What stands in macros is seen here too; a syntax tree does not show it.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A call on `self` or `Self`.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) line: usize,
    pub(crate) name: String,
}

/// The tokens without documentation and without the items behind `#[cfg(test)]`, whose lines are noted.
pub(crate) fn production(tokens: TokenStream, tests: &mut BTreeSet<usize>) -> TokenStream {
    let trees = trees(tokens);
    let (mut rest, mut kept) = (&trees[..], Vec::new());
    while let Some((first, after)) = rest.split_first() {
        let (next, attribute) = attribute(rest).unwrap_or((after, String::new()));
        rest = if attribute.starts_with("doc") {
            next
        } else if attribute == "cfg (test)" || attribute == "cfg(test)" {
            let end = item_end(next);
            tests.extend(first.span().start().line..=last_line(&rest[..rest.len() - end.len()]));
            end
        } else {
            kept.push(match first {
                TokenTree::Group(group) => {
                    let mut inside = Group::new(group.delimiter(), production(group.stream(), tests));
                    inside.set_span(group.span());
                    TokenTree::Group(inside)
                }
                token => token.clone(),
            });
            after
        };
    }
    kept.into_iter().collect()
}

/// The lines that hold a token, counted from 1.
pub(crate) fn lines(tokens: TokenStream) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for token in tokens {
        if let TokenTree::Group(group) = token {
            found.extend([group.span_open().start().line, group.span_close().end().line]);
            found.extend(lines(group.stream()));
        } else {
            found.extend(token.span().start().line..=token.span().end().line);
        }
    }
    found
}

/// Each identifier, also inside macros.
pub(crate) fn identifiers(tokens: TokenStream) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => found.extend(identifiers(group.stream())),
            TokenTree::Ident(name) => {
                found.insert(name.to_string());
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}

/// Each path, as it is written, with what stands before its braces; `name!` for a macro.
pub(crate) fn names(tokens: TokenStream) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    add_names(&trees(tokens), "", &mut found);
    found
}

fn add_names(tokens: &[TokenTree], beginning: &str, found: &mut BTreeSet<String>) {
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            TokenTree::Group(group) => add_names(&trees(group.stream()), "", found),
            TokenTree::Ident(name) if name == "as" && !beginning.is_empty() => rest = &after[1..],
            TokenTree::Ident(name) => {
                let mut path = if name == "self" && !beginning.is_empty() {
                    beginning.to_owned()
                } else if beginning.is_empty() {
                    name.to_string()
                } else {
                    format!("{beginning}::{name}")
                };
                while let [TokenTree::Punct(left), TokenTree::Punct(right), next, after @ ..] = rest
                    && (left.as_char(), right.as_char()) == (':', ':')
                {
                    match next {
                        TokenTree::Ident(name) => path = format!("{path}::{name}"),
                        TokenTree::Group(group) => add_names(&trees(group.stream()), &path, found),
                        TokenTree::Punct(_) | TokenTree::Literal(_) => break,
                    }
                    rest = after;
                }
                if let [TokenTree::Punct(mark), TokenTree::Group(_), ..] = rest
                    && mark.as_char() == '!'
                {
                    path.push('!');
                }
                found.insert(path);
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Each `self.name(…)`, `self.name::<…>(…)` and `Self::name`.
pub(crate) fn calls(tokens: TokenStream) -> Vec<Call> {
    let trees = trees(tokens);
    let mut found = Vec::new();
    for (at, tree) in trees.iter().enumerate() {
        if let TokenTree::Group(group) = tree {
            found.extend(calls(group.stream()));
        }
        let is_call = match &trees[at..] {
            [TokenTree::Ident(own), TokenTree::Punct(dot), TokenTree::Ident(_), next, ..] if own == "self" => {
                dot.as_char() == '.' && is_argument_list(next)
            }
            [TokenTree::Ident(own), TokenTree::Punct(left), TokenTree::Punct(_), TokenTree::Ident(_), ..] => {
                own == "Self" && left.as_char() == ':'
            }
            _ => false,
        };
        let name = trees[at..].iter().skip(1).find_map(|tree| match tree {
            TokenTree::Ident(name) => Some(name),
            _ => None,
        });
        if let Some(name) = name.filter(|_| is_call) {
            found.push(Call { line: name.span().start().line, name: name.to_string() });
        }
    }
    found
}

/// What may follow the name of a called method: its arguments, or the `::` of `::<…>`.
fn is_argument_list(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Parenthesis,
        TokenTree::Punct(mark) => mark.as_char() == ':',
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    }
}

/// The attribute at the beginning, as a text, and what follows it.
fn attribute(tokens: &[TokenTree]) -> Option<(&[TokenTree], String)> {
    let [TokenTree::Punct(mark), rest @ ..] = tokens else { return None };
    let rest = match rest {
        [TokenTree::Punct(inner), rest @ ..] if inner.as_char() == '!' => rest,
        rest => rest,
    };
    match rest {
        [TokenTree::Group(group), rest @ ..] if mark.as_char() == '#' && group.delimiter() == Delimiter::Bracket => {
            Some((rest, group.stream().to_string()))
        }
        _ => None,
    }
}

/// What follows the item at the beginning. An item ends with its braces or a semicolon, an import with a semicolon only.
fn item_end(tokens: &[TokenTree]) -> &[TokenTree] {
    let mut is_import = false;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(name) if name == "use" => is_import = true,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && !is_import => return &tokens[at + 1..],
            TokenTree::Punct(mark) if mark.as_char() == ';' => return &tokens[at + 1..],
            _ => {}
        }
    }
    &[]
}

fn last_line(tokens: &[TokenTree]) -> usize {
    tokens.last().map_or(0, |token| token.span().end().line)
}

fn trees(tokens: TokenStream) -> Vec<TokenTree> {
    tokens.into_iter().collect()
}
