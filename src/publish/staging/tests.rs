//! Folders that are published whole, or not at all.

use super::*;

const OURS: &[u8] = br#"{"generator":{"name":"steppewatch"},"files":[{"file":"leads.geojson"}]}"#;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn publish(out: &Path, text: &[u8]) -> Result<PathBuf, PublishError> {
    let staging = Staging::begin(out)?;
    staging.write("leads.geojson", text)?;
    staging.write(MANIFEST, OURS)?;
    staging.commit()
}

#[test]
fn a_committed_folder_holds_its_files_and_nothing_lies_beside_it() {
    let scratch = tempfile::tempdir().unwrap();
    publish(&scratch.path().join("out"), b"one").unwrap();
    assert_eq!(names(scratch.path()), ["out"]);
    assert_eq!(names(&scratch.path().join("out")), ["leads.geojson", "manifest.json"]);
}

#[test]
fn an_earlier_run_is_replaced_whole_and_stays_when_the_next_one_fails() {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("out");
    publish(&out, b"one").unwrap();
    let staging = Staging::begin(&out).unwrap();
    staging.write("leads.geojson", b"two").unwrap();
    drop(staging);
    assert_eq!(fs::read(out.join("leads.geojson")).unwrap(), b"one");
    publish(&out, b"two").unwrap();
    assert_eq!(fs::read(out.join("leads.geojson")).unwrap(), b"two");
    assert_eq!(names(scratch.path()), ["out"]);
}

#[test]
fn a_run_that_ends_early_leaves_no_trace_not_even_the_parents_it_made() {
    let scratch = tempfile::tempdir().unwrap();
    let staging = Staging::begin(&scratch.path().join("a/b/out")).unwrap();
    staging.folder("chips").unwrap();
    staging.write("chips/1.png", b"x").unwrap();
    assert_eq!(names(&scratch.path().join("a/b")), ["out.lock", "out.partial"]);
    drop(staging);
    assert!(names(scratch.path()).is_empty());
}

#[test]
fn a_folder_without_a_manifest_is_not_published() {
    let scratch = tempfile::tempdir().unwrap();
    let staging = Staging::begin(&scratch.path().join("out")).unwrap();
    staging.write("leads.geojson", b"{}").unwrap();
    assert!(matches!(staging.commit(), Err(PublishError::ReadBack { .. })));
    assert!(names(scratch.path()).is_empty());
}

#[test]
fn two_runs_on_one_folder_end_with_an_error_that_names_it() {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("out");
    let first = Staging::begin(&out).unwrap();
    let second = Staging::begin(&out).unwrap_err();
    assert!(second.to_string().contains("out is being written by another run"), "{second}");
    first.write(MANIFEST, OURS).unwrap();
    first.commit().unwrap();
    drop(Staging::begin(&out).unwrap());
    assert_eq!(names(scratch.path()), ["out"]);
}

#[test]
fn what_is_not_an_earlier_run_is_never_touched() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, b"mine").unwrap();
    let folder = scratch.path().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("thesis.txt"), b"mine").unwrap();
    fs::write(folder.join(MANIFEST), br#"{"generator":{"name":"other"}}"#).unwrap();
    for (path, word) in [(&file, "a file has that name"), (&folder, "not empty")] {
        let error = Staging::begin(path).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    assert_eq!(names(scratch.path()), ["file", "folder"]);
    assert_eq!(names(&folder), ["manifest.json", "thesis.txt"]);
    assert!(Staging::begin(Path::new("/")).is_err() && Staging::begin(Path::new("/no/..")).is_err());
}

#[test]
fn what_somebody_put_into_an_earlier_run_is_not_taken_away_with_it() {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("out");
    publish(&out, b"one").unwrap();
    // What QGIS leaves beside a layer that it has open belongs to that layer.
    fs::write(out.join("leads.gpkg-wal"), b"").unwrap();
    publish(&out, b"two").unwrap();
    fs::create_dir(out.join("mine")).unwrap();
    fs::write(out.join("mine/project.qgz"), b"mine").unwrap();
    let refused = publish(&out, b"three").unwrap_err().to_string();
    assert!(refused.contains("mine/project.qgz") && refused.contains("never overwritten"), "{refused}");
    assert_eq!(fs::read(out.join("leads.geojson")).unwrap(), b"two");
}

#[test]
fn an_empty_folder_may_be_used_and_a_folder_where_no_one_may_write_is_refused_at_once() {
    let scratch = tempfile::tempdir().unwrap();
    publish(scratch.path().join("empty").as_path(), b"one").unwrap();
    // /proc takes no new names, not even from root.
    let error = Staging::begin(Path::new("/proc/out")).unwrap_err().to_string();
    assert!(error.contains("/proc/out") && error.contains("; "), "{error}");
}

#[test]
fn a_run_killed_half_way_is_cleared_by_the_next_and_one_killed_between_renames_is_restored() {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("out");
    fs::create_dir(scratch.path().join("out.partial")).unwrap();
    fs::write(scratch.path().join("out.partial/leads.geojson"), b"half").unwrap();
    fs::write(scratch.path().join("out.lock"), b"").unwrap();
    fs::create_dir(scratch.path().join("out.old")).unwrap();
    fs::write(scratch.path().join("out.old").join(MANIFEST), OURS).unwrap();
    drop(Staging::begin(&out).unwrap());
    assert_eq!(names(scratch.path()), ["out"]);
    assert_eq!(names(&out), ["manifest.json"]);
}

#[test]
fn a_folder_of_someone_else_that_is_called_partial_is_not_removed() {
    let scratch = tempfile::tempdir().unwrap();
    fs::create_dir(scratch.path().join("out.partial")).unwrap();
    fs::write(scratch.path().join("out.partial/mine"), b"mine").unwrap();
    let error = Staging::begin(&scratch.path().join("out")).unwrap_err().to_string();
    assert!(error.contains("out.partial exists"), "{error}");
    assert_eq!(names(scratch.path()), ["out.partial"]);
}

#[test]
fn a_full_disk_is_an_error_that_says_so_and_leaves_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let staging = Staging::begin(&scratch.path().join("out")).unwrap();
    // A device that is always full stands in for the disk.
    std::os::unix::fs::symlink("/dev/full", staging.path("leads.geojson")).unwrap();
    let error = staging.write("leads.geojson", b"{}").unwrap_err().to_string();
    assert!(error.contains("leads.geojson") && error.contains("free space"), "{error}");
    drop(staging);
    assert!(names(scratch.path()).is_empty());
}
