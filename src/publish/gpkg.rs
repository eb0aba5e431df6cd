//! `leads.gpkg`: every layer with its style, aliases and domains, in one file for QGIS.
//!
//! In:  an `Outcome`.
//! Out: `leads` (EPSG:4326), `leads_cgcs2000` (the same numbers as EPSG:4490), `redline_overlaps`, `gaps`,
//!      `suppressed`; tables `layer_styles`, `gpkg_data_columns`, `gpkg_data_column_constraints`.
//! Law: same outcome, same bytes: the time stamps that the format asks for are the last day of the data, and what releases of
//!      GDAL and SQLite do otherwise is settled (`leftovers`, `gpkg_schema::extent`), but for large spatial indexes. x is the
//!      longitude in every layer. Memory does not grow with the file: it is written where it stays, and counts only when
//!      the database finds it whole and every row is there.
//! Source: OGC GeoPackage 1.2 (12-128r14).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use gdal::config;
use gdal::errors::GdalError;
use gdal::spatial_ref::{AxisMappingStrategy, SpatialRef};
use gdal::vector::{
    Defn, Feature, FieldDefn, LayerAccess, LayerOptions, OGRFieldType, OGRwkbGeometryType, ToGdal,
};
use gdal::{Dataset, DatasetOptions, DriverManager, GdalOpenFlags, vsi};
use geo::{BooleanOps, BoundingRect, Coord, Intersects, MultiPolygon, Rect};
use serde_json::Value;

use crate::grid::Crs;
use crate::lead::Lead;
use crate::publish::fields::{self, Field, Kind, Shared};
use crate::publish::markup::storable;
use crate::publish::{Outcome, PublishError, Staging, aside, geojson, gpkg_schema, leftovers, outline};
use crate::redline::RedLine;

/// Name of the file.
pub const FILE: &str = "leads.gpkg";

/// Name of the geometry column of every layer.
pub(crate) const GEOMETRY: &str = "geom";

/// Rows of a layer: the record and its shape.
type Rows<'a, T> = Vec<(&'a T, &'a MultiPolygon<f64>)>;

/// Settings of the driver while a file is made: a half-written file is thrown away with its folder, which goes to the
/// disk as a whole, so that neither a journal nor a wait for the disk helps anybody.
pub(super) const WRITING: [(&str, &str); 2] =
    [("OGR_SQLITE_JOURNAL", "OFF"), ("OGR_SQLITE_SYNCHRONOUS", "OFF")];

/// Writes `leads.gpkg`, reads it again and compares the counts.
pub fn write(staging: &Staging, outcome: &Outcome) -> Result<(), PublishError> {
    let path = staging.path(FILE);
    let stamp = format!("{}T00:00:00.000Z", last_day(outcome));
    let options: Vec<(&str, &str)> =
        WRITING.into_iter().chain([("OGR_CURRENT_DATE", stamp.as_str())]).collect();
    for (name, value) in &options {
        config::set_thread_local_config_option(name, value).map_err(failed("settle the driver"))?;
    }
    let written = layers(&path, outcome).and_then(|extents| tables(&path, &stamp, &extents));
    for (name, _) in options {
        config::clear_thread_local_config_option(name).map_err(failed("settle the driver"))?;
    }
    let whole = written.and_then(|()| leftovers::take_out(&path)).and_then(|()| checked(&path, outcome));
    whole.map_err(|error| error.at(&path))
}

/// Opens the file again. GDAL finishes a layer (spatial index, extent, counts, triggers) where it reports no fault, so
/// that everything which a file without rows has must be there, every page, every row, and every row in its index.
fn checked(path: &Path, outcome: &Outcome) -> Result<(), PublishError> {
    let dataset = Dataset::open(path).map_err(failed("open again"))?;
    let wrong = |place: &str, expected: String, found: String| PublishError::ReadBack {
        file: format!("{FILE}{place}"),
        expected,
        found,
    };
    let whole = answers(&dataset, "PRAGMA quick_check(1)")?;
    if whole != ["ok"] {
        return Err(wrong("", "a whole database".to_owned(), whole.join(" ")));
    }
    let shared: usize = outcome.leads.iter().map(|lead| lead.redlines.len()).sum();
    let (leads, gaps, suppressed) = (outcome.leads.len(), outcome.gaps.len(), outcome.suppressed.len());
    let expected = [
        ("leads", leads),
        ("leads_cgcs2000", leads),
        ("redline_overlaps", shared),
        ("gaps", gaps),
        ("suppressed", suppressed),
    ];
    for (name, expected) in expected {
        // Rows, rows in the spatial index, rows that GDAL counted, and whether there is an extent.
        let question = format!(
            "SELECT (SELECT count(*) FROM {name}) || ' ' || \
             ((SELECT count(*) FROM rtree_{name}_{GEOMETRY}) = (SELECT count({GEOMETRY}) FROM {name})) || ' ' || \
             (SELECT coalesce(feature_count, 0) FROM gpkg_ogr_contents WHERE table_name = '{name}') || ' ' || \
             (SELECT min_x IS NOT NULL OR (SELECT count({GEOMETRY}) FROM {name}) = 0 FROM gpkg_contents WHERE table_name = '{name}')"
        );
        let found = answers(&dataset, &question)?.concat();
        let expected = format!("{expected} 1 {expected} 1");
        if found != expected {
            return Err(wrong(&format!(", layer {name} (rows, indexed, counted, extent)"), expected, found));
        }
    }
    let lost: Vec<String> = frame_of_none()?.difference(&frame(&dataset)?).cloned().collect();
    if lost.is_empty() { Ok(()) } else { Err(wrong("", lost.join(", "), "none such".to_owned())) }
}

/// The first column of every row of an answer.
fn answers(dataset: &Dataset, question: &str) -> Result<Vec<String>, PublishError> {
    let dialect = gdal::vector::sql::Dialect::DEFAULT;
    let rows = dataset.execute_sql(question, None, dialect).map_err(failed("read again"))?;
    let word = |row: Feature| row.field_as_string(0).ok().flatten().unwrap_or_default();
    Ok(rows.map_or(Vec::new(), |mut rows| rows.features().map(word).collect()))
}

/// Tables, indexes, triggers and extensions of a file, and by which marks others know that it is a GeoPackage.
fn frame(dataset: &Dataset) -> Result<BTreeSet<String>, PublishError> {
    let mut frame = answers(dataset, "SELECT type || ' ' || name FROM sqlite_master")?;
    frame.extend(answers(dataset, "SELECT table_name || ' with ' || extension_name FROM gpkg_extensions")?);
    for mark in ["application_id", "user_version"] {
        let found = answers(dataset, &format!("PRAGMA {mark}"))?;
        frame.extend(found.into_iter().map(|found| format!("{mark} {found}")));
    }
    Ok(frame.into_iter().collect())
}

/// The frame of a file without a row, made in memory.
fn frame_of_none() -> Result<BTreeSet<String>, PublishError> {
    // Tests write several at once; names in memory are shared by the whole process.
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let path = format!("/vsimem/steppewatch-frame-{}.gpkg", COUNT.fetch_add(1, Ordering::Relaxed));
    let nothing = Outcome { leads: &[], suppressed: &[], gaps: &[], redlines: &[], layers: &[] };
    let stamp = format!("{}T00:00:00.000Z", last_day(&nothing));
    let made =
        layers(Path::new(&path), &nothing).and_then(|extents| tables(Path::new(&path), &stamp, &extents));
    let found = made.and_then(|()| frame(&Dataset::open(&path).map_err(failed("open again"))?));
    // Best effort: some kilobytes.
    let _ = vsi::unlink_mem_file(&path);
    found
}

/// The last day that the data speak of; the first of 1970 when there are none.
fn last_day(outcome: &Outcome) -> crate::date::Date {
    let leads = outcome.leads.iter().flat_map(|lead| [lead.after, lead.last_seen]);
    let gaps = outcome.gaps.iter().map(|gap| gap.period.1);
    leads.chain(gaps).max().unwrap_or(crate::date::Date::constant(1970, 1, 1))
}

/// A layer and the rectangle around its rows.
type Extent = (&'static str, Rect<f64>);

/// Writes every layer; returns the extents of those that have one.
fn layers(path: &Path, outcome: &Outcome) -> Result<Vec<Extent>, PublishError> {
    let driver = DriverManager::get_driver_by_name("GPKG").map_err(failed("find the GPKG driver"))?;
    let mut dataset = driver.create_vector_only(path).map_err(failed("make the file"))?;
    let leads = geojson::by_rank(outcome.leads);
    let leads: Rows<Lead> = leads.into_iter().map(|lead| (lead, &lead.outline)).collect();
    let mut extents = Vec::new();
    extents.extend(layer(&mut dataset, ("leads", "线索 Leads", Crs::LON_LAT), fields::LEAD, &leads)?);
    extents.extend(layer(
        &mut dataset,
        ("leads_cgcs2000", "线索 Leads (CGCS2000)", Crs::CGCS2000),
        fields::LEAD,
        &leads,
    )?);
    let shared = shared(outcome);
    let shared: Rows<Shared> = shared.iter().map(|row| (row, &row.outline)).collect();
    extents.extend(layer(
        &mut dataset,
        ("redline_overlaps", "压占红线 Leads x red lines", Crs::LON_LAT),
        fields::SHARED,
        &shared,
    )?);
    let gaps = geojson::by_place(outcome.gaps);
    let gaps: Rows<_> = gaps.into_iter().map(|gap| (gap, &gap.outline)).collect();
    extents.extend(layer(&mut dataset, ("gaps", "缺测 Gaps", Crs::LON_LAT), fields::GAP, &gaps)?);
    let patches = aside::asides(outcome.suppressed);
    let patches: Rows<_> = patches.iter().map(|row| (row, &row.patch.outline)).collect();
    extents.extend(layer(
        &mut dataset,
        ("suppressed", "未列为线索 Suppressed", Crs::LON_LAT),
        fields::SUPPRESSED,
        &patches,
    )?);
    dataset.close().map_err(failed("close the file"))?;
    Ok(extents)
}

/// One layer with its rows, in the order given; returns its extent.
fn layer<T>(
    dataset: &mut Dataset,
    (name, title, crs): (&'static str, &str, Crs),
    fields: &[Field<T>],
    rows: &Rows<T>,
) -> Result<Option<Extent>, PublishError> {
    let mut srs = SpatialRef::from_epsg(crs.code()).map_err(failed("make the CRS"))?;
    srs.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
    let transaction = dataset.start_transaction().map_err(failed("begin"));
    let mut transaction = transaction?;
    let title = format!("IDENTIFIER={title}");
    let options = [title.as_str(), "GEOMETRY_NAME=geom", "FID=fid", "SPATIAL_INDEX=YES"];
    let layer = transaction
        .create_layer(LayerOptions {
            name,
            srs: Some(&srs),
            ty: OGRwkbGeometryType::wkbMultiPolygon,
            options: Some(&options),
        })
        .map_err(failed("make the layer"))?;
    for field in fields {
        let definition =
            FieldDefn::new(field.name, column_type(field.kind)).map_err(failed("make the column"))?;
        definition.add_to_layer(&layer).map_err(failed("add the column"))?;
    }
    let mut extent: Option<Rect<f64>> = None;
    for (record, shape) in rows {
        let mut feature = filled(layer.defn(), fields, record)?;
        let shape = outline::for_files(shape).map_err(|reason| PublishError::Outline {
            what: "feature",
            id: fields[0].value(record).to_string(),
            reason,
        })?;
        if let Some(rect) = shape.bounding_rect() {
            extent = Some(extent.map_or(rect, |all| around(all, rect)));
            let geometry = shape.to_gdal().map_err(failed("make the geometry"))?;
            feature.set_geometry(geometry).map_err(failed("set the geometry"))?;
        }
        feature.create(&layer).map_err(failed("write the feature"))?;
    }
    transaction.commit().map_err(failed("commit the layer"))?;
    Ok(extent.map(|extent| (name, extent)))
}

/// The rectangle around two.
fn around(a: Rect<f64>, b: Rect<f64>) -> Rect<f64> {
    let (low, high) = ((a.min(), b.min()), (a.max(), b.max()));
    Rect::new(
        Coord { x: low.0.x.min(low.1.x), y: low.0.y.min(low.1.y) },
        Coord { x: high.0.x.max(high.1.x), y: high.0.y.max(high.1.y) },
    )
}

/// The type that a column has in the file.
pub(super) fn column_type(kind: Kind) -> OGRFieldType::Type {
    match kind {
        Kind::Text | Kind::Nested => OGRFieldType::OFTString,
        Kind::Whole | Kind::Truth => OGRFieldType::OFTInteger64,
        Kind::Real(_) => OGRFieldType::OFTReal,
        Kind::Day => OGRFieldType::OFTDate,
    }
}

fn filled<'a, T>(defn: &'a Defn, fields: &[Field<T>], record: &T) -> Result<Feature<'a>, PublishError> {
    let mut feature = Feature::new(defn).map_err(failed("make a feature"))?;
    for (index, field) in fields.iter().enumerate() {
        let set = match field.value(record) {
            Value::Null => feature.set_field_null(index),
            Value::Bool(yes) => feature.set_field_integer64(index, i64::from(yes)),
            Value::String(text) => feature.set_field_string(index, &storable(&text)),
            Value::Number(number) => match (field.kind, number.as_i64(), number.as_f64()) {
                (Kind::Whole, Some(whole), _) => feature.set_field_integer64(index, whole),
                (_, _, real) => feature.set_field_double(index, real.unwrap_or(f64::NAN)),
            },
            nested => feature.set_field_string(index, &storable(&nested.to_string())),
        };
        set.map_err(failed("set a value"))?;
    }
    Ok(feature)
}

/// One row for each lead and red line, largest overlap first within a lead.
fn shared(outcome: &Outcome) -> Vec<Shared> {
    let mut lines: BTreeMap<(&str, &str), Vec<&RedLine>> = BTreeMap::new();
    for line in outcome.redlines {
        if let Some(layer) = outcome.layers.get(line.layer) {
            lines.entry((&layer.file, &line.id)).or_default().push(line);
        }
    }
    let mut rows = Vec::new();
    for lead in geojson::by_rank(outcome.leads) {
        for overlap in &lead.redlines {
            let features = lines.get(&(overlap.layer.as_str(), overlap.id.as_str()));
            rows.push(Shared {
                lead_id: lead.id.clone(),
                rank: lead.rank,
                overlap: overlap.clone(),
                outline: shared_ground(lead, features.map_or(&[], Vec::as_slice)),
            });
        }
    }
    rows
}

/// What a lead shares with the features of a red line.
fn shared_ground(lead: &Lead, lines: &[&RedLine]) -> MultiPolygon<f64> {
    let mut polygons = Vec::new();
    for line in lines {
        // A county's red line may have thousands of polygons; only those near the lead are cut.
        let near =
            |polygon: &&geo::Polygon<f64>| match (polygon.bounding_rect(), lead.outline.bounding_rect()) {
                (Some(a), Some(b)) => a.intersects(&b),
                _ => false,
            };
        let near = MultiPolygon(line.polygons.iter().filter(near).cloned().collect());
        if !near.0.is_empty() {
            polygons.extend(lead.outline.intersection(&near).0);
        }
    }
    MultiPolygon(polygons)
}

/// Styles, aliases and domains: tables that the format has and the driver does not write.
fn tables(path: &Path, stamp: &str, extents: &[Extent]) -> Result<(), PublishError> {
    let options = DatasetOptions {
        open_flags: GdalOpenFlags::GDAL_OF_VECTOR | GdalOpenFlags::GDAL_OF_UPDATE,
        allowed_drivers: Some(&["GPKG"]),
        ..DatasetOptions::default()
    };
    let mut dataset = Dataset::open_ex(path, options).map_err(failed("open"))?;
    let transaction = dataset.start_transaction().map_err(failed("begin"))?;
    let extents = extents.iter().map(|(layer, rect)| gpkg_schema::extent(layer, *rect));
    for statement in gpkg_schema::statements(stamp).into_iter().chain(extents) {
        transaction
            .execute_sql(&statement, None, gdal::vector::sql::Dialect::DEFAULT)
            .map_err(failed("write styles and domains"))?;
    }
    transaction.commit().map_err(failed("commit styles and domains"))?;
    dataset.close().map_err(failed("close the file"))
}

fn failed(doing: &str) -> impl Fn(GdalError) -> PublishError {
    move |error| PublishError::GeoPackage {
        file: FILE.to_owned(),
        doing: doing.to_owned(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::sample;

    fn with_sample<T>(use_it: impl FnOnce(&Outcome) -> T) -> T {
        let (leads, suppressed, gaps) = (sample::leads(), sample::suppressed(), sample::gaps());
        let (redlines, layers) = sample::redlines();
        let outcome = Outcome {
            leads: &leads,
            suppressed: &suppressed,
            gaps: &gaps,
            redlines: &redlines,
            layers: &layers,
        };
        use_it(&outcome)
    }

    /// The sample as a file in a folder of its own.
    fn written() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let staging = Staging::begin(&folder.path().join("out")).unwrap();
        with_sample(|outcome| write(&staging, outcome).unwrap());
        let path = folder.path().join(FILE);
        std::fs::rename(staging.path(FILE), &path).unwrap();
        (folder, path)
    }

    #[test]
    fn the_same_outcome_gives_the_same_bytes() {
        let bytes = || std::fs::read(written().1).unwrap();
        let first = bytes();
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(first == bytes());
    }

    #[test]
    fn longitude_stays_first_in_both_frames() {
        let (_folder, path) = written();
        let dataset = Dataset::open(path).unwrap();
        for (name, code) in [("leads", 4326), ("leads_cgcs2000", 4490)] {
            let layer = dataset.layer_by_name(name).unwrap();
            assert_eq!(layer.spatial_ref().unwrap().auth_code().unwrap(), code);
            let extent = layer.get_extent().unwrap();
            assert!((108.0..109.0).contains(&extent.MinX) && (41.0..42.0).contains(&extent.MaxY), "{name}");
        }
    }

    #[test]
    fn what_a_lead_shares_with_a_red_line_is_cut_out() {
        with_sample(|outcome| {
            let rows = shared(outcome);
            assert_eq!(rows.len(), outcome.leads.len());
            // The red line of the sample ends in the middle of the second lead.
            assert!(!rows[0].outline.0.is_empty());
        });
    }

    #[test]
    fn no_result_at_all_is_still_a_file_with_every_layer() {
        let nothing = Outcome { leads: &[], suppressed: &[], gaps: &[], redlines: &[], layers: &[] };
        let scratch = tempfile::tempdir().unwrap();
        let staging = Staging::begin(&scratch.path().join("out")).unwrap();
        write(&staging, &nothing).unwrap();
    }

    #[test]
    fn a_row_that_is_lost_or_a_page_that_is_not_as_written_is_found_before_the_file_counts() {
        let (_folder, path) = written();
        with_sample(|outcome| checked(&path, outcome).unwrap());
        with_sample(|outcome| {
            let one_more: Vec<Lead> = outcome.leads.iter().chain(&outcome.leads[..1]).cloned().collect();
            let error = checked(&path, &Outcome { leads: &one_more, ..*outcome }).unwrap_err().to_string();
            assert!(error.contains("layer leads"), "{error}");
        });
        // What GDAL does without a word of what failed.
        for loss in [
            "DROP TRIGGER trigger_insert_feature_count_gaps",
            "DELETE FROM gpkg_extensions WHERE table_name = 'leads_cgcs2000'",
            "UPDATE gpkg_ogr_contents SET feature_count = NULL WHERE table_name = 'leads'",
            "UPDATE gpkg_contents SET min_x = NULL WHERE table_name = 'leads'",
            "DELETE FROM rtree_suppressed_geom",
        ] {
            let (_folder, path) = written();
            let options =
                DatasetOptions { open_flags: GdalOpenFlags::GDAL_OF_UPDATE, ..DatasetOptions::default() };
            let dialect = gdal::vector::sql::Dialect::DEFAULT;
            Dataset::open_ex(&path, options).unwrap().execute_sql(loss, None, dialect).unwrap();
            assert!(with_sample(|outcome| checked(&path, outcome)).is_err(), "{loss}");
        }
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2 / 4096 * 4096;
        bytes[middle..middle + 4096].fill(0xaa);
        std::fs::write(&path, bytes).unwrap();
        assert!(with_sample(|outcome| checked(&path, outcome)).is_err());
    }

    #[test]
    fn a_full_disk_is_an_error_that_names_the_file() {
        let scratch = tempfile::tempdir().unwrap();
        let staging = Staging::begin(&scratch.path().join("out")).unwrap();
        std::os::unix::fs::symlink("/dev/full", staging.path(FILE)).unwrap();
        let error = with_sample(|outcome| write(&staging, outcome).unwrap_err()).to_string();
        assert!(error.contains("out.partial/leads.gpkg") && error.contains("free space"), "{error}");
    }
}
