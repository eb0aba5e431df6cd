//! `leads.gpkg`: every layer with its style, aliases and domains, in one file for QGIS.
//!
//! In:  an `Outcome`.
//! Out: `leads` (EPSG:4326), `leads_cgcs2000` (the same numbers as EPSG:4490), `redline_overlaps`, `gaps`,
//!      `suppressed`; tables `layer_styles`, `gpkg_data_columns`, `gpkg_data_column_constraints`.
//! Law: same outcome, same bytes: the time stamps that the format asks for are the last day of the data.
//!      x is the longitude in every layer. The file is made in memory and written once, checked, so a full
//!      disk is an error of the system and not a broken file.
//! Source: OGC GeoPackage 1.2 (12-128r14).

use std::sync::atomic::{AtomicU64, Ordering};

use gdal::config;
use gdal::errors::GdalError;
use gdal::spatial_ref::{AxisMappingStrategy, SpatialRef};
use gdal::vector::{
    Defn, Feature, FieldDefn, LayerAccess, LayerOptions, OGRFieldType, OGRwkbGeometryType, ToGdal,
};
use gdal::{Dataset, DatasetOptions, DriverManager, GdalOpenFlags, vsi};
use geo::{BooleanOps, BoundingRect, Intersects, MultiPolygon};
use serde_json::Value;

use crate::grid::Crs;
use crate::lead::{Lead, Overlap};
use crate::publish::fields::{self, Field, Kind, Shared};
use crate::publish::{Outcome, PublishError, Staging, aside, geojson, gpkg_schema, outline};

/// Name of the file.
pub const FILE: &str = "leads.gpkg";

/// Name of the geometry column of every layer.
pub(crate) const GEOMETRY: &str = "geom";

/// Rows of a layer: the record and its shape.
type Rows<'a, T> = Vec<(&'a T, &'a MultiPolygon<f64>)>;

/// Writes `leads.gpkg`, reads it again and compares the counts.
pub fn write(staging: &Staging, outcome: &Outcome) -> Result<(), PublishError> {
    let bytes = in_memory(outcome)?;
    staging.write(FILE, &bytes)?;
    let dataset = Dataset::open(staging.path(FILE)).map_err(failed("open again"))?;
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
        let layer = dataset.layer_by_name(name).map_err(failed("find the layer again"))?;
        let found = layer.features_count();
        if found != expected {
            return Err(PublishError::ReadBack {
                file: format!("{FILE}, layer {name}"),
                expected: format!("{expected} features"),
                found: format!("{found} features"),
            });
        }
    }
    Ok(())
}

/// The bytes of the file.
fn in_memory(outcome: &Outcome) -> Result<Vec<u8>, PublishError> {
    // Tests write several at once; names in memory are shared by the whole process.
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let path = format!("/vsimem/steppewatch-{}.gpkg", COUNT.fetch_add(1, Ordering::Relaxed));
    let stamp = format!("{}T00:00:00.000Z", last_day(outcome));
    config::set_thread_local_config_option("OGR_CURRENT_DATE", &stamp).map_err(failed("fix the date"))?;
    let result = layers(&path, outcome).and_then(|()| tables(&path, &stamp));
    let cleared =
        config::clear_thread_local_config_option("OGR_CURRENT_DATE").map_err(failed("clear the date"));
    if result.is_err() {
        // Best effort: memory of a failed file.
        let _ = vsi::unlink_mem_file(&path);
    }
    result.and(cleared)?;
    vsi::get_vsi_mem_file_bytes_owned(&path).map_err(failed("take the bytes"))
}

/// The last day that the data speak of; the first of 1970 when there are none.
fn last_day(outcome: &Outcome) -> crate::date::Date {
    let leads = outcome.leads.iter().flat_map(|lead| [lead.after, lead.last_seen]);
    let gaps = outcome.gaps.iter().map(|gap| gap.period.1);
    leads.chain(gaps).max().unwrap_or(crate::date::Date::constant(1970, 1, 1))
}

fn layers(path: &str, outcome: &Outcome) -> Result<(), PublishError> {
    let driver = DriverManager::get_driver_by_name("GPKG").map_err(failed("find the GPKG driver"))?;
    let mut dataset = driver.create_vector_only(path).map_err(failed("make the file"))?;
    let leads = geojson::by_rank(outcome.leads);
    let leads: Rows<Lead> = leads.into_iter().map(|lead| (lead, &lead.outline)).collect();
    layer(&mut dataset, ("leads", "线索 Leads", Crs::LON_LAT), fields::LEAD, &leads)?;
    layer(&mut dataset, ("leads_cgcs2000", "线索 Leads (CGCS2000)", Crs::CGCS2000), fields::LEAD, &leads)?;
    let shared = shared(outcome);
    let shared: Rows<Shared> = shared.iter().map(|row| (row, &row.outline)).collect();
    layer(
        &mut dataset,
        ("redline_overlaps", "压占红线 Leads x red lines", Crs::LON_LAT),
        fields::SHARED,
        &shared,
    )?;
    let gaps = geojson::by_place(outcome.gaps);
    let gaps: Rows<_> = gaps.into_iter().map(|gap| (gap, &gap.outline)).collect();
    layer(&mut dataset, ("gaps", "缺测 Gaps", Crs::LON_LAT), fields::GAP, &gaps)?;
    let patches = aside::asides(outcome.suppressed);
    let patches: Rows<_> = patches.iter().map(|row| (row, &row.patch.outline)).collect();
    layer(&mut dataset, ("suppressed", "未列为线索 Suppressed", Crs::LON_LAT), fields::SUPPRESSED, &patches)?;
    dataset.close().map_err(failed("close the file"))
}

/// One layer with its rows, in the order given.
fn layer<T>(
    dataset: &mut Dataset,
    (name, title, crs): (&str, &str, Crs),
    fields: &[Field<T>],
    rows: &Rows<T>,
) -> Result<(), PublishError> {
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
    for (record, shape) in rows {
        let mut feature = filled(layer.defn(), fields, record)?;
        let shape = outline::for_files(shape).map_err(|reason| PublishError::Outline {
            what: "feature",
            id: fields[0].value(record).to_string(),
            reason,
        })?;
        if !shape.0.is_empty() {
            let geometry = shape.to_gdal().map_err(failed("make the geometry"))?;
            feature.set_geometry(geometry).map_err(failed("set the geometry"))?;
        }
        feature.create(&layer).map_err(failed("write the feature"))?;
    }
    transaction.commit().map_err(failed("commit the layer"))
}

fn column_type(kind: Kind) -> OGRFieldType::Type {
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
            Value::String(text) => feature.set_field_string(index, &text),
            Value::Number(number) => match (field.kind, number.as_i64(), number.as_f64()) {
                (Kind::Whole, Some(whole), _) => feature.set_field_integer64(index, whole),
                (_, _, real) => feature.set_field_double(index, real.unwrap_or(f64::NAN)),
            },
            nested => feature.set_field_string(index, &nested.to_string()),
        };
        set.map_err(failed("set a value"))?;
    }
    Ok(feature)
}

/// One row for each lead and red line, largest overlap first within a lead.
fn shared(outcome: &Outcome) -> Vec<Shared> {
    let mut rows = Vec::new();
    for lead in geojson::by_rank(outcome.leads) {
        for overlap in &lead.redlines {
            rows.push(Shared {
                lead_id: lead.id.clone(),
                rank: lead.rank,
                overlap: overlap.clone(),
                outline: shared_ground(outcome, lead, overlap),
            });
        }
    }
    rows
}

fn shared_ground(outcome: &Outcome, lead: &Lead, overlap: &Overlap) -> MultiPolygon<f64> {
    let layer_is = |index: usize| outcome.layers.get(index).is_some_and(|layer| layer.file == overlap.layer);
    let lines = outcome.redlines.iter().filter(|line| line.id == overlap.id && layer_is(line.layer));
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
fn tables(path: &str, stamp: &str) -> Result<(), PublishError> {
    let options = DatasetOptions {
        open_flags: GdalOpenFlags::GDAL_OF_VECTOR | GdalOpenFlags::GDAL_OF_UPDATE,
        allowed_drivers: Some(&["GPKG"]),
        ..DatasetOptions::default()
    };
    let mut dataset = Dataset::open_ex(path, options).map_err(failed("open"))?;
    let transaction = dataset.start_transaction().map_err(failed("begin"))?;
    for statement in gpkg_schema::statements(stamp) {
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

trait Count {
    fn features_count(&self) -> usize;
}

impl<L: LayerAccess> Count for L {
    fn features_count(&self) -> usize {
        usize::try_from(self.feature_count()).unwrap_or(usize::MAX)
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

    fn opened(bytes: &[u8]) -> (tempfile::TempDir, Dataset) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        std::fs::write(&path, bytes).unwrap();
        let dataset = Dataset::open(&path).unwrap();
        (folder, dataset)
    }

    #[test]
    fn the_same_outcome_gives_the_same_bytes() {
        let first = with_sample(|outcome| in_memory(outcome).unwrap());
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(first == with_sample(|outcome| in_memory(outcome).unwrap()));
    }

    #[test]
    fn longitude_stays_first_in_both_frames() {
        let (_folder, dataset) = opened(&with_sample(|outcome| in_memory(outcome).unwrap()));
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
    fn a_full_disk_is_an_error_that_names_the_file() {
        let scratch = tempfile::tempdir().unwrap();
        let staging = Staging::begin(&scratch.path().join("out")).unwrap();
        std::os::unix::fs::symlink("/dev/full", staging.path(FILE)).unwrap();
        let error = with_sample(|outcome| write(&staging, outcome).unwrap_err()).to_string();
        assert!(error.contains(FILE) && error.contains("free space"), "{error}");
    }
}
