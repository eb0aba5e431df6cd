//! 3C: where pixels and polygons lie: grids, systems, overlap. (Tiles and datastrips of products: `pending`.)

use std::fs;

use gdal::spatial_ref::SpatialRef;
use serde_json::json;

use crate::ear::Ear;
use crate::pictures::{Picture, rewrite};
use crate::place::{FIELD, LATE, PAST, Place, SPRING, polygon, said, tool};
use crate::program::Scan;
use crate::table::{Case, Outcome, Told, run_case, tested};
use crate::world::{BASELINE, Block, Deed, Drawn, TARGET, World};

const fn case(number: &'static str, title: &'static str, work: fn(&Place) -> Told) -> Case {
    run_case("3C", number, title, work)
}

const DOUBLE: &str = "a_scene_processed_twice_counts_once_and_overlapping_tiles_and_strips_are_one_day";

pub const CASES: &[Case] = &[
    case("47", "no CRS, no geotransform, identity transform", nowhere),
    case("48", "transform of NaN, infinity, 0; rotated, south-up, oblong", odd_transforms),
    case("49", "ground control points or RPC alone", not_rectified),
    case("50", "local, compound, Esri and unknown systems", odd_systems),
    case("51", "UTM 49N and 50N in one folder", two_zones),
    case("52", "half a pixel off, 20 m among 10 m, 9.9999 m", odd_grids),
    tested(
        "3C",
        "53",
        "pictures half a pixel to three pixels off",
        &[
            ("tests/it/doubts.rs", "target_scenes_half_a_pixel_off_are_told"),
            (
                "tests/it/registration.rs",
                "a_scene_that_lies_off_is_told_and_read_where_it_belongs_unless_it_is_only_checked",
            ),
            ("tests/it/registration.rs", "a_scene_three_pixels_off_is_set_aside_unless_it_is_forced"),
        ],
    ),
    case("54", "scenes that overlap in part, not at all, in one row", overlap),
    case("55", "a polygon that holds no pixel centre", tiny_polygon),
    case("56", "nodata and outside are told apart", two_counters),
    tested(
        "3C",
        "57",
        "neighbouring tiles overlap: one place in two to four",
        &[
            ("tests/it/products.rs", DOUBLE),
            ("tests/it/laws.rs", "two_scenes_of_one_day_are_as_good_as_the_whole"),
        ],
    ),
    tested(
        "3C",
        "58",
        "one scene twice: reprocessed, two stations, two baselines",
        &[
            ("tests/it/products.rs", DOUBLE),
            ("src/read/acquisition.rs", "a_later_processing_of_one_acquisition_replaces_the_earlier"),
        ],
    ),
    tested(
        "3C",
        "59",
        "a day in split datastrips",
        &[("tests/it/products.rs", DOUBLE), ("src/read/acquisition.rs", "two_strips_of_one_pass_both_stand")],
    ),
    case("60", "look-back after target, one date, a file twice", order_of_dates),
    case("61", "scenes at the antimeridian and near a pole", ends_of_the_earth),
    case("62", "latitude before longitude; EPSG:4490", axis_order),
    case("63", "zones with and without prefix, Xi'an 80, Beijing 54", chinese_grids),
    case("64", "PROJ told to ask the network", proj_network),
];

fn spoilt(place: &Place, change: impl Fn(&mut Picture), words: &[&str]) -> Told {
    let path = place.scene(LATE);
    let mut picture = Picture::of(&path);
    change(&mut picture);
    picture.write(&path);
    let told = place.refused(&place.scan(), &[&["S2_20230717.tif"], words].concat());
    place.drawn.world.draw_scene(LATE, &path);
    told
}

fn nowhere(place: &Place) -> Told {
    spoilt(place, |picture| picture.crs = None, &["has no CRS"]);
    spoilt(place, |picture| picture.transform = None, &["no geotransform"]);
    // An identity transform is none, whatever says it; a scene far from all others would make a run of terabytes.
    spoilt(place, |picture| picture.transform = Some([0.0, 1.0, 0.0, 0.0, 0.0, -1.0]), &["lies nowhere"]);
    spoilt(
        place,
        |picture| picture.transform = Some([0.0, 10.0, 0.0, 0.0, 0.0, -10.0]),
        &["far from the other scenes"],
    )
}

fn odd_transforms(place: &Place) -> Told {
    let (x, y) = (500_000.0, 4_600_000.0);
    for transform in [
        [f64::NAN, 10.0, 0.0, y, 0.0, -10.0],
        [x, f64::INFINITY, 0.0, y, 0.0, -10.0],
        [x, 0.0, 0.0, y, 0.0, -10.0],
    ] {
        spoilt(place, |picture| picture.transform = Some(transform), &[]);
    }
    spoilt(place, |picture| picture.transform = Some([x, 9.0, 2.0, y, 2.0, -9.0]), &["rotated"]);
    let told = spoilt(
        place,
        |picture| picture.transform = Some([x, 10.0, 0.0, y - 560.0, 0.0, 10.0]),
        &["north-up"],
    );
    // Oblong pixels are a grid like any other.
    rewrite(&place.path("scenes"), |_, picture| {
        let wide = |band: &Vec<f64>| {
            let at = |place: usize| (place / 28, 2 * (place % 28));
            (0..56 * 28)
                .map(|place| {
                    let (row, col) = at(place);
                    (band[row * 56 + col] + band[row * 56 + col + 1]) / 2.0
                })
                .map(f64::round)
                .collect()
        };
        let bands = picture
            .bands
            .iter()
            .enumerate()
            .map(|(index, band)| {
                if picture.names[index] == "SCL" {
                    (0..56 * 28).map(|place| band[place / 28 * 56 + 2 * (place % 28)]).collect()
                } else {
                    wide(band)
                }
            })
            .collect();
        Picture { cols: 28, bands, transform: Some([x, 20.0, 0.0, y, 0.0, -10.0]), ..picture }
    });
    place.same_places(&place.scan());
    Told::new(Outcome::Refused, format!("oblong pixels are read; {}", told.words))
}

fn not_rectified(place: &Place) -> Told {
    let (path, copy) = (place.scene(LATE), place.path("points.tif"));
    let points =
        "-gcp 0 0 500000 4600000 -gcp 56 0 500560 4600000 -gcp 0 56 500000 4599440 -gcp 56 56 500560 4599440";
    let words: Vec<&str> = ["-q", "-a_srs", "EPSG:32649"].into_iter().chain(points.split(' ')).collect();
    spoilt(place, |picture| picture.transform = None, &[]);
    tool("gdal_translate", &words, &[&path, &copy]);
    fs::rename(&copy, &path).unwrap();
    place.refused(&place.scan(), &["S2_20230717.tif", "control points", "orthorectify it first"])
}

fn odd_systems(place: &Place) -> Told {
    let local = "LOCAL_CS[\"site grid\",UNIT[\"metre\",1]]";
    let told = spoilt(place, |picture| picture.crs = Some(local.to_owned()), &["site grid"]);
    let unknown = "PROJCS[\"mine\",GEOGCS[\"mine\",DATUM[\"mine\",SPHEROID[\"mine\",6378000,298]],PRIMEM[\"Greenwich\",0],\
        UNIT[\"degree\",0.0174532925199433]],PROJECTION[\"Transverse_Mercator\"],PARAMETER[\"central_meridian\",111],UNIT[\"metre\",1]]";
    spoilt(place, |picture| picture.crs = Some(unknown.to_owned()), &["without an EPSG code"]);
    // The same ground in words of Esri, and with a height system on top.
    let esri = "PROJCS[\"WGS_1984_UTM_Zone_49N\",GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\",SPHEROID[\"WGS_1984\",6378137.0,298.257223563]],\
        PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]],PROJECTION[\"Transverse_Mercator\"],PARAMETER[\"False_Easting\",500000.0],\
        PARAMETER[\"False_Northing\",0.0],PARAMETER[\"Central_Meridian\",111.0],PARAMETER[\"Scale_Factor\",0.9996],PARAMETER[\"Latitude_Of_Origin\",0.0],UNIT[\"Meter\",1.0]]";
    let path = place.scene(LATE);
    Picture { crs: Some(esri.to_owned()), ..Picture::of(&path) }.write(&path);
    place.same(&place.scan().out(place.path("esri")));
    let compound = SpatialRef::from_definition("EPSG:32649+5773").unwrap().to_wkt().unwrap();
    Picture { crs: Some(compound), ..Picture::of(&path) }.write(&path);
    let scan = place.scan().out(place.path("compound"));
    let ended = place.run(&scan.command());
    let how = if ended.code == Some(0) {
        place.same(&scan);
        "read"
    } else {
        place.is_refusal(&ended, &["S2_20230717.tif", "give"]);
        "refused"
    };
    Told::new(Outcome::Refused, format!("Esri's words are read, a compound system is {how}; {}", told.words))
}

fn two_zones(place: &Place) -> Told {
    spoilt(place, |picture| *picture = picture.clone().in_epsg(32650), &["EPSG:32650", "EPSG:32649"])
}

fn odd_grids(place: &Place) -> Told {
    let moved = |picture: Picture, metres: f64| {
        let [x, w, a, y, b, h] = picture.transform.unwrap();
        Picture { transform: Some([x + metres, w, a, y - metres, b, h]), ..picture }
    };
    for (date, metres) in [(PAST, 5.0), (SPRING, 2.5)] {
        moved(Picture::of(&place.scene(date)), metres).write(&place.scene(date));
    }
    place.same_places(&place.scan().out(place.path("half")));
    let late = Picture::of(&place.scene(LATE));
    let [x, _, a, y, b, _] = late.transform.unwrap();
    Picture { transform: Some([x, 9.9999, a, y, b, -9.9999]), ..late }.write(&place.scene(LATE));
    place.same_places(&place.scan().out(place.path("9.9999")));
    place.drawn.world.draw_scene(LATE, &place.scene(LATE));
    let copy = place.path("coarse.tif");
    tool("gdal_translate", &["-q", "-tr", "20", "20", "-r", "nearest"], &[&place.scene(LATE), &copy]);
    fs::rename(&copy, place.scene(LATE)).unwrap();
    place.found_again(&place.scan())
}

fn overlap(place: &Place) -> Told {
    let all = Picture::of(&place.scene(LATE));
    // Every target scene sees one row of the red line, then nothing of it.
    let west = |rows: usize| {
        rewrite(&place.path("scenes"), |date, picture| {
            if date > 20_230_000 && picture.rows == all.rows {
                picture.cut((0, 0), (rows, 56))
            } else {
                picture
            }
        });
    };
    west(3);
    let (published, _) = place.published(&place.scan().out(place.path("row")));
    assert!(published.code == 3 && !published.gaps().is_empty(), "SILENT MISS: one row is no overlap");
    let far = Drawn::new(place.drawn.world.clone().moved(3000, 3000));
    place.gap(&place.scan().redlines(far.path("redline.geojson")), "outside")
}

fn tiny_polygon(place: &Place) -> Told {
    let corner = |row: f64, col: f64| place.drawn.world.place(row, col);
    let (row, col) = (FIELD.row as f64 + 5.1, FIELD.col as f64 + 5.1);
    let ring = [
        corner(row, col),
        corner(row + 0.3, col),
        corner(row + 0.3, col + 0.3),
        corner(row, col + 0.3),
        corner(row, col),
    ];
    let scan = place.with_geometry("tiny.geojson", &polygon(&ring));
    let (published, ended) = place.published(&scan);
    if published.leads().is_empty() {
        said(&fs::read_to_string(scan.out.join("suppressed.geojson")).unwrap(), &["\"reason\""]);
        assert!(
            !published.suppressed().is_empty(),
            "SILENT MISS: the field is neither lead nor kept aside: {}",
            ended.stderr
        );
    }
    let words = format!(
        "{} leads, {} patches kept aside with a reason",
        published.leads().len(),
        published.suppressed().len()
    );
    Told::new(Outcome::Stated, words)
}

fn two_counters(place: &Place) -> Told {
    let mut world = World::steppe(56, 56);
    world.redline = Some(Block::new(4, 4, 48, 90));
    world.clouds = world
        .dates
        .iter()
        .filter(|date| **date > 20_230_000)
        .map(|date| (*date, Block::new(0, 0, 24, 56)))
        .collect();
    let drawn = Drawn::new(world);
    let (published, _) = place.published(&Scan::of(&drawn));
    let mut reasons: Vec<String> = published.gaps().iter().map(|gap| gap.text("reason").to_owned()).collect();
    reasons.sort();
    reasons.dedup();
    assert!(reasons.len() >= 2 && reasons.iter().any(|reason| reason.contains("outside")), "{reasons:?}");
    Told::new(Outcome::Stated, format!("gaps {}", reasons.join(", ")))
}

fn order_of_dates(place: &Place) -> Told {
    let told = place.refused(&place.scan().periods(TARGET, BASELINE), &["look-back comes first"]);
    let mut one = Scan { periods: None, ..place.scan().out(place.path("one")) };
    one.scenes = place.scene(LATE);
    place.refused(&one, &["one date"]);
    fs::create_dir(place.path("scenes/again")).unwrap();
    fs::copy(place.scene(LATE), place.path("scenes/again/S2_20230717.tif")).unwrap();
    place.refused(&place.scan(), &["S2_20230717", "twice", "remove or rename one"]);
    told
}

fn ends_of_the_earth(place: &Place) -> Told {
    let at = |epsg: u32, origin: (f64, f64)| {
        let mut world = World::steppe(56, 56).with(FIELD, 20_230_401, Deed::Ploughed);
        world.dates.retain(|date| *date > 20_210_000);
        (world.epsg, world.origin) = (epsg, origin);
        Drawn::new(world)
    };
    let mut words = Vec::new();
    // UTM zone 1 begins at 180 degrees; the strip of its western edge crosses it. EPSG:3413 is the Arctic.
    for (name, epsg, origin) in
        [("antimeridian", 32601, (212_600.0, 7_500_000.0)), ("pole", 3413, (-1000.0, -300_000.0))]
    {
        let drawn = at(epsg, origin);
        let ended = place.run(&Scan::of(&drawn).command());
        match ended.code {
            Some(0 | 3) => {
                let published = crate::program::Published { code: 0, out: drawn.path("out") };
                assert!(
                    !published.leads().is_empty()
                        || !published.gaps().is_empty()
                        || !published.suppressed().is_empty(),
                    "SILENT MISS: {name}"
                );
                let [west, _] = drawn.world.place(0.0, 0.0);
                for lead in published.leads() {
                    let far = lead
                        .outline
                        .iter()
                        .flat_map(|part| part.exterior().coords())
                        .any(|point| (point.x - west).abs() > 1.0 && name != "pole");
                    assert!(!far, "{name}: a lead reaches round the earth");
                }
                words.push(format!("{name}: {} leads", published.leads().len()));
            }
            _ => words.push(format!("{name}: {}", place.is_refusal(&ended, &[]).words)),
        }
    }
    Told::new(Outcome::Stated, words.join("; "))
}

fn axis_order(place: &Place) -> Told {
    let swapped: Vec<[f64; 2]> = place.ring().into_iter().map(|[x, y]| [y, x]).collect();
    let told = place.refused(
        &place.with_geometry("swapped.geojson", &polygon(&swapped)),
        &["swapped.geojson", "latitude"],
    );
    let (line, copy) = (place.path("redline.geojson"), place.path("cgcs.gpkg"));
    tool("ogr2ogr", &["-q", "-f", "GPKG", "-t_srs", "EPSG:4490"], &[&copy, &line]);
    place.same_places(&place.scan().redlines(&copy).out(place.path("gpkg")));
    tool(
        "ogr2ogr",
        &["-q", "-f", "ESRI Shapefile", "-t_srs", "EPSG:4490", "-lco", "ENCODING=UTF-8"],
        &[&place.path("cgcs.shp"), &line],
    );
    place.same_places(&place.scan().redlines(place.path("cgcs.shp")).out(place.path("shp")));
    Told::new(Outcome::Refused, format!("EPSG:4490 is read as longitude, latitude; {}", told.words))
}

fn chinese_grids(place: &Place) -> Told {
    let line = place.path("redline.geojson");
    let made = |name: &str, words: &[&str]| {
        let path = place.path(name);
        tool("ogr2ogr", &[&["-q", "-f", "GPKG"], words].concat(), &[&path, &line]);
        path
    };
    for (name, code) in [("zone37.gpkg", "EPSG:4525"), ("cm111.gpkg", "EPSG:4546")] {
        let path = made(name, &["-t_srs", code]);
        place.same_places(&place.scan().redlines(path).out(place.path(&format!("out-{name}"))));
    }
    // Coordinates with the zone before them under a system without, and the other way round.
    let with = made("with.gpkg", &["-t_srs", "EPSG:4525"]);
    tool("ogr2ogr", &["-q", "-f", "GPKG", "-a_srs", "EPSG:4546"], &[&place.path("lying.gpkg"), &with]);
    let told =
        place.refused(&place.scan().redlines(place.path("lying.gpkg")), &["lying.gpkg", "eastings", "zone"]);
    let without = made("without.gpkg", &["-t_srs", "EPSG:4546"]);
    tool("ogr2ogr", &["-q", "-f", "GPKG", "-a_srs", "EPSG:4525"], &[&place.path("short.gpkg"), &without]);
    place.refused(&place.scan().redlines(place.path("short.gpkg")), &["short.gpkg", "eastings", "zone"]);
    // Xi'an 1980 and Beijing 1954 lie a hundred metres and more beside CGCS2000: nobody moves them in silence.
    for (name, code) in [
        ("xian.gpkg", "EPSG:4610"),
        ("xian3.gpkg", "EPSG:2361"),
        ("beijing.gpkg", "EPSG:4214"),
        ("beijing3.gpkg", "EPSG:2413"),
    ] {
        let path = made(name, &["-a_srs", code]);
        place.refused(&place.scan().redlines(path), &[name, "CGCS2000"]);
    }
    let crs = json!({ "type": "name", "properties": { "name": "urn:ogc:def:crs:EPSG::4610" } });
    let mut layer = place.redline();
    layer["crs"] = crs;
    place.refused(&place.with_redline("xian.geojson", layer.to_string()), &["xian.geojson", "CGCS2000"]);
    Told::new(Outcome::Refused, format!("right zones are read; old datums are refused; {}", told.words))
}

fn proj_network(place: &Place) -> Told {
    let ear = Ear::new();
    let told = place.processed(
        &place
            .scan()
            .environment("PROJ_NETWORK", "ON")
            .environment("PROJ_NETWORK_ENDPOINT", &format!("http://127.0.0.1:{}", ear.port)),
    );
    assert_eq!(ear.calls(), 0, "somebody called");
    told
}
