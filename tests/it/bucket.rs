//! Scenes and state in S3-compatible storage: the bytes of a run on disk, whatever the storage does.
//!
//! `scripts/test-s3` sets up the server; without it these tests say that they are skipped.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::nights::{Watch, small};
use crate::program::{Ended, Published, Scan, ended, program, says, sha256};
use crate::world::{Drawn, name};

/// The server of this process; it ends when nobody holds its input any more: at the end of this one.
struct Server {
    port: u16,
    folder: tempfile::TempDir,
    _process: Child,
}

fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let begin = || {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/s3/bin/python");
        if !python.exists() {
            assert!(std::env::var_os("STEPPEWATCH_S3").is_none(), "{}: no such file", python.display());
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut server = Command::new(python)
            .arg(root.join("scripts/s3-server"))
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Some(Server { port: port.trim().parse().unwrap(), folder, _process: server })
    };
    let server = SERVER.get_or_init(begin).as_ref();
    if server.is_none() {
        println!("skipped: no S3-compatible server; scripts/test-s3 sets one up");
    }
    server
}

/// A bucket of its own for each test.
struct Bucket {
    name: &'static str,
    server: &'static Server,
    agent: ureq::Agent,
}

/// Moto believes any signature; the key is looked at.
const OURS: &str =
    "AWS4-HMAC-SHA256 Credential=county/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

impl Bucket {
    fn new(name: &'static str) -> Option<Self> {
        let bucket =
            Self { name, server: server()?, agent: ureq::Agent::config_builder().proxy(None).build().into() };
        bucket.put("", b"");
        Some(bucket)
    }

    fn at(&self, key: &str) -> String {
        format!("http://127.0.0.1:{}/{}/{key}", self.server.port, self.name)
    }

    fn put(&self, key: &str, bytes: &[u8]) {
        let url = self.at(key);
        self.agent.put(url.trim_end_matches('/')).header("Authorization", OURS).send(bytes).unwrap();
    }

    fn remove(&self, key: &str) {
        self.agent.delete(self.at(key)).header("Authorization", OURS).call().unwrap();
    }

    fn get(&self, key: &str) -> Vec<u8> {
        let mut answer = self.agent.get(self.at(key)).header("Authorization", OURS).call().unwrap();
        answer.body_mut().read_to_vec().unwrap()
    }

    fn keys(&self, prefix: &str) -> Vec<String> {
        let listed = String::from_utf8(self.get(&format!("?list-type=2&prefix={prefix}"))).unwrap();
        listed.split("<Key>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
    }

    fn put_folder(&self, prefix: &str, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_str().unwrap();
            self.put(&format!("{prefix}/{file}"), &fs::read(&path).unwrap());
        }
    }

    /// A command that knows the storage.
    fn known_to<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("AWS_")) {
            command.env_remove(key);
        }
        let endpoint = format!("127.0.0.1:{}", self.server.port);
        command.env("AWS_S3_ENDPOINT", endpoint).env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
        command.envs([("AWS_HTTPS", "NO"), ("AWS_VIRTUAL_HOSTING", "FALSE"), ("AWS_REGION", "us-east-1")]);
        command.envs([("AWS_ACCESS_KEY_ID", "county"), ("AWS_SECRET_ACCESS_KEY", "secret")])
    }

    fn faults(&self, faults: &Value) {
        fs::write(self.file("json"), faults.to_string()).unwrap();
    }

    /// Waits until something is asked.
    #[track_caller]
    fn wait_for(&self, words: &[&str]) {
        let begun = Instant::now();
        while !fs::read_to_string(self.file("log"))
            .is_ok_and(|log| log.lines().any(|line| words.iter().all(|word| line.contains(word))))
        {
            assert!(begun.elapsed() < Duration::from_secs(60), "{words:?} is never asked");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<String> {
        let lines = fs::read_to_string(self.file("log")).unwrap_or_default();
        fs::write(self.file("log"), "").unwrap();
        lines.lines().map(str::to_owned).collect()
    }

    fn file(&self, ending: &str) -> PathBuf {
        self.server.folder.path().join(format!("{}.{ending}", self.name))
    }

    fn scan(&self, scan: &Scan) -> Ended {
        ended(self.known_to(&mut scan.command()))
    }

    #[track_caller]
    fn published(&self, scan: &Scan) -> Published {
        let ended = self.scan(scan);
        assert!(matches!(ended.code, Some(0 | 3)), "{:?}: {}", ended.code, ended.stderr);
        Published { code: ended.code.unwrap(), out: scan.out.clone() }
    }

    /// Pieces of a state with their digests, as `Watch::pieces` has them.
    fn pieces(&self, state: &str) -> BTreeMap<String, String> {
        let keys = self.keys(&format!("{state}/")).into_iter().filter(|key| key.ends_with(".cells"));
        keys.map(|key| (key[state.len() + 1..].to_owned(), sha256(&self.get(&key)))).collect()
    }
}

fn count(asked: &[String], of: &[&str]) -> usize {
    asked.iter().filter(|line| of.iter().all(|word| line.contains(word))).count()
}

/// A watch whose state, and perhaps whose scenes, lie in a bucket.
struct Afar {
    bucket: Bucket,
    watch: Watch,
}

impl Afar {
    fn new(name: &'static str) -> Option<Self> {
        Some(Self { bucket: Bucket::new(name)?, watch: Watch::over(small()) })
    }

    fn deliver(&self, date: u32) {
        self.watch.deliver(date);
        self.bucket.put(&format!("scenes/{}", name(date)), &fs::read(self.watch.delivered(date)).unwrap());
    }

    fn deliver_first(&self, days: usize) -> Vec<u32> {
        let rest = self.watch.deliver_first(days);
        self.bucket.put_folder("scenes", self.watch.delivered(rest[0]).parent().unwrap());
        rest
    }

    /// A night on the bucket, with its output beside that of the watch on disk.
    fn command(&self) -> Command {
        self.command_to(&self.out())
    }

    fn command_to(&self, out: &Path) -> Command {
        let scan = self.watch.scan();
        let (baseline, target) = scan.periods.unwrap();
        let mut command = program();
        command.args(["watch", "--scenes", &format!("s3://{}/scenes", self.bucket.name)]);
        command.arg("--redlines").arg(&scan.redlines).args(["--baseline", &baseline, "--target", &target]);
        command.arg("--state").arg(format!("s3://{}/state", self.bucket.name)).arg("--out").arg(out);
        self.bucket.known_to(&mut command);
        command
    }

    fn out(&self) -> PathBuf {
        self.watch.drawn.path("afar")
    }

    fn night(&self) -> Ended {
        ended(&mut self.command())
    }

    #[track_caller]
    fn published(&self) -> Published {
        let ended = self.night();
        assert!(matches!(ended.code, Some(0 | 3)), "{:?}: {}", ended.code, ended.stderr);
        Published { code: ended.code.unwrap(), out: self.out() }
    }

    /// Whatever `state.json` names is there, whole, whatever lies beside it.
    #[track_caller]
    fn state_is_whole(&self) {
        if self.bucket.keys("state/").contains(&"state/state.json".to_owned()) {
            let head: Value = serde_json::from_slice(&self.bucket.get("state/state.json")).unwrap();
            let pieces = self.bucket.pieces("state");
            let views = head["views"].as_array().unwrap().iter().map(|view| view["file"].as_str().unwrap());
            let rows = head["look_back"].as_object().unwrap().keys().map(String::as_str);
            assert!(views.chain(rows).all(|name| pieces.contains_key(name)), "{head}");
        }
    }

    /// What is afar is what is here, and nobody holds it.
    #[track_caller]
    fn is_as_here(&self) {
        let (here, _) = self.watch.published();
        assert_eq!(self.published().hashes(), here.hashes());
        assert_eq!(self.bucket.pieces("state"), self.watch.pieces());
        assert!(!self.bucket.keys("state/").contains(&"state/lock".to_owned()));
    }
}

#[test]
fn a_scan_of_a_bucket_is_the_scan_of_its_files() {
    let Some(bucket) = Bucket::new("scans") else { return };
    let drawn = Drawn::new(small());
    bucket.put_folder("county/scenes", &drawn.path("scenes"));
    let here = Scan::of(&drawn).published().hashes();
    bucket.asked();
    let afar = Scan::of(&drawn).scenes("s3://scans/county/scenes/").out(drawn.path("afar"));
    assert_eq!(bucket.published(&afar).hashes(), here);
    let asked = bucket.asked();
    let scenes = fs::read_dir(drawn.path("scenes")).unwrap().count();
    println!("{scenes} scenes: {} requests, {} of them ranges", asked.len(), count(&asked, &["bytes="]));
    assert_eq!(count(&asked, &["list-type=2"]), 1);
    assert!(count(&asked, &["GET", "bytes="]) >= scenes && count(&asked, &[".tif?", " - {}"]) >= scenes);
    // Nothing beside the scenes is asked for.
    let others = |line: &&String| !line.contains("/county/scenes/") && !line.contains("list-type=2");
    assert_eq!(asked.iter().find(others), None);
    // The same from a plan, as GDAL writes it, in shards.
    let plan = drawn.path("plan.toml");
    let (baseline, target) = (crate::world::BASELINE, crate::world::TARGET);
    let text = format!(
        "[inputs]\nscenes = \"/vsis3/scans/county/scenes\"\nredlines = [\"redline.geojson\"]\n[dates]\nbaseline = \"{baseline}\"\n\
         target = \"{target}\"\n[outputs]\nout = \"shared\"\n"
    );
    fs::write(&plan, text).unwrap();
    let job = drawn.path("job");
    let steps: [&[&str]; 3] =
        [&["plan", plan.to_str().unwrap(), "--shards", "1", "--out"], &["shard"], &["merge"]];
    for (step, more) in steps.iter().zip([None, Some("0"), None]) {
        let ended = ended(bucket.known_to(program().args(*step).arg(&job).args(more)));
        assert!(matches!(ended.code, Some(0 | 3)), "{step:?} {}", ended.stderr);
    }
    let shared = Published { code: 0, out: drawn.path("shared") };
    let without_plan = |mut hashes: BTreeMap<String, String>| hashes.remove("manifest.json").map(|_| hashes);
    assert_eq!(without_plan(shared.hashes()), without_plan(here));
}

#[test]
fn items_whose_files_lie_in_a_bucket_are_fetched_and_read_like_files() {
    let Some(bucket) = Bucket::new("items") else { return };
    let drawn = Drawn::new(small());
    bucket.put_folder("scenes", &drawn.path("scenes"));
    let common = ["blue", "green", "red", "nir", "swir16", "scl"];
    let bands: Vec<Value> = crate::world::BANDS
        .iter()
        .zip(common)
        .map(|(name, common)| json!({ "name": name, "common_name": common }))
        .collect();
    let item = |file: &str| {
        let (id, day) = (file.trim_end_matches(".tif"), &file[3..11]);
        json!({
            "type": "Feature", "stac_version": "1.0.0", "id": id, "bbox": [110.0, 41.0, 112.0, 42.0], "geometry": null, "links": [],
            "properties": { "datetime": format!("{}-{}-{}T03:30:00Z", &day[..4], &day[4..6], &day[6..]) },
            "assets": { "all": { "href": format!("s3://items/scenes/{file}"), "type": "image/tiff", "roles": ["data"], "eo:bands": bands } },
        })
    };
    let files = fs::read_dir(drawn.path("scenes")).unwrap();
    let items: Vec<Value> = files.map(|file| item(file.unwrap().file_name().to_str().unwrap())).collect();
    let list = drawn.path("items.json");
    fs::write(&list, json!({ "type": "FeatureCollection", "features": items }).to_string()).unwrap();
    let leads = |published: Published| fs::read(published.out.join("leads.geojson")).unwrap();
    let here = leads(Scan::of(&drawn).published());
    let afar = |out: &str| Scan::of(&drawn).scenes(&list).out(drawn.path(out)).with("--fetch");
    bucket.asked();
    // A bucket is asked where it was named.
    says(&bucket.scan(&afar("unnamed")).stderr, &["--host s3://items"]);
    assert!(bucket.asked().is_empty());
    assert!(leads(bucket.published(&afar("afar").with("--host s3://items"))) == here);
}

#[test]
fn nights_on_a_bucket_are_the_nights_on_a_disk() {
    let Some(afar) = Afar::new("nights") else { return };
    let rest = afar.deliver_first(7);
    afar.is_as_here();
    afar.deliver(rest[0]);
    afar.bucket.asked();
    afar.published();
    let asked = afar.bucket.asked();
    println!("a night with one new scene: {} requests, {} writes", asked.len(), count(&asked, &["PUT"]));
    afar.is_as_here();
    afar.bucket.asked();
    says(&afar.night().stderr, &["nothing new"]);
    let asked = afar.bucket.asked();
    println!("a night with nothing new: {} requests, {} writes", asked.len(), count(&asked, &["PUT"]));
    assert_eq!(count(&asked, &["GET", ".tif", " - {}"]), 0, "a known object is read again");
    // Where the scenes lie is read every night; what they show is not.
    let pieces = count(&asked, &[".cells"]) - count(&asked, &["/registration.cells"]);
    assert_eq!(pieces, 0, "a piece is fetched though nothing is new");
    // On another machine, without the copy.
    fs::remove_dir_all(afar.watch.drawn.path("afar.state-copy")).unwrap();
    afar.deliver(rest[1]);
    afar.is_as_here();
    let reports = afar.bucket.keys("state/nights/").len();
    assert_eq!(reports, 3, "one report a night that published");
    // An object that was replaced is taken in anew.
    let other = fs::read(afar.watch.drawn.scene(rest[2])).unwrap();
    fs::write(afar.watch.delivered(rest[0]), &other).unwrap();
    afar.bucket.put(&format!("scenes/{}", name(rest[0])), &other);
    afar.is_as_here();
}

#[test]
fn verbs_of_a_state_work_on_a_bucket() {
    let Some(afar) = Afar::new("verbs") else { return };
    afar.deliver_first(8);
    let hashes = afar.published().hashes();
    let verb = |verb: &[&str]| {
        let mut command = program();
        ended(
            afar.bucket.known_to(command.arg("state").arg(verb[0]).arg("s3://verbs/state").args(&verb[1..])),
        )
    };
    let pieces = afar.bucket.pieces("state");
    says(&verb(&["verify"]).stderr, &[&format!("{} files whole", pieces.len()), "0 damaged"]);
    let key = format!("state/{}", pieces.keys().next().unwrap());
    let mut bytes = afar.bucket.get(&key);
    bytes[3000] ^= 1;
    afar.bucket.put(&key, &bytes);
    afar.bucket.put("state/views/2023-01-01-x.cells", b"left over");
    let found = verb(&["verify", "--mend"]);
    assert_eq!(found.code, Some(1), "{}", found.stderr);
    says(&found.stderr, &[&format!("damaged s3://verbs/{key}"), "2 damaged", "were taken away"]);
    fs::remove_dir_all(afar.out()).unwrap();
    assert_eq!((afar.published().hashes(), afar.bucket.pieces("state")), (hashes, pieces));
    afar.bucket.put("state/night-1.cells", b"left over");
    says(&verb(&["compact"]).stderr, &["1 files taken away"]);
    let map = afar.watch.drawn.path("map.tif");
    assert_eq!(verb(&["export", "--out", map.to_str().unwrap()]).code, Some(0));
    assert!(map.exists());
    afar.bucket.put("other/mine.txt", b"x");
    for place in ["s3://verbs/other", "s3://verbs/none"] {
        let ended = ended(afar.bucket.known_to(program().args(["state", "verify", place])));
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    }
    assert_eq!(afar.bucket.keys("other/"), ["other/mine.txt"]);
}

#[test]
fn a_night_that_was_killed_is_repeated_as_if_nothing_had_been() {
    let Some(afar) = Afar::new("killed") else { return };
    let rest = afar.deliver_first(7);
    let mut killed = 0;
    for (number, date) in rest.iter().enumerate() {
        // The first night learns and is the longest; of each, four kills in a row, each a little later.
        let step = Duration::from_millis(if number == 0 { 400 } else { 220 });
        for kill in 1..=4 {
            let mut child = afar.command().args(["--lease", "1"]).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(step * kill);
            child.kill().unwrap();
            killed += usize::from(child.wait().unwrap().code().is_none());
            afar.state_is_whole();
            if kill % 2 == 0 {
                fs::remove_dir_all(afar.watch.drawn.path("afar.state-copy")).ok();
            }
            if kill == 4 && number == 1 {
                // Its owner gave no sign of life for as long as it said itself.
                std::thread::sleep(Duration::from_millis(2500));
            } else {
                afar.bucket.remove("state/lock");
            }
        }
        afar.is_as_here();
        afar.deliver(*date);
    }
    println!("{killed} runs were killed before their end");
    afar.is_as_here();
}

#[test]
fn an_interrupted_night_gives_the_state_back() {
    let Some(afar) = Afar::new("interrupted") else { return };
    afar.deliver_first(8);
    afar.bucket.faults(&json!([{ "match": "PUT /interrupted/state/look-back", "wait": 2 }]));
    let mut child = afar.command().stderr(Stdio::null()).spawn().unwrap();
    afar.bucket.wait_for(&["PUT", "look-back"]);
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!afar.bucket.keys("state/").contains(&"state/lock".to_owned()));
    afar.is_as_here();
}

#[test]
fn a_second_run_on_one_bucket_leaves_with_4() {
    let Some(afar) = Afar::new("second") else { return };
    afar.deliver_first(8);
    afar.bucket.faults(&json!([{ "match": "PUT /second/state/look-back", "wait": 3 }]));
    let mut first = afar.command().stderr(Stdio::null()).spawn().unwrap();
    afar.bucket.wait_for(&["PUT", "look-back"]);
    let second = ended(&mut afar.command_to(&afar.watch.drawn.path("other")));
    assert_eq!(second.code, Some(4), "{}", second.stderr);
    says(&second.stderr, &["/vsis3/second/state: another run holds this state", "process", "sign of life"]);
    assert!(matches!(first.wait().unwrap().code(), Some(0 | 3)));
    afar.is_as_here();
}

#[test]
fn whoever_lost_the_state_writes_no_more() {
    let Some(afar) = Afar::new("lost") else { return };
    let rest = afar.deliver_first(8);
    afar.published();
    afar.deliver(rest[0]);
    let before = afar.bucket.get("state/state.json");
    afar.bucket.asked();
    afar.bucket.faults(&json!([{ "match": "PUT /lost/state/night-", "wait": 2 }]));
    let first = afar.command().stderr(Stdio::piped()).spawn().unwrap();
    afar.bucket.wait_for(&["PUT", "night-"]);
    // Another run took it and wrote.
    let other = [&before[..], b"\n"].concat();
    afar.bucket.put("state/state.json", &other);
    let first = first.wait_with_output().unwrap();
    let said = String::from_utf8(first.stderr).unwrap();
    assert_eq!(first.status.code(), Some(1), "{said}");
    says(&said, &["another run took this state"]);
    assert_eq!(afar.bucket.get("state/state.json"), other);
}

#[test]
fn a_scene_that_changes_while_it_is_read_is_told_and_taken_in_the_next_night() {
    let Some(afar) = Afar::new("changing") else { return };
    let rest = afar.deliver_first(8);
    afar.published();
    // Digests are known, and everything is read again.
    for key in afar.bucket.keys("state/").iter().filter(|key| !key.ends_with("files.json")) {
        afar.bucket.remove(key);
    }
    fs::remove_dir_all(afar.out()).unwrap();
    let changed = *afar.watch.drawn.world.dates.iter().rev().nth(rest.len()).unwrap();
    let scene = name(changed);
    afar.bucket.faults(
        &json!([{ "match": format!("GET /changing/scenes/{scene}.*bytes="), "wait": 2, "times": 1 }]),
    );
    afar.bucket.asked();
    let night = afar.command().stderr(Stdio::piped()).spawn().unwrap();
    afar.bucket.wait_for(&[&scene, "bytes="]);
    let other = fs::read(afar.watch.drawn.scene(rest[0])).unwrap();
    afar.bucket.put(&format!("scenes/{scene}"), &other);
    let night = night.wait_with_output().unwrap();
    let said = String::from_utf8(night.stderr).unwrap();
    assert_eq!(night.status.code(), Some(1), "{said}");
    says(&said, &["it changed during the run", &scene]);
    fs::write(afar.watch.delivered(changed), &other).unwrap();
    afar.is_as_here();
}

#[test]
fn storage_that_forgets_conditions_is_refused() {
    let Some(afar) = Afar::new("forgets") else { return };
    afar.deliver_first(8);
    afar.bucket.faults(&json!([{ "match": "PUT", "forget": true }]));
    let ended = afar.night();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    says(&ended.stderr, &["two runs could spoil each other's state"]);
    assert!(!afar.out().exists());
}

#[test]
fn what_passes_is_asked_again_and_changes_no_byte() {
    let Some(bucket) = Bucket::new("stutters") else { return };
    let drawn = Drawn::new(small());
    bucket.put_folder("scenes", &drawn.path("scenes"));
    let here = Scan::of(&drawn).published().hashes();
    let afar = Scan::of(&drawn).scenes("s3://stutters/scenes").out(drawn.path("afar"));
    bucket.faults(&json!([
        { "match": "list-type", "status": 503, "times": 2 },
        { "match": "2021.*tif.* -$", "cut": 3000, "times": 3 },
        { "match": "tif.*bytes=", "status": 503, "times": 2 },
        { "match": "tif", "status": 429, "times": 2 },
    ]));
    assert_eq!(bucket.published(&afar).hashes(), here);
}

#[test]
fn faults_of_storage_are_told_and_never_taken_for_ground() {
    let Some(bucket) = Bucket::new("faults") else { return };
    let drawn = Drawn::new(small());
    bucket.put_folder("scenes", &drawn.path("scenes"));
    let scan = |scenes: &str| Scan::of(&drawn).scenes(scenes).out(drawn.path("afar"));
    let refused = |command: &mut Command, words: &[&str]| {
        let ended = ended(command);
        assert!(matches!(ended.code, Some(1 | 2)), "{:?} {}", ended.code, ended.stderr);
        says(&ended.stderr, words);
        assert!(!drawn.path("afar").exists() && !ended.stderr.contains("panicked"), "{}", ended.stderr);
    };
    let mut wrong = scan("s3://faults/scenes").command();
    refused(
        bucket.known_to(&mut wrong).env("AWS_ACCESS_KEY_ID", "other"),
        &["status 403", "InvalidAccessKeyId", "s3://faults/scenes"],
    );
    let mut without = scan("s3://faults/scenes").command();
    refused(
        bucket.known_to(&mut without).env_remove("AWS_SECRET_ACCESS_KEY"),
        &["AWS_SECRET_ACCESS_KEY, found nothing"],
    );
    refused(
        bucket.known_to(&mut scan("s3://no-such-bucket/x").command()),
        &["status 404", "NoSuchBucket", "s3://no-such-bucket/x"],
    );
    refused(bucket.known_to(&mut scan("s3://faults/none").command()), &["holds no scene"]);
    refused(bucket.known_to(&mut scan("s3://faults/a//b").command()), &["is no address"]);
    refused(bucket.known_to(&mut scan("s3://faults/catalog.json").command()), &["from this disk only"]);
    let mut gone = scan("s3://faults/scenes").command();
    refused(
        bucket.known_to(&mut gone).env("AWS_S3_ENDPOINT", "127.0.0.1:9"),
        &["does not answer", "5 times", "127.0.0.1:9"],
    );
    let out = Scan::of(&drawn).scenes("s3://faults/scenes").out("s3://faults/out");
    refused(bucket.known_to(&mut out.command()), &["is written to this disk"]);
    // Parts of one object that are refused, gone or cut for ever, at any place of it.
    let scene = name(drawn.world.dates[25]);
    for place in ["0-", "16384-", "32768-", "49152-"] {
        for fault in [json!({ "status": 403 }), json!({ "status": 404 }), json!({ "cut": 100 })] {
            let mut fault = fault;
            fault["match"] = format!("{scene}.*bytes={place}").into();
            bucket.faults(&json!([fault]));
            bucket.asked();
            let ended = bucket.scan(&scan("s3://faults/scenes"));
            if count(&bucket.asked(), &["\"match\""]) == 0 {
                assert!(matches!(ended.code, Some(0 | 3)), "{}", ended.stderr);
                fs::remove_dir_all(drawn.path("afar")).unwrap();
                continue;
            }
            assert_eq!(ended.code, Some(1), "{fault} {}", ended.stderr);
            says(&ended.stderr, &[&scene]);
        }
    }
}

#[test]
fn an_object_that_is_cut_is_set_aside_and_storage_that_is_gone_ends_the_night() {
    let Some(afar) = Afar::new("broken") else { return };
    let rest = afar.deliver_first(8);
    afar.is_as_here();
    let whole = fs::read(afar.watch.drawn.scene(rest[0])).unwrap();
    let key = format!("scenes/{}", name(rest[0]));
    for broken in [&whole[..200], &whole[..whole.len() * 2 / 3], b"not an image", b""] {
        afar.bucket.put(&key, broken);
        let ended = afar.night();
        assert_eq!(ended.code, Some(3), "{}", ended.stderr);
        says(&ended.stderr, &["set aside until the next night", &name(rest[0])]);
    }
    afar.deliver(rest[0]);
    for fault in [
        "GET /broken/scenes",
        "GET /broken/.*list-type",
        "PUT /broken/state/views",
        "PUT /broken/state/state.json",
    ] {
        afar.bucket.faults(&json!([{ "match": fault, "status": 503 }]));
        let ended = afar.night();
        assert_eq!(ended.code, Some(1), "{fault}: {}", ended.stderr);
        says(&ended.stderr, &["503", "s3://broken/"]);
        assert!(!ended.stderr.contains("nothing new"));
    }
    afar.bucket.faults(&json!([]));
    afar.is_as_here();
}
