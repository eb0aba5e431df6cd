//! The vector door: files to checked red lines. The only place where GDAL reads vectors.
//!
//! In:  GeoJSON (read by `geojson`), GeoPackage, Shapefile.
//! Out: layers, red lines in longitude and latitude, and notes on what was understood.
//! Law: only those three drivers and plain files; a polygon is valid, repaired with a note, or refused.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use gdal::config::{set_config_option, set_error_handler};
use gdal::spatial_ref::SpatialRef;
use gdal::vector::{
    Geometry, LayerAccess, OGRwkbGeometryType, geometry_type_flatten, geometry_type_has_z,
    geometry_type_to_name,
};
use gdal::{Dataset, DatasetOptions, GdalOpenFlags};
use geo::orient::{Direction, Orient};
use geo::{BoundingRect, MultiPolygon};
use sha2::{Digest, Sha256};

use crate::grid::Crs;
use crate::grid::crs::Transform;
use crate::redline::source::{IDS, NAMES, RawPolygon, RawRing, SourceFeature, SourceLayer};
use crate::redline::{Class, Layer, RedLine, RedLineError, check, coverage, dbf, geojson};

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The layers, in the order of the files.
    pub layers: Vec<Layer>,
    /// The red lines, in the order of layers and features.
    pub redlines: Vec<RedLine>,
    /// What was repaired or understood beyond the letter.
    pub notes: Vec<String>,
}

/// A feature that passed the check: identity, name, polygons in longitude and latitude, repair.
pub(crate) struct Checked {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) polygons: MultiPolygon<f64>,
    pub(crate) repair: Option<String>,
    pub(crate) source: SourceFeature,
}

/// Bend of a straight edge that is kept when a layer is brought to longitude and latitude: 0.1 m in degrees.
const MAX_BEND_DEGREES: f64 = 1e-6;

/// Reads red lines. `class` holds for all files; without it each layer or feature must say its class.
///
/// # Errors
/// Every fault of a file, layer, ring or class, with the next step.
pub fn read(paths: &[PathBuf], class: Option<Class>) -> Result<Reading, RedLineError> {
    let mut reading = Reading::default();
    for path in paths {
        for source in source_layers(path)? {
            let index = reading.layers.len();
            reading.layers.push(describe(&source)?);
            for checked in checked(source.clone(), &mut reading.notes)? {
                let class = class_of(class, &checked.source, &source)?;
                let Checked { id, name, polygons, repair, .. } = checked;
                reading.redlines.push(RedLine { id, name, class, layer: index, polygons, repair });
            }
        }
    }
    Ok(reading)
}

/// The polygon layers of a file, unchecked.
pub(crate) fn source_layers(path: &Path) -> Result<Vec<SourceLayer>, RedLineError> {
    let real = plain_file(path)?;
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "geojson" | "json" => Ok(vec![geojson::layer(path, &real)?]),
        "gpkg" => {
            let start = std::fs::read(&real).map(|bytes| bytes.starts_with(b"SQLite format 3\0"));
            if !start.unwrap_or(false) {
                return Err(format_error(path, "is named .gpkg but is no GeoPackage; save the layer again"));
            }
            of_dataset(path, &open(path, &real, "GPKG", &[])?, Vec::new())
        }
        "shp" => shapefile(path, &real),
        "dbf" | "shx" | "prj" | "cpg" => Err(format_error(path, "is a part of a shapefile; give the .shp")),
        _ => Err(format_error(path, "is no .geojson, .gpkg or .shp; save the layer in one of them")),
    }
}

fn format_error(path: &Path, reason: &str) -> RedLineError {
    RedLineError::Format { path: path.to_owned(), reason: reason.to_owned() }
}

/// The real place of a plain file; nothing that GDAL could take for an address.
fn plain_file(path: &Path) -> Result<PathBuf, RedLineError> {
    let refuse = |reason: String| RedLineError::NotAFile { path: path.to_owned(), reason };
    let text = path.to_str().ok_or_else(|| refuse("name is not UTF-8 text".to_owned()))?;
    if text.starts_with("/vsi") || text.contains("://") || text.contains('\0') {
        return Err(refuse("is an address, not a file".to_owned()));
    }
    let kind = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => refuse("no such file".to_owned()),
        _ => refuse(format!("cannot be looked at ({error})")),
    })?;
    if !kind.is_file() {
        let what = if kind.is_dir() { "is a folder" } else { "is a pipe, socket or device" };
        return Err(refuse(what.to_owned()));
    }
    std::fs::canonicalize(path).map_err(|error| refuse(format!("cannot be resolved ({error})")))
}

fn open(path: &Path, real: &Path, driver: &str, options: &[&str]) -> Result<Dataset, RedLineError> {
    set_error_handler(|_, _, _| {});
    let settings = [
        ("OGR_SQLITE_ALLOW_EXTERNAL_ACCESS", "NO"),
        ("GDAL_VRT_ENABLE_PYTHON", "NO"),
        ("GDAL_PAM_ENABLED", "NO"),
        ("PROJ_NETWORK", "OFF"),
    ];
    let broken = |error: gdal::errors::GdalError| {
        format_error(path, &format!("cannot be opened ({error}); save the layer again"))
    };
    for (key, value) in settings {
        set_config_option(key, value).map_err(broken)?;
    }
    let options = DatasetOptions {
        open_flags: GdalOpenFlags::GDAL_OF_READONLY | GdalOpenFlags::GDAL_OF_VECTOR,
        allowed_drivers: Some(&[driver]),
        open_options: Some(options),
        sibling_files: None,
    };
    Dataset::open_ex(real, options).map_err(broken)
}

fn shapefile(path: &Path, real: &Path) -> Result<Vec<SourceLayer>, RedLineError> {
    let part = |ending: &str| {
        let cases = [ending.to_owned(), ending.to_ascii_uppercase()];
        cases.into_iter().map(|ending| real.with_extension(ending)).find(|part| part.is_file())
    };
    let (shx, table, prj) = (part("shx"), part("dbf"), part("prj"));
    let missing: Vec<&str> = [(".shx", &shx), (".dbf", &table)]
        .iter()
        .filter(|(_, part)| part.is_none())
        .map(|(name, _)| *name)
        .collect();
    let (Some(_), Some(table)) = (shx, table) else {
        let reason = format!("the shapefile lacks {}; copy all its parts", missing.join(" and "));
        return Err(format_error(path, &reason));
    };
    if prj.is_none() {
        let reason = "the shapefile has no .prj, so its CRS is unknown; copy the .prj too, or save the layer as GeoPackage with its CRS";
        return Err(RedLineError::Crs { path: path.to_owned(), reason: reason.to_owned() });
    }
    let cpg = part("cpg").and_then(|cpg| std::fs::read_to_string(cpg).ok());
    let table = dbf::table(&table, cpg.as_deref())?;
    let notes = table.note.iter().map(|note| format!("{}: {note}", path.display())).collect();
    let option = format!("ENCODING={}", table.encoding);
    let layers = of_dataset(path, &open(path, real, "ESRI Shapefile", &[&option])?, notes)?;
    let found: usize = layers.iter().map(|layer| layer.features.len()).sum();
    if found != table.records {
        let reason =
            format!("the .dbf has {} records, the .shp {found}; copy the shapefile again", table.records);
        return Err(format_error(path, &reason));
    }
    Ok(layers)
}

fn of_dataset(path: &Path, dataset: &Dataset, notes: Vec<String>) -> Result<Vec<SourceLayer>, RedLineError> {
    let mut layers = Vec::new();
    let mut left_out = Vec::new();
    for mut layer in dataset.layers() {
        let name = layer.name();
        let fields: Vec<String> = layer.defn().fields().map(|field| field.name()).collect();
        let kind = geometry_type_flatten(layer.defn().geometry_type());
        let may_hold_polygons = !matches!(
            kind,
            OGRwkbGeometryType::wkbPoint
                | OGRwkbGeometryType::wkbMultiPoint
                | OGRwkbGeometryType::wkbLineString
                | OGRwkbGeometryType::wkbMultiLineString
                | OGRwkbGeometryType::wkbNone
        );
        if !may_hold_polygons {
            left_out.push(format!("{name} ({})", geometry_type_to_name(kind)));
            continue;
        }
        let crs = crs(path, layer.spatial_ref())?;
        let mut features = Vec::new();
        for (feature, number) in layer.features().zip(1..) {
            let mut result = SourceFeature { number, ..SourceFeature::default() };
            for (index, field) in fields.iter().enumerate() {
                let value = feature.field_as_string(index).ok().flatten();
                result.fields.extend(value.map(|value| (field.clone(), value)));
            }
            if let Some(geometry) = feature.geometry() {
                collect(geometry, &mut result);
            }
            features.push(result);
        }
        layers.push(SourceLayer { path: path.to_owned(), name, crs, features, notes: notes.clone() });
    }
    if layers.is_empty() {
        let found =
            if left_out.is_empty() { String::new() } else { format!(" (it holds {})", left_out.join(", ")) };
        return Err(RedLineError::Empty { path: path.to_owned(), layer: String::new(), found });
    }
    if let (Some(first), false) = (layers.first_mut(), left_out.is_empty()) {
        first.notes.push(format!(
            "{}: left out layers without polygons: {}",
            path.display(),
            left_out.join(", ")
        ));
    }
    Ok(layers)
}

fn collect(geometry: &Geometry, feature: &mut SourceFeature) {
    let kind = geometry.geometry_type();
    feature.had_height |= geometry_type_has_z(kind);
    match geometry_type_flatten(kind) {
        OGRwkbGeometryType::wkbPolygon => {
            let rings = (0..geometry.geometry_count()).map(|index| ring(&geometry.get_geometry(index)));
            let polygon: RawPolygon = rings.collect();
            feature.polygons.extend((!polygon.is_empty()).then_some(polygon));
        }
        OGRwkbGeometryType::wkbMultiPolygon | OGRwkbGeometryType::wkbGeometryCollection => {
            for index in 0..geometry.geometry_count() {
                collect(&geometry.get_geometry(index), feature);
            }
        }
        other => feature.other = Some(geometry_type_to_name(other)),
    }
}

fn ring(geometry: &Geometry) -> RawRing {
    let mut points = Vec::new();
    geometry.get_points(&mut points);
    points.into_iter().map(|(x, y, _)| [x, y]).collect()
}

fn crs(path: &Path, reference: Option<SpatialRef>) -> Result<Crs, RedLineError> {
    let refuse = |reason: String| RedLineError::Crs { path: path.to_owned(), reason };
    let mut reference = reference.ok_or_else(|| {
        refuse("the layer has no CRS; assign one in a GIS (CGCS2000 is EPSG:4490)".to_owned())
    })?;
    let code = |reference: &SpatialRef| match (reference.auth_name().as_deref(), reference.auth_code()) {
        (Some("EPSG"), Ok(code)) => u32::try_from(code).ok(),
        _ => None,
    };
    let name = reference.name().unwrap_or_default();
    if let Some(code) = code(&reference).or_else(|| named_code(&name)) {
        return Ok(Crs::epsg(code));
    }
    reference.auto_identify_epsg().ok();
    code(&reference).map(Crs::epsg).ok_or_else(|| {
        refuse(format!(
            "the CRS '{name}' has no EPSG code; save the layer in one that has, such as EPSG:4490"
        ))
    })
}

/// EPSG codes of the names that Chinese `.prj` files carry without a code.
///
/// Source: EPSG registry; 3-degree zones 25 to 45 are 4513 to 4533 with the zone before the easting, and
/// 4534 to 4554 (central meridian 75 to 135) without.
pub(crate) fn named_code(name: &str) -> Option<u32> {
    let name = name.to_ascii_uppercase().replace([' ', '-'], "_");
    if name == "GCS_CHINA_GEODETIC_COORDINATE_SYSTEM_2000" || name == "CHINA_GEODETIC_COORDINATE_SYSTEM_2000"
    {
        return Some(4490);
    }
    let tail = name.strip_prefix("CGCS2000_3_DEGREE_GK_")?;
    if let Some(zone) = tail.strip_prefix("ZONE_").and_then(|zone| zone.parse::<u32>().ok()) {
        return (25..=45).contains(&zone).then(|| 4513 + zone - 25);
    }
    let meridian: u32 = tail.strip_prefix("CM_")?.strip_suffix('E')?.parse().ok()?;
    ((75..=135).contains(&meridian) && meridian.is_multiple_of(3)).then(|| 4534 + (meridian - 75) / 3)
}

pub(crate) fn describe(source: &SourceLayer) -> Result<Layer, RedLineError> {
    let first = |names: &[&str]| {
        let mut values = source.features.iter().map(|feature| feature.field(names));
        let value = values.next().flatten()?;
        values.all(|other| other == Some(value)).then(|| value.to_owned())
    };
    let file = source.path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let unreadable = |error: std::io::Error| format_error(&source.path, &format!("cannot be read ({error})"));
    let mut hash = Sha256::new();
    std::io::copy(&mut File::open(&source.path).map_err(unreadable)?, &mut hash).map_err(unreadable)?;
    Ok(Layer {
        file,
        name: source.name.clone(),
        authority: first(&["authority", "发布机关", "批准机关", "pzjg", "fbdw"]),
        version: first(&["version", "版本", "bbh"]),
        in_force: first(&["in_force", "effective", "生效日期", "sxrq", "pfrq", "pzsj"]),
        sha256: hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
        epsg: source.crs.code(),
    })
}

/// Checks every feature of a layer and brings it to longitude and latitude.
pub(crate) fn checked(source: SourceLayer, notes: &mut Vec<String>) -> Result<Vec<Checked>, RedLineError> {
    notes.extend(source.notes.iter().cloned());
    let transform = Transform::new(source.crs, Crs::LON_LAT)
        .map_err(|error| RedLineError::Projection { path: source.path.clone(), source: error })?;
    let (path, crs, layer) = (source.path, source.crs, source.name);
    let (mut result, mut ids, mut empty) = (Vec::new(), BTreeSet::new(), 0);
    let mut found = String::new();
    for feature in source.features {
        let fault = |place: String, reason: String| RedLineError::Geometry {
            path: path.clone(),
            feature: feature.call(),
            place,
            reason,
        };
        if let Some(other) = &feature.other {
            return Err(fault(String::new(), format!("is a {other}, expected polygons")));
        }
        if feature.polygons.is_empty() {
            empty += 1;
            found = format!(" ({empty} features without geometry)");
            continue;
        }
        let (polygons, mut repairs) =
            check::polygons(&feature.polygons).map_err(|error| fault(error.place(), error.reason.clone()))?;
        in_range(&path, crs, &polygons)?;
        let polygons = coverage::bent(&polygons, &transform, MAX_BEND_DEGREES)
            .map_err(|error| RedLineError::Projection { path: path.clone(), source: error })?;
        let polygons = polygons.orient(Direction::Default);
        on_earth(&path, crs, &polygons)?;
        repairs.extend(feature.had_height.then(|| "height left out".to_owned()));
        let repair = (!repairs.is_empty()).then(|| repairs.join("; "));
        notes.extend(
            repair.iter().map(|repair| format!("{}: feature {}: {repair}", path.display(), feature.call())),
        );
        let own = feature.id.clone().or_else(|| feature.field(IDS).map(str::to_owned));
        let mut id = own.unwrap_or_else(|| feature.number.to_string());
        if !ids.insert(id.clone()) {
            id = format!("{id}#{}", feature.number);
            ids.insert(id.clone());
        }
        let name = feature.field(NAMES).unwrap_or_default().to_owned();
        result.push(Checked { id, name, polygons, repair, source: feature });
    }
    if result.is_empty() {
        return Err(RedLineError::Empty { path, layer, found });
    }
    if empty > 0 {
        notes.push(format!("{}: {empty} features without geometry left out", path.display()));
    }
    Ok(result)
}

/// Coordinates must fit their CRS: degrees within the globe, eastings with their zone.
fn in_range(path: &Path, crs: Crs, polygons: &MultiPolygon<f64>) -> Result<(), RedLineError> {
    let Some(rect) = polygons.bounding_rect() else { return Ok(()) };
    let (min, max) = (rect.min(), rect.max());
    let refuse = |reason: String| Err(RedLineError::Crs { path: path.to_owned(), reason });
    let found = format!("x {} to {}, y {} to {}", min.x, max.x, min.y, max.y);
    if crs.is_geographic() {
        if min.x < -180.0 || max.x > 180.0 || min.y < -90.0 || max.y > 90.0 {
            let swapped = min.x >= -90.0 && max.x <= 90.0 && min.y >= -180.0 && max.y <= 180.0;
            let next = if swapped {
                "latitude seems to stand before longitude; swap them"
            } else {
                "these are metres without a CRS; save the layer with its CRS (EPSG code) as GeoPackage, or in WGS 84"
            };
            return refuse(format!(
                "expected degrees of longitude and latitude ({crs}), found {found}; {next}"
            ));
        }
        return Ok(());
    }
    let expected = match crs.code() {
        code @ 4513..=4533 => Some(f64::from(code - 4513 + 25) * 1e6),
        4534..=4554 => Some(0.0),
        _ => None,
    };
    match expected {
        Some(base) if min.x < base || max.x > base + 1e6 => refuse(format!(
            "eastings of {crs} lie within {base} to {}, found {found}; the zone does not fit, give the layer its true CRS",
            base + 1e6
        )),
        _ if min.x.abs() <= 180.0 && max.x.abs() <= 180.0 && min.y.abs() <= 90.0 && max.y.abs() <= 90.0 => {
            refuse(format!(
                "expected metres ({crs}), found {found}; these look like degrees, give the layer its true CRS"
            ))
        }
        _ => Ok(()),
    }
}

/// Longitudes 180 degrees apart within one feature mean the antimeridian or a wrong CRS.
fn on_earth(path: &Path, crs: Crs, polygons: &MultiPolygon<f64>) -> Result<(), RedLineError> {
    let Some(rect) = polygons.bounding_rect() else { return Ok(()) };
    if rect.width() < 180.0 && rect.max().y <= 90.0 && rect.min().y >= -90.0 {
        return Ok(());
    }
    let reason = format!(
        "a feature in {crs} reaches from longitude {} to {}; split it at the antimeridian, or give the layer its true CRS",
        rect.min().x,
        rect.max().x
    );
    Err(RedLineError::Crs { path: path.to_owned(), reason })
}

/// Fields that say what a feature protects.
const CLASSES: &[&str] = &["class", "redline_class", "redline_cl", "类型", "红线类型", "类别", "hxlx"];

/// Names of official layers and what they protect, longest first.
///
/// Source: names as county systems use them (`YJJBNTTB`, `STBHHX`), and their Chinese titles.
const LAYERS: [(&str, Class); 18] = [
    ("YJJBNT", Class::Farmland),
    ("STBHHX", Class::Redline),
    ("JBCY", Class::Grassland),
    ("ZRBHD", Class::Redline),
    ("GJGY", Class::Redline),
    ("基本农田", Class::Farmland),
    ("耕地", Class::Farmland),
    ("草原", Class::Grassland),
    ("草地", Class::Grassland),
    ("湿地", Class::Wetland),
    ("公益林", Class::Forest),
    ("林地", Class::Forest),
    ("红线", Class::Redline),
    ("GRASSLAND", Class::Grassland),
    ("FARMLAND", Class::Farmland),
    ("WETLAND", Class::Wetland),
    ("FOREST", Class::Forest),
    ("REDLINE", Class::Redline),
];

fn class_of(
    flag: Option<Class>,
    feature: &SourceFeature,
    layer: &SourceLayer,
) -> Result<Class, RedLineError> {
    if let Some(class) = flag {
        return Ok(class);
    }
    let own = feature.field(CLASSES);
    if let Some(class) = own.and_then(Class::parse) {
        return Ok(class);
    }
    let stem = layer.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let named = [layer.name.as_str(), stem].iter().find_map(|name| {
        let name = name.to_uppercase();
        LAYERS.iter().find(|(part, _)| name.contains(part)).map(|(_, class)| *class)
    });
    named.ok_or_else(|| RedLineError::Class {
        path: layer.path.clone(),
        layer: layer.name.clone(),
        found: own
            .map(|value| format!(" ('{value}' in feature {} is no class)", feature.call()))
            .unwrap_or_default(),
    })
}
