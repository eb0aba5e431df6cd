//! 3B: numbers that are not what they seem: offsets, scales, nodata, masks, clouds, seasons.

use std::fs;

use crate::pictures::{Kind, Picture, rewrite};
use crate::place::{FIELD, LATE, Place, SPRING, said};
use crate::program::Scan;
use crate::table::{Case, Outcome, Told, run_case, tested};
use crate::world::{Block, Drawn, World};

const fn case(number: &'static str, title: &'static str, work: fn(&Place) -> Told) -> Case {
    run_case("3B", number, title, work)
}

const SCALING: &str = "src/read/scaling.rs";
const PRODUCTS: &str = "tests/it/products.rs";

pub const CASES: &[Case] = &[
    tested(
        "3B",
        "27",
        "Sentinel-2 before N0301 and after N0400 without the offset",
        &[("tests/it/baselines.rs", "no_mix_up_of_offsets_makes_a_lead")],
    ),
    tested(
        "3B",
        "28",
        "Collection 1 reprocessing (N05xx) of a day of 2018",
        &[
            (SCALING, "the_product_name_decides_on_the_sentinel_2_offset"),
            (
                PRODUCTS,
                "a_series_of_safe_products_of_all_baselines_gives_the_leads_of_plain_files_packed_or_not",
            ),
        ],
    ),
    tested(
        "3B",
        "29",
        "catalogue says offset applied, pixels say not",
        &[
            ("tests/products.rs", "pixels_that_contradict_the_metadata_are_refused"),
            (SCALING, "a_provider_that_applied_the_offset_is_believed"),
        ],
    ),
    tested(
        "3B",
        "30",
        "offset taken twice: negative reflectance",
        &[(SCALING, "an_offset_taken_twice_is_refused")],
    ),
    case("31", "number 500 less 1000 in unsigned arithmetic", below_the_offset),
    case("32", "0 is nodata before the offset, 65535 is saturated", fill_and_saturation),
    tested(
        "3B",
        "33",
        "Landsat Collection 2 without scale and offset",
        &[
            (SCALING, "landsat_collection_2_is_known_by_name"),
            ("src/read/product/landsat.rs", "scale_and_offset_stand_in_mtl_of_three_writings"),
        ],
    ),
    tested(
        "3B",
        "34",
        "scale and offset with the wrong sign",
        &[(SCALING, "an_offset_with_the_sign_turned_round_is_refused")],
    ),
    case("35", "one date 0 to 10 000, another 0 to 1", mixed_units),
    case("36", "8-bit stretched colours given as reflectance", stretched),
    case("37", "NaN, infinities, -9999, -3.4e38, nodata NaN", no_numbers),
    case("38", "a black border without a nodata tag", black_border),
    case("39", "a declared nodata that is a valid number", valid_nodata),
    case("40", "internal mask, nodata and SCL disagree", masks_disagree),
    case("41", "SCL missing, at 20 m, shifted", masks_apart),
    case("42", "a cloud that the mask misses, bright roofs called cloud", missed_cloud),
    case("43", "all of a date, or of every target date, under cloud", all_cloud),
    case("44", "before in spring, after in summer", other_season),
    tested(
        "3B",
        "45",
        "two sensors, bands in another order, no near infrared",
        &[
            (PRODUCTS, "sensors_that_take_turns_find_what_one_sensor_finds_and_each_view_names_its_own"),
            ("tests/it/faults.rs", "a_band_missing_in_one_scene_is_named_with_the_scene"),
        ],
    ),
    tested(
        "3B",
        "46",
        "JPEG 2000 of 15 bits",
        &[(
            "tests/products.rs",
            "pixels_that_openjpeg_wrote_are_read_exactly_in_a_folder_and_in_an_archive_of_any_baseline",
        )],
    ),
];

/// Sets a block of one band to a number.
fn fill(picture: &mut Picture, band: usize, block: Block, value: f64) {
    for row in block.row..block.row + block.rows {
        picture.bands[band][row * picture.cols + block.col..][..block.cols].fill(value);
    }
}

fn is_target(date: u32) -> bool {
    date > 20_230_000
}

/// The drawn scenes as Sentinel-2 numbers of a baseline that adds 1000, by the names of products.
fn with_offset(place: &Place, change: impl Fn(&mut Picture)) -> Scan {
    let folder = place.path("named");
    fs::create_dir(&folder).unwrap();
    for date in &place.drawn.world.dates {
        let mut picture = Picture::of(&place.scene(*date));
        for (band, _) in picture.bands.iter_mut().zip(&picture.names).filter(|(_, name)| *name != "SCL") {
            band.iter_mut().for_each(|value| *value += 1000.0);
        }
        if is_target(*date) {
            change(&mut picture);
        }
        let name = format!("S2A_MSIL2A_{date}T034621_N0509_R073_T49TCF_{date}T062158.tif");
        picture.write(&folder.join(name));
    }
    place.scan().scenes(folder)
}

fn below_the_offset(place: &Place) -> Told {
    // Dark water lies a little below nought once the offset is taken away, and never at 6.5.
    let scan = with_offset(place, |picture| {
        for (band, value) in [(0, 960.0), (1, 950.0), (2, 900.0), (3, 880.0), (4, 850.0)] {
            fill(picture, band, Block::new(40, 42, 8, 8), value);
        }
    });
    place.same_places(&scan);
    Told::new(Outcome::Processed, "reflectance is below nought there, and no lead")
}

fn fill_and_saturation(place: &Place) -> Told {
    let scan = with_offset(place, |picture| {
        for band in 0..5 {
            fill(picture, band, Block::new(2, 42, 10, 10), 0.0);
            fill(picture, band, Block::new(40, 42, 4, 4), 65_535.0);
        }
    });
    let (published, _) = place.same_places(&scan);
    assert!(!published.gaps().is_empty(), "SILENT MISS: what was never seen is no gap");
    Told::new(Outcome::Stated, "0 is never seen, which is a gap; saturated pixels are no lead")
}

fn mixed_units(place: &Place) -> Told {
    Picture::of(&place.scene(LATE)).into_reflectance().write(&place.scene(LATE));
    let scan = place.scan();
    let ended = place.run(&scan.command());
    if ended.code == Some(0) {
        place.same_places(&scan);
        return Told::new(Outcome::Processed, "each by its own scale: the same places");
    }
    place.is_refusal(&ended, &["S2_20230717.tif"])
}

fn stretched(place: &Place) -> Told {
    let byte = |mut picture: Picture| {
        for (band, name) in picture.bands.iter_mut().zip(&picture.names) {
            if name != "SCL" {
                band.iter_mut().for_each(|value| *value = (*value / 40.0).clamp(1.0, 255.0));
            }
        }
        Picture { kind: Kind::Byte, nodata: None, ..picture }
    };
    let whole = Picture::of(&place.scene(LATE));
    byte(whole.clone()).write(&place.scene(LATE));
    let told = place.refused(&place.scan(), &["S2_20230717.tif", "8-bit"]);
    whole.write(&place.scene(LATE));
    rewrite(&place.path("scenes"), |_, picture| byte(picture));
    let check = place.steppewatch(&["check", "--scenes", "scenes", "--redlines", "redline.geojson"]);
    let words = said(&check.stdout, &["8-bit", "stretched"]);
    Told::new(
        Outcome::Refused,
        format!("among others: {}; alone it is warned of: {}", told.words, words.trim()),
    )
}

fn no_numbers(place: &Place) -> Told {
    rewrite(&place.path("scenes"), |_, picture| picture.into_reflectance());
    let clean = place.scan().out(place.path("floats"));
    place.same_places(&clean);
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -9999.0, -3.4e38, 3.4e38];
    rewrite(&place.path("scenes"), |date, picture| {
        let mut picture = picture.into_floats();
        if is_target(date) {
            for (index, value) in odd.iter().enumerate() {
                fill(&mut picture, index % 5, Block::new(2 + 8 * index, 44, 4, 4), *value);
            }
        }
        picture
    });
    let (published, _) = place.same_places(&place.scan());
    let gaps = published.gaps().len();
    Told::new(Outcome::Processed, format!("the same places; {gaps} gaps where no number ever stands"))
}

trait Float {
    fn into_floats(self) -> Self;
}

impl Float for Picture {
    /// What was read of a file of floats stays floats.
    fn into_floats(self) -> Self {
        Self { kind: Kind::Float32, nodata: None, ..self }
    }
}

fn black_border(place: &Place) -> Told {
    // In floats and in 8-bit numbers nothing says that 0 is nodata.
    let mut words = Vec::new();
    for (kind, out) in [(Kind::Float32, "floats"), (Kind::Byte, "bytes"), (Kind::UInt16, "numbers")] {
        let black = place.drawn.copied();
        rewrite(&black.path("scenes"), |date, picture| {
            let mut picture = Picture { nodata: None, ..picture };
            for (band, name) in picture.bands.iter_mut().zip(&picture.names) {
                let factor = if name == "SCL" || kind == Kind::UInt16 {
                    1.0
                } else if kind == Kind::Byte {
                    1.0 / 40.0
                } else {
                    1e-4
                };
                band.iter_mut().for_each(|value| *value *= factor);
            }
            if is_target(date) {
                for band in 0..picture.bands.len() {
                    // The mask of a mosaic says nothing there: bare ground, by its number.
                    let value = if picture.names[band] == "SCL" { 5.0 } else { 0.0 };
                    fill(&mut picture, band, Block::new(0, 40, 56, 16), value);
                }
            }
            Picture { kind, ..picture }
        });
        let scan = Scan::of(&black).out(place.path(out));
        let (published, _) = place.published(&scan);
        let [west, _] = place.drawn.world.place(0.0, 39.0);
        for lead in published.leads() {
            let east =
                lead.outline.iter().flat_map(|part| part.exterior().coords()).any(|point| point.x > west);
            assert!(!east, "{out}: a lead in the black border: {}", lead.text("model"));
        }
        assert!(!published.gaps().is_empty(), "SILENT MISS: {out}: the border is no gap");
        words.push(format!("{out} {} leads {} gaps", published.leads().len(), published.gaps().len()));
    }
    Told::new(Outcome::Stated, format!("no lead in the border, which is a gap ({})", words.join(", ")))
}

fn valid_nodata(place: &Place) -> Told {
    // The most usual number of red in the field is now nodata, in every scene.
    rewrite(&place.path("scenes"), |_, picture| {
        let row = FIELD.row + 5;
        let value = picture.bands[2][row * picture.cols + FIELD.col + 5];
        Picture { nodata: Some(value), ..picture }
    });
    let (_, ended) = place.published(&place.scan());
    Told::new(Outcome::Warned, said(&ended.stderr, &["nodata", "among"]))
}

fn masks_disagree(place: &Place) -> Told {
    let hidden = Block::new(2, 36, 20, 16);
    for date in place.drawn.world.dates.clone().into_iter().filter(|date| is_target(*date)) {
        let path = place.scene(date);
        // An internal mask that hides a place which SCL and nodata call clear.
        let whole = Picture::of(&path);
        let mut mask = Picture { bands: vec![vec![255.0; whole.rows * whole.cols]], ..whole.clone() };
        fill(&mut mask, 0, hidden, 0.0);
        Picture { mask: mask.bands.pop(), ..whole }.write(&path);
    }
    place.gap(&place.scan(), "clear")
}

fn masks_apart(place: &Place) -> Told {
    // One file a band; SCL at 20 m, and shifted by 5 m in some scenes.
    let folder = place.path("apart");
    fs::create_dir(&folder).unwrap();
    for date in place.drawn.world.dates.clone() {
        let whole = Picture::of(&place.scene(date));
        for (index, name) in whole.names.iter().enumerate() {
            let mut one = Picture {
                names: vec![name.clone()],
                bands: vec![whole.bands[index].clone()],
                ..whole.clone()
            };
            if name == "SCL" {
                one = coarser(&one, if date % 2 == 0 { 5.0 } else { 0.0 });
            }
            one.write(&folder.join(format!("S2_{date}_{name}.tif")));
        }
    }
    place.same_places(&place.scan().scenes(&folder).out(place.path("coarse")));
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().ends_with("_SCL.tif") {
            fs::remove_file(path).unwrap();
        }
    }
    let (_, ended) = place.same_places(&place.scan().scenes(&folder));
    Told::new(Outcome::Warned, said(&ended.stderr, &["no cloud mask"]))
}

/// Every second row and column, at twice the pixel, moved by metres.
fn coarser(picture: &Picture, metres: f64) -> Picture {
    let (rows, cols) = (picture.rows / 2, picture.cols / 2);
    let band = (0..rows * cols)
        .map(|at| picture.bands[0][2 * (at / cols) * picture.cols + 2 * (at % cols)])
        .collect();
    let [x, w, a, y, b, h] = picture.transform.unwrap();
    let transform = Some([x + metres, 2.0 * w, a, y - metres, b, 2.0 * h]);
    Picture { rows, cols, bands: vec![band], transform, ..picture.clone() }
}

fn missed_cloud(place: &Place) -> Told {
    // A cloud that the mask calls grass, and roofs that it calls cloud for ever.
    for date in [SPRING, LATE] {
        let mut picture = Picture::of(&place.scene(date));
        for band in 0..5 {
            fill(&mut picture, band, Block::new(34, 34, 12, 12), 6000.0);
        }
        picture.write(&place.scene(date));
    }
    place.same_places(&place.scan());
    rewrite(&place.path("scenes"), |_, mut picture| {
        fill(&mut picture, 5, Block::new(40, 4, 8, 8), 9.0);
        picture
    });
    let (published, _) = place.same_places(&place.scan());
    assert!(!published.gaps().is_empty(), "SILENT MISS: what is called cloud for ever is no gap");
    Told::new(Outcome::Stated, "a cloud on two days is no lead; what is always called cloud is a gap")
}

fn all_cloud(place: &Place) -> Told {
    let cloud = |mut picture: Picture| {
        let whole = Block::new(0, 0, picture.rows, picture.cols);
        fill(&mut picture, 5, whole, 9.0);
        picture
    };
    cloud(Picture::of(&place.scene(LATE))).write(&place.scene(LATE));
    place.same_places(&place.scan().out(place.path("one")));
    rewrite(&place.path("scenes"), |date, picture| if is_target(date) { cloud(picture) } else { picture });
    let (published, _) = place.published(&place.scan());
    assert_eq!(published.leads().len(), 0);
    place.gap(&place.scan(), "clear")
}

fn other_season(place: &Place) -> Told {
    let mut world: World = place.drawn.world.clone();
    world.dates = vec![20_220_503, 20_230_717];
    let pair = Drawn::new(world);
    let mut scan = Scan::of(&pair);
    scan.periods = None;
    let (_, ended) = place.published(&scan);
    Told::new(Outcome::Warned, said(&ended.stderr, &["season"]))
}
