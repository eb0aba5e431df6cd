//! The rules of the house, as tests. Each rule is proved by a bad example beside it.
//!
//! A rule takes text and gives complaints; `house` runs all of them over the repository and prints every
//! complaint with its file, so that one run is enough to tidy up.

use std::fs;
use std::path::{Path, PathBuf};

/// Which files may name a crate or a clock, as beginnings of paths. Everything else is a closed door.
const DOORS: &[(&[&str], &[&str])] = &[
    (
        &["gdal::", "gdal_sys::"],
        &[
            "src/read/",
            "src/redline/read.rs",
            "src/publish/gpkg",
            "src/publish/raster.rs",
            "src/publish/basemap.rs",
            "src/simulate/write.rs",
            // Windows of pictures as files of their own: read and written back by one library.
            "src/catalogue/clip.rs",
        ],
    ),
    (&["proj::", "proj_sys::"], &["src/grid/crs.rs"]),
    // A GeoPackage of somebody is looked at, read-only and without its schema being trusted, before GDAL opens it; the third
    // compares rows of two GeoPackages whose bytes differ, and writes none.
    (&["rusqlite::"], &["src/ledger/", "src/redline/package.rs", "src/provenance/geopackage.rs"]),
    (
        &["postgres::", "rustls::", "rustls_platform_verifier::", "tokio_postgres_rustls::"],
        &["src/ledger/postgres"],
    ),
    (&["exif::"], &["src/ledger/photograph/"]),
    (&["typst::", "typst_layout::", "typst_pdf::"], &["src/report/dossier/typeset.rs"]),
    // What is packed for others, and what was packed by others: products of imagery come as archives.
    (&["zip::"], &["src/report/archive.rs", "src/read/archive.rs"]),
    (&["roxmltree::"], &["src/read/product/xml.rs"]),
    // A process that decodes files of others limits itself, and is waited for.
    (&["rustix::"], &["src/read/apart/"]),
    (&["seccompiler::", "libc::"], &["src/read/apart/limits.rs"]),
    (&["clap::"], &["src/cli/"]),
    (&["rayon::"], &["src/run.rs", "src/run/"]),
    (&["image::"], &["src/publish/"]),
    (
        &["SystemTime::now", "Instant::now", "Utc::now", "Zoned::now", "Timestamp::now"],
        // A decoder that never ends is given up at a deadline.
        &["src/run", "src/cli", "src/read/apart/child.rs"],
    ),
    (&["ureq::", "rusty_s3::"], &["src/bucket/"]),
    // The review desk listens; nothing else speaks to a network by itself.
    (
        &["std::net", "TcpStream", "UdpSocket", "hyper::", "hyper_util::", "tokio::"],
        &["src/desk/", "src/cli/desk.rs"],
    ),
    (&["reqwest::", "curl::"], &[]),
];

/// Where a place is spoken of, and words that must not be said about one.
const SPEAKING: &[&str] = &["src/publish", "src/weigh", "src/lead.rs", "src/cli", "src/ledger"];
const UNSAID: &[&str] = &["violation", "illegal", "违法", "非法"];

const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "core", "manager", "misc"];
const LEFTOVERS: &[&str] = &["TODO", "FIXME", "dbg!("];
/// Folders at the top of somebody's machine. Without their slashes, so that this file names no path.
const MACHINE_FOLDERS: &[&str] = &["work", "root", "tmp", "home"];
/// Registries as (name, ending), so that this file names no host.
const REGISTRIES: &[(&str, &str)] =
    &[("crates", "io"), ("pypi", "org"), ("pythonhosted", "org"), ("deb.debian", "org"), ("npmjs", "org")];

const LONGEST_FILE: usize = 400;
const LONGEST_FUNCTION: usize = 60;
const LARGEST_FIXTURE: u64 = 200_000;
const LARGEST_FIXTURES: u64 = 8_000_000;

// Text.

/// The part of a source file before its tests.
fn before_tests(text: &str) -> &str {
    text.find("#[cfg(test)]").map_or(text, |end| &text[..end])
}

/// Source with comments, strings and characters blanked, line breaks kept.
fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_quiet(&chars, at);
        if end > at {
            code.extend(chars[at..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            code.push(chars[at]);
            at += 1;
        }
    }
    code
}

/// End of the comment, string or character that starts at `at`; `at` itself when none does.
fn end_of_quiet(chars: &[char], at: usize) -> usize {
    let next = |ahead: usize| chars.get(at + ahead).copied().unwrap_or(' ');
    let in_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match (chars[at], next(1)) {
        ('/', '/') => find(chars, at, &['\n']),
        ('/', '*') => find(chars, at + 2, &['*', '/']) + 2,
        ('"', _) => end_of_string(chars, at + 1),
        ('r', '"' | '#') if !in_word => {
            let hashes = chars[at + 1..].iter().take_while(|&&c| c == '#').count();
            if next(1 + hashes) != '"' {
                return at;
            }
            let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
            find(chars, at + 2 + hashes, &close) + close.len()
        }
        ('\'', '\\') => find(chars, at + 3, &['\'']) + 1,
        ('\'', _) if next(2) == '\'' => at + 3,
        _ => at,
    }
    .min(chars.len())
}

fn find(chars: &[char], from: usize, what: &[char]) -> usize {
    (from..chars.len()).find(|&at| chars[at..].starts_with(what)).unwrap_or(chars.len())
}

fn end_of_string(chars: &[char], from: usize) -> usize {
    let mut at = from;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Whether `word` stands in a line as a word or path of its own, not as the end of a longer one;
/// a type counts wherever it is reached from.
fn names(line: &str, word: &str) -> bool {
    let is_type = word.starts_with(|first: char| first.is_uppercase());
    line.match_indices(word).any(|(at, _)| {
        is_type
            || !line[..at]
                .ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':')
    })
}

/// Complaints about the lines that a test dislikes.
fn lines(text: &str, dislike: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let numbered = text.lines().enumerate();
    numbered.filter_map(|(i, line)| Some(format!("line {}: {}", i + 1, dislike(line)?))).collect()
}

// Rules on source.

/// The rooms in the order of `lib.rs`.
fn rooms(lib: &str) -> Vec<String> {
    let named = lib.lines().filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';'));
    named.map(str::to_owned).collect()
}

/// A file uses its own room and those above it.
fn looks_down(path: &str, text: &str, rooms: &[String]) -> Vec<String> {
    let inside = path.trim_start_matches("src/");
    let room = inside.split(['/', '.']).next().unwrap_or_default();
    let Some(own) = rooms.iter().position(|name| name == room) else { return Vec::new() };
    lines(&code_only(before_tests(text)), |line| {
        if line.contains("crate::{") {
            return Some("one import per path, not crate::{...}".to_owned());
        }
        let used = line.split("crate::").skip(1);
        let mut used = used.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
        let below =
            used.find(|name| rooms.iter().position(|room| Some(room.as_str()) == *name) > Some(own))?;
        Some(format!("{room} uses {}, which stands below it in lib.rs", below.unwrap_or_default()))
    })
}

fn closed_doors(path: &str, text: &str) -> Vec<String> {
    let code = code_only(before_tests(text));
    let closed = DOORS.iter().filter(|(_, open)| !open.iter().any(|start| path.starts_with(start)));
    let found = closed.flat_map(|(words, open)| {
        lines(&code, |line| {
            let word = words.iter().find(|word| names(line, word))?;
            Some(format!(
                "{word} belongs in {}",
                if open.is_empty() { "no file".into() } else { open.join(", ") }
            ))
        })
    });
    found.collect()
}

fn no_card(text: &str) -> Vec<String> {
    if text.starts_with("//!") { Vec::new() } else { vec!["does not open with a //! card".to_owned()] }
}

fn too_long(text: &str) -> Vec<String> {
    let found = before_tests(text).lines().count();
    if found <= LONGEST_FILE {
        return Vec::new();
    }
    vec![format!("{found} lines before the tests, at most {LONGEST_FILE}; split it by idea")]
}

/// Functions with too many lines, counted from `fn` to the closing brace.
fn long_functions(text: &str) -> Vec<String> {
    let code = code_only(text);
    let all: Vec<&str> = code.lines().collect();
    let starts = (0..all.len()).filter(|&i| names(all[i], "fn "));
    let found = starts.filter_map(|start| {
        let length = function_length(&all[start..])?;
        let name = all[start].split("fn ").nth(1)?.split(['(', '<']).next()?;
        (length > LONGEST_FUNCTION)
            .then(|| format!("fn {name} has {length} lines, at most {LONGEST_FUNCTION}"))
    });
    found.collect()
}

fn function_length(lines: &[&str]) -> Option<usize> {
    let (mut depth, mut opened) = (0_i32, false);
    for (index, line) in lines.iter().enumerate() {
        for c in line.chars() {
            match c {
                '{' => (depth, opened) = (depth + 1, true),
                '}' => depth -= 1,
                ';' if !opened && depth == 0 && line.trim_end().ends_with(';') => return None,
                _ => {}
            }
            if opened && depth == 0 {
                return Some(index + 1);
            }
        }
    }
    None
}

fn unsaid(path: &str, text: &str) -> Vec<String> {
    if !SPEAKING.iter().any(|start| path.starts_with(start)) {
        return Vec::new();
    }
    lines(before_tests(text), |line| {
        let spoken = !line.trim_start().starts_with("//");
        let word = UNSAID.iter().find(|word| spoken && line.to_lowercase().contains(*word))?;
        Some(format!("says '{word}'; a lead is a hypothesis"))
    })
}

// Rules on any file.

fn leftovers(text: &str) -> Vec<String> {
    lines(text, |line| {
        LEFTOVERS.iter().find(|word| line.contains(*word)).map(|word| format!("{word} is left over"))
    })
}

fn places(text: &str) -> Vec<String> {
    lines(text, |line| {
        // Such a folder inside a longer path is somebody's folder, not this machine's.
        let starts =
            |(at, _): (usize, &str)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '.');
        let paths = MACHINE_FOLDERS.iter().map(|folder| format!("/{folder}/"));
        let path = paths.into_iter().find(|path| line.match_indices(path.as_str()).any(starts));
        let hosts = REGISTRIES.iter().map(|(name, ending)| format!("{name}.{ending}"));
        let host = hosts.into_iter().find(|host| line.contains(host.as_str()));
        path.or(host).map(|word| format!("names {word}, which is a place of one machine or a registry"))
    })
}

fn empty_name(path: &Path) -> Vec<String> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if !EMPTY_NAMES.contains(&stem) {
        return Vec::new();
    }
    vec![format!("'{stem}' says nothing; name the file by its idea")]
}

/// Whether a `source` that is not empty stands anywhere in a TOML document.
fn has_source(value: &toml::Value) -> bool {
    let told = |value: &toml::Value| match value {
        toml::Value::String(text) => !text.trim().is_empty(),
        toml::Value::Array(list) => !list.is_empty(),
        _ => false,
    };
    match value {
        toml::Value::Table(table) => {
            table.iter().any(|(key, value)| (key == "source" && told(value)) || has_source(value))
        }
        toml::Value::Array(list) => list.iter().any(has_source),
        _ => false,
    }
}

fn no_source(text: &str) -> Vec<String> {
    match text.parse::<toml::Table>() {
        Ok(table) if has_source(&toml::Value::Table(table.clone())) => Vec::new(),
        Ok(_) => vec!["has no `source`".to_owned()],
        Err(error) => vec![format!("is not TOML: {error}")],
    }
}

// The repository.

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder, sorted; none when it does not exist.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let hidden = entry.file_name() == "__pycache__";
            if path.is_dir() && !hidden {
                folders.push(path)
            } else if !hidden {
                found.push(path)
            }
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}

fn check(paths: impl IntoIterator<Item = PathBuf>, rule: impl Fn(&str, &str) -> Vec<String>) -> Vec<String> {
    let mut complaints = Vec::new();
    for path in paths {
        let name = relative(&path);
        // Pictures and rasters are not text and have no rules of style.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        complaints.extend(rule(&name, &text).into_iter().map(|complaint| format!("{name}: {complaint}")));
    }
    complaints
}

fn satisfied(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn sources(folders: &[&str]) -> Vec<PathBuf> {
    let all = folders.iter().flat_map(|folder| files(folder));
    all.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

/// Text that people read: documents at the top, and everything in these folders.
fn readable() -> Vec<PathBuf> {
    let top = fs::read_dir(root()).into_iter().flatten().flatten().map(|entry| entry.path());
    let documents = top.filter(|path| path.extension().is_some_and(|end| end == "md" || end == "toml"));
    let folders = ["src", "scripts", "redlines", "fixtures", ".ci", "docs"];
    // A lock file names its registry: that is its form.
    let is_written = |path: &PathBuf| !path.ends_with("Cargo.lock");
    documents.chain(folders.iter().flat_map(|folder| files(folder)).filter(is_written)).collect()
}

/// Folders that must introduce themselves: the named ones and those directly inside them.
fn introduced() -> Vec<PathBuf> {
    let tops = ["fixtures", "redlines"].map(|name| root().join(name));
    let inside = tops.iter().flat_map(|top| fs::read_dir(top).into_iter().flatten().flatten());
    let inside: Vec<_> = inside.map(|entry| entry.path()).collect();
    tops.into_iter().chain(inside).filter(|path| path.is_dir()).collect()
}

#[test]
fn a_file_uses_only_rooms_above_its_own() {
    let rooms = rooms(&fs::read_to_string(root().join("src/lib.rs")).unwrap());
    assert!(rooms.len() > 5 && rooms[0] == "units", "{rooms:?}");
    satisfied(&check(sources(&["src"]), |path, text| looks_down(path, text, &rooms)));
    let order = ["units", "grid", "run"].map(str::to_owned);
    let bad = "//! x\nuse crate::run::Plan;\n";
    assert_eq!(looks_down("src/grid/crs.rs", bad, &order).len(), 1);
    assert_eq!(looks_down("src/grid.rs", "use crate::{units, run};", &order).len(), 1);
    assert!(looks_down("src/run.rs", bad, &order).is_empty());
    assert!(looks_down("src/grid/mod.rs", "// crate::run\nuse crate::units::Mu;", &order).is_empty());
    assert!(looks_down("src/grid/mod.rs", "#[cfg(test)]\nuse crate::run::Plan;", &order).is_empty());
}

#[test]
fn doors_stay_shut() {
    satisfied(&check(sources(&["src"]), closed_doors));
    assert_eq!(closed_doors("src/patch/mod.rs", "use gdal::Dataset;").len(), 1);
    assert_eq!(closed_doors("src/read/mod.rs", "use gdal::Dataset;\nuse proj::Proj;").len(), 1);
    assert_eq!(closed_doors("src/weigh/mod.rs", "let t = std::time::Instant::now();").len(), 1);
    assert!(closed_doors("src/run/clock.rs", "let t = Instant::now();").is_empty());
    assert_eq!(closed_doors("src/cli/scan.rs", "use std::net::TcpStream;").len(), 1);
    assert!(closed_doors("src/lead.rs", "/// see gdal::Dataset\nlet s = \"image::open\";").is_empty());
    assert!(closed_doors("src/lead.rs", "use crate::publish::image::Chip;").is_empty());
}

#[test]
fn every_source_file_opens_with_a_card() {
    satisfied(&check(sources(&["src", "tests"]), |path, text| {
        // lib.rs opens with the page that it includes.
        if path == "src/lib.rs" && text.starts_with("#![doc") { Vec::new() } else { no_card(text) }
    }));
    assert_eq!(no_card("use std::fs;\n//! late").len(), 1);
}

#[test]
fn a_file_is_a_page_and_a_function_fits_a_screen() {
    satisfied(&check(sources(&["src"]), |_, text| too_long(text)));
    satisfied(&check(sources(&["src", "tests"]), |_, text| long_functions(text)));
    assert_eq!(too_long(&"let x = 1;\n".repeat(401)).len(), 1);
    assert!(too_long(&format!("{}#[cfg(test)]\n{}", "x\n".repeat(399), "y\n".repeat(99))).is_empty());
    let body = "    call('{', \"}\", r#\"}\"#); // }\n".repeat(60);
    let long = long_functions(&format!("fn tall<T>(x: T) {{\n{body}}}\nfn small() {{}}\n"));
    assert_eq!(long, vec!["fn tall has 62 lines, at most 60"]);
    assert!(long_functions("trait T {\n    fn declared(&self);\n}\n").is_empty());
}

#[test]
fn nothing_accuses_a_place() {
    satisfied(&check(sources(&["src"]), unsaid));
    assert_eq!(unsaid("src/publish/words.rs", "let s = \"Illegal use\";").len(), 1);
    assert_eq!(unsaid("src/cli/scan.rs", "let s = \"违法\";").len(), 1);
    assert!(unsaid("src/lead.rs", "/// never says violation").is_empty());
}

#[test]
fn nothing_is_left_over() {
    let tidy = Path::new("tests/tidy.rs");
    let own = sources(&["tests"]).into_iter().filter(|path| !path.ends_with(tidy));
    satisfied(&check(sources(&["src"]).into_iter().chain(own).chain(files("scripts")), |_, text| {
        leftovers(text)
    }));
    assert_eq!(leftovers("let x = 1; // TODO later\ndbg!(x);").len(), 2);
}

#[test]
fn nothing_names_one_machine_or_a_registry() {
    satisfied(&check(readable(), |_, text| places(text)));
    let (folder, (name, ending)) = (MACHINE_FOLDERS[0], REGISTRIES[0]);
    assert_eq!(places(&format!("cd /{folder}/x\nout=/{folder}/y\nhttps://{name}.{ending}/x")).len(), 3);
    assert!(places(&format!("../shared/{folder}/x and a/{folder}/b")).is_empty());
}

#[test]
fn file_names_say_something() {
    let all = ["src", "tests", "scripts"].map(files).concat();
    let bad: Vec<_> = all.iter().flat_map(|path| empty_name(Path::new(&relative(path)))).collect();
    satisfied(&bad);
    assert_eq!(empty_name(Path::new("src/utils.rs")).len(), 1);
    assert!(empty_name(Path::new("src/units.rs")).is_empty());
}

#[test]
fn every_sub_model_names_its_source() {
    let models = files("redlines/submodels");
    let models = models.into_iter().filter(|path| path.extension().is_some_and(|end| end == "toml"));
    satisfied(&check(models, |_, text| no_source(text)));
    assert_eq!(no_source("id = \"G1\"\n[rule]\nsource = \"\"").len(), 1);
    assert_eq!(no_source("id = ").len(), 1);
    assert!(no_source("[[rule]]\nsource = \"Grassland Law, article 46\"").is_empty());
}

#[test]
fn every_folder_of_data_has_a_readme() {
    let silent = introduced().into_iter().filter(|path| !path.join("README.md").is_file());
    satisfied(&silent.map(|path| format!("{} has no README.md", relative(&path))).collect::<Vec<_>>());
}

#[test]
fn fixtures_stay_small() {
    let sizes: Vec<_> = files("fixtures")
        .into_iter()
        .map(|path| (relative(&path), fs::metadata(&path).unwrap().len()))
        .collect();
    let large = sizes.iter().filter(|(_, size)| *size > LARGEST_FIXTURE);
    satisfied(
        &large
            .map(|(path, size)| format!("{path}: {size} bytes, at most {LARGEST_FIXTURE}"))
            .collect::<Vec<_>>(),
    );
    let total: u64 = sizes.iter().map(|(_, size)| size).sum();
    assert!(total <= LARGEST_FIXTURES, "fixtures hold {total} bytes, at most {LARGEST_FIXTURES}");
}
