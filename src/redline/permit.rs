//! stub
use super::*; use std::path::PathBuf;
pub struct Permit { pub number:String, pub name:String, pub layer:String, pub polygons: MultiPolygon<f64> }
pub fn read_permits(_p:&[PathBuf])->Result<(Vec<Permit>,Vec<String>),RedLineError>{Ok((vec![],vec![]))}
