//! The ledger through the program's own door: what people type, and what happens to them while they type.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::program::{Ended, Scan, ended, program, rounds, says};
use crate::world::{Drawn as Scenes, World};

/// A folder with a ledger in it or elsewhere, and outputs of runs that were drawn by hand.
pub struct Office {
    /// Where everything of it lies.
    pub folder: tempfile::TempDir,
    place: String,
}

/// A lead of a drawn run: id, and a box in thousandths of a degree from 108 E 41.5 N.
pub type Drawn<'a> = (&'a str, [f64; 4]);

impl Office {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("ledger.gpkg").display().to_string();
        Self::begun(folder, place)
    }

    /// An office whose ledger is at an address.
    pub fn at(address: &str) -> Self {
        Self::begun(tempfile::tempdir().unwrap(), address.to_owned())
    }

    fn begun(folder: tempfile::TempDir, place: String) -> Self {
        let office = Self { folder, place };
        let begun = office.ledger(&["begin"], &["--by", "Li"]);
        assert_eq!(begun.code, Some(0), "{}", begun.stderr);
        office
    }

    /// Where its ledger is, as commands take it.
    pub fn place(&self) -> String {
        self.place.clone()
    }

    pub fn path(&self) -> PathBuf {
        PathBuf::from(&self.place)
    }

    /// What a scan would have written.
    pub fn run(&self, name: &str, leads: &[Drawn]) -> PathBuf {
        let out = self.folder.path().join(name);
        fs::create_dir_all(&out).unwrap();
        let feature = |(id, [west, east, south, north]): &Drawn| {
            let at = |x: f64, y: f64| json!([108.0 + x / 1e3, 41.5 + y / 1e3]);
            let ring = [
                at(*west, *south),
                at(*east, *south),
                at(*east, *north),
                at(*west, *north),
                at(*west, *south),
            ];
            let area = (east - west) * (north - south) * 9_270.0;
            json!({
                "type": "Feature", "id": id,
                "properties": {
                    "id": id, "model": "G1", "model_name": "Reclaimed grassland", "status": "confirmed", "confidence": 0.9,
                    "area_m2": area, "area_mu": area / 666.67, "first_seen": "2025-05-01", "last_seen": "2025-08-01",
                    "redline_id": "R1", "redline_name": "north", "redline_layer": "grass.geojson",
                    "redlines": [{"id": "R1", "name": "north"}],
                },
                "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]},
            })
        };
        let collection =
            |features: Vec<Value>| json!({"type": "FeatureCollection", "features": features}).to_string();
        let files = [
            ("leads.geojson", collection(leads.iter().map(feature).collect())),
            ("gaps.geojson", collection(Vec::new())),
            ("suppressed.geojson", collection(Vec::new())),
        ];
        let mut outputs = Vec::new();
        for (file, text) in &files {
            fs::write(out.join(file), text).unwrap();
            outputs.push(json!({"file": file, "sha256": hash(text.as_bytes())}));
        }
        let result = json!({
            // Runs of one result are one run.
            "notes": [name],
            "plan": {"decided": {"target": "2025-01-01/2025-12-31", "models": ["G1"]}},
            "inputs": [{"role": "redlines", "file": "grass.geojson", "sha256": "00"}],
            "outputs": outputs,
        });
        let manifest = json!({
            "generator": {"name": "steppewatch", "version": "0.1.0"},
            "result_sha256": hash(result.to_string().as_bytes()), "result": result,
        });
        fs::write(out.join("manifest.json"), manifest.to_string()).unwrap();
        out
    }

    pub fn ledger(&self, verb: &[&str], more: &[&str]) -> Ended {
        ended(program().arg("ledger").args(verb).arg(self.path()).args(more))
    }

    pub fn record(&self, out: &Path) -> Ended {
        ended(program().args(["ledger", "record"]).arg(self.path()).arg(out).args(["--by", "Li", "--json"]))
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = program();
        command.arg("leads").arg("--ledger").arg(self.path()).args(words);
        command
    }

    pub fn leads(&self, words: &[&str]) -> Ended {
        ended(&mut self.command(words))
    }

    /// A step that must be taken.
    pub fn step(&self, words: &str) {
        let words: Vec<&str> = words.split(' ').chain(["--by", "Li"]).collect();
        let ended = self.leads(&words);
        assert_eq!(ended.code, Some(0), "{words:?}: {}", ended.stderr);
    }

    /// Looks at everything; returns how many events there are.
    pub fn verified(&self) -> u64 {
        let ended = self.ledger(&["verify"], &["--json"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        serde_json::from_str::<Value>(&ended.stdout).unwrap()["events"].as_u64().unwrap()
    }

    pub fn state(&self, id: &str) -> String {
        let shown = self.leads(&["show", id, "--json"]);
        assert_eq!(shown.code, Some(0), "{}", shown.stderr);
        serde_json::from_str::<Value>(&shown.stdout).unwrap()["lead"]["state"].as_str().unwrap().to_owned()
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub const FIELD: Drawn = ("aaaaaaaaaa", [0.0, 4.0, 0.0, 4.0]);
pub const PIT: Drawn = ("bbbbbbbbbb", [10.0, 12.0, 0.0, 2.0]);

#[test]
fn a_lead_goes_from_a_scan_to_a_closed_case_and_every_step_stands_in_the_record() {
    let office = Office::new();
    let digest = office.record(&office.run("one", &[FIELD, PIT]));
    let digest: Value = serde_json::from_str(&digest.stdout).unwrap();
    assert_eq!(digest["digest"]["new"], json!(["aaaaaaaaaa", "bbbbbbbbbb"]));
    for step in [
        "triage aaaaaaaaaa bbbbbbbbbb",
        "reject bbbbbbbbbb --cause 配准误差",
        "assign aaaaaaaaaa --to Wang --until 2024-06-30",
        "verify aaaaaaaaaa --verdict unlawful_use_found --who Wang --on 2024-06-12",
        "transfer aaaaaaaaaa --agency grassland-bureau",
        "file aaaaaaaaaa --number 2024-17",
        "advise aaaaaaaaaa --on 2024-06-30",
    ] {
        office.step(step);
    }
    let due = office.leads(&["list", "--due-before", "2024-09-01", "--json"]);
    let due: Value = serde_json::from_str(due.stdout.trim()).unwrap();
    assert_eq!((due["due"].as_str(), due["agency"].as_str()), (Some("2024-08-30"), Some("grassland-bureau")));
    for step in ["reply aaaaaaaaaa", "rectify aaaaaaaaaa", "look-again aaaaaaaaaa --not-restored"] {
        office.step(step);
    }
    let early = office.leads(&["close", "aaaaaaaaaa", "--reason", "done", "--by", "Li"]);
    assert_eq!(early.code, Some(2));
    says(&early.stderr, &["aaaaaaaaaa is looked_again", "close needs a look again that found it restored"]);
    office.step("look-again aaaaaaaaaa --restored");
    office.step("close aaaaaaaaaa --reason restored");
    assert_eq!(
        (office.state("aaaaaaaaaa"), office.state("bbbbbbbbbb")),
        ("closed".to_owned(), "rejected".to_owned())
    );
    assert_eq!(office.verified(), 1 + 3 + 2 + 1 + 1 + 1 + 1 + 1 + 1 + 3 + 2);
    let history = office.ledger(&["events"], &["--lead", "bbbbbbbbbb"]).stdout;
    let kinds: Vec<String> = history
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["found", "triaged", "rejected"]);
}

#[test]
fn verdicts_that_differ_are_both_kept_and_nothing_is_handed_over_on_them() {
    let office = Office::new();
    office.record(&office.run("one", &[FIELD]));
    office.step("verify aaaaaaaaaa --verdict unlawful_use_found --who Wang");
    office.step("verify aaaaaaaaaa --verdict 合法 --who Zhao");
    let listed = office.leads(&["list"]);
    says(&listed.stdout, &["verdicts differ"]);
    let refused = office.leads(&["transfer", "aaaaaaaaaa", "--agency", "bureau", "--by", "Li"]);
    assert_eq!(refused.code, Some(2));
    says(&refused.stderr, &["verdicts that agree", "leads show"]);
}

#[test]
fn a_result_that_was_changed_after_the_run_is_refused() {
    let office = Office::new();
    let out = office.run("one", &[FIELD]);
    let text = fs::read_to_string(out.join("leads.geojson")).unwrap();
    fs::write(out.join("leads.geojson"), text.replace("0.9", "0.8")).unwrap();
    let refused = office.record(&out);
    assert_eq!(refused.code, Some(1));
    says(
        &refused.stderr,
        &["leads.geojson", "was changed after the run", "give the folder that a scan wrote"],
    );
    // Without what was kept aside, a run would say that its ground has recovered.
    let other = office.run("two", &[FIELD]);
    fs::remove_file(other.join("suppressed.geojson")).unwrap();
    says(&office.record(&other).stderr, &["suppressed.geojson", "cannot be read"]);
    assert_eq!(office.verified(), 1);
}

#[test]
fn words_that_do_not_fit_say_what_would() {
    let office = Office::new();
    let missing = ended(program().args(["leads", "--ledger", "no-such.gpkg", "list"]));
    says(&missing.stderr, &["no-such.gpkg", "ledger begin"]);
    let taken = office.ledger(&["begin"], &["--by", "Li"]);
    says(&taken.stderr, &["expected nothing there", "never written over"]);
    let unknown = office.leads(&["triage", "zzz", "--by", "Li"]);
    says(&unknown.stderr, &["'zzz'", "leads list"]);
    let foreign = office.folder.path().join("foreign.gpkg");
    fs::write(&foreign, b"SQLite format 3\0 and then nothing").unwrap();
    let refused = ended(program().args(["ledger", "verify"]).arg(&foreign));
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(!refused.stderr.contains("panicked"), "{}", refused.stderr);
}

#[test]
fn eight_writers_at_once_lose_nothing() {
    let office = Office::new();
    let leads: Vec<(String, [f64; 4])> = (0..8)
        .map(|place| {
            (format!("lead{place}"), [f64::from(place) * 10.0, f64::from(place) * 10.0 + 4.0, 0.0, 4.0])
        })
        .collect();
    let drawn: Vec<Drawn> = leads.iter().map(|(id, place)| (id.as_str(), *place)).collect();
    office.record(&office.run("one", &drawn));
    // Two hundred rounds: each writer sends another person 25 times.
    let round =
        &|id: &str| (0..25).for_each(|round| office.step(&format!("assign {id} --to person-{round}")));
    std::thread::scope(|scope| {
        for (id, _) in &leads {
            scope.spawn(move || round(id));
        }
    });
    assert_eq!(office.verified(), 1 + 1 + 8 + 200);
    let told: BTreeSet<String> = office.ledger(&["events"], &[]).stdout.lines().map(str::to_owned).collect();
    assert_eq!(told.len(), 210);
}

#[test]
fn killed_at_any_moment_the_ledger_is_whole_and_the_next_step_is_taken() {
    let office = Office::new();
    let runs = [
        office.run("one", &[FIELD, PIT]),
        office.run("two", &[FIELD, ("cccccccccc", [10.0, 15.0, 0.0, 3.0])]),
    ];
    office.record(&runs[0]);
    let mut known = office.verified();
    for round in 0..rounds(40, 200) as u64 {
        let mut command = match round % 10 {
            9 => {
                let mut record = program();
                record.args(["ledger", "record"]).arg(office.path()).arg(&runs[1]).args(["--by", "Li"]);
                record
            }
            // Three answers of one file, each with a record of its own.
            4 | 7 => {
                let row = |number: u64| format!("aaaaaaaaaa,lawful,uuid:{round}-{number}\n");
                let table = office.folder.path().join(format!("back-{round}.csv"));
                fs::write(&table, format!("lead,verdict,KEY\n{}{}{}", row(1), row(2), row(3))).unwrap();
                let mut import = program();
                import
                    .args(["verify", "import", "--ledger"])
                    .arg(office.path())
                    .arg(table)
                    .args(["--by", "Li"]);
                import
            }
            _ => office.command(&["assign", "aaaaaaaaaa", "--to", &format!("person-{round}"), "--by", "Li"]),
        };
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(round * 7919 % 25_000));
        let _ = child.kill();
        child.wait().unwrap();
        let events = office.verified();
        // One step is one event, a run is some, a file of answers three: all of it or nothing.
        let whole: &[u64] = match round % 10 {
            4 | 7 => &[0, 3],
            9 => &[0, 1, 2],
            _ => &[0, 1],
        };
        assert!(whole.contains(&(events - known)), "round {round}: {known} events, then {events}");
        known = events;
    }
    office.step("assign aaaaaaaaaa --to Wang");
    assert_eq!(office.verified(), known + 1);
    office.record(&runs[1]);
    assert_eq!(office.record(&runs[1]).code, Some(0));
    assert_eq!(office.state("bbbbbbbbbb"), "confirmed");
}

#[test]
fn a_full_disk_takes_no_event_away_and_the_next_step_is_taken() {
    let office = Office::new();
    office.record(&office.run("one", &[FIELD, PIT]));
    let known = office.verified();
    let many: Vec<(String, [f64; 4])> = (0..400)
        .map(|place| {
            (format!("m{place}"), [f64::from(place) * 9.0, f64::from(place) * 9.0 + 4.0, 20.0, 24.0])
        })
        .collect();
    let many: Vec<Drawn> = many.iter().map(|(id, place)| (id.as_str(), *place)).collect();
    let large = office.run("large", &many);
    // A file that can grow by so many blocks of 512 bytes and no further.
    let size = fs::metadata(office.path()).unwrap().len() / 512;
    for blocks in [size + 2, size + 100, size + 400] {
        let words = format!("ulimit -f {blocks}; exec \"$@\"");
        let mut limited = Command::new("sh");
        limited.arg("-c").arg(words).arg("sh").arg(program().get_program()).args(["ledger", "record"]);
        let ended = ended(limited.arg(office.path()).arg(&large).args(["--by", "Li"]).stdin(Stdio::null()));
        assert_eq!(ended.code, Some(1), "{blocks}: {}", ended.stderr);
        says(&ended.stderr, &["ledger.gpkg", "what was written before stands"]);
        assert_eq!(office.verified(), known, "{blocks}");
    }
    assert_eq!(office.record(&large).code, Some(0));
    // The run, its leads, and two that it found no more.
    assert_eq!(office.verified(), known + 1 + 400 + 2);
}

/// Runs `openssl` in a folder; its words, where it ends well.
pub fn openssl(folder: &Path, words: &str) -> Result<String, String> {
    let output =
        Command::new("openssl").args(words.split(' ')).current_dir(folder).stdin(Stdio::null()).output();
    let output = output.map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}

/// An authority of time for the test alone: a certificate and what `openssl ts` asks for.
fn authority(folder: &Path) {
    let settings = "[req]\ndistinguished_name = name\n[name]\n[stamps]\nextendedKeyUsage = critical,timeStamping\n\
        [tsa_config]\nserial = ./serial\ncrypto_device = builtin\nsigner_digest = sha256\ndefault_policy = 1.2.3.4.1\n\
        other_policies = 1.2.3.4.2\ndigests = sha256\naccuracy = secs:1\nordering = no\ntsa_name = no\ness_cert_id_chain = no\n";
    fs::write(folder.join("tsa.cnf"), settings).unwrap();
    fs::write(folder.join("serial"), "01\n").unwrap();
    let made = "req -x509 -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.pem -days 9 -subj /CN=test -config tsa.cnf -extensions stamps";
    openssl(folder, made).unwrap();
}

#[test]
fn a_sealed_head_is_checked_by_another_program_and_shows_what_was_cut_off() {
    let office = Office::new();
    let folder = office.folder.path();
    if openssl(folder, "version").is_err() {
        println!("skipped: there is no openssl on this machine");
        return;
    }
    office.record(&office.run("one", &[FIELD, PIT]));
    let early = fs::read(office.path()).unwrap();
    office.step("triage aaaaaaaaaa");
    let words = |words: &str| -> Ended {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        ended(program().arg("ledger").args(words).current_dir(folder))
    };
    for step in ["key k.pem", "seal ledger.gpkg --key k.pem --out head"] {
        assert_eq!(words(step).code, Some(0), "{}", words(step).stderr);
    }
    openssl(folder, "pkeyutl -verify -pubin -inkey k.pem.pub -rawin -in head -sigfile head.sig").unwrap();
    authority(folder);
    let told = openssl(folder, "ts -query -in head.tsq -text").unwrap();
    assert!(told.contains("Hash Algorithm: sha256") && told.contains("Certificate required: yes"), "{told}");
    openssl(folder, "ts -reply -config tsa.cnf -section tsa_config -queryfile head.tsq -inkey tsa.key -signer tsa.pem -out head.tsr")
        .unwrap();
    let told = openssl(folder, "ts -verify -data head -in head.tsr -CAfile tsa.pem").unwrap();
    assert!(told.contains("Verification: OK"), "{told}");
    let all = "verify ledger.gpkg --sealed head --public k.pem.pub --stamp head.tsr";
    assert_eq!(words(all).code, Some(0), "{}", words(all).stderr);
    // The last step is cut off: the file is whole in itself, and the seal tells.
    fs::write(office.path(), early).unwrap();
    assert_eq!(words("verify ledger.gpkg").code, Some(0));
    let cut = words(all);
    assert_eq!(cut.code, Some(1));
    says(&cut.stderr, &["as it was written down, is missing", "the ledger ends at"]);
    fs::write(folder.join("head.tsr"), b"0\x03\x02\x01\x02").unwrap();
    says(&words(all).stderr, &["head.tsr", "expected an answer that grants a stamp"]);
}

#[test]
fn who_may_only_read_reads_and_leaves_nothing_behind() {
    use std::os::unix::fs::PermissionsExt;
    let office = Office::new();
    office.record(&office.run("one", &[FIELD, PIT]));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.gpkg");
    fs::copy(office.path(), &path).unwrap();
    let permit = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    permit(&path, 0o444);
    permit(folder.path(), 0o555);
    // For the account that may do everything a mode means nothing: the program becomes nobody.
    let place = path.display().to_string();
    let key = office.folder.path().join("key.pem");
    let made = ended(program().args(["ledger", "key"]).arg(&key));
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let nobody = |words: &[&str]| {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(program().get_program())
            .args(words);
        ended(command.stdin(Stdio::null()))
    };
    let is_nobody =
        Command::new("setpriv").arg("--version").output().is_ok() && nobody(&["--version"]).code == Some(0);
    let tried = |words: &[&str]| if is_nobody { nobody(words) } else { crate::program::run(words) };
    for words in [
        vec!["ledger", "verify", &place],
        vec!["ledger", "events", &place],
        vec!["leads", "list", "--ledger", &place],
        vec!["leads", "show", "aaaaaaaaaa", "--ledger", &place],
        vec!["leads", "due", "--ledger", &place],
        vec!["leads", "statistics", "--ledger", &place],
    ] {
        let ended = tried(&words);
        assert_eq!(ended.code, Some(0), "{words:?}: {}", ended.stderr);
    }
    // Sealing reads the ledger and writes elsewhere.
    let out = office.folder.path().join("head");
    let sealed = ended(program().args(["ledger", "seal", &place, "--key"]).arg(&key).arg("--out").arg(out));
    assert_eq!(sealed.code, Some(0), "{}", sealed.stderr);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["ledger.gpkg"]);
    assert_eq!(fs::read(&path).unwrap(), fs::read(office.path()).unwrap());
    if is_nobody {
        let refused = nobody(&["leads", "--ledger", &place, "triage", "aaaaaaaaaa", "--by", "Li"]);
        assert_eq!(refused.code, Some(1), "{}", refused.stderr);
        says(&refused.stderr, &["ledger.gpkg: cannot", "what was written before stands"]);
    }
    permit(folder.path(), 0o755);
}

#[test]
fn what_field_tools_bring_back_is_taken_in_once_and_counted() {
    let office = Office::new();
    let folder = office.folder.path();
    office.record(&office.run("one", &[FIELD, PIT]));
    let csv = "meta-instanceID,lead,verdict,SubmitterName,SubmissionDate\n\
        uuid:1,aaaaaaaaaa,unlawful_use_found,Wang,2024-06-12T09:30:00Z\nuuid:2,zzzzzzzzzz,lawful,Wang,2024-06-12T09:40:00Z\n";
    fs::write(folder.join("odk.csv"), csv).unwrap();
    let import = |file: &str| {
        let mut command = program();
        command
            .args(["verify", "import", file, "--ledger", "ledger.gpkg", "--by", "Li", "--json"])
            .current_dir(folder);
        ended(&mut command)
    };
    let first = import("odk.csv");
    assert_eq!(first.code, Some(3));
    says(&first.stderr, &["odk.csv, row 2: refused", "'zzzzzzzzzz'", "1 verdicts taken in"]);
    says(&import("odk.csv").stdout, &["\"known\":1", "\"taken\":0"]);
    // A person edits the ledger's own layer in a copy, as in QGIS, and brings that back.
    fs::copy(office.path(), folder.join("field.gpkg")).unwrap();
    let edit = "import sqlite3\nbase = sqlite3.connect('field.gpkg')\n\
        base.execute(\"UPDATE leads SET verdict = 'lawful' WHERE id = 'bbbbbbbbbb'\")\nbase.commit()\n";
    let edited = Command::new("/usr/bin/python3").args(["-c", edit]).current_dir(folder).status();
    if edited.is_ok_and(|status| status.success()) {
        let back = import("field.gpkg");
        assert_eq!(back.code, Some(0), "{}", back.stderr);
        assert_eq!(office.state("bbbbbbbbbb"), "verified");
    } else {
        println!("skipped: no python3 to edit a GeoPackage with");
        office.step("verify bbbbbbbbbb --verdict lawful");
    }
    let told = office.leads(&["statistics", "--json"]);
    let all: Value = serde_json::from_str(told.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(
        (all["told"].as_u64(), all["found_true"].as_u64(), all["leads"].as_u64()),
        (Some(2), Some(1), Some(2))
    );
    assert_eq!(all["beside_bar"], "straddles");
    office.step("transfer aaaaaaaaaa --agency bureau");
    office.step("advise aaaaaaaaaa --on 2024-06-30");
    assert_eq!(office.leads(&["due", "--on", "2024-08-30"]).code, Some(0));
    let late = office.leads(&["due", "--on", "2024-09-02"]);
    assert_eq!(late.code, Some(5));
    says(&late.stdout, &["aaaaaaaaaa", "answer", "2024-08-30", "3 days late", "bureau"]);
}

#[test]
fn a_scan_and_a_night_take_their_result_into_the_ledger_once() {
    let office = Office::new();
    let drawn = Scenes::new(World::steppe(64, 64));
    let words = format!("--ledger {} --by timer", office.path().display());
    let missing = Scan::of(&drawn).with("--ledger no-such.gpkg --by timer").refused();
    says(&missing, &["no-such.gpkg", "ledger begin"]);
    let scan = Scan::of(&drawn).with(&words);
    let first = scan.run();
    assert!(matches!(first.code, Some(0 | 3)), "{}", first.stderr);
    let events = office.verified();
    assert!(events >= 2, "{}", first.stderr);
    says(&scan.run().stderr, &["taken in before"]);
    assert_eq!(office.verified(), events);
    // The same scenes by another way are the same places.
    let mut night = program();
    night.arg("watch").args(scan.command().get_args().skip(1)).args(["--log", "json"]);
    let told = ended(&mut night);
    assert!(matches!(told.code, Some(0 | 3)), "{}", told.stderr);
    let line = told
        .stderr
        .lines()
        .find(|line| line.contains("\"ledger\""))
        .unwrap_or_else(|| panic!("{}", told.stderr));
    assert!(line.contains("digest") && line.contains("head"), "{line}");
    let cases = office.leads(&["list", "--all", "--json"]).stdout;
    let ids: BTreeSet<String> =
        cases.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].to_string()).collect();
    assert_eq!(ids.len(), cases.lines().count());
    office.verified();
}
