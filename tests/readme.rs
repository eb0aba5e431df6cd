//! What the documents quote is what the program says: the trace of one place and the table of sub-models.
//!
//! A quoted block stands between `<!-- name -->` and `<!-- /name -->`. `scripts/bless-readme` writes the blocks anew.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Set by `scripts/bless-readme`: write what was found instead of comparing.
const BLESS: &str = "STEPPEWATCH_BLESS";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Standard output of the program, started in the root of the repository.
fn said(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steppewatch"));
    let output = command.args(args).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Where the text between the marks of a block stands, without them.
fn block(text: &str, name: &str) -> Range<usize> {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let from = text.find(&open).unwrap_or_else(|| panic!("no {open}")) + open.len();
    let length = text[from..].find(&close).unwrap_or_else(|| panic!("no {close}"));
    from..from + length
}

/// Holds a block of a document against what it should be, or writes it.
fn hold(document: &str, name: &str, expected: &str) {
    let path: PathBuf = root().join(document);
    let mut text = fs::read_to_string(&path).unwrap();
    let place = block(&text, name);
    let found = &text[place.clone()];
    if found == expected {
        return;
    }
    if std::env::var_os(BLESS).is_some() {
        text.replace_range(place, expected);
        fs::write(&path, text).unwrap();
        return;
    }
    let differs = expected.lines().zip(found.lines()).find(|(now, then)| now != then);
    let (now, then) = differs.unwrap_or(("another number of lines", ""));
    panic!(
        "{document}: block '{name}' is not what the program says\n  now:  {now}\n  then: {then}\n\
         if this is meant, run scripts/bless-readme and read the difference"
    );
}

/// The command that a block shows after `$ `, over as many lines as end in a backslash.
fn shown_command(block: &str) -> (String, Vec<String>) {
    let mut shown = String::new();
    for line in block.lines().skip_while(|line| !line.starts_with("$ ")) {
        shown.push_str(line);
        shown.push('\n');
        if !line.ends_with('\\') {
            break;
        }
    }
    let words = shown.split_whitespace().filter(|word| *word != "\\").map(str::to_owned);
    let words: Vec<String> = words.collect();
    (shown, words)
}

/// The rest of a line that starts with a key, from the first of such lines.
fn after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(key)).map(str::trim)
}

/// A row of the table of sub-models, from what `explain ID` says.
fn row(id: &str) -> String {
    let text = said(&["explain", id]);
    let (head, about) = (text.lines().next().unwrap(), text.lines().nth(1).unwrap());
    let (names, classes) = head[id.len()..].split_once("  inside ").unwrap();
    let (name, chinese) = names.trim().trim_end_matches(')').rsplit_once(" (").unwrap();
    let limits = text.lines().filter_map(|line| line.strip_prefix("limit "));
    let mut limits: Vec<&str> = limits.filter_map(|limit| limit.trim().split(':').next()).collect();
    limits.dedup();
    let limits = if limits.is_empty() { "none".to_owned() } else { limits.join(", ") };
    let (least, history) = (after(&text, "smallest lead").unwrap(), after(&text, "look-back").unwrap());
    format!("| `{id}` | {name} | {chinese} | {classes} | {about} | {least} | {history} | {limits} |\n")
}

#[test]
fn the_trace_in_the_readme_is_what_the_program_says() {
    let text = fs::read_to_string(root().join("src/README.md")).unwrap();
    let (shown, words) = shown_command(&text[block(&text, "trace")]);
    assert!(words.len() > 3 && words[..2] == ["$", "steppewatch"], "no command in the block: {words:?}");
    let args: Vec<&str> = words[2..].iter().map(String::as_str).collect();
    let expected = format!("```text\n{shown}\n{}```\n", said(&args));
    hold("src/README.md", "trace", &expected);
}

#[test]
fn the_table_of_sub_models_is_what_explain_says() {
    let listed = said(&["explain"]);
    let ids = listed.lines().filter_map(|line| line.split_whitespace().next());
    let rows: String = ids.map(row).collect();
    let head = "| id | sub-model | 子模型 | inside | what it looks for | smallest lead | look-back | area limits |\n";
    let expected = format!("\n{head}|---|---|---|---|---|---|---|---|\n{rows}\n");
    hold("redlines/submodels/README.md", "explain", &expected);
}

/// What must be the same in every language: commands, first cells of tables, and the numbers of their rows.
fn facts(document: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(document)).unwrap();
    let mut facts = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            facts.push(line.split('#').next().unwrap_or_default().trim().to_owned());
        } else if let Some(row) =
            line.strip_prefix("| ").filter(|row| row.starts_with(['`', '0', '1', '2', '3']))
        {
            let is_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
            let words = row.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'));
            let mut numbers: Vec<&str> =
                words.map(|word| word.trim_end_matches('.')).filter(is_number).collect();
            numbers.sort_unstable();
            facts.push(format!("{} {}", row.split(" |").next().unwrap_or_default(), numbers.join(" ")));
        }
    }
    facts
}

#[test]
fn both_languages_give_the_same_commands_files_and_figures() {
    let (english, chinese) = (facts("README.md"), facts("README.zh.md"));
    let differs = english.iter().zip(&chinese).find(|(english, chinese)| english != chinese);
    assert_eq!(differs, None);
    assert_eq!(english.len(), chinese.len());
}

#[test]
fn the_sample_forest_zone_is_the_one_of_the_fixture() {
    let read = |path: &str| fs::read(root().join(path)).unwrap();
    assert!(read("redlines/sample_forest.geojson") == read("fixtures/romania_forest/redline_forest.geojson"));
}

#[test]
fn a_command_is_read_over_its_lines_and_a_block_between_its_marks() {
    let text = "<!-- x -->\n```text\n$ a b \\\n    c\n\nout\n```\n<!-- /x -->";
    let (shown, words) = shown_command(&text[block(text, "x")]);
    assert_eq!((shown.as_str(), words.join(" ").as_str()), ("$ a b \\\n    c\n", "$ a b c"));
}
