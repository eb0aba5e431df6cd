//! Tests of the whole comparison: by hand, against a reference made by other means, on real truth.

use std::collections::BTreeMap;
use std::path::PathBuf;

use geo::{MultiPolygon, polygon};

use super::*;
use crate::date::Date;
use crate::grid::{Crs, Grid};

/// One metre north in degrees near 42 degrees north; east is as long in `square`.
const METRE: f64 = 1.0 / 111_080.0;

/// A square with its south-west corner at (east, north) metres from 113 E 42 N.
fn square(east: f64, north: f64, side: f64) -> MultiPolygon<f64> {
    let shrink = 42.0_f64.to_radians().cos();
    let at = |x: f64, y: f64| (113.0 + x * METRE / shrink, 42.0 + y * METRE);
    let (a, b) = (at(east, north), at(east + side, north + side));
    MultiPolygon(vec![polygon![(x: a.0, y: a.1), (x: b.0, y: a.1), (x: b.0, y: b.1), (x: a.0, y: b.1)]])
}

fn change(number: usize, outline: MultiPolygon<f64>) -> TruthCase {
    TruthCase { number, role: Role::Change, outline, onset: None }
}

fn lead(id: &str, outline: MultiPolygon<f64>) -> LeadCase {
    LeadCase { id: id.to_owned(), outline, first_seen: None }
}

fn compared(leads: &[LeadCase], truths: &[TruthCase]) -> Assessment {
    assess(leads, truths, None, &Question::default()).unwrap()
}

fn package(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn thirty_percent_decides_for_the_change_and_for_the_lead() {
    let truth = [change(1, square(0.0, 0.0, 100.0))];
    let covering = |side: f64| compared(&[lead("a", square(0.0, 0.0, side))], &truth);
    assert_eq!((covering(56.0).hits, covering(53.0).hits), (1, 0));
    assert_eq!((covering(180.0).true_leads, covering(186.0).true_leads), (1, 0));
    assert_eq!(covering(186.0).hits, 1);
}

#[test]
fn leads_add_up_but_overlapping_leads_count_once() {
    let truth = [change(1, square(0.0, 0.0, 100.0))];
    let corner = || square(0.0, 0.0, 45.0);
    let apart = [lead("a", corner()), lead("b", square(55.0, 55.0, 45.0))];
    let twice = [lead("a", corner()), lead("b", corner())];
    assert_eq!(compared(&apart, &truth).hits, 1);
    assert_eq!(compared(&twice, &truth).hits, 0);
    assert_eq!(compared(&twice, &truth).true_leads, 2);
}

#[test]
fn a_lead_on_ignored_ground_is_neither_true_nor_false_and_a_decoy_makes_it_false() {
    let with = |role| [TruthCase { role, ..change(1, square(0.0, 0.0, 100.0)) }];
    let leads = [lead("a", square(0.0, 0.0, 100.0))];
    let ignored = compared(&leads, &with(Role::Ignored));
    assert_eq!((ignored.true_leads, ignored.false_leads, ignored.ignored_leads), (0, 0, 1));
    assert_eq!((ignored.precision, ignored.recall), (None, None));
    let decoy = compared(&leads, &with(Role::Decoy));
    assert_eq!((decoy.false_leads, decoy.decoys_hit, decoy.truths), (1, 1, 0));
}

#[test]
fn nothing_found_is_no_recall_and_nothing_to_find_is_no_figure() {
    let none = compared(&[], &[change(1, square(0.0, 0.0, 100.0))]);
    assert_eq!((none.recall.unwrap().value, none.precision), (0.0, None));
    let empty = compared(&[], &[]);
    assert_eq!((empty.recall, empty.area_ratio), (None, None));
    assert!(empty.to_string().contains("recall     not defined"));
}

#[test]
fn a_lead_over_two_changes_is_compared_with_both_and_without_ignored_ground() {
    let truth = [
        change(1, square(0.0, 0.0, 100.0)),
        change(2, square(100.0, 0.0, 100.0)),
        TruthCase { role: Role::Ignored, ..change(3, square(0.0, 100.0, 200.0)) },
    ];
    let found = compared(&[lead("a", square(0.0, 0.0, 200.0))], &truth).area_ratio.unwrap();
    assert_eq!(found.count, 1);
    assert!((found.median - 1.0).abs() < 0.002, "{found:?}");
}

#[test]
fn the_delay_is_counted_to_the_first_lead_that_touches() {
    let truth = [TruthCase { onset: Some(Date::constant(2021, 5, 1)), ..change(1, square(0.0, 0.0, 100.0)) }];
    let seen = |day| Some(Date::constant(2021, 5, day));
    let leads = [
        LeadCase { first_seen: seen(20), ..lead("a", square(0.0, 0.0, 100.0)) },
        LeadCase { first_seen: seen(11), ..lead("b", square(0.0, 0.0, 60.0)) },
        LeadCase { first_seen: seen(2), ..lead("far", square(500.0, 0.0, 60.0)) },
    ];
    assert_eq!(compared(&leads, &truth).delay_days.unwrap().median, 10.0);
}

#[test]
fn false_leads_are_told_per_hundred_square_kilometres_and_year() {
    let question = Question { years: Some(2.0), ..Question::default() };
    let leads = [lead("a", square(0.0, 0.0, 100.0))];
    let found = assess(&leads, &[], Some(SquareMetres(400e6)), &question).unwrap();
    assert_eq!(found.false_per_100_km2_year.unwrap().value, 0.125);
    let never = Question { years: Some(0.0), ..Question::default() };
    assert!(assess(&leads, &[], None, &never).unwrap_err().to_string().contains("number of years"));
}

#[test]
fn the_result_does_not_depend_on_the_order_of_leads() {
    let truth = [change(1, square(0.0, 0.0, 100.0)), change(2, square(300.0, 0.0, 50.0))];
    let mut leads = vec![
        lead("a", square(0.0, 0.0, 60.0)),
        lead("b", square(50.0, 50.0, 80.0)),
        lead("c", square(310.0, 0.0, 50.0)),
    ];
    let there = compared(&leads, &truth);
    leads.reverse();
    let back = compared(&leads, &truth);
    assert_eq!((there.truth_results, there.area_ratio), (back.truth_results, back.area_ratio));
}

/// Numbers of one case of the reference, by name.
fn reference(case: &str) -> BTreeMap<String, f64> {
    let text = std::fs::read_to_string(package("fixtures/reference/assess.csv")).unwrap();
    let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    rows.filter(|row| row[0] == case).map(|row| (row[1].to_owned(), row[2].parse().unwrap())).collect()
}

fn found_numbers(found: &Assessment) -> BTreeMap<String, f64> {
    let (recall, precision) = (found.recall.unwrap(), found.precision.unwrap());
    let (ratio, delay) = (found.area_ratio.unwrap(), found.delay_days.unwrap());
    let pixels = found.pixels.as_ref().unwrap();
    let fixed = [
        ("truths", found.truths as f64),
        ("hits", found.hits as f64),
        ("recall_low", recall.low),
        ("recall_high", recall.high),
        ("true_leads", found.true_leads as f64),
        ("false_leads", found.false_leads as f64),
        ("ignored_leads", found.ignored_leads as f64),
        ("precision_low", precision.low),
        ("precision_high", precision.high),
        ("decoys", found.decoys as f64),
        ("decoys_hit", found.decoys_hit as f64),
        ("ratio_count", ratio.count as f64),
        ("ratio_median", ratio.median),
        ("ratio_lower", ratio.lower_quartile),
        ("ratio_upper", ratio.upper_quartile),
        ("delay_count", delay.count as f64),
        ("delay_median", delay.median),
        ("pixels_both", pixels.both as f64),
        ("pixels_lead_only", pixels.lead_only as f64),
        ("pixels_truth_only", pixels.truth_only as f64),
    ];
    let mut numbers: BTreeMap<_, _> = fixed.map(|(name, value)| (name.to_owned(), value)).into();
    for truth in &found.truth_results {
        numbers.insert(format!("covered_{}", truth.number), truth.covered);
        numbers.insert(format!("truth_m2_{}", truth.number), truth.area_m2);
    }
    for lead in &found.lead_results {
        numbers.insert(format!("on_truth_{}", lead.id), lead.on_truth);
        numbers.insert(format!("on_ignored_{}", lead.id), lead.on_ignored);
    }
    numbers
}

#[test]
fn every_number_agrees_with_a_reference_made_with_shapely_scipy_and_gdal() {
    let (leads, truth) = (
        package("fixtures/reference/assess_leads.geojson"),
        package("fixtures/reference/assess_truth.geojson"),
    );
    for (case, filter) in [("all", None), ("year=2021", Some("year=2021"))] {
        let question = Question {
            truth_filter: filter.map(|text| Filter::parse(text).unwrap()),
            pixels: Some(PixelGrid::Metres(10.0)),
            ..Question::default()
        };
        let found = found_numbers(&assess_files(&leads, &truth, None, &question).unwrap());
        let expected = reference(case);
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (name, value) in &expected {
            // Shares are rounded to four decimals; straight edges differ between the two planes.
            let tolerance = if name.starts_with("truth_m2") { 2e-5 * value } else { 1.5e-4 };
            let off = (found[name] - value).abs();
            assert!(off <= tolerance, "{case}, {name}: {} is not {value}", found[name]);
        }
    }
}

fn shared_data(path: &str) -> Option<PathBuf> {
    let path = package("../shared/data").join(path);
    if !path.exists() {
        println!("skipped: {} is not here", path.display());
        return None;
    }
    Some(path)
}

#[test]
fn real_cuts_of_two_years_assess_themselves_as_perfect() {
    let Some(cuts) = shared_data("romania_forest_2015_2018/reference_cuts.geojson") else { return };
    let question = Question {
        min_area: Some(SquareMetres(1_000.0)),
        truth_filter: Some(Filter::parse("cut_year=2017,2018").unwrap()),
        ..Question::default()
    };
    let found = assess_files(&cuts, &cuts, None, &question).unwrap();
    println!("{found}");
    assert_eq!((found.hits, found.false_leads), (found.truths, 0));
    assert_eq!(found.truths + found.ignored_truths, 25);
    assert!((found.area_ratio.unwrap().median - 1.0).abs() < 0.01);
}

#[test]
fn implants_hold_four_changes_and_two_decoys() {
    let Some(truth) = shared_data("worldcereal_be_2018_2019_implants/truth.geojson") else { return };
    let found = assess_files(&truth, &truth, None, &Question::default()).unwrap();
    assert_eq!((found.truths, found.decoys, found.decoys_hit, found.false_leads), (4, 2, 2, 2));
}

#[test]
fn polygon_labels_of_a_change_map_give_back_its_pixels() {
    // Counts of the label rasters beside the polygons, read with rasterio; their origins are multiples of 10 m.
    for (place, zone, changed) in [("oscd_rennes", 32_630, 5_311), ("oscd_pisa", 32_632, 9_442)] {
        let Some(labels) = shared_data(&format!("{place}/label_change.geojson")) else { return };
        let question = Question { pixels: Some(PixelGrid::Metres(10.0)), ..Question::default() };
        let found = assess_files(&labels, &labels, None, &question).unwrap().pixels.unwrap();
        assert_eq!((found.both, found.lead_only, found.truth_only), (changed, 0, 0), "{place}");
        assert_eq!(found.grid, format!("10 x 10 in EPSG:{zone}"));
    }
}

#[test]
fn a_given_grid_cuts_off_what_lies_outside_it() {
    let leads = [lead("a", square(0.0, 0.0, 1_000.0))];
    let transform = crate::grid::crs::Transform::new(Crs::LON_LAT, Crs::epsg(32649)).unwrap();
    let (x, y) = transform.point(113.0, 42.0).unwrap();
    let grid = Grid {
        rows: 10,
        cols: 20,
        origin_x: x + 200.0,
        origin_y: y + 500.0,
        pixel_width: 10.0,
        pixel_height: 10.0,
        crs: Crs::epsg(32649),
    };
    let question = Question { pixels: Some(PixelGrid::Like(grid)), ..Question::default() };
    let found = assess(&leads, &[], None, &question).unwrap().pixels.unwrap();
    assert_eq!((found.lead_only, found.precision), (200, Some(0.0)));
}

#[test]
fn the_bundled_cuts_are_seven_in_each_year() {
    let cuts = package("fixtures/romania_forest/truth.geojson");
    let question =
        Question { truth_filter: Some(Filter::parse("cut_year=2017").unwrap()), ..Question::default() };
    let found = assess_files(
        &cuts,
        &cuts,
        Some(&package("fixtures/romania_forest/redline_forest.geojson")),
        &question,
    );
    let found = found.unwrap();
    assert_eq!((found.hits, found.ignored_truths, found.ignored_leads), (7, 7, 7));
    // 58 x 58 pixels of 100 m2; EPSG:3035 is equal-area.
    assert!((found.observed_km2.unwrap() - 0.3364).abs() < 1e-4, "{:?}", found.observed_km2);
    let missing = assess_files(&cuts, &package("fixtures/none.geojson"), None, &question).unwrap_err();
    assert!(missing.to_string().contains("none.geojson") && missing.to_string().contains("check the path"));
}

#[test]
fn pixels_on_ignored_ground_count_for_nothing_unless_truth_covers_them() {
    let change = change(1, square(0.0, 0.0, 100.0));
    let around = TruthCase { role: Role::Ignored, ..change.clone() };
    let around = TruthCase { outline: square(-100.0, -100.0, 300.0), ..around };
    let leads = [lead("a", square(-50.0, -50.0, 300.0))];
    let question = Question { pixels: Some(PixelGrid::Metres(1.0)), ..Question::default() };
    let count = |truths: &[TruthCase]| assess(&leads, truths, None, &question).unwrap().pixels.unwrap();
    let (alone, ringed) = (count(std::slice::from_ref(&change)), count(&[change.clone(), around]));
    assert_eq!((alone.both, alone.truth_only), (ringed.both, ringed.truth_only));
    // Of the lead's 300 m squared, 250 m squared lie on ignored ground; a metre of rim for the grid's turn.
    let outside = 300.0 * 300.0 - 250.0 * 250.0;
    assert!((ringed.lead_only as f64 / outside - 1.0).abs() < 0.02, "{ringed:?}");
    assert!(alone.lead_only > 75_000 && ringed.precision > alone.precision);
}
