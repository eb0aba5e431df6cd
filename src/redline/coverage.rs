//! stub
use super::*; use crate::grid::*; use ndarray::Array2; use geo::Contains;
pub fn on_grid(p:&MultiPolygon<f64>, g:&Grid)->Result<MultiPolygon<f64>,crs::CrsError>{ crs::Transform::new(Crs::LON_LAT,g.crs)?.polygons(p)}
pub fn inside(p:&MultiPolygon<f64>, g:&Grid, w:Window)->Array2<bool>{ Array2::from_shape_fn((w.rows,w.cols),|(r,c)|{let (x,y)=g.world((w.row0+r) as f64+0.5,(w.col0+c) as f64+0.5); p.contains(&geo::Point::new(x,y))})}
