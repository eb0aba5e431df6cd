//! Lists the sub-model files of `redlines/submodels/`, so that adding one adds a file and no code; and takes MapLibre GL JS
//! into the program where `scripts/install` has laid it down. Without it all builds; the offline map then says what is lacking.
//! And tells the program what it was made of, for the manifests of its runs.

use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest, Sha256};

/// Where `scripts/install` lays MapLibre GL JS down, and its files there: script, style.
const MAPLIBRE: (&str, [&str; 2]) = ("vendor/maplibre", ["maplibre-gl.js", "maplibre-gl.css"]);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    submodels()?;
    source()?;
    maplibre()
}

/// Everything that decides what the program does, in the order of the list below.
const SOURCE: [&str; 5] = ["Cargo.lock", "Cargo.toml", "build.rs", "redlines", "src"];

/// What the program is made of: `find Cargo.lock Cargo.toml build.rs redlines src -type f | LC_ALL=C sort | xargs sha256sum |
/// sha256sum` says the same. Whoever builds from a repository may name its revision in STEPPEWATCH_REVISION.
fn source() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut files = Vec::new();
    for name in SOURCE {
        println!("cargo:rerun-if-changed={name}");
        list(&root, Path::new(name), &mut files)?;
    }
    files.sort();
    let mut lines = String::new();
    for file in &files {
        lines.push_str(&format!("{}  {file}\n", hexadecimal(&fs::read(root.join(file))?)));
    }
    println!("cargo:rustc-env=STEPPEWATCH_SOURCE={}", hexadecimal(lines.as_bytes()));
    println!("cargo:rerun-if-env-changed=STEPPEWATCH_REVISION");
    println!("cargo:rustc-env=STEPPEWATCH_REVISION={}", env::var("STEPPEWATCH_REVISION").unwrap_or_default());
    Ok(())
}

fn hexadecimal(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Names of the files at or below a path, with `/` between folders.
fn list(root: &Path, path: &Path, files: &mut Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
    if root.join(path).is_file() {
        let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
        files.push(parts.join("/"));
        return Ok(());
    }
    for entry in fs::read_dir(root.join(path))? {
        list(root, &path.join(entry?.file_name()), files)?;
    }
    Ok(())
}

fn submodels() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("redlines/submodels");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    let line = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        format!("    ({name:?}, include_str!({:?})),\n", file.display().to_string())
    };
    let lines: String = files.iter().map(line).collect();
    let list = format!("&[\n{lines}]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("submodels.rs"), list)?;
    Ok(())
}

/// Writes `Some((script, style))`, or `None` where the files are not there.
fn maplibre() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join(MAPLIBRE.0);
    let files = MAPLIBRE.1.map(|file| folder.join(file));
    let is_there = files.iter().all(|file| file.is_file());
    // A missing file that is watched would have everything built anew each time; `scripts/install` touches this file instead.
    println!("cargo:rerun-if-changed=build.rs");
    if is_there {
        println!("cargo:rerun-if-changed={}", folder.display());
    }
    let [script, style] = files.map(|file| format!("include_str!({:?})", file.display().to_string()));
    let found = if is_there { format!("Some(({script}, {style}))\n") } else { "None\n".to_owned() };
    fs::write(Path::new(&env::var("OUT_DIR")?).join("maplibre.rs"), found)?;
    Ok(())
}
