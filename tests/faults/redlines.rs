//! 3D: vector layers: rings, systems, encodings, databases.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::ear::Ear;
use crate::place::{FIELD, Place, polygon, said, tool};
use crate::program::Published;
use crate::table::{Case, Outcome, Told, run_case, tested};
use crate::world::{Block, Drawn};

const fn case(number: &'static str, title: &'static str, work: fn(&Place) -> Told) -> Case {
    run_case("3D", number, title, work)
}

pub const CASES: &[Case] = &[
    case("65", "a bow-tie", bow_tie),
    case("66", "invalid rings never reach the coverage", never_used),
    case("67", "hole outside, holes that overlap, shells in shells", holes),
    case("68", "clockwise exterior", clockwise),
    case("69", "unclosed, three points, repeated points, spike, no area", poor_rings),
    case("70", "NaN, Infinity, 1e999, numbers in quotes", no_numbers),
    case("71", "metres without CRS, degrees called metres", wrong_units),
    case("72", "a crs member of before RFC 7946", crs_member),
    case("73", "a shapefile without .prj", no_prj),
    case("74", "a shapefile without .shx, without .dbf, alone", parts_missing),
    case("75", "GBK attributes without .cpg", gbk),
    case("76", "a .cpg that lies", lying_cpg),
    case("77", "half a character at the end of a field, short names", short_fields),
    case("78", ".dbf and .shp of different counts", other_counts),
    case("79", "300 000 vertices, a comb, 20 000 polygons, 2 GB, 100 000 deep", large),
    case("80", "heights, curves, lines, points, collections", kinds),
    case("81", "no geometry, empty geometry, empty collection", empty),
    case("82", "the same polygon twice, red lines that overlap", overlapping),
    case("83", "ids twice, 000123, 2^53 + 1; keys twice", ids),
    case("84", "a polygon over the antimeridian", antimeridian),
    case("85", "BOM, UTF-16, CRLF, GBK, garbage behind, a line a feature", encodings),
    case("86", "TopoJSON, Esri JSON, KML, GML, DXF", other_forms),
    case("87", "XML entities: bomb and external", entities),
    case("88", "GeoPackage: no layer, wrong CRS, view, encrypted, empty", odd_packages),
    case("89", "GeoPackage: endless view, giant blob, corrupted pages", hostile_packages),
    case("89b", "OGR VRT named .geojson, .gpkg, .shp", vrt),
    case("90", "HTML, formulas, 10 MB, NUL, U+202E in attributes", values),
    tested(
        "3D",
        "91",
        "a red line whose version changed between runs",
        &[
            ("tests/it/inputs.rs", "every_part_of_a_shapefile_is_an_input"),
            ("tests/it/nights.rs", "what_is_asked_by_flags_is_part_of_the_question"),
        ],
    ),
    case("92", "a red line outside the scenes", outside),
];

/// A refusal of the drawn red line with another ring.
fn refused_ring(place: &Place, ring: &[[f64; 2]], words: &[&str]) -> Told {
    let scan = place.with_geometry("ring.geojson", &polygon(ring));
    place.refused(&scan, &[&["ring.geojson", "feature 1"], words].concat())
}

/// The drawn red line with another geometry, told with a note.
fn repaired(place: &Place, geometry: &Value, words: &[&str]) -> Told {
    let scan = place.with_geometry("redline.geojson", geometry);
    place.told(Outcome::Repaired, &scan, words)
}

fn bow_tie(place: &Place) -> Told {
    let [a, b, c, d, _] = place.ring()[..] else { panic!("no ring of four corners") };
    refused_ring(place, &[a, c, b, d, a], &["crosses itself", "vertex", "correct it in a GIS"])
}

fn never_used(place: &Place) -> Told {
    let [a, b, c, d, _] = place.ring()[..] else { panic!("no ring of four corners") };
    let middle = [(a[0] + c[0]) / 2.0, (a[1] + c[1]) / 2.0];
    // Two parts that share only a corner are one ring that touches itself; a bow-tie in a hole is refused.
    let hole = [
        middle,
        [middle[0] + 1e-4, middle[1] + 1e-4],
        [middle[0] + 1e-4, middle[1]],
        [middle[0], middle[1] + 1e-4],
        middle,
    ];
    let geometry = json!({ "type": "Polygon", "coordinates": [[a, b, c, d, a], hole] });
    place.refused(&place.with_geometry("hole.geojson", &geometry), &["ring 2 (hole)", "crosses itself"])
}

fn holes(place: &Place) -> Told {
    let ring = place.ring();
    let far = |x: f64| [[x, 50.0], [x + 0.1, 50.0], [x + 0.1, 50.1], [x, 50.0]];
    let outside = json!({ "type": "Polygon", "coordinates": [ring, far(10.0)] });
    let told = place.refused(&place.with_geometry("outside.geojson", &outside), &["hole", "outside"]);
    let corner = |row: f64, col: f64| place.drawn.world.place(row, col);
    let square = |row: f64, col: f64, side: f64| {
        vec![
            corner(row, col),
            corner(row + side, col),
            corner(row + side, col + side),
            corner(row, col + side),
            corner(row, col),
        ]
    };
    let two = json!({ "type": "Polygon", "coordinates": [ring, square(36.0, 40.0, 6.0), square(41.95, 44.0, 6.0)] });
    let (_, ended) = place.same_places(&place.with_geometry("two.geojson", &two));
    said(&ended.stderr, &["cut anew"]);
    let nested = json!({ "type": "MultiPolygon", "coordinates": [[ring], [square(20.0, 20.0, 10.0)]] });
    let (_, ended) = place.same_places(&place.with_geometry("redline.geojson", &nested));
    said(&ended.stderr, &["overlapping parts joined"]);
    Told::new(Outcome::Repaired, format!("overlapping holes and nested shells with a note; {}", told.words))
}

fn clockwise(place: &Place) -> Told {
    let ring: Vec<[f64; 2]> = place.ring().into_iter().rev().collect();
    place.processed(&place.with_geometry("redline.geojson", &polygon(&ring)))
}

fn poor_rings(place: &Place) -> Told {
    let ring = place.ring();
    let told = repaired(place, &polygon(&ring[..4]), &["unclosed ring closed"]);
    let doubled: Vec<[f64; 2]> = ring.iter().flat_map(|point| [*point, *point]).collect();
    repaired(place, &polygon(&doubled), &["repeated points removed"]);
    refused_ring(place, &[ring[0], ring[1], ring[0]], &["3 different points"]);
    refused_ring(place, &[ring[0], ring[1], ring[1], ring[0]], &[]);
    let between = [(ring[0][0] + ring[1][0]) / 2.0, (ring[0][1] + ring[1][1]) / 2.0];
    refused_ring(place, &[ring[0], ring[1], between, ring[0]], &["no area"]);
    // A spike: out and back by the same way.
    let spike = [ring[0], ring[1], ring[2], [ring[2][0], ring[2][1] + 1e-4], ring[2], ring[3], ring[0]];
    let scan = place.with_geometry("spike.geojson", &polygon(&spike));
    let ended = place.run(&scan.command());
    if ended.code == Some(0) {
        place.same_places(&scan);
        said(&ended.stderr, &["cut anew"]);
    } else {
        place.is_refusal(&ended, &["spike.geojson", "feature 1"]);
    }
    told
}

fn no_numbers(place: &Place) -> Told {
    let mut ring: Vec<Value> = place.ring().iter().map(|point| json!(point)).collect();
    ring[2][0] = json!("X");
    let text = json!({ "type": "Polygon", "coordinates": [ring] });
    let mut layer = place.redline();
    layer["features"][0]["geometry"] = text;
    let text = layer.to_string();
    let mut told = None;
    for number in ["NaN", "Infinity", "-Infinity", "1e999", "null", "\"111.0\"", "true"] {
        let scan = place.with_redline("number.geojson", text.replace("\"X\"", number));
        told = Some(place.refused(&scan, &["number.geojson", "feature 1", "ring 1", "vertex 3"]));
    }
    told.unwrap()
}

fn wrong_units(place: &Place) -> Told {
    let metres = [
        [500_020.0, 4_599_460.0],
        [500_500.0, 4_599_460.0],
        [500_500.0, 4_599_980.0],
        [500_020.0, 4_599_460.0],
    ];
    let told =
        place.refused(&place.with_geometry("metres.geojson", &polygon(&metres)), &["metres without a CRS"]);
    let mut layer = place.redline();
    layer["crs"] = json!({ "type": "name", "properties": { "name": "EPSG:3857" } });
    place.refused(
        &place.with_redline("degrees.geojson", layer.to_string()),
        &["EPSG:3857", "look like degrees"],
    );
    told
}

fn crs_member(place: &Place) -> Told {
    for code in ["4490", "3857", "32649"] {
        let path = place.path(&format!("crs{code}.geojson"));
        let target = format!("EPSG:{code}");
        tool(
            "ogr2ogr",
            &["-q", "-f", "GeoJSON", "-t_srs", &target],
            &[&path, &place.path("redline.geojson")],
        );
        let (_, ended) = place.same_places(&place.scan().redlines(&path).out(place.path(code)));
        said(&ended.stderr, &[&format!("crs member EPSG:{code} used")]);
    }
    let mut layer = place.redline();
    layer["crs"] = json!({ "type": "link", "properties": { "href": "http://127.0.0.1:9/crs" } });
    place.refused(&place.with_redline("link.geojson", layer.to_string()), &["crs member", "save the layer"]);
    Told::new(Outcome::Warned, "crs member EPSG:4490, 3857, 32649 used, with a note; a link is refused")
}

/// A shapefile of the drawn red line, with a field of Chinese text.
fn shapefile(place: &Place, encoding: &str) -> std::path::PathBuf {
    let mut layer = place.redline();
    layer["features"][0]["properties"]["mc"] = json!("乌拉特中旗生态保护红线");
    let (source, shape) = (place.write("source.geojson", layer.to_string()), place.path("red.shp"));
    for part in ["shp", "shx", "dbf", "prj", "cpg"] {
        let _ = fs::remove_file(shape.with_extension(part));
    }
    let option = format!("ENCODING={encoding}");
    tool("ogr2ogr", &["-q", "-f", "ESRI Shapefile", "-lco", &option], &[&shape, &source]);
    shape
}

fn no_prj(place: &Place) -> Told {
    let shape = shapefile(place, "UTF-8");
    fs::remove_file(shape.with_extension("prj")).unwrap();
    place.refused(&place.scan().redlines(shape), &["red.shp", "no .prj", "copy the .prj"])
}

fn parts_missing(place: &Place) -> Told {
    let mut told = None;
    for parts in [&["shx"][..], &["dbf"], &["shx", "dbf", "prj"]] {
        let shape = shapefile(place, "UTF-8");
        parts.iter().for_each(|part| fs::remove_file(shape.with_extension(part)).unwrap());
        let named: Vec<String> =
            parts.iter().filter(|part| **part != "prj").map(|part| format!(".{part}")).collect();
        told =
            Some(place.refused(
                &place.scan().redlines(&shape),
                &["red.shp", "lacks", &named[0], "copy all its parts"],
            ));
    }
    told.unwrap()
}

fn gbk(place: &Place) -> Told {
    let shape = shapefile(place, "GBK");
    fs::remove_file(shape.with_extension("cpg")).unwrap();
    // The mark of the code page says Western European.
    let mut table = fs::read(shape.with_extension("dbf")).unwrap();
    table[29] = 0x57;
    fs::write(shape.with_extension("dbf"), table).unwrap();
    let (published, ended) = place.same_places(&place.scan().redlines(shape));
    Told::new(Outcome::Warned, is_named(&published, &ended.stderr, "read as GBK"))
}

fn lying_cpg(place: &Place) -> Told {
    let shape = shapefile(place, "GBK");
    fs::write(shape.with_extension("cpg"), "UTF-8").unwrap();
    let (published, ended) = place.same_places(&place.scan().redlines(&shape));
    let told = is_named(&published, &ended.stderr, "the .cpg says UTF-8 but the attributes are GBK");
    // Bytes of neither.
    let path = shape.with_extension("dbf");
    let mut table = fs::read(&path).unwrap();
    let at = table.len() - 20;
    table[at..at + 4].copy_from_slice(&[0xff, 0xff, 0x20, 0x41]);
    fs::write(&path, table).unwrap();
    place
        .refused(&place.scan().redlines(shape).out(place.path("neither")), &["red", "neither UTF-8 nor GBK"]);
    Told::new(Outcome::Warned, told)
}

/// The run says these words, and knows the Chinese name.
fn is_named(published: &Published, stderr: &str, words: &str) -> String {
    let manifest = published.json("manifest.json").to_string();
    let leads = published.json("leads.geojson").to_string();
    assert!(leads.contains("drawn grassland") || manifest.contains("乌拉特"), "the names are lost");
    said(stderr, &[words])
}

fn short_fields(place: &Place) -> Told {
    let mut layer = place.redline();
    let long = "乌拉特中旗温更镇生态保护红线".repeat(12);
    layer["features"][0]["properties"]["a_very_long_name_one"] = json!(long);
    layer["features"][0]["properties"]["a_very_long_name_two"] = json!("二");
    let source = place.write("source.geojson", layer.to_string());
    for encoding in ["UTF-8", "GBK"] {
        let shape = place.path(&format!("{encoding}.shp"));
        let option = format!("ENCODING={encoding}");
        tool("ogr2ogr", &["-q", "-f", "ESRI Shapefile", "-lco", &option], &[&shape, &source]);
        // 254 bytes end in the middle of a character, as some writers cut.
        let table = shape.with_extension("dbf");
        let mut bytes = fs::read(&table).unwrap();
        let cut = "旗".as_bytes();
        let wide = if encoding == "GBK" { &b"\xc6\xec"[..] } else { cut };
        let last = bytes.windows(wide.len()).rposition(|part| part == wide).unwrap();
        bytes[last + wide.len() - 1] = b' ';
        fs::write(&table, bytes).unwrap();
        let scan = place.scan().redlines(&shape).out(place.path(encoding));
        let ended = place.run(&scan.command());
        if ended.code == Some(0) {
            place.same_places(&scan);
        } else {
            place.is_refusal(&ended, &[encoding, "neither UTF-8 nor GBK"]);
        }
    }
    Told::new(
        Outcome::Processed,
        "names cut to 10 letters and text to 254 bytes are read; a character broken in the middle is refused",
    )
}

fn other_counts(place: &Place) -> Told {
    let shape = shapefile(place, "UTF-8");
    let table = shape.with_extension("dbf");
    let mut bytes = fs::read(&table).unwrap();
    let record = bytes
        [bytes.len() - 1 - usize::from(u16::from_le_bytes([bytes[10], bytes[11]]))..bytes.len() - 1]
        .to_vec();
    bytes.pop();
    bytes.extend(record);
    bytes[4] = 2;
    fs::write(&table, &bytes).unwrap();
    let told = place.refused(
        &place.scan().redlines(&shape),
        &["red.shp", ".dbf has 2 records", "copy the shapefile again"],
    );
    bytes[4] = 0;
    fs::write(&table, &bytes).unwrap();
    place.refused(&place.scan().redlines(&shape), &["red.shp", ".dbf has 0 records"]);
    bytes[4] = 200;
    fs::write(&table, &bytes).unwrap();
    place.refused(&place.scan().redlines(&shape), &["red.dbf", "cut short"]);
    told
}

fn large(place: &Place) -> Told {
    let ring = place.ring();
    let (low, high) = (ring[0], ring[2]);
    // A comb: long teeth, each edge over the same stretch of longitudes.
    let teeth = 1_000;
    let mut comb = Vec::with_capacity(4 * teeth + 3);
    for tooth in 0..teeth {
        let step = (high[1] - low[1]) / (2 * teeth) as f64;
        let at = low[1] + 2.0 * step * tooth as f64;
        comb.extend([[low[0] + 1e-6, at], [high[0], at], [high[0], at + step], [low[0] + 1e-6, at + step]]);
    }
    comb.extend([[low[0], high[1]], [low[0], low[1]], [low[0] + 1e-6, low[1]]]);
    place.published(&place.with_geometry("comb.geojson", &polygon(&comb)).out(place.path("comb")));
    // A shore of 300 000 vertices.
    let (middle, reach) = (
        [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0],
        [(high[0] - low[0]) / 2.0, (high[1] - low[1]) / 2.0],
    );
    let shore = (0..300_000).map(|step| {
        let angle = f64::from(step) / 300_000.0 * std::f64::consts::TAU;
        let far = 0.95 + 0.03 * (97.0 * angle).sin() + 0.01 * (4001.0 * angle).sin();
        [middle[0] + reach[0] * far * angle.cos(), middle[1] + reach[1] * far * angle.sin()]
    });
    let mut shore: Vec<[f64; 2]> = shore.collect();
    shore.push(shore[0]);
    place.published(&place.with_geometry("shore.geojson", &polygon(&shore)).out(place.path("shore")));
    let mut features = Vec::new();
    let side = (high[0] - low[0]) / 200.0;
    for index in 0..20_000 {
        let (x, y) = (low[0] + side * f64::from(index % 200), low[1] + side / 2.0 * f64::from(index / 200));
        let ring = [[x, y], [x + side / 2.0, y], [x + side / 2.0, y + side / 3.0], [x, y]];
        features.push(json!({ "type": "Feature", "properties": { "id": index, "class": "grassland" }, "geometry": polygon(&ring) }));
    }
    let many = json!({ "type": "FeatureCollection", "features": features }).to_string();
    let ended = place.run(&place.with_redline("many.geojson", many).out(place.path("many")).command());
    assert!(matches!(ended.code, Some(0 | 3)), "{}", ended.stderr);
    let huge = fs::File::create(place.path("huge.geojson")).unwrap();
    huge.set_len(2_000_000_000).unwrap();
    let told = place.refused(
        &place.scan().redlines(place.path("huge.geojson")),
        &["huge.geojson", "limit", "GeoPackage"],
    );
    let deep = format!(
        "{{\"type\":\"FeatureCollection\",\"features\":[{}1{}]}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    place.refused(&place.with_redline("deep.geojson", deep), &["deep.geojson"]);
    let deep = place
        .redline()
        .to_string()
        .replace("\"GL-1\"", &format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)));
    place.refused(&place.with_redline("deeper.geojson", deep), &["deeper.geojson"]);
    Told::new(Outcome::Refused, format!("a shore, a comb and many polygons are read; {}", told.words))
}

fn kinds(place: &Place) -> Told {
    let ring = place.ring();
    let high: Vec<Value> = ring.iter().map(|point| json!([point[0], point[1], 1100.0])).collect();
    let told = repaired(place, &json!({ "type": "Polygon", "coordinates": [high] }), &["height left out"]);
    let collection = json!({ "type": "GeometryCollection", "geometries": [polygon(&ring)] });
    place.same(&place.with_geometry("redline.geojson", &collection));
    for (name, geometry) in [
        ("Point", json!({ "type": "Point", "coordinates": ring[0] })),
        ("LineString", json!({ "type": "LineString", "coordinates": ring })),
        (
            "LineString",
            json!({ "type": "GeometryCollection", "geometries": [polygon(&ring), { "type": "LineString", "coordinates": ring }] }),
        ),
    ] {
        place.refused(
            &place.with_geometry("kind.geojson", &geometry),
            &["kind.geojson", name, "expected polygons"],
        );
    }
    let curve = place.path("curve.gpkg");
    tool("ogr2ogr", &["-q", "-f", "GPKG", "-nlt", "CURVEPOLYGON"], &[&curve, &place.path("redline.geojson")]);
    let scan = place.scan().redlines(&curve).out(place.path("curve"));
    let ended = place.run(&scan.command());
    if ended.code == Some(0) {
        place.same_places(&scan);
    } else {
        place.is_refusal(&ended, &["curve.gpkg", "expected polygons"]);
    }
    for kind in ["MULTIPOLYGONZM", "POLYGONM"] {
        let path = place.path(&format!("{kind}.gpkg"));
        tool("ogr2ogr", &["-q", "-f", "GPKG", "-nlt", kind], &[&path, &place.path("redline.geojson")]);
        place.same_places(&place.scan().redlines(&path).out(place.path(kind)));
    }
    told
}

fn empty(place: &Place) -> Told {
    let mut layer = place.redline();
    let whole = layer["features"][0].clone();
    for geometry in [Value::Null, json!({ "type": "Polygon", "coordinates": [] })] {
        let mut feature = whole.clone();
        feature["geometry"] = geometry;
        feature["properties"]["id"] = json!("empty");
        layer["features"].as_array_mut().unwrap().push(feature);
    }
    let told = place.told(
        Outcome::Stated,
        &place.with_redline("redline.geojson", layer.to_string()),
        &["2 features without geometry left out"],
    );
    layer["features"].as_array_mut().unwrap().remove(0);
    place.refused(
        &place.with_redline("none.geojson", layer.to_string()),
        &["none.geojson", "0 polygons", "without geometry"],
    );
    place.refused(
        &place.with_redline("empty.geojson", r#"{"type":"FeatureCollection","features":[]}"#),
        &["0 polygons"],
    );
    let bare = polygon(&place.ring()).to_string();
    place.same_places(
        &place.with_redline("bare.geojson", bare).with("--class grassland").out(place.path("bare")),
    );
    told
}

fn overlapping(place: &Place) -> Told {
    let mut layer = place.redline();
    let mut twin = layer["features"][0].clone();
    twin["properties"]["id"] = json!("GL-2");
    layer["features"].as_array_mut().unwrap().push(twin);
    let (published, _) = place.same_places(&place.with_redline("twins.geojson", layer.to_string()));
    let both = published.leads().iter().all(|lead| lead.properties["redline_count"] == 2);
    assert!(both, "a lead does not name both red lines");
    let manifest = published.json("manifest.json").to_string();
    assert!(!manifest.is_empty());
    Told::new(Outcome::Processed, "one lead at each place, which names both red lines")
}

fn ids(place: &Place) -> Told {
    let mut layer = place.redline();
    let whole = layer["features"][0].clone();
    let ids = [
        json!("GL-1"),
        json!("000123"),
        json!(9_007_199_254_740_993_u64),
        json!(12_345_678_901_234_567_890_u64),
    ];
    for id in &ids {
        let mut feature = whole.clone();
        feature["properties"]["id"] = id.clone();
        layer["features"].as_array_mut().unwrap().push(feature);
    }
    let (published, ended) = place.same_places(&place.with_redline("ids.geojson", layer.to_string()));
    let told = said(&ended.stderr, &["id 'GL-1' is used twice"]);
    let leads = published.json("leads.geojson").to_string();
    for id in ["000123", "9007199254740993", "12345678901234567890", "GL-1#2"] {
        assert!(leads.contains(id), "{id} is lost");
    }
    // Of two keys of one name readers take either: the red lines of the other are gone.
    let text = place.redline().to_string();
    for (old, new) in [
        ("\"features\":", "\"features\":[],\"features\":"),
        ("\"geometry\":", "\"geometry\":null,\"geometry\":"),
        ("\"coordinates\":", "\"coordinates\":[],\"coordinates\":"),
        ("\"class\":", "\"class\":\"farmland\",\"class\":"),
    ] {
        let twice = text.replacen(old, new, 1);
        assert_ne!(twice, text);
        place.refused(
            &place.with_redline("keys.geojson", twice).out(place.path("keys")),
            &["keys.geojson", "twice"],
        );
    }
    Told::new(Outcome::Repaired, format!("{told}; a key that stands twice is refused"))
}

fn antimeridian(place: &Place) -> Told {
    let ring = [[-179.0, 41.0], [179.0, 41.0], [179.0, 42.0], [-179.0, 42.0], [-179.0, 41.0]];
    place.refused(
        &place.with_geometry("antimeridian.geojson", &polygon(&ring)),
        &["antimeridian.geojson", "split it"],
    )
}

fn encodings(place: &Place) -> Told {
    let mut layer = place.redline();
    layer["features"][0]["properties"]["mc"] = json!("乌拉特中旗");
    let text = layer.to_string();
    place.same(&place.with_redline("redline.geojson", format!("\u{feff}{text}")).out(place.path("bom")));
    place.same(
        &place
            .with_redline("redline.geojson", format!("{layer:#}").replace('\n', "\r\n"))
            .out(place.path("crlf")),
    );
    let wide: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let told =
        place.refused(&place.with_redline("utf16.geojson", wide), &["utf16.geojson", "UTF-16", "UTF-8"]);
    let bare: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    place.refused(&place.with_redline("utf16be.geojson", bare), &["utf16be.geojson", "UTF-16", "UTF-8"]);
    let gbk = encoding_rs::GB18030.encode(&text).0.into_owned();
    place.refused(&place.with_redline("gbk.geojson", gbk), &["gbk.geojson", "not UTF-8", "GBK"]);
    place
        .refused(&place.with_redline("behind.geojson", format!("{text} x")), &["behind.geojson", "trailing"]);
    let lines = format!("{}\n{}\n", layer["features"][0], layer["features"][0]);
    place.refused(
        &place.with_redline("lines.geojson", lines),
        &["lines.geojson", "a feature a line", "FeatureCollection"],
    );
    let marked = format!("\u{1e}{}\n", layer["features"][0]);
    place.refused(&place.with_redline("marked.geojson", marked), &["marked.geojson", "a feature a line"]);
    told
}

fn other_forms(place: &Place) -> Told {
    let forms = [
        (r#"{"type":"Topology","objects":{},"arcs":[]}"#, "TopoJSON"),
        (r#"{"geometryType":"esriGeometryPolygon","features":[]}"#, "Esri JSON"),
        (
            r#"{"rings":[[[111,41],[112,41],[112,42],[111,41]]],"spatialReference":{"wkid":4326}}"#,
            "Esri JSON",
        ),
        (r#"<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"></kml>"#, "KML"),
        (r#"<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml"></gml:FeatureCollection>"#, "GML"),
        ("  0\nSECTION\n  2\nHEADER\n", "DXF"),
        ("PK\u{3}\u{4}xxxx", "ZIP"),
        ("SQLite format 3\0", "GeoPackage"),
        ("id,name,wkt\n1,a,\"POLYGON((0 0))\"\n", "GeoJSON"),
    ];
    let mut told = None;
    for (text, kind) in forms {
        told =
            Some(place.refused(&place.with_redline("form.geojson", text), &["form.geojson", kind, "save"]));
    }
    for name in ["form.kml", "form.gml", "form.dxf", "form.zip", "form.tab", "form.gdb"] {
        place.refused(&place.with_redline(name, "x"), &[name, "save the layer"]);
    }
    told.unwrap()
}

fn entities(place: &Place) -> Told {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE kml [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">\
        <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\"><!ENTITY x SYSTEM \"file:///etc/hostname\">]>\
        <kml><name>&d;&x;</name></kml>";
    let mut told = None;
    for name in ["bomb.geojson", "bomb.kml", "bomb.gml", "bomb.gpkg", "bomb.shp"] {
        told = Some(place.refused(&place.with_redline(name, bomb), &[name]));
    }
    let told = told.unwrap();
    Told::new(Outcome::Refused, format!("no XML is read; {}", told.words))
}

/// A GeoPackage of the drawn red line.
fn package(place: &Place, name: &str) -> std::path::PathBuf {
    let path = place.path(name);
    let _ = fs::remove_file(&path);
    tool("ogr2ogr", &["-q", "-f", "GPKG", "-nln", "red"], &[&path, &place.path("redline.geojson")]);
    path
}

fn changed(path: &Path, sql: &str) {
    let raw = Connection::open(path).unwrap();
    // The triggers of a spatial index ask for functions that are not here.
    raw.execute_batch("PRAGMA foreign_keys = OFF;").unwrap();
    raw.execute_batch(sql).unwrap();
    raw.close().unwrap();
}

const DROP_INDEX: &str =
    "SELECT 1; DROP TABLE IF EXISTS rtree_red_geom; DELETE FROM gpkg_extensions WHERE table_name = 'red';";

fn odd_packages(place: &Place) -> Told {
    let refused = |name: &str, sql: &str, words: &[&str]| {
        let path = package(place, name);
        changed(&path, sql);
        place.refused(&place.scan().redlines(&path), &[&[name], words].concat())
    };
    let told = refused(
        "nothing.gpkg",
        "DELETE FROM gpkg_geometry_columns; DELETE FROM gpkg_contents;",
        &["polygons"],
    );
    refused(
        "crs.gpkg",
        "UPDATE gpkg_geometry_columns SET srs_id = -1; UPDATE gpkg_contents SET srs_id = -1;",
        &["CRS"],
    );
    refused(
        "lying.gpkg",
        "INSERT OR IGNORE INTO gpkg_spatial_ref_sys SELECT 'x', 32649, 'EPSG', 32649, definition, '' FROM gpkg_spatial_ref_sys WHERE srs_id = 4326;\
         UPDATE gpkg_geometry_columns SET srs_id = 32649; UPDATE gpkg_contents SET srs_id = 32649;",
        &["degrees"],
    );
    refused(
        "view.gpkg",
        "CREATE VIEW seen AS SELECT fid AS OGC_FID, geom, class FROM red;\
         UPDATE gpkg_contents SET table_name = 'seen', identifier = 'seen'; \
         UPDATE gpkg_geometry_columns SET table_name = 'seen';",
        &["seen", "view", "table"],
    );
    for (name, bytes) in [
        ("zero.gpkg", vec![]),
        ("encrypted.gpkg", (0..8192_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()),
    ] {
        place.refused(&place.with_redline(name, bytes), &[name, "no GeoPackage"]);
    }
    // Without its index, and with a log that a GIS left, it is the same layer.
    let path = package(place, "index.gpkg");
    changed(&path, DROP_INDEX);
    place.same_places(&place.scan().redlines(&path).out(place.path("index")));
    let path = package(place, "log.gpkg");
    let open = Connection::open(&path).unwrap();
    open.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE other (a); INSERT INTO other VALUES (1);")
        .unwrap();
    place.same_places(&place.scan().redlines(&path).out(place.path("log")));
    drop(open);
    Told::new(Outcome::Refused, format!("no index and a log left over are read; {}", told.words))
}

fn hostile_packages(place: &Place) -> Told {
    let path = package(place, "endless.gpkg");
    let endless = "CREATE VIEW endless AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) \
        SELECT x AS OGC_FID, (SELECT geom FROM red LIMIT 1) AS geom, 'grassland' AS class FROM n;\
        INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('endless', 'features', 'endless', 4326);\
        INSERT INTO gpkg_geometry_columns VALUES ('endless', 'geom', 'POLYGON', 4326, 0, 0);";
    changed(&path, endless);
    let told = place.refused(&place.scan().redlines(&path), &["endless.gpkg", "view"]);
    let path = package(place, "trigger.gpkg");
    changed(
        &path,
        "CREATE TABLE told (a); CREATE TRIGGER noisy AFTER INSERT ON red BEGIN INSERT INTO told VALUES (1); END;",
    );
    let before = fs::read(&path).unwrap();
    place.same_places(&place.scan().redlines(&path).out(place.path("trigger")));
    assert!(before == fs::read(&path).unwrap(), "reading changed the file");
    let path = package(place, "blob.gpkg");
    changed(&path, &format!("{} DROP TRIGGER IF EXISTS x;", DROP_INDEX));
    let blob = "DROP TRIGGER IF EXISTS rtree_red_geom_update1; DROP TRIGGER IF EXISTS rtree_red_geom_update2; DROP TRIGGER IF EXISTS rtree_red_geom_update3;\
        DROP TRIGGER IF EXISTS rtree_red_geom_update4; DROP TRIGGER IF EXISTS rtree_red_geom_update5; DROP TRIGGER IF EXISTS rtree_red_geom_update6;\
        DROP TRIGGER IF EXISTS rtree_red_geom_update7; UPDATE red SET geom = zeroblob(600000000);";
    changed(&path, blob);
    place.refused(&place.scan().redlines(&path).out(place.path("blob")), &["blob.gpkg"]);
    fs::remove_file(&path).unwrap();
    let whole = fs::read(package(place, "page.gpkg")).unwrap();
    for share in 1..8 {
        let mut bytes = whole.clone();
        let at = (bytes.len() / 4096 * share / 8).max(1) * 4096;
        bytes[at..at + 512].fill(0xa5);
        let scan = place.with_redline("page.gpkg", bytes).out(place.path(&format!("page{share}")));
        let ended = place.run(&scan.command());
        match ended.code {
            // A page of a table that is not asked changes nothing.
            Some(0 | 3) => drop(place.same_places(&scan)),
            _ => drop(place.is_refusal(&ended, &["page.gpkg"])),
        }
    }
    told
}

fn vrt(place: &Place) -> Told {
    let ear = Ear::new();
    let secret = place.write("secret.csv", "a,b\nCANARY,1\n");
    let mut told = None;
    for source in
        [format!("CSV:{}", secret.display()), format!("/vsicurl/http://127.0.0.1:{}/x.geojson", ear.port)]
    {
        let text = format!(
            "<OGRVRTDataSource><OGRVRTLayer name=\"x\"><SrcDataSource>{source}</SrcDataSource>\
             <SrcSQL>SELECT load_extension('x')</SrcSQL></OGRVRTLayer></OGRVRTDataSource>"
        );
        for name in ["line.geojson", "line.gpkg", "line.shp"] {
            let result = place.refused(&place.with_redline(name, &text), &[name]);
            assert!(!result.words.contains("CANARY"));
            told = told.or(Some(result));
        }
    }
    assert_eq!(ear.calls(), 0, "somebody called");
    told.unwrap()
}

fn values(place: &Place) -> Told {
    let mut layer = place.redline();
    let properties = &mut layer["features"][0]["properties"];
    properties["name"] = json!("<script>steppewatchHostile()</script>\u{202e}\u{0}\u{7}=cmd|' /C calc'!A0");
    properties["note"] = json!("x".repeat(10_000_000));
    properties["authority"] = json!("=HYPERLINK(\"http://x\")");
    let (published, ended) = place.same_places(&place.with_redline("values.geojson", layer.to_string()));
    assert!(
        !ended.stderr.contains(['\u{7}', '\u{202e}', '\0']),
        "the terminal is told control characters: {:?}",
        ended.stderr
    );
    let leads = fs::read_to_string(published.out.join("leads.geojson")).unwrap();
    assert!(leads.contains("steppewatchHostile") && !leads.contains('\u{7}'), "the name is not kept as text");
    let mut long = place.redline();
    long["features"][0]["properties"]["name"] = json!("名".repeat(3_000_000));
    let scan = place.with_redline("long.geojson", long.to_string()).out(place.path("long"));
    let ended = place.run(&scan.command());
    let how = if ended.code == Some(0) { "kept" } else { "refused" };
    assert!(ended.stderr.len() < 1_000_000, "10 MB are told to the terminal");
    Told::new(Outcome::Processed, format!("kept as words and escaped; a name of 9 MB is {how}"))
}

fn outside(place: &Place) -> Told {
    let mut world = place.drawn.world.clone().moved(3000, 3000);
    world.redline = Some(Block::new(0, 0, FIELD.rows, FIELD.cols));
    let far = Drawn::new(world);
    place.gap(&place.scan().redlines(far.path("redline.geojson")), "outside")
}
