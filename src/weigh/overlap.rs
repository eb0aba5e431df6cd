//! What a lead shares with red lines and permits, in square metres on the ellipsoid.

use geo::{
    Area, BooleanOps, BoundingRect, Buffer, Coord, GeodesicArea, Intersects, MapCoords, MultiPolygon, Rect,
    unary_union,
};

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::units::SquareMetres;

/// Geodesic area of polygons in longitude and latitude (WGS 84 ellipsoid; CGCS2000 differs by less
/// than a millionth).
pub fn geodesic_area(polygons: &MultiPolygon<f64>) -> SquareMetres {
    // The absolute value, because orientation is a matter of files, not of ground.
    SquareMetres(polygons.0.iter().map(|polygon| polygon.geodesic_area_signed().abs()).sum())
}

/// Polygons in a tree of their bounding boxes, so that most of them need not be looked at.
pub struct Indexed<'a> {
    polygons: Vec<&'a MultiPolygon<f64>>,
    /// The box of each polygon that has one, with its place in the list.
    boxes: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
}

impl<'a> Indexed<'a> {
    /// Indexes polygons in longitude and latitude.
    pub fn new(polygons: impl Iterator<Item = &'a MultiPolygon<f64>>) -> Self {
        let polygons: Vec<&MultiPolygon<f64>> = polygons.collect();
        let boxed = |(place, polygon): (usize, &&MultiPolygon<f64>)| {
            let bounds = polygon.bounding_rect()?;
            let corners = Rectangle::from_corners(bounds.min().into(), bounds.max().into());
            Some(GeomWithData::new(corners, place))
        };
        let boxes = RTree::bulk_load(polygons.iter().enumerate().filter_map(boxed).collect());
        Self { polygons, boxes }
    }

    /// Places in the list, in order, of the polygons whose boxes meet a box.
    fn near(&self, bounds: &Rect<f64>) -> Vec<usize> {
        let frame = AABB::from_corners(bounds.min().into(), bounds.max().into());
        let mut near: Vec<usize> =
            self.boxes.locate_in_envelope_intersecting(&frame).map(|one| one.data).collect();
        near.sort_unstable();
        near
    }

    /// (place in the list, shared area) of every polygon that shares ground with `outline`.
    pub fn overlaps(&self, outline: &MultiPolygon<f64>) -> Vec<(usize, SquareMetres)> {
        let Some(bounds) = outline.bounding_rect() else { return Vec::new() };
        let shared = |place: usize| {
            let shared = clipped(self.polygons[place], &bounds).intersection(outline);
            (shared.unsigned_area() > 0.0).then(|| (place, geodesic_area(&shared)))
        };
        self.near(&bounds).into_iter().filter_map(shared).collect()
    }

    /// Area that `outline` shares with any of some polygons, given by their places.
    pub fn shared(&self, outline: &MultiPolygon<f64>, places: &[usize]) -> SquareMetres {
        let Some(bounds) = outline.bounding_rect() else { return SquareMetres(0.0) };
        let near: Vec<MultiPolygon<f64>> =
            places.iter().map(|place| clipped(self.polygons[*place], &bounds)).collect();
        match near.as_slice() {
            [] => SquareMetres(0.0),
            [one] => geodesic_area(&one.intersection(outline)),
            several => geodesic_area(&unary_union(several).intersection(outline)),
        }
    }

    /// The part of `outline` that lies in none of some polygons, given by their places, nor within `border_m` metres.
    pub fn outside(&self, outline: &MultiPolygon<f64>, places: &[usize], border_m: f64) -> MultiPolygon<f64> {
        let Some(bounds) = outline.bounding_rect() else { return outline.clone() };
        let near: Vec<MultiPolygon<f64>> =
            places.iter().map(|place| clipped(self.polygons[*place], &bounds)).collect();
        let mut union = unary_union(&near);
        if border_m > 0.0 {
            union = widened(&union, border_m, bounds.center().y);
        }
        outline.difference(&union)
    }
}

/// For each box the others that it meets, in order: a sweep from west to east, for of ten thousands nearly all pairs lie apart.
pub fn meeting(boxes: &[Option<Rect<f64>>]) -> Vec<Vec<usize>> {
    let mut from_west: Vec<(usize, &Rect<f64>)> =
        boxes.iter().enumerate().filter_map(|(place, one)| Some((place, one.as_ref()?))).collect();
    from_west.sort_by(|a, b| a.1.min().x.total_cmp(&b.1.min().x));
    let mut met = vec![Vec::new(); boxes.len()];
    let mut open: Vec<(usize, &Rect<f64>)> = Vec::new();
    for (place, one) in from_west {
        open.retain(|(_, earlier)| earlier.max().x >= one.min().x);
        for (other, _) in open.iter().filter(|(_, earlier)| earlier.intersects(one)) {
            met[place].push(*other);
            met[*other].push(place);
        }
        open.push((place, one));
    }
    met.iter_mut().for_each(|met| met.sort_unstable());
    met
}

/// Metres of a degree of latitude, and of longitude at the equator; a border of some metres needs no better.
pub const METRES_PER_DEGREE: f64 = 111_195.0;

/// Polygons on a plane of metres around a latitude; distances of some kilometres hold to a hundredth.
pub fn in_metres(polygons: &MultiPolygon<f64>, latitude: f64) -> MultiPolygon<f64> {
    let (x, y) = (METRES_PER_DEGREE * latitude.to_radians().cos(), METRES_PER_DEGREE);
    polygons.map_coords(|at| Coord { x: at.x * x, y: at.y * y })
}

/// Polygons with their borders moved outward by some metres.
fn widened(polygons: &MultiPolygon<f64>, metres: f64, latitude: f64) -> MultiPolygon<f64> {
    let (x, y) = (METRES_PER_DEGREE * latitude.to_radians().cos(), METRES_PER_DEGREE);
    in_metres(polygons, latitude).buffer(metres).map_coords(|at| Coord { x: at.x / x, y: at.y / y })
}

/// The part of a polygon near a box: a county outline is cut down before it meets a small lead.
fn clipped(polygon: &MultiPolygon<f64>, bounds: &Rect<f64>) -> MultiPolygon<f64> {
    let (width, height) = (bounds.width().max(1e-6), bounds.height().max(1e-6));
    let frame = Rect::new(
        (bounds.min().x - width, bounds.min().y - height),
        (bounds.max().x + width, bounds.max().y + height),
    );
    polygon.intersection(&MultiPolygon(vec![frame.to_polygon()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousandth of a degree at 41.5 N, by the radii of curvature of the WGS 84 ellipsoid, metres east and north.
    fn step() -> (f64, f64) {
        let (equator, flattening) = (6_378_137.0_f64, 1.0 / 298.257_223_563);
        let squared = flattening * (2.0 - flattening);
        let latitude = 41.5_f64.to_radians();
        let bent = 1.0 - squared * latitude.sin().powi(2);
        let (across, along) = (equator / bent.sqrt(), equator * (1.0 - squared) / bent.powf(1.5));
        let angle = 0.001_f64.to_radians();
        (across * latitude.cos() * angle, along * angle)
    }

    /// A box in thousandths of a degree from 108 E 41.5 N.
    fn ground(x: (f64, f64), y: (f64, f64)) -> MultiPolygon<f64> {
        let at = |x: f64, y: f64| (108.0 + x / 1_000.0, 41.5 + y / 1_000.0);
        MultiPolygon(vec![Rect::new(at(x.0, y.0), at(x.1, y.1)).to_polygon()])
    }

    fn indexed(places: &[MultiPolygon<f64>]) -> Indexed<'_> {
        Indexed::new(places.iter())
    }

    /// Area in boxes of one step by one step, to a thousandth.
    fn boxes(area: SquareMetres) -> f64 {
        let (east, north) = step();
        (area.0 / (east * north) * 1_000.0).round() / 1_000.0
    }

    #[test]
    fn an_area_is_that_of_the_ellipsoid_whichever_way_the_ring_turns() {
        let (east, north) = step();
        assert!((east - 83.47).abs() < 0.1 && (north - 111.06).abs() < 0.1, "{east} {north}");
        let field = ground((0.0, 1.0), (-0.5, 0.5));
        assert!((geodesic_area(&field).0 / (east * north) - 1.0).abs() < 1e-6);
        let mut turned = field.clone();
        turned.0[0].exterior_mut(|ring| ring.0.reverse());
        assert!((geodesic_area(&turned).0 - geodesic_area(&field).0).abs() < 1e-6);
        // A hole is no ground, and two pieces are two.
        let ring = ground((0.0, 3.0), (0.0, 3.0)).difference(&ground((1.0, 2.0), (1.0, 2.0)));
        assert_eq!(boxes(geodesic_area(&ring)), 8.0);
        let two = MultiPolygon(vec![field.0[0].clone(), ground((5.0, 6.0), (0.0, 1.0)).0[0].clone()]);
        assert_eq!(boxes(geodesic_area(&two)), 2.0);
        assert_eq!(geodesic_area(&MultiPolygon(Vec::new())).0, 0.0);
    }

    #[test]
    fn boxes_that_meet_name_each_other_also_where_they_only_touch() {
        let of = |x: (f64, f64), y: (f64, f64)| Some(Rect::new((x.0, y.0), (x.1, y.1)));
        let boxes = [
            of((5.0, 9.0), (0.0, 1.0)),
            None,
            of((0.0, 5.0), (1.0, 2.0)),
            of((1.0, 2.0), (0.0, 9.0)),
            of((1.0, 8.0), (3.0, 4.0)),
        ];
        assert_eq!(meeting(&boxes), [vec![2], vec![], vec![0, 3], vec![2, 4], vec![3]]);
    }

    #[test]
    fn overlaps_name_the_places_that_share_ground_and_how_much() {
        let places = [
            ground((-9.0, -8.0), (0.0, 1.0)),
            ground((1.5, 4.0), (1.0, 4.0)),
            // All around it, and so a box that meets the lead's without its ground.
            ground((-2.0, 4.0), (-2.0, 4.0)).difference(&ground((-1.0, 3.0), (-1.0, 3.0))),
            ground((-500.0, 500.0), (-500.0, 500.0)),
            MultiPolygon(Vec::new()),
        ];
        let lead = ground((0.0, 2.0), (0.0, 2.0));
        let found: Vec<(usize, f64)> =
            indexed(&places).overlaps(&lead).into_iter().map(|(place, area)| (place, boxes(area))).collect();
        assert_eq!(found, [(1, 0.5), (3, 4.0)]);
        assert!(indexed(&places).overlaps(&MultiPolygon(Vec::new())).is_empty());
        assert!(indexed(&[]).overlaps(&lead).is_empty());
    }

    #[test]
    fn ground_in_two_places_is_shared_once_and_ground_in_none_not_at_all() {
        let places = [
            ground((-1.0, 1.0), (-9.0, 9.0)),
            ground((0.0, 1.5), (-9.0, 9.0)),
            ground((50.0, 60.0), (0.0, 9.0)),
        ];
        let (indexed, lead) = (indexed(&places), ground((0.0, 2.0), (0.0, 2.0)));
        let shared = |places: &[usize]| boxes(indexed.shared(&lead, places));
        assert_eq!([shared(&[0]), shared(&[1]), shared(&[0, 1]), shared(&[1, 0, 2])], [2.0, 3.0, 3.0, 3.0]);
        assert_eq!([shared(&[2]), shared(&[])], [0.0, 0.0]);
        assert_eq!(indexed.shared(&MultiPolygon(Vec::new()), &[0]).0, 0.0);
    }

    #[test]
    fn what_a_lead_shares_with_a_county_is_what_it_shares_with_its_corner() {
        // Fields far larger than the lead are cut down before they meet it, on every side.
        let lead = ground((0.0, 2.0), (0.0, 1.0));
        for county in [
            ground((-9e3, 1.0), (-9e3, 9e3)),
            ground((1.0, 9e3), (-9e3, 9e3)),
            ground((-9e3, 9e3), (-9e3, 0.5)),
            ground((-9e3, 9e3), (0.5, 9e3)),
        ] {
            assert_eq!(boxes(indexed(&[county]).overlaps(&lead)[0].1), 1.0);
        }
    }

    #[test]
    fn what_lies_outside_is_the_rest_and_a_border_takes_its_metres_on_every_side() {
        let lead = ground((0.0, 10.0), (-5.0, 5.0));
        let places = [
            ground((4.0, 6.0), (-1.0, 1.0)),
            ground((2.0, 5.0), (-1.0, 1.0)),
            ground((20.0, 30.0), (0.0, 9.0)),
        ];
        let indexed = indexed(&places);
        let rest = |places: &[usize], border: f64| geodesic_area(&indexed.outside(&lead, places, border));
        assert_eq!(boxes(rest(&[0], 0.0)), 96.0);
        assert_eq!(boxes(rest(&[0, 1], 0.0)), 92.0);
        assert_eq!([boxes(rest(&[2], 0.0)), boxes(rest(&[], 0.0))], [100.0, 100.0]);
        // A box of 2 x 2 steps grown by 20 m on each side, with or without its rounded corners.
        let (east, north) = step();
        let taken = |border: f64| rest(&[0], 0.0).0 - rest(&[0], border).0;
        let sides = 2.0 * 20.0 * 2.0 * (east + north);
        let corners = std::f64::consts::PI * 400.0;
        assert!((taken(20.0) - sides - corners).abs() < 0.02 * sides, "{} {sides} {corners}", taken(20.0));
        assert_eq!(indexed.outside(&MultiPolygon(Vec::new()), &[0], 5.0), MultiPolygon(Vec::new()));
    }

    #[test]
    fn a_border_is_as_wide_eastward_as_northward() {
        let lead = ground((0.0, 10.0), (0.0, 10.0));
        let (east, north) = step();
        // A place 30 m beside the lead reaches into it by 20 m of a border of 50 m.
        let beside = |place: MultiPolygon<f64>| {
            let places = [place];
            let indexed = indexed(&places);
            geodesic_area(&lead).0 - geodesic_area(&indexed.outside(&lead, &[0], 50.0)).0
        };
        let strip = |side: f64| 20.0 * 10.0 * side;
        let to_the_east = beside(ground((10.0 + 30.0 / east, 15.0), (-5.0, 15.0)));
        let to_the_north = beside(ground((-5.0, 15.0), (10.0 + 30.0 / north, 15.0)));
        assert!((to_the_east / strip(north) - 1.0).abs() < 0.02, "{to_the_east}");
        assert!((to_the_north / strip(east) - 1.0).abs() < 0.02, "{to_the_north}");
    }

    #[test]
    fn a_degree_of_longitude_at_sixty_degrees_is_half_of_one_at_the_equator() {
        let square: MultiPolygon<f64> = Rect::new((1.0, 2.0), (3.0, 5.0)).to_polygon().into();
        let on_plane = |latitude| in_metres(&square, latitude).bounding_rect().unwrap();
        let (equator, sixty) = (on_plane(0.0), on_plane(60.0));
        assert_eq!((equator.width(), equator.height()), (2.0 * METRES_PER_DEGREE, 3.0 * METRES_PER_DEGREE));
        assert!((sixty.width() / equator.width() - 0.5).abs() < 1e-12);
        assert_eq!((sixty.height(), equator.min().x), (equator.height(), METRES_PER_DEGREE));
    }
}
