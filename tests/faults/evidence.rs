//! 3J, 3K: secrets, persons, and what a manifest proves.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;

use crate::guard::Measured;
use crate::place::{LATE, Place, said};
use crate::program::beside;
use crate::table::{Case, Outcome, Told, inapplicable, run_case, tested};
use crate::world::mix;

const fn case(number: &'static str, title: &'static str, work: fn(&Place) -> Told) -> Case {
    run_case("3K", number, title, work)
}

const PUBLIC: &str = "what_goes_to_the_public_names_nobody_and_holds_no_remark_and_no_picture_of_an_officer";
const PROVENANCE: &str = "tests/it/provenance.rs";

pub const CASES: &[Case] = &[
    tested(
        "3J",
        "169",
        "a token in log, manifest, error, list of processes",
        &[(PROVENANCE, "a_secret_of_the_command_the_environment_or_a_catalogue_is_written_nowhere")],
    ),
    tested(
        "3J",
        "170",
        "names, telephones and trails of officers in shared files",
        &[("tests/it/report.rs", PUBLIC)],
    ),
    tested("3J", "171", "EXIF of photographs", &[("tests/it/report.rs", PUBLIC)]),
    tested(
        "3J",
        "172",
        "who may read ledger and configuration",
        &[
            (
                PROVENANCE,
                "files_have_the_rights_that_the_user_gives_and_a_manifest_says_what_the_program_was_made_of",
            ),
            ("src/ledger/seal.rs", "a_key_is_of_its_owner_alone_and_is_never_written_over"),
        ],
    ),
    inapplicable(
        "3J",
        "173",
        "deleted persons remain in free pages",
        "no verb deletes: events are only ever added; pages of tables made anew are overwritten (secure_delete)",
    ),
    run_case("3J", "174", "core dumps and temporary files of a killed run", nothing_stays),
    case("175", "one bit changed in any file of a run or its inputs", flipped_bits),
    case("176", "files added, removed, renamed, swapped; line endings", moved_files),
    tested(
        "3K",
        "177",
        "signed by another key, no signature, a digest edited to fit",
        &[
            (PROVENANCE, "a_signature_and_a_ledger_find_what_a_manifest_hides"),
            ("tests/it/ledger.rs", "a_sealed_head_is_checked_by_another_program_and_shows_what_was_cut_off"),
        ],
    ),
    tested(
        "3K",
        "178",
        "run again elsewhere: the same, or what differs and why",
        &[
            (PROVENANCE, "a_run_is_repeated_byte_for_byte_also_where_its_inputs_were_moved"),
            (PROVENANCE, "what_differs_is_named_down_to_the_column_with_its_cause"),
        ],
    ),
    case("179", "an input that is no longer there", absent_input),
    tested(
        "3K",
        "180",
        "-0.0, 1e-7, NaN, NFC and NFD, order of keys",
        &[
            ("src/publish/manifest/itself.rs", "every_byte_of_a_manifest_is_under_its_own_digest"),
            ("src/publish/manifest/itself.rs", "anybody_can_compute_it_again"),
        ],
    ),
    case("181", "digest of 0 bytes and of 1.5 GB", digests),
    tested(
        "3K",
        "182",
        "a verdict changed later",
        &[("tests/it/ledger.rs", "verdicts_that_differ_are_both_kept_and_nothing_is_handed_over_on_them")],
    ),
    tested(
        "3K",
        "183",
        "on paper: digests, run, version",
        &[(PROVENANCE, "the_list_of_electronic_data_names_every_file_once")],
    ),
];

fn nothing_stays(place: &Place) -> Told {
    let scratch = place.path("scratch");
    fs::create_dir(&scratch).unwrap();
    let scan = place.scan().environment("TMPDIR", &scratch.display().to_string());
    for _ in 0..5 {
        let mut child = scan.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while !scan.out.with_extension("partial").exists() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    place.same(&scan);
    let left: Vec<String> =
        beside(&scan.out).into_iter().filter(|name| name.contains("core") || name.contains("out.")).collect();
    assert!(left.is_empty(), "{left:?}");
    let temporary: Vec<_> = fs::read_dir(&scratch).unwrap().collect();
    assert!(temporary.is_empty(), "{temporary:?}");
    Told::new(
        Outcome::Processed,
        "after five killed runs and a whole one nothing lies beside the output or in TMPDIR",
    )
}

fn verify(place: &Place) -> Measured {
    place.steppewatch(&["manifest", "verify", "out"])
}

/// Every file of the output, and the inputs that its manifest names.
fn evidence(place: &Place) -> Vec<PathBuf> {
    let (published, _) = place.same(&place.scan());
    let names = published.hashes().into_keys();
    let outputs = names.map(|name| published.out.join(name));
    outputs.chain([place.scene(LATE), place.path("redline.geojson")]).collect()
}

fn flipped_bits(place: &Place) -> Told {
    let files = evidence(place);
    let whole = verify(place);
    assert_eq!(whole.code, Some(0), "{}{}", whole.stdout, whole.stderr);
    let mut flips = 0;
    for (number, path) in files.iter().enumerate() {
        let kept = fs::read(path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for round in 0..5 {
            let mut bytes = kept.clone();
            let draw = mix((number * 31 + round) as u64);
            let at = (draw % bytes.len() as u64) as usize;
            bytes[at] ^= 1 << (draw >> 60 & 7);
            fs::write(path, bytes).unwrap();
            let found = verify(place);
            assert_eq!(
                found.code,
                Some(1),
                "SILENT MISS: {name}, byte {at}: {}{}",
                found.stdout,
                found.stderr
            );
            let told = format!("{}{}", found.stdout, found.stderr);
            assert!(told.contains(&name), "{name} is not named: {told}");
            flips += 1;
        }
        fs::write(path, kept).unwrap();
    }
    Told::new(Outcome::Refused, format!("{flips} of {flips} flipped bits are found, each with its file"))
}

fn moved_files(place: &Place) -> Told {
    evidence(place);
    let out = place.path("out");
    let (leads, gaps) = (out.join("leads.geojson"), out.join("gaps.geojson"));
    let found = |name: &str| {
        let found = verify(place);
        assert_eq!(found.code, Some(1), "SILENT MISS: {}{}", found.stdout, found.stderr);
        said(&format!("{}{}", found.stdout, found.stderr), &[name])
    };
    place.write("out/more.txt", "x");
    let told = found("more.txt");
    fs::remove_file(out.join("more.txt")).unwrap();
    fs::rename(&leads, out.join("lead.geojson")).unwrap();
    found("leads.geojson");
    fs::rename(&gaps, &leads).unwrap();
    fs::rename(out.join("lead.geojson"), &gaps).unwrap();
    found("gaps.geojson");
    fs::rename(&leads, out.join("x")).unwrap();
    fs::rename(&gaps, &leads).unwrap();
    fs::rename(out.join("x"), &gaps).unwrap();
    assert_eq!(verify(place).code, Some(0));
    let text = fs::read_to_string(&leads).unwrap();
    fs::write(&leads, text.replace('\n', "\r\n") + "\r\n").unwrap();
    found("leads.geojson");
    fs::write(&leads, text).unwrap();
    let manifest = out.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replacen("\"started\": \"20", "\"started\": \"19", 1)).unwrap();
    found("manifest");
    Told::new(Outcome::Refused, told)
}

fn absent_input(place: &Place) -> Told {
    evidence(place);
    fs::remove_file(place.scene(LATE)).unwrap();
    let found = verify(place);
    assert_eq!(found.code, Some(3), "{}{}", found.stdout, found.stderr);
    Told::new(Outcome::Stated, said(&found.stdout, &["absent", "S2_20230717.tif"]))
}

fn digests(place: &Place) -> Told {
    evidence(place);
    let leads = place.path("out/leads.geojson");
    File::create(&leads).unwrap();
    let empty = verify(place);
    assert_eq!(empty.code, Some(1), "{}", empty.stdout);
    File::options().write(true).open(&leads).unwrap().set_len(1_500_000_000).unwrap();
    let large = verify(place);
    assert_eq!(large.code, Some(1), "{}", large.stdout);
    assert!(large.mib < 300, "{} MiB for a digest", large.mib);
    Told::new(Outcome::Refused, said(&large.stdout, &["changed", "leads.geojson"]))
}
