//! Lists the sub-model files of `redlines/submodels/`, so that adding one adds a file and no code.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
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
