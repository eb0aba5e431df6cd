//! Parts: what was written is what is read; what is not whole, or not this job's, is said.

use std::fs;

use super::*;
use crate::detect::pair::shift::EdgeSums;

const WHOLE: Window = Window { row0: 0, col0: 0, rows: 6, cols: 9 };

fn tiles() -> Vec<Window> {
    vec![Window { row0: 1, col0: 2, rows: 2, cols: 3 }, Window { row0: 4, col0: 0, rows: 1, cols: 9 }]
}

fn head_of(job: &str) -> Head {
    Head { job: job.to_owned(), shard: 3 }
}

/// A part with planes of two scratch files and numbers that text would not keep.
fn written(folder: &Path) -> (PathBuf, [Scratch; 2]) {
    let of = |name: &str, planes| Scratch::create(&folder.join(name), WHOLE, planes).unwrap();
    let scratches = [of("a", 2), of("b", 1)];
    scratches[0].write(1, tiles()[0], &[1, -2, 3, -4, 5, i16::MIN]).unwrap();
    scratches[1].write(0, tiles()[1], &[9; 9]).unwrap();
    let levels = vec![f32::NAN, 0.1, f32::INFINITY, -0.0];
    let signs = Signs { cell: tiles()[0], levels, changed: 0.3, edges: Some(EdgeSums::default()) };
    let found = Found { signs: vec![signs], looks: Vec::new() };
    let path = folder.join("0003.part");
    write(&path, &head_of("x"), (&[&scratches[0], &scratches[1]], &tiles()), &found).unwrap();
    (path, scratches)
}

#[test]
fn what_was_written_is_read_bit_by_bit() {
    let folder = tempfile::tempdir().unwrap();
    let (path, before) = written(folder.path());
    assert_eq!(state(&path, &head_of("x")), State::Whole);
    let of = |name: &str, planes| Scratch::create(&folder.path().join(name), WHOLE, planes).unwrap();
    let after = [of("c", 2), of("d", 1)];
    let found = read((&path, 3), (&[&after[0], &after[1]], &tiles())).unwrap();
    for (before, after) in before.iter().zip(&after) {
        for plane in 0..before.planes {
            assert_eq!(before.read(plane, WHOLE).unwrap(), after.read(plane, WHOLE).unwrap());
        }
    }
    let bits: Vec<u32> = found.signs[0].levels.iter().map(|level| level.to_bits()).collect();
    assert_eq!(bits, [f32::NAN, 0.1, f32::INFINITY, -0.0].map(f32::to_bits));
    assert_eq!((found.signs[0].cell, found.signs[0].changed), (tiles()[0], 0.3));
    assert!(found.looks.is_empty() && found.signs[0].edges.is_some());
}

#[test]
fn a_part_that_lost_or_changed_a_byte_is_not_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _scratches) = written(folder.path());
    let bytes = fs::read(&path).unwrap();
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        fs::write(&path, &changed).unwrap();
        assert!(matches!(state(&path, &head_of("x")), State::Faulty(_)), "byte {place}");
    }
    for length in 0..bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        assert!(matches!(state(&path, &head_of("x")), State::Faulty(_)), "{length} bytes");
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(state(&path, &head_of("x")), State::Missing);
}

#[test]
fn a_part_of_another_plan_or_another_shard_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _scratches) = written(folder.path());
    let said = |head: &Head| match state(&path, head) {
        State::Faulty(fault) => fault,
        other => panic!("{other:?}"),
    };
    assert!(said(&head_of("y")).contains("another plan"));
    assert!(said(&Head { shard: 4, ..head_of("x") }).contains("that of shard 3"));
}
