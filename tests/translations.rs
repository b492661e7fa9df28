//! Every word of the screens stands in every translation, with all its plural forms and all its places to fill in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Context, text, text in the plural (empty when there is none).
type Message = (String, String, String);

const LANGUAGES: [(&str, usize); 2] = [("fr", 2), ("uk", 3)];

fn ui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ui")
}

fn slint_files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            slint_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "slint") {
            out.push(path);
        }
    }
}

/// A quoted string at the beginning of `text`, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let rest = text.trim_start().strip_prefix('"')?;
    let (mut out, mut escaped) = (String::new(), false);
    for (at, c) in rest.char_indices() {
        match c {
            '"' if !escaped => return Some((out, &rest[at + 1..])),
            '\\' if !escaped => escaped = true,
            c => {
                out.push(if escaped && c == 'n' { '\n' } else { c });
                escaped = false;
            }
        }
    }
    None
}

/// The messages of all `@tr(…)`: `"text"`, `"context" => "text"`, `"one" | "many" % n`.
fn messages_of(source: &str) -> BTreeSet<Message> {
    let mut out = BTreeSet::new();
    for call in source.split("@tr(").skip(1) {
        let (mut text, mut rest) = quoted(call).expect("@tr begins with a text");
        let mut context = String::new();
        if let Some(after) = rest.trim_start().strip_prefix("=>") {
            context = text;
            (text, rest) = quoted(after).expect("a context is followed by a text");
        }
        let plural = rest.trim_start().strip_prefix('|').and_then(quoted).map(|(plural, _)| plural).unwrap_or_default();
        out.insert((context, text, plural));
    }
    out
}

/// A translation file: each message with its translated forms.
fn translated(source: &str) -> BTreeMap<Message, Vec<String>> {
    let mut out = BTreeMap::new();
    for block in source.split("\n\n") {
        let (mut message, mut forms) = (Message::default(), Vec::new());
        for line in block.lines().filter(|l| !l.starts_with('#')) {
            let Some((name, value)) = line.split_once(' ') else { continue };
            let Some((value, _)) = quoted(value) else { continue };
            match name {
                "msgctxt" => message.0 = value,
                "msgid" => message.1 = value,
                "msgid_plural" => message.2 = value,
                _ if name.starts_with("msgstr") => forms.push(value),
                _ => {}
            }
        }
        if !message.1.is_empty() {
            out.insert(message, forms);
        }
    }
    out
}

/// The places to fill in, `{}`, `{0}`, `{n}` …
fn places(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(place, _)| place).collect()
}

/// What is wrong with a translation, in words.
fn faults(messages: &BTreeSet<Message>, done: &BTreeMap<Message, Vec<String>>, plural_forms: usize) -> Vec<String> {
    let mut faults = Vec::new();
    for message in messages {
        let Some(forms) = done.get(message) else {
            faults.push(format!("missing: {message:?}"));
            continue;
        };
        let want = if message.2.is_empty() { 1 } else { plural_forms };
        if forms.len() != want || forms.iter().any(String::is_empty) {
            faults.push(format!("{} of {want} forms: {message:?}", forms.iter().filter(|f| !f.is_empty()).count()));
        }
        for form in forms {
            if !places(form).is_subset(&places(&message.1))
                || (message.2.is_empty() && places(form) != places(&message.1))
            {
                faults.push(format!("other places to fill in: {message:?} -> {form:?}"));
            }
        }
    }
    faults.extend(done.keys().filter(|m| !messages.contains(*m)).map(|m| format!("no screen says this: {m:?}")));
    faults
}

#[test]
fn every_translation_is_complete() {
    let mut files = Vec::new();
    slint_files(&ui(), &mut files);
    let messages: BTreeSet<Message> =
        files.iter().flat_map(|file| messages_of(&std::fs::read_to_string(file).unwrap())).collect();
    assert!(messages.len() > 200, "the screens say more than {} things", messages.len());
    for (language, plural_forms) in LANGUAGES {
        let file = ui().join("lang").join(language).join("LC_MESSAGES/tracepost-ui.po");
        let faults = faults(&messages, &translated(&std::fs::read_to_string(file).unwrap()), plural_forms);
        assert!(faults.is_empty(), "{language}:\n{}", faults.join("\n"));
    }
}

#[test]
fn the_test_sees_what_is_wrong() {
    let messages = messages_of(r#"text: @tr("A {0}", x); @tr("c" => "B"); @tr("one" | "many {n}" % k)"#);
    assert_eq!(messages.len(), 3);
    let whole = "msgid \"A {0}\"\nmsgstr \"Ä {0}\"\n\nmsgctxt \"c\"\nmsgid \"B\"\nmsgstr \"ß\"\n\nmsgid \"one\"\nmsgid_plural \"many {n}\"\nmsgstr[0] \"1\"\nmsgstr[1] \"2\"";
    assert_eq!(faults(&messages, &translated(whole), 2), Vec::<String>::new());
    for (from, to) in
        [("{0}\"\nmsgstr \"Ä {0}", "{0}\"\nmsgstr \"Ä"), ("ß", ""), ("msgctxt \"c\"\n", ""), ("\nmsgstr[1] \"2\"", "")]
    {
        assert!(!faults(&messages, &translated(&whole.replace(from, to)), 2).is_empty(), "{from:?} -> {to:?}");
    }
}
