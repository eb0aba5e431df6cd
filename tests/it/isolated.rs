//! Scenes decoded in a process of their own: the same bytes, the same words of a refusal.

use std::fs;
use std::process::Stdio;

use crate::decoders::decoders_of;
use crate::program::{Scan, beside};
use crate::world::{Block, Deed, Drawn, World};

#[test]
fn scenes_decoded_apart_give_the_same_bytes_whatever_the_workers_and_tiles() {
    let mut cloudy = World::touched();
    cloudy.clouds = vec![(20_230_503, Block::new(0, 0, 60, 96)), (20_230_717, Block::new(40, 0, 56, 50))];
    let mut pair = World::steppe(64, 64).with(Block::new(18, 20, 12, 14), 20_230_401, Deed::Ploughed);
    pair.dates = vec![20_220_717, 20_230_717];
    for (world, ways) in
        [(cloudy, &["--threads 1", "--threads 3 --tile-size 64"][..]), (pair, &["--threads 2"])]
    {
        let drawn = Drawn::new(world);
        let here = Scan::of(&drawn).out(drawn.path("here")).published();
        for (index, way) in ways.iter().enumerate() {
            let apart =
                Scan::of(&drawn).with(way).with("--isolate=yes").out(drawn.path(&format!("apart{index}")));
            let apart = apart.published();
            assert_eq!((apart.code, apart.hashes()), (here.code, here.hashes()), "{way}");
        }
    }
}

#[test]
fn a_refusal_has_the_same_words_apart() {
    let drawn = Drawn::new(World::steppe(40, 40));
    let scene = drawn.scene(20_230_717);
    let whole = fs::read(&scene).unwrap();
    let mut spoilt = whole.clone();
    let middle = spoilt.len() / 2;
    spoilt[middle..].fill(0xa5);
    let bytes: [&[u8]; 4] =
        [&whole[..whole.len() / 2], &spoilt, &whole[..64], b"II\x2a\0\x08\0\0\0\0\0\0\0\0\0"];
    for (index, bytes) in bytes.iter().enumerate() {
        fs::write(&scene, bytes).unwrap();
        let out = drawn.path(&format!("out{index}"));
        let told = |isolate: &str| {
            let ended = Scan::of(&drawn).with(isolate).out(&out).run();
            (ended.code, ended.stderr)
        };
        assert_eq!(told("--isolate=yes"), told("--isolate=no"), "case {index}");
    }
}

#[test]
fn a_plan_may_say_it_and_a_wrong_word_is_a_wrong_plan() {
    let drawn = Drawn::new(World::steppe(40, 40));
    let refused = Scan::of(&drawn).with("--isolate=maybe").refused();
    assert!(refused.contains("isolate 'maybe' is not auto"), "{refused}");
    let plan = drawn.path("plan.toml");
    fs::write(&plan, "[machine]\nisolate = \"yes\"\n").unwrap();
    Scan::of(&drawn).with(plan.to_str().unwrap()).published();
}

/// Processes that decode end with the run, also when it is killed.
#[test]
fn no_decoder_outlives_its_run() {
    let drawn = Drawn::new(World::touched());
    let scan = Scan::of(&drawn).with("--isolate=yes --threads 2");
    let mut run = scan.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut children = Vec::new();
    while children.is_empty() && run.try_wait().unwrap().is_none() {
        children = decoders_of(run.id());
    }
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(!children.is_empty(), "no process was seen to decode");
    let begun = std::time::Instant::now();
    while children.iter().any(|child| is_there(*child)) {
        assert!(begun.elapsed().as_secs() < 30, "{children:?} are still there");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(beside(&scan.out).iter().all(|name| !name.ends_with(".tmp")));
}

fn is_there(process: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // A process that ended and that nobody asked about yet is a Z.
    state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}
