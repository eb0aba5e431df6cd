//! A scan that is shared out: the same bytes, whatever is cut, in any order; what is missing or broken is said by number.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::program::{Ended, Published, Scan, ended, program, rounds, says, shell};
use crate::world::{Block, Deed, Drawn, World};

/// A job folder of a drawn world.
struct Job {
    folder: PathBuf,
    shards: usize,
}

impl Job {
    /// Plans the job; the command begins as that of the scan does.
    fn plan(scan: &Scan, folder: PathBuf, shards: usize) -> Self {
        let ended = ended(&mut planning(scan, &folder, shards));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        says(&ended.stderr, &[&format!("{shards} shards"), "steppewatch shard", "steppewatch merge"]);
        Self { folder, shards }
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = program();
        command.arg(verb).arg(&self.folder);
        command
    }

    fn shard(&self, number: usize) -> Ended {
        ended(self.command("shard").arg(number.to_string()))
    }

    /// Computes all shards, the last one first.
    fn all(self) -> Self {
        for number in (0..self.shards).rev() {
            let ended = self.shard(number);
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        }
        self
    }

    fn part(&self, number: usize) -> PathBuf {
        self.folder.join("parts").join(format!("{number:04}.part"))
    }

    fn parts(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.join("parts")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn merged(&self) -> Published {
        let ended = ended(&mut self.command("merge"));
        assert!(matches!(ended.code, Some(0 | 3)), "{:?}: {}", ended.code, ended.stderr);
        Published { code: ended.code.unwrap_or_default(), out: self.folder.join("out") }
    }

    /// A merge that publishes nothing, and its words.
    fn refused(&self) -> String {
        let ended = ended(&mut self.command("merge"));
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert!(!self.folder.join("out").exists() && !self.folder.join("out.partial").exists());
        says(&ended.stderr, &["error: ", "steppewatch shard", "nothing was published"]);
        ended.stderr
    }
}

fn planning(scan: &Scan, folder: &Path, shards: usize) -> Command {
    let mut command = program();
    command.arg("plan").arg("--scenes").arg(&scan.scenes).arg("--redlines").arg(&scan.redlines);
    if let Some((baseline, target)) = &scan.periods {
        command.args(["--baseline", baseline, "--target", target]);
    }
    command.arg("--out").arg(folder).arg("--shards").arg(shards.to_string()).args(&scan.more);
    command
}

/// One cell, one field: small and quick.
fn small() -> World {
    World::steppe(64, 96).with(Block::new(20, 24, 12, 14), 20_230_401, Deed::Ploughed)
}

/// Four cells, and a field where they meet.
fn four() -> World {
    World::steppe(150, 180).with(Block::new(120, 118, 16, 18), 20_230_401, Deed::Ploughed)
}

/// Six cells, with a field, a pit and clouds across their borders, and in one so much that changed that the run doubts.
fn six() -> World {
    let spring = 20_230_401;
    let mut world = World::steppe(200, 280)
        .with(Block::new(118, 120, 20, 18), spring, Deed::Ploughed)
        .with(Block::new(40, 250, 12, 14), spring, Deed::Mined)
        .with(Block::new(10, 10, 70, 90), spring, Deed::Ploughed);
    world.clouds = vec![(20_230_503, Block::new(90, 90, 60, 80)), (20_220_717, Block::new(0, 200, 150, 70))];
    world
}

#[track_caller]
fn same(merged: &Published, scanned: &Published) {
    assert_eq!(merged.code, scanned.code);
    assert_eq!(merged.hashes(), scanned.hashes());
}

#[test]
fn the_number_of_shards_their_order_and_machine_change_no_byte() {
    let drawn = Drawn::new(six());
    let scan = Scan::of(&drawn);
    let base = scan.published();
    assert!(base.leads().len() >= 3);
    // Signs of every cell are in the bytes that are compared.
    says(&base.json("manifest.json").to_string(), &["doubt (changed together)"]);
    for shards in [3, 1, 7].into_iter().take(rounds(1, 3)) {
        let job = Job::plan(&scan, drawn.path(&format!("job{shards}")), shards);
        // In another order each time, the middle one twice, each with a memory and threads of its own.
        for step in 0..shards {
            let number = (step * 5 + 2) % shards;
            let machine = [["--threads", "1"], ["--memory", "400MB"]][step % 2];
            let ended = ended(job.command("shard").arg(number.to_string()).args(machine));
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            says(&ended.stderr, &[&format!("shard {number}: computed")]);
        }
        says(&job.shard(shards / 2).stderr, &["its part is there and whole"]);
        same(&job.merged(), &base);
        assert_eq!(job.parts().len(), shards);
    }
}

#[test]
fn a_placebo_year_and_a_plan_file_are_shared_out_too() {
    let drawn = Drawn::new(
        World::steppe(136, 280)
            .over(2020, 2023)
            .with(Block::new(100, 120, 16, 18), 20_230_401, Deed::Ploughed)
            .with(Block::new(40, 240, 12, 14), 20_230_401, Deed::Mined),
    );
    let text = "[inputs]\nscenes = 'scenes'\nredlines = ['redline.geojson']\n[outputs]\nout = 'out'\n\
                [model]\nsubmodels = ['G1', 'G2']\n";
    fs::write(drawn.path("plan.toml"), text).unwrap();
    let inside = |args: &[&str]| {
        let ended = ended(program().current_dir(drawn.path("")).args(args));
        assert!(matches!(ended.code, Some(0 | 3)), "{}", ended.stderr);
        ended.code.unwrap()
    };
    let code = inside(&["scan", "plan.toml"]);
    let base = Published { code, out: drawn.path("out") };
    fs::rename(drawn.path("out"), drawn.path("scanned")).unwrap();
    let base = Published { out: drawn.path("scanned"), ..base };
    // Planned with relative paths, computed in other folders.
    inside(&["plan", "plan.toml", "--shards", "3", "--out", "job"]);
    let job = Job { folder: drawn.path("job"), shards: 3 }.all();
    let code = ended(&mut job.command("merge")).code.unwrap();
    same(&Published { code, out: drawn.path("out") }, &base);
    // The job's own plan is a plan like any other.
    inside(&["check", "job/plan.toml"]);
}

#[test]
fn two_dates_are_shared_out_after_what_is_normal_was_learned_once() {
    let mut world = World::steppe(300, 320).with(Block::new(118, 120, 20, 18), 20_230_401, Deed::Ploughed);
    world.dates.retain(|date| [20_220_811, 20_230_811].contains(date));
    world.clouds = vec![(20_220_811, Block::new(200, 10, 40, 70))];
    let drawn = Drawn::new(world);
    let mut scan = Scan::of(&drawn);
    scan.periods = None;
    let base = scan.published();
    for shards in [1, 4] {
        let job = Job::plan(&scan, drawn.path(&format!("job{shards}")), shards).all();
        assert!(job.folder.join("survey").is_file());
        same(&job.merged(), &base);
    }
}

#[test]
fn a_job_of_more_shards_than_tiles_has_empty_ones() {
    let drawn = Drawn::new(small());
    let scan = Scan::of(&drawn);
    let job = Job::plan(&scan, drawn.path("job"), 5).all();
    same(&job.merged(), &scan.published());
}

#[test]
fn missing_broken_and_foreign_parts_are_refused_by_number_and_computed_again() {
    let drawn = Drawn::new(four());
    let scan = Scan::of(&drawn);
    let job = Job::plan(&scan, drawn.path("job"), 4).all();
    let other = Job::plan(&Scan::of(&drawn).with("--least-confidence 0.7"), drawn.path("other"), 4);
    assert_eq!(other.shard(3).code, Some(0));
    fs::remove_file(job.part(0)).unwrap();
    let mut bytes = fs::read(job.part(1)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(job.part(1), bytes).unwrap();
    fs::copy(job.part(3), job.part(2)).unwrap();
    fs::copy(other.part(3), job.part(3)).unwrap();
    let said = job.refused();
    says(
        &said,
        &["4 of 4 shards", "shard 0: its part is missing", "shard 1: its part is not whole", "SHA-256"],
    );
    says(
        &said,
        &["shard 2: its part is that of shard 3", "shard 3: its part is of another plan", "for I in 0 1 2 3"],
    );
    assert_eq!(job.shard(0).code, Some(0));
    says(&job.shard(1).stderr, &["computed again", "not whole"]);
    says(&job.shard(2).stderr, &["computed again", "that of shard 3"]);
    says(&job.refused(), &["1 of 4 shards", "shard 3", "for I in 3,"]);
    says(&job.shard(3).stderr, &["computed again", "another plan"]);
    same(&job.merged(), &scan.published());
}

#[test]
fn a_shard_that_is_killed_leaves_no_part_and_the_next_one_clears_up() {
    let drawn = Drawn::new(four());
    let job = Job::plan(&Scan::of(&drawn), drawn.path("job"), 1);
    let begun = Instant::now();
    assert_eq!(job.shard(0).code, Some(0));
    let (whole, takes) = (fs::read(job.part(0)).unwrap(), begun.elapsed());
    fs::remove_file(job.part(0)).unwrap();
    for (signal, code) in [("-KILL", None), ("-TERM", Some(130))] {
        for tenth in [3, 6] {
            let mut child = job.command("shard").arg("0").stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep((takes * tenth / 10).min(Duration::from_secs(20)));
            let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
            assert!(sent.success());
            assert_eq!(child.wait().unwrap().code(), code, "{signal} after {tenth} tenths");
            assert!(!job.part(0).exists());
        }
    }
    // What a killed process had begun to write lies there without a lock.
    fs::write(job.folder.join("parts").join("0000.part.1-0.partial"), b"half").unwrap();
    says(&job.refused(), &["shard 0: its part is missing"]);
    assert_eq!(job.shard(0).code, Some(0));
    assert_eq!(job.parts(), ["0000.part"]);
    assert_eq!(fs::read(job.part(0)).unwrap(), whole, "a part is the same bytes every time");
}

#[test]
fn a_job_whose_inputs_changed_is_refused_with_the_file() {
    let drawn = Drawn::new(small());
    let scan = Scan::of(&drawn);
    let job = Job::plan(&scan, drawn.path("job"), 2).all();
    // A scene that came over night.
    drawn.world.draw_scene(20_231_020, &drawn.scene(20_231_020));
    let ended = ended(&mut job.command("merge"));
    assert_eq!(ended.code, Some(1));
    says(&ended.stderr, &["S2_20231020.tif", "came as a new file", "plan again"]);
    fs::remove_file(drawn.scene(20_231_020)).unwrap();
    // A red line that was mended; what was computed stays, and what was not is refused.
    let line = fs::read_to_string(drawn.path("redline.geojson")).unwrap();
    fs::write(drawn.path("redline.geojson"), line.replace("drawn grassland", "other grassland")).unwrap();
    fs::remove_file(job.part(1)).unwrap();
    assert_eq!(job.shard(0).code, Some(0));
    let refused = job.shard(1);
    assert_eq!((refused.code, job.part(1).exists()), (Some(1), false));
    says(&refused.stderr, &["redline.geojson", "its bytes changed", "plan again"]);
}

#[test]
fn a_folder_that_is_no_job_or_another_one_is_refused_with_what_to_do() {
    let drawn = Drawn::new(small());
    let scan = Scan::of(&drawn);
    let job = Job::plan(&scan, drawn.path("job"), 2);
    let again = |scan: &Scan, folder: &Path, shards: usize| ended(&mut planning(scan, folder, shards));
    assert_eq!(again(&scan, &job.folder, 2).code, Some(0), "the same job may be planned again");
    let other = again(&scan, &job.folder, 3);
    assert_eq!(other.code, Some(2));
    says(&other.stderr, &["it holds another job", "--out"]);
    let occupied = again(&scan, &drawn.path("scenes"), 2);
    assert_eq!(occupied.code, Some(2));
    says(&occupied.stderr, &["and no job", "--out"]);
    let beyond = job.shard(2);
    assert_eq!(beyond.code, Some(2));
    says(&beyond.stderr, &["no shard 2", "from 0 to 1"]);
    let nowhere = Job { folder: drawn.path("nowhere"), shards: 1 };
    assert_eq!(nowhere.shard(0).code, Some(2));
    says(&nowhere.shard(0).stderr, &["no job.json", "steppewatch plan"]);
    // Another program, or other libraries.
    let text = fs::read_to_string(job.folder.join("job.json")).unwrap();
    fs::write(job.folder.join("job.json"), text.replace("GDAL ", "GDAL 1")).unwrap();
    let stranger = job.shard(0);
    assert_eq!(stranger.code, Some(1));
    says(&stranger.stderr, &["was planned by steppewatch", "one program on every machine"]);
    fs::write(job.folder.join("job.json"), text).unwrap();
    // A plan that was edited after the fact.
    let plan = fs::read_to_string(job.folder.join("plan.toml")).unwrap();
    fs::write(job.folder.join("plan.toml"), format!("{plan}\n# mine\n")).unwrap();
    says(&job.shard(0).stderr, &["plan.toml is not the file that was planned with"]);
}

/// A batch system of one machine: the tasks of an array one after another, then what waits for them.
const SBATCH: &str = r#"#!/bin/bash
set -e
array=0 wrap= script=()
for word in "$@"; do
    case $word in
        --array=*) array=${word#--array=}; array=${array%\%*} ;;
        --wrap) wrap=next ;;
        -*) ;;
        *) if [[ $wrap == next ]]; then wrap=$word; else script+=("$word"); fi ;;
    esac
done
if [[ $wrap ]]; then sh -c "$wrap" >&2 || [[ $? == 3 ]]; else
    for I in $(seq ${array%-*} ${array#*-}); do
        SLURM_ARRAY_TASK_ID=$I SLURM_CPUS_PER_TASK=1 bash "${script[@]}" >&2
    done
fi
echo 17
"#;

#[test]
fn the_slurm_array_and_the_indexed_job_publish_the_bytes_of_a_scan() {
    let drawn = Drawn::new(four());
    let scan = Scan::of(&drawn);
    let base = scan.published();
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join("deploy");
    let binary = Path::new(env!("CARGO_BIN_EXE_steppewatch"));
    // Slurm: two commands of `sbatch`, and nothing else.
    let slurm = Job::plan(&scan, drawn.path("slurm"), 3);
    fs::create_dir(drawn.path("bin")).unwrap();
    fs::write(drawn.path("bin/sbatch"), SBATCH).unwrap();
    fs::set_permissions(drawn.path("bin/sbatch"), fs::Permissions::from_mode(0o755)).unwrap();
    let words = format!("{:?} {:?} --partition=normal", deploy.join("slurm-run"), slurm.folder);
    let submitted = ended(shell(&drawn.path("bin"), &words).env("STEPPEWATCH", binary));
    assert_eq!(submitted.code, Some(0), "{}", submitted.stderr);
    says(&submitted.stdout, &["3 shards as array 17, merge as 17"]);
    same(&Published { code: base.code, out: slurm.folder.join("out") }, &base);
    // Kubernetes: what a pod of an index runs.
    let indexed = Job::plan(&scan, drawn.path("indexed"), 2);
    let text = fs::read_to_string(deploy.join("kubernetes-shards.yaml")).unwrap();
    let line = text.lines().find_map(|line| line.trim().strip_prefix("command: ")).unwrap();
    let words: Vec<String> = serde_json::from_str(line).unwrap();
    let pod = words[2].replace("/data/job", &indexed.folder.display().to_string());
    assert_eq!(words[..2], ["sh", "-c"]);
    for index in ["0", "1"] {
        let mut pod = shell(binary.parent().unwrap(), &pod);
        assert_eq!(ended(pod.env("JOB_COMPLETION_INDEX", index)).code, Some(0));
    }
    same(&indexed.merged(), &base);
}
