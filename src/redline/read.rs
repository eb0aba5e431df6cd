//! stub
use super::*; use std::path::PathBuf; use geo::Polygon;
pub struct Reading { pub layers: Vec<Layer>, pub redlines: Vec<RedLine>, pub notes: Vec<String> }
pub fn read(paths: &[PathBuf], class: Option<Class>) -> Result<Reading, RedLineError> {
  let mut redlines=vec![]; let mut layers=vec![];
  for (l,p) in paths.iter().enumerate(){ let t=std::fs::read_to_string(p).unwrap(); let g: geojson::FeatureCollection = t.parse().unwrap();
   layers.push(Layer{file:p.file_name().unwrap().to_string_lossy().into(),name:"".into(),authority:None,version:None,in_force:None,sha256:"".into(),epsg:4326});
   for (i,f) in g.features.into_iter().enumerate(){ let c=class.or_else(||f.property("class").and_then(|v|v.as_str()).and_then(Class::parse)).unwrap(); let geom: geo::Geometry<f64> = f.geometry.unwrap().try_into().unwrap(); let polygons = match geom { geo::Geometry::Polygon(p)=>MultiPolygon(vec![p]), geo::Geometry::MultiPolygon(m)=>m, _=>MultiPolygon(Vec::<Polygon<f64>>::new())}; redlines.push(RedLine{id:i.to_string(),name:"".into(),class:c,layer:l,polygons,repair:None}); }}
  Ok(Reading{layers,redlines,notes:vec![]})
}
