//! Manifests through the program's door: what was changed is found, what is repeated is the same, what is secret stays so.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::nights::{Watch, small};
use crate::program::{Ended, Published, Scan, ended, program, says, sha256};
use crate::world::{Drawn, World};

/// Runs `manifest VERB RUN`.
fn manifest(verb: &str, run: &Path, more: &[&str]) -> Ended {
    ended(program().arg("manifest").arg(verb).arg(run).args(more))
}

fn touched() -> (Drawn, Published) {
    let drawn = Drawn::new(World::touched());
    let run = Scan::of(&drawn).published();
    (drawn, run)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_run_is_verified_and_a_changed_row_or_scene_is_named() {
    let (drawn, run) = touched();
    let whole = manifest("verify", &run.out, &[]);
    assert_eq!(whole.code, Some(0), "{}{}", whole.stdout, whole.stderr);
    says(&whole.stderr, &["outputs: ", "inputs: 31 of 31 intact", "only by a signature"]);
    let found = |words: &[&str], code: i32| {
        let told = manifest("verify", &run.out, &[]);
        assert_eq!(told.code, Some(code), "{}{}", told.stdout, told.stderr);
        says(&told.stdout, words);
    };
    // A row of the database, as QGIS would change it.
    let (layer, kept) = (run.out.join("leads.gpkg"), fs::read(run.out.join("leads.gpkg")).unwrap());
    let file = rusqlite::Connection::open(&layer).unwrap();
    let changed =
        file.execute("UPDATE gpkg_contents SET description = 'x' WHERE table_name = 'leads'", []).unwrap();
    assert_eq!(changed, 1);
    file.close().unwrap();
    found(&["changed output leads.gpkg: "], 1);
    fs::write(&layer, kept).unwrap();
    let scene = drawn.scene(20_230_503);
    let kept = fs::read(&scene).unwrap();
    fs::write(&scene, [&kept[..], b" "].concat()).unwrap();
    found(&["changed input scene S2_20230503.tif: size: states", "1 bytes were added at its end"], 1);
    fs::remove_file(&scene).unwrap();
    found(&["absent  input scene S2_20230503.tif"], 3);
    fs::create_dir(drawn.path("archive")).unwrap();
    fs::write(drawn.path("archive/S2_20230503.tif"), kept).unwrap();
    let told = manifest("verify", &run.out, &["--scenes", text(&drawn.path("archive")), "--sm3", "--json"]);
    assert_eq!(told.code, Some(0), "{}", told.stdout);
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!((&told["counts"]["absent"], &told["kind"]), (&json!(0), &json!("run")));
    assert!(told["items"].as_array().unwrap().iter().all(|item| item["sm3"].as_str().unwrap().len() == 64));
    assert_eq!(manifest("verify", &drawn.path("scenes"), &[]).code, Some(1));
}

#[test]
fn a_run_is_repeated_byte_for_byte_also_where_its_inputs_were_moved() {
    let (drawn, run) = touched();
    let again = manifest("reproduce", &run.out, &["--out", text(&drawn.path("again"))]);
    assert_eq!(again.code, Some(0), "{}{}", again.stdout, again.stderr);
    let files = run.json("manifest.json")["result"]["outputs"].as_array().unwrap().len();
    assert_eq!(again.stdout.trim(), format!("identical {files} of {files}"));
    let of = |out: &Path| Published { code: 0, out: out.to_owned() }.hashes();
    assert_eq!(of(&run.out), of(&drawn.path("again")));
    // A scene that came since plays no part, and what was made is taken away.
    fs::rename(drawn.path("scenes"), drawn.path("moved")).unwrap();
    drawn.world.draw_scene(20_230_921, &drawn.path("moved/S2_20230921.tif"));
    let before = crate::program::beside(&run.out);
    let gone = manifest("reproduce", &run.out, &[]);
    assert_eq!(gone.code, Some(1), "{}", gone.stdout);
    let again = manifest("reproduce", &run.out, &["--scenes", text(&drawn.path("moved")), "--json"]);
    assert_eq!(again.code, Some(0), "{}{}", again.stdout, again.stderr);
    let told: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!((&told["same_result"], &told["causes"]), (&json!(true), &json!([])));
    says(told["notes"][0].as_str().unwrap(), &["1 files of scenes came after the run", "S2_20230921.tif"]);
    assert_eq!(crate::program::beside(&run.out), before);
}

#[test]
fn a_run_is_not_repeated_on_other_inputs_nor_over_itself() {
    let (drawn, run) = touched();
    let scene = drawn.path("scenes/S2_20230503.tif");
    let other = fs::read(drawn.path("scenes/S2_20230528.tif")).unwrap();
    let kept = fs::read(&scene).unwrap();
    drawn.world.draw_scene(20_230_511, &scene);
    fs::remove_file(drawn.path("scenes/S2_20210408.tif")).unwrap();
    let refused = manifest("reproduce", &run.out, &["--out", text(&drawn.path("again"))]);
    assert_eq!(refused.code, Some(1));
    let words = [
        "2 of 31 inputs are not those of the run",
        "S2_20210408.tif: absent",
        "S2_20230503.tif: changed: states",
    ];
    says(&refused.stderr, &words);
    assert!(!drawn.path("again").exists() && other != kept);
    let over = manifest("reproduce", &run.out, &["--out", text(&run.out)]);
    says(&over.stderr, &["is the run itself"]);
    // A manifest that was edited is no ground for anything.
    let path = run.out.join("manifest.json");
    let edited = fs::read_to_string(&path).unwrap().replace("\"host\": \"", "\"host\": \"x");
    fs::write(&path, edited).unwrap();
    says(
        &manifest("reproduce", &run.out, &[]).stderr,
        &["manifest.json: its digest: states", "it was edited"],
    );
    assert_eq!(manifest("list", &run.out, &[]).code, Some(1));
    let report = ended(
        program().arg("report").arg(&run.out).args(["--for", "phone", "--out"]).arg(drawn.path("report")),
    );
    assert_eq!(report.code, Some(0), "{}", report.stderr);
    assert_eq!(manifest("verify", &drawn.path("report"), &[]).code, Some(0));
    let refused = manifest("reproduce", &drawn.path("report"), &[]);
    says(&refused.stderr, &["holds a report", "steppewatch report"]);
}

#[test]
fn what_differs_is_named_down_to_the_column_with_its_cause() {
    let (drawn, run) = touched();
    // As if an earlier program had found another area, and said so in a whole manifest.
    let layer = run.out.join("leads.geojson");
    let found = fs::read_to_string(&layer).unwrap();
    let area = run.leads()[0].properties["area_m2"].to_string();
    fs::write(&layer, found.replacen(&format!("\"area_m2\":{area}"), "\"area_m2\":1.5", 1)).unwrap();
    let path = run.out.join("manifest.json");
    let mut whole: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let bytes = fs::read(&layer).unwrap();
    let outputs = whole["result"]["outputs"].as_array_mut().unwrap();
    let line = outputs.iter_mut().find(|line| line["file"] == "leads.geojson").unwrap();
    (line["sha256"], line["size_bytes"]) = (json!(sha256(&bytes)), json!(bytes.len()));
    whole["generator"] = json!({"name": "steppewatch", "version": "0.0.9"});
    whole["result"]["libraries"]["GDAL"] = json!("3.0.0");
    whole["result_sha256"] = json!(sha256(whole["result"].to_string().as_bytes()));
    whole["run"].as_object_mut().unwrap().remove("manifest_sha256").unwrap();
    fs::write(&path, whole.to_string()).unwrap();
    let again = manifest("reproduce", &run.out, &[]);
    assert_eq!(again.code, Some(1), "{}", again.stderr);
    let words = [
        "differs leads.geojson",
        "1 of ",
        "features differ",
        "area_m2 1.5 became ",
        "program version: 0.0.9 became",
        "library GDAL: 3.0.0 became",
    ];
    says(&again.stdout, &words);
    assert!(drawn.path("scenes").exists() && again.stdout.matches("differs ").count() == 1);
}

#[test]
fn a_night_of_a_watch_is_repeated_as_a_scan_without_what_was_set_aside() {
    let watch = Watch::over(small());
    for date in watch.deliver_first(1) {
        watch.deliver(date);
    }
    fs::write(watch.delivered(20_231_101), b"II*\0 and then nothing").unwrap();
    let (run, _) = watch.published();
    assert!(run.json("manifest.json")["result"]["skipped"].to_string().contains("20231101"));
    let again = manifest("reproduce", &run.out, &["--json"]);
    assert_eq!(again.code, Some(0), "{}{}", again.stdout, again.stderr);
    let told: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(told["identical"], told["of"]);
}

#[test]
fn a_signature_and_a_ledger_find_what_a_manifest_hides() {
    let (drawn, run) = touched();
    let at = |name: &str| drawn.path(name).to_str().unwrap().to_owned();
    let steps = [
        vec!["ledger", "key", "key.pem"],
        vec!["ledger", "key", "other.pem"],
        vec!["ledger", "begin", "l.gpkg", "--by", "Li"],
        vec!["ledger", "record", "l.gpkg", "out", "--by", "Li"],
        vec!["manifest", "sign", "out", "--key", "key.pem"],
    ];
    for words in steps {
        let done = ended(program().current_dir(drawn.folder()).args(&words));
        assert_eq!(done.code, Some(0), "{words:?}: {}", done.stderr);
    }
    assert_eq!(fs::metadata(at("l.gpkg")).unwrap().permissions().mode() & 0o777, 0o600);
    let asked = |key: &str| {
        let (signature, key, ledger) = (at("out.manifest.sig"), at(key), at("l.gpkg"));
        manifest("verify", &run.out, &["--signature", &signature, "--key", &key, "--ledger", &ledger])
    };
    let good = asked("key.pem.pub");
    assert_eq!(good.code, Some(0), "{}", good.stdout);
    says(&good.stdout, &["intact  signature", "intact  ledger", "bears its digest"]);
    let other = asked("other.pem.pub");
    assert_eq!(other.code, Some(1));
    says(&other.stdout, &["changed signature", "does not hold"]);
    // Edited with digests that fit: from within all looks intact.
    let path = run.out.join("manifest.json");
    let edited = fs::read_to_string(&path).unwrap();
    let own = edited.rsplit_once("\"manifest_sha256\": \"").unwrap().1[..64].to_owned();
    let blank = edited.replace("\"started\": \"20", "\"started\": \"19").replace(&own, &"0".repeat(64));
    fs::write(&path, blank.replace(&"0".repeat(64), &sha256(blank.as_bytes()))).unwrap();
    assert_eq!(manifest("verify", &run.out, &[]).code, Some(0));
    let caught = asked("key.pem.pub");
    assert_eq!(caught.code, Some(1));
    says(&caught.stdout, &["changed signature", "changed ledger", "with another manifest"]);
}

/// Every file below a folder, by its bytes.
fn everything(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(&inside).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push((path.clone(), fs::read(&path).unwrap()))
            }
        }
    }
    found
}

#[test]
fn a_secret_of_the_command_the_environment_or_a_catalogue_is_written_nowhere() {
    const CANARY: &str = "CANARY-9f3c77";
    let drawn = Drawn::new(World::touched());
    let secret = |command: &mut Command| -> Ended {
        let names =
            ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PGPASSWORD", "STAC_API_KEY", "AZURE_SAS_TOKEN"];
        ended(command.envs(names.map(|name| (name, CANARY))))
    };
    // A catalogue whose assets lie on a server, behind a token, beside the scenes that are here.
    let href = format!("https://store.example.cn/B04.tif?sv=2024&sig={CANARY}");
    let item = json!({
        "type": "Feature", "stac_version": "1.0.0", "id": "far", "geometry": null, "properties": {"datetime": "2023-05-03T00:00:00Z"},
        "links": [], "assets": {"B04": {"href": href, "type": "image/tiff"}},
    });
    fs::write(drawn.path("far.json"), item.to_string()).unwrap();
    let mut told = Vec::new();
    let scan = Scan::of(&drawn);
    let done = secret(scan.command().args(["--by", &format!("li {CANARY}")]));
    assert!(matches!(done.code, Some(0 | 3)), "{}", done.stderr);
    told.push(done);
    told.push(secret(&mut Scan::of(&drawn).scenes(drawn.path("far.json")).out(drawn.path("far")).command()));
    told.push(secret(&mut Scan::of(&drawn).scenes(&href).out(drawn.path("web")).command()));
    let ledger = format!("postgresql://li:{CANARY}@127.0.0.1:1/office?password={CANARY}");
    told.push(secret(
        Scan::of(&drawn).out(drawn.path("pg")).command().args(["--ledger", &ledger, "--by", "Li"]),
    ));
    told.push(secret(program().args([
        "report",
        text(&scan.out),
        "--for",
        "stac,phone",
        "--out",
        text(&drawn.path("report")),
    ])));
    told.push(secret(program().args([
        "manifest",
        "reproduce",
        text(&scan.out),
        "--out",
        text(&drawn.path("again")),
    ])));
    told.push(secret(program().args(["manifest", "verify", text(&scan.out), "--ledger", &ledger])));
    // A flag that does nothing here may still hold a secret: the manifest keeps the command.
    let odd = scan.with(&format!("--verified {}", drawn.path("none.csv").display()));
    told.push(secret(&mut odd.out(drawn.path("odd")).command()));
    let kept = fs::read_to_string(drawn.path("out/manifest.json")).unwrap();
    says(&kept, &["\"li ***\""]);
    for ended in &told {
        assert!(
            !ended.stdout.contains(CANARY) && !ended.stderr.contains(CANARY),
            "{}{}",
            ended.stdout,
            ended.stderr
        );
    }
    for (path, bytes) in everything(drawn.folder()) {
        let holds = bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes());
        assert!(!holds || path.ends_with("far.json"), "{} holds the secret", path.display());
    }
}

#[test]
fn files_have_the_rights_that_the_user_gives_and_a_manifest_says_what_the_program_was_made_of() {
    let (drawn, run) = touched();
    let scan = Scan::of(&drawn).out(drawn.path("own"));
    let mut words = vec!["-c".to_owned(), "umask 077; exec \"$@\"".to_owned(), "sh".to_owned()];
    let command = scan.command();
    words.extend(
        std::iter::once(command.get_program())
            .chain(command.get_args())
            .map(|word| word.to_str().unwrap().to_owned()),
    );
    let done = ended(Command::new("sh").args(&words));
    assert!(matches!(done.code, Some(0 | 3)), "{}", done.stderr);
    for (path, _) in everything(&drawn.path("own")) {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
    let list = "find Cargo.lock Cargo.toml build.rs redlines src -type f | LC_ALL=C sort | xargs sha256sum | sha256sum";
    let counted = ended(Command::new("sh").args(["-c", list]).current_dir(env!("CARGO_MANIFEST_DIR")));
    let stated = run.json("manifest.json")["generator"]["source_sha256"].as_str().unwrap().to_owned();
    assert_eq!(counted.stdout.split_whitespace().next(), Some(stated.as_str()));
}

#[test]
fn the_list_of_electronic_data_names_every_file_once() {
    let (drawn, run) = touched();
    let outs = ["list.html", "list.csv"].map(|name| drawn.path(name));
    let made =
        manifest("list", &run.out, &["--lang", "zh", "--sm3", "--out", text(&outs[0]), text(&outs[1])]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let (page, table) = (fs::read_to_string(&outs[0]).unwrap(), fs::read_to_string(&outs[1]).unwrap());
    let whole = run.json("manifest.json");
    let files = ["inputs", "outputs"].map(|list| whole["result"][list].as_array().unwrap().clone()).concat();
    for file in &files {
        let (name, sha256) = (file["file"].as_str().unwrap(), file["sha256"].as_str().unwrap());
        says(&page, &[name, sha256]);
        assert_eq!(table.matches(&format!(",{name},")).count(), 1, "{name}");
    }
    assert_eq!(table.lines().count(), files.len() + 2);
    says(&page, &["电子数据清单", "完整性校验值 SM3", "见证人", "法发〔2016〕22号", "生态保护红线图层"]);
    let refused = manifest("list", &run.out, &["--out", text(&drawn.path("list.doc"))]);
    says(&refused.stderr, &["expected a name that ends in .html, .pdf or .csv"]);
}
