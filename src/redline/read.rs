//! The vector door: files to checked red lines. The only place where GDAL reads vectors.
//!
//! In:  GeoJSON (read by `geojson`), GeoPackage, Shapefile.
//! Out: layers, red lines in longitude and latitude, and notes on what was understood.
//! Law: only those three drivers and plain files; a polygon is valid, repaired with a note, or refused.

use std::fs::File;
use std::path::{Path, PathBuf};

use gdal::config::{set_config_option, set_error_handler};
use gdal::spatial_ref::SpatialRef;
use gdal::vector::{
    Geometry, Layer as VectorLayer, LayerAccess, OGRwkbGeometryType, geometry_type_flatten,
    geometry_type_has_z, geometry_type_to_name,
};
use gdal::{Dataset, DatasetOptions, GdalOpenFlags};
use sha2::{Digest, Sha256};

use crate::grid::Crs;
use crate::plain;
use crate::redline::accept::{Checked, checked};
use crate::redline::class::class_of;
use crate::redline::land::land_of;
use crate::redline::source::{RawPolygon, RawRing, SourceFeature, SourceLayer};
use crate::redline::{Class, Layer, RedLine, RedLineError, dbf, geojson, named, package, shapes};

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

/// Reads red lines. `class` holds for all files; without it each layer or feature must say its class.
///
/// # Errors
/// Every fault of a file, layer, ring or class, with the next step.
pub fn read(paths: &[PathBuf], class: Option<Class>) -> Result<Reading, RedLineError> {
    named::once(paths)?;
    let mut reading = Reading::default();
    for (path, file) in paths.iter().zip(named::files(paths)) {
        let sources = source_layers(path)?;
        for (source, called) in sources.iter().zip(named::layers(&file, &sources)) {
            let index = reading.layers.len();
            let checked = checked(source, &called, &mut reading.notes)?;
            reading.layers.push(describe(source, called)?);
            for checked in checked {
                let class = class_of(class, checked.source, source)?;
                let land = land_of(class, checked.source, source);
                let Checked { id, name, polygons, repair, .. } = checked;
                reading.redlines.push(RedLine { id, name, class, land, layer: index, polygons, repair });
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
            let counts = package::counts(path, &real)?;
            // Tables that nobody registered, and views among them, are not asked.
            let dataset = open(path, &real, "GPKG", &["LIST_ALL_TABLES=NO"])?;
            let whole = |layer: &str, found: (usize, usize)| package::whole(path, &counts, layer, found);
            of_dataset(path, &dataset, Vec::new(), &whole)
        }
        "shp" => shapefile(path, &real),
        "dbf" | "shx" | "prj" | "cpg" => Err(format_error(path, "is a part of a shapefile; give the .shp")),
        _ => Err(format_error(path, "is no .geojson, .gpkg or .shp; save the layer in one of them")),
    }
}

fn format_error(path: &Path, reason: &str) -> RedLineError {
    RedLineError::Format { path: path.to_owned(), reason: reason.to_owned() }
}

fn plain_file(path: &Path) -> Result<PathBuf, RedLineError> {
    plain::file(path).map_err(|reason| RedLineError::NotAFile { path: path.to_owned(), reason })
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
    let part = |ending: &str| named::part(real, ending);
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
    let cpg = part("cpg").and_then(|cpg| plain::text(&cpg).ok());
    let table = dbf::table(&table, cpg.as_deref())?;
    let notes = table.note.iter().cloned().collect();
    let option = format!("ENCODING={}", table.encoding);
    let (records, shapes) = shapes::counted(real)?;
    if records != table.records {
        let reason =
            format!("the .dbf has {} records, the .shp {records}; copy the shapefile again", table.records);
        return Err(format_error(path, &reason));
    }
    let whole = |_: &str, (_, found): (usize, usize)| {
        let reason = || {
            format!(
                "{shapes} shapes lie in the .shp, of which {found} could be read; copy the shapefile again"
            )
        };
        if found == shapes { Ok(()) } else { Err(format_error(path, &reason())) }
    };
    let dataset = open(path, real, "ESRI Shapefile", &[&option])?;
    of_dataset(path, &dataset, notes, &whole)
}

/// Whether all of a layer was read, by its rows and geometries.
type Whole<'a> = &'a dyn Fn(&str, (usize, usize)) -> Result<(), RedLineError>;

fn of_dataset(
    path: &Path,
    dataset: &Dataset,
    notes: Vec<String>,
    whole: Whole<'_>,
) -> Result<Vec<SourceLayer>, RedLineError> {
    let mut layers = Vec::new();
    let mut left_out = Vec::new();
    for mut layer in dataset.layers() {
        let name = layer.name();
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
        let (features, shapes) = features(&mut layer);
        whole(&name, (features.len(), shapes))?;
        layers.push(SourceLayer { path: path.to_owned(), name, crs, features, notes: notes.clone() });
    }
    if layers.is_empty() {
        let found =
            if left_out.is_empty() { String::new() } else { format!(" (it holds {})", left_out.join(", ")) };
        return Err(RedLineError::Empty { path: path.to_owned(), layer: String::new(), found });
    }
    if let (Some(first), false) = (layers.first_mut(), left_out.is_empty()) {
        first.notes.push(format!("left out layers without polygons: {}", left_out.join(", ")));
    }
    Ok(layers)
}

/// Features of a layer, and how many of them have a geometry.
fn features(layer: &mut VectorLayer<'_>) -> (Vec<SourceFeature>, usize) {
    let fields: Vec<String> = layer.defn().fields().map(|field| field.name()).collect();
    let (mut features, mut shapes) = (Vec::new(), 0);
    for (feature, number) in layer.features().zip(1..) {
        let mut result = SourceFeature { number, ..SourceFeature::default() };
        for (index, field) in fields.iter().enumerate() {
            let value = feature.field_as_string(index).ok().flatten();
            result.fields.extend(value.map(|value| (field.clone(), value)));
        }
        if let Some(geometry) = feature.geometry() {
            collect(geometry, &mut result);
            shapes += 1;
        }
        features.push(result);
    }
    (features, shapes)
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

pub(crate) fn describe(source: &SourceLayer, file: String) -> Result<Layer, RedLineError> {
    let first = |names: &[&str]| {
        let mut values = source.features.iter().map(|feature| feature.field(names));
        let value = values.next().flatten()?;
        values.all(|other| other == Some(value)).then(|| value.to_owned())
    };
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
