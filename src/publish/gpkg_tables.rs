//! Tables that somebody has made up -> a GeoPackage: layers for projects and phones, beside `leads.gpkg` with its fixed ones.
//!
//! In:  tables: columns, rows of JSON values, points or outlines in longitude and latitude (WGS 84).
//! Out: one file with a layer for each table, and a spatial index.
//! Law: same tables, same bytes: the time stamps that the format asks for are the day given. A value that its column cannot
//!      hold is null. Every row is counted again before the file counts.
//! Source: OGC GeoPackage 1.2 (12-128r14).

use std::path::Path;

use gdal::config;
use gdal::errors::GdalError;
use gdal::spatial_ref::{AxisMappingStrategy, SpatialRef};
use gdal::vector::{Defn, Feature, FieldDefn, Layer, LayerAccess, LayerOptions, OGRwkbGeometryType, ToGdal};
use gdal::{Dataset, DriverManager};
use geo::{MultiPolygon, Point};
use serde_json::Value;

use crate::date::{Date, parse_date};
use crate::grid::Crs;
use crate::publish::fields::{Domain, Kind};
use crate::publish::markup::storable;
use crate::publish::{PublishError, gpkg, leftovers, outline};

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    /// Name, snake_case.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Name for people, Chinese and English.
    pub alias: String,
    /// Values allowed, if they are few.
    pub domain: Option<&'static Domain>,
}

/// Where a row lies, longitude and latitude.
#[derive(Debug, Clone)]
pub enum Shape {
    /// A point.
    Point((f64, f64)),
    /// An outline; may be empty.
    Outline(MultiPolygon<f64>),
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Name of the layer.
    pub name: &'static str,
    /// Its title for people.
    pub title: String,
    /// Whether rows are points; outlines else.
    pub is_of_points: bool,
    /// Columns, in order.
    pub columns: Vec<Column>,
    /// A value for each column, and a place, for each row.
    pub rows: Vec<(Vec<Value>, Shape)>,
}

/// Writes tables into a new file. `day` stands where the format asks for a time.
///
/// # Errors
/// `GeoPackage` where the driver refuses, `ReadBack` where rows are lost.
pub fn write(path: &Path, tables: &[Table], day: Date) -> Result<(), PublishError> {
    let stamp = format!("{day}T00:00:00.000Z");
    let options: Vec<(&str, &str)> =
        gpkg::WRITING.into_iter().chain([("OGR_CURRENT_DATE", stamp.as_str())]).collect();
    let failed = failed(path);
    for (name, value) in &options {
        config::set_thread_local_config_option(name, value).map_err(failed("settle the driver"))?;
    }
    let written = written(path, tables);
    for (name, _) in options {
        config::clear_thread_local_config_option(name).map_err(failed("settle the driver"))?;
    }
    written?;
    leftovers::take_out(path)?;
    let dataset = Dataset::open(path).map_err(failed("open again"))?;
    for table in tables {
        let layer = dataset.layer_by_name(table.name).map_err(failed("read again"))?;
        let found = layer.feature_count();
        if found != table.rows.len() as u64 {
            return Err(PublishError::ReadBack {
                file: format!("{}, layer {}", name_of(path), table.name),
                expected: format!("{} rows", table.rows.len()),
                found: found.to_string(),
            });
        }
    }
    Ok(())
}

fn written(path: &Path, tables: &[Table]) -> Result<(), PublishError> {
    let failed = failed(path);
    let driver = DriverManager::get_driver_by_name("GPKG").map_err(failed("find the GPKG driver"))?;
    let mut dataset = driver.create_vector_only(path).map_err(failed("make the file"))?;
    let mut srs = SpatialRef::from_epsg(Crs::LON_LAT.code()).map_err(failed("make the CRS"))?;
    srs.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
    for table in tables {
        let mut transaction = dataset.start_transaction().map_err(failed("begin"))?;
        // A line break ends an option.
        let title = format!("IDENTIFIER={}", table.title.replace(char::is_control, " "));
        let options = [title.as_str(), "GEOMETRY_NAME=geom", "FID=fid", "SPATIAL_INDEX=YES"];
        let ty = match table.is_of_points {
            true => OGRwkbGeometryType::wkbPoint,
            false => OGRwkbGeometryType::wkbMultiPolygon,
        };
        let layer = transaction
            .create_layer(LayerOptions { name: table.name, srs: Some(&srs), ty, options: Some(&options) })
            .map_err(failed("make the layer"))?;
        for column in &table.columns {
            let definition = FieldDefn::new(&column.name, gpkg::column_type(column.kind))
                .map_err(failed("make the column"))?;
            definition.add_to_layer(&layer).map_err(failed("add the column"))?;
        }
        for row in &table.rows {
            add(&layer, table, row, path)?;
        }
        transaction.commit().map_err(failed("commit the layer"))?;
    }
    dataset.close().map_err(failed("close the file"))
}

fn add(
    layer: &Layer,
    table: &Table,
    (values, shape): &(Vec<Value>, Shape),
    path: &Path,
) -> Result<(), PublishError> {
    let failed = failed(path);
    let mut feature = filled(layer.defn(), table, values).map_err(failed("set a value"))?;
    let geometry = match shape {
        Shape::Point((longitude, latitude)) => Some(Point::new(*longitude, *latitude).to_gdal()),
        Shape::Outline(outline) => {
            let outline = outline::for_files(outline).map_err(|reason| PublishError::Outline {
                what: table.name,
                id: values.first().map_or(String::new(), Value::to_string),
                reason,
            })?;
            (!outline.0.is_empty()).then(|| outline.to_gdal())
        }
    };
    if let Some(geometry) = geometry {
        let geometry = geometry.map_err(failed("make the geometry"))?;
        feature.set_geometry(geometry).map_err(failed("set the geometry"))?;
    }
    feature.create(layer).map_err(failed("write the feature"))
}

fn filled<'a>(defn: &'a Defn, table: &Table, values: &[Value]) -> Result<Feature<'a>, GdalError> {
    let mut feature = Feature::new(defn)?;
    for (index, (column, value)) in table.columns.iter().zip(values).enumerate() {
        match (column.kind, value) {
            (Kind::Whole | Kind::Truth, Value::Bool(yes)) => {
                feature.set_field_integer64(index, i64::from(*yes))
            }
            (Kind::Whole | Kind::Truth, value) => match value.as_i64() {
                Some(number) => feature.set_field_integer64(index, number),
                None => feature.set_field_null(index),
            },
            (Kind::Real(_), value) => match value.as_f64() {
                Some(number) => feature.set_field_double(index, number),
                None => feature.set_field_null(index),
            },
            (Kind::Day, value) => match value.as_str().and_then(parse_date) {
                Some(day) => feature.set_field_string(index, &day.to_string()),
                None => feature.set_field_null(index),
            },
            (Kind::Text | Kind::Nested, Value::Null) => feature.set_field_null(index),
            (Kind::Text | Kind::Nested, Value::String(text)) => {
                feature.set_field_string(index, &storable(text))
            }
            (Kind::Text | Kind::Nested, other) => {
                feature.set_field_string(index, &storable(&other.to_string()))
            }
        }?;
    }
    Ok(feature)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What a fault of the driver means for a file.
fn failed(path: &Path) -> impl Fn(&'static str) -> Box<dyn Fn(GdalError) -> PublishError> {
    let file = name_of(path);
    move |doing| {
        let file = file.clone();
        Box::new(move |error| PublishError::GeoPackage {
            file: file.clone(),
            doing: doing.to_owned(),
            reason: error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn table() -> Table {
        let column = |name: &str, kind| Column {
            name: name.to_owned(),
            kind,
            alias: "名称 name".to_owned(),
            domain: None,
        };
        let columns = vec![
            column("id", Kind::Text),
            column("rank", Kind::Whole),
            column("day", Kind::Day),
            column("share", Kind::Real(2)),
        ];
        let rows = vec![
            (vec![json!("a"), json!(1), json!("2026-07-01"), json!(0.5)], Shape::Point((108.5, 41.6))),
            (
                vec![json!("b\0'\"[% 1+1 %]"), json!("x"), json!("soon"), json!(null)],
                Shape::Point((108.6, 41.6)),
            ),
        ];
        Table { name: "places", title: "地点\nplaces".to_owned(), is_of_points: true, columns, rows }
    }

    #[test]
    fn the_same_tables_make_the_same_bytes_and_a_value_of_another_kind_is_null() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = |name: &str| {
            let path = folder.path().join(name);
            write(&path, &[table()], Date::constant(2026, 7, 1)).unwrap();
            std::fs::read(path).unwrap()
        };
        assert_eq!(bytes("a.gpkg"), bytes("b.gpkg"));
        let dataset = Dataset::open(folder.path().join("a.gpkg")).unwrap();
        let mut layer = dataset.layer_by_name("places").unwrap();
        let rows: Vec<Vec<Option<String>>> =
            layer.features().map(|row| (0..4).map(|at| row.field_as_string(at).unwrap()).collect()).collect();
        let text = |words: &str| Some(words.to_owned());
        assert_eq!(rows[0], [text("a"), text("1"), text("2026/07/01"), text("0.5")]);
        assert_eq!(rows[1], [text("b\u{fffd}'\"[% 1+1 %]"), None, None, None]);
    }
}
