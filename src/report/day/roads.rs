//! Ways by road: the quickest one over the roads of an extract.
//!
//! In:  an extract of OpenStreetMap, places. Out: seconds, metres and the line of the quickest way between two of them.
//! Law: one-way roads are kept; roads closed to cars are left out. The same extract gives the same ways. From a road to a
//!      place beside it the straight way counts, slowly: driving over grassland is not planned.
//! Source: speeds by class as in Project-OSRM/osrm-backend, profiles/car.lua; that of a track by its grade as there.
//!      E. W. Dijkstra, A note on two problems in connexion with graphs (1959).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;

use crate::report::ReportError;
use crate::report::day::osm;
use crate::report::plane::{Plane, apart};

/// Kilometres an hour by the value of `highway`.
const SPEEDS: [(&str, f64); 16] = [
    ("motorway", 90.0),
    ("motorway_link", 75.0),
    ("trunk", 85.0),
    ("trunk_link", 70.0),
    ("primary", 65.0),
    ("primary_link", 60.0),
    ("secondary", 55.0),
    ("secondary_link", 50.0),
    ("tertiary", 40.0),
    ("tertiary_link", 30.0),
    ("unclassified", 25.0),
    ("residential", 25.0),
    ("road", 25.0),
    ("living_street", 10.0),
    ("service", 15.0),
    ("track", 15.0),
];

/// At most so fast by the value of `tracktype`; a track of a known grade goes by it.
const GRADES: [(&str, f64); 5] =
    [("grade1", 40.0), ("grade2", 45.0), ("grade3", 30.0), ("grade4", 20.0), ("grade5", 15.0)];

/// Kilometres an hour from a road to a place beside it: on foot, or on a track that the extract does not know.
pub const BESIDE_SPEED: f64 = 5.0;

/// Metres from a place to the nearest road beyond which no way by road is claimed.
const FARTHEST: f64 = 20_000.0;

/// Degrees around the places in which roads are kept: a way may go around.
const AROUND: f64 = 0.5;

const KEYS: [&str; 7] = ["highway", "oneway", "junction", "access", "motor_vehicle", "tracktype", "vehicle"];

/// The roads around some places.
pub struct Roads {
    /// Longitude and latitude of each node, by id.
    nodes: Vec<(f64, f64)>,
    /// Where the edges of each node begin.
    first: Vec<usize>,
    edges: Vec<Edge>,
    /// For each place its node and the metres to it.
    beside: Vec<Option<(usize, f64)>>,
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    to: usize,
    metres: f64,
    /// Tenths of a second: sums of them are exact.
    tenths: u64,
}

/// A way by road.
#[derive(Debug, Clone, PartialEq)]
pub struct Drive {
    /// Seconds, the straight ends included.
    pub seconds: f64,
    /// Metres, the straight ends included.
    pub metres: f64,
    /// Metres of the straight ends.
    pub beside: f64,
}

/// A way of the extract that a car may take.
struct Road {
    speed: f64,
    /// Whether it may be driven ahead and back.
    open: (bool, bool),
    nodes: Vec<usize>,
}

impl Roads {
    /// The roads of an extract around places in degrees.
    ///
    /// # Errors
    /// `Flag` where the extract cannot be read or has no road there.
    pub fn read(path: &Path, places: &[(f64, f64)]) -> Result<Self, ReportError> {
        let ways = osm::ways(path, &KEYS)?;
        let ways: Vec<_> = ways.into_iter().filter_map(|way| Some((open(&way.tags)?, way.nodes))).collect();
        let mut ids: Vec<i64> = ways.iter().flat_map(|(_, nodes)| nodes.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut nodes = vec![None; ids.len()];
        osm::places(path, |id, place| {
            if let Ok(at) = ids.binary_search(&id) {
                nodes[at] = Some(place);
            }
        })?;
        let bounds = places.iter().fold(None, |all: Option<[f64; 4]>, place| {
            let [west, south, east, north] = all.unwrap_or([place.0, place.1, place.0, place.1]);
            Some([west.min(place.0), south.min(place.1), east.max(place.0), north.max(place.1)])
        });
        let [west, south, east, north] = bounds.unwrap_or_default();
        let is_near = |(longitude, latitude): (f64, f64)| {
            (west - AROUND..=east + AROUND).contains(&longitude)
                && (south - AROUND..=north + AROUND).contains(&latitude)
        };
        let mut roads = Vec::new();
        for ((speed, open), way) in ways {
            let at = way.iter().filter_map(|id| ids.binary_search(id).ok()).collect::<Vec<_>>();
            // What lies beyond the extract or the places cuts a way into pieces.
            let pieces = at.split(|node| !nodes[*node].is_some_and(is_near)).filter(|piece| piece.len() > 1);
            roads.extend(pieces.map(|piece| Road { speed, open, nodes: piece.to_vec() }));
        }
        let nodes: Vec<(f64, f64)> = nodes.into_iter().map(Option::unwrap_or_default).collect();
        let mut built = Self::built(nodes, &roads);
        let net = largest(built.nodes.len(), &roads);
        built.beside = places.iter().map(|place| built.nearest(*place, &net)).collect();
        if built.beside.iter().all(Option::is_none) {
            return Err(ReportError::Flag {
                flag: format!("--roads {}", path.display()),
                expected: format!("roads within {:.0} km of a lead", FARTHEST / 1000.0),
                found: "none".to_owned(),
                next: "give the extract of the region in which the leads lie, or leave --roads out"
                    .to_owned(),
            });
        }
        Ok(built)
    }

    fn built(nodes: Vec<(f64, f64)>, roads: &[Road]) -> Self {
        let mut all: Vec<(usize, Edge)> = Vec::new();
        for road in roads {
            for pair in road.nodes.windows(2) {
                let metres = apart(
                    (0.0, 0.0),
                    Plane::around(nodes[pair[0]].0, nodes[pair[0]].1).metres(nodes[pair[1]]),
                );
                let tenths = (metres / (road.speed / 3.6) * 10.0).round() as u64;
                let mut join = |from: usize, to: usize| all.push((from, Edge { to, metres, tenths }));
                if road.open.0 {
                    join(pair[0], pair[1]);
                }
                if road.open.1 {
                    join(pair[1], pair[0]);
                }
            }
        }
        all.sort_by_key(|(from, edge)| (*from, edge.to, edge.tenths));
        let first = (0..=nodes.len()).map(|node| all.partition_point(|(from, _)| *from < node)).collect();
        Self { nodes, first, edges: all.into_iter().map(|(_, edge)| edge).collect(), beside: Vec::new() }
    }

    /// The node of a net that is nearest to a place, and the metres to it.
    fn nearest(&self, place: (f64, f64), net: &[usize]) -> Option<(usize, f64)> {
        let plane = Plane::around(place.0, place.1);
        let away = |node: usize| apart((0.0, 0.0), plane.metres(self.nodes[node]));
        let near = net.iter().map(|node| (*node, away(*node)));
        near.min_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, metres)| *metres <= FARTHEST)
    }

    fn of_node(&self, node: usize) -> &[Edge] {
        &self.edges[self.first[node]..self.first[node + 1]]
    }

    /// Tenths of seconds and metres to every node, and the node before it on the quickest way.
    fn reached(&self, from: usize) -> Vec<(u64, f64, usize)> {
        let mut reached = vec![(u64::MAX, 0.0, usize::MAX); self.nodes.len()];
        reached[from].0 = 0;
        let mut next = BinaryHeap::from([Reverse((0, from))]);
        while let Some(Reverse((tenths, node))) = next.pop() {
            if tenths > reached[node].0 {
                continue;
            }
            for edge in self.of_node(node) {
                let takes = tenths + edge.tenths;
                if takes < reached[edge.to].0 {
                    reached[edge.to] = (takes, reached[node].1 + edge.metres, node);
                    next.push(Reverse((takes, edge.to)));
                }
            }
        }
        reached
    }

    /// The ways from one place to every place; none where no road leads there.
    pub fn from(&self, place: usize) -> Vec<Option<Drive>> {
        let Some((start, before)) = self.beside[place] else { return vec![None; self.beside.len()] };
        let reached = self.reached(start);
        let drive = |end: &Option<(usize, f64)>| {
            let (node, after) = (*end)?;
            let (tenths, metres, _) = reached[node];
            let beside = before + after;
            let seconds = tenths as f64 / 10.0 + beside / (BESIDE_SPEED / 3.6);
            (tenths < u64::MAX).then_some(Drive { seconds, metres: metres + beside, beside })
        };
        self.beside.iter().map(drive).collect()
    }

    /// The line of the quickest way from one place to another, longitude and latitude, without its straight ends.
    pub fn line(&self, from: usize, to: usize) -> Vec<(f64, f64)> {
        let Some(((start, _), (end, _))) = self.beside[from].zip(self.beside[to]) else { return Vec::new() };
        let reached = self.reached(start);
        if reached[end].0 == u64::MAX {
            return Vec::new();
        }
        let mut line = vec![self.nodes[end]];
        let mut node = end;
        while node != start {
            node = reached[node].2;
            line.push(self.nodes[node]);
        }
        line.reverse();
        line
    }
}

/// Speed of a way and whether it may be driven ahead and back; none where no car may.
fn open(tags: &[(&str, String)]) -> Option<(f64, (bool, bool))> {
    let value =
        |key: &str| tags.iter().find(|(name, _)| *name == key).map_or("", |(_, value)| value.as_str());
    let of = |table: &[(&str, f64)], word: &str| {
        table.iter().find(|(name, _)| *name == word).map(|(_, speed)| *speed)
    };
    let highway = value("highway");
    let speed = of(&SPEEDS, highway)?;
    // The rule that speaks of cars goes before the one that speaks of all.
    let access = ["motor_vehicle", "vehicle", "access"].map(value).into_iter().find(|word| !word.is_empty());
    if matches!(access, Some("no" | "private" | "agricultural" | "forestry" | "emergency")) {
        return None;
    }
    let speed = if highway == "track" { of(&GRADES, value("tracktype")).unwrap_or(speed) } else { speed };
    let is_round = value("junction") == "roundabout" || highway.starts_with("motorway");
    let open = match value("oneway") {
        "yes" | "1" | "true" => (true, false),
        "-1" | "reverse" => (false, true),
        "no" => (true, true),
        _ => (true, !is_round),
    };
    Some((speed, open))
}

/// The nodes of the largest connected net: a place beside an island of roads is taken to the net that leads somewhere.
fn largest(count: usize, roads: &[Road]) -> Vec<usize> {
    fn root(parents: &mut [usize], mut node: usize) -> usize {
        while parents[node] != node {
            parents[node] = parents[parents[node]];
            node = parents[node];
        }
        node
    }
    let mut parents: Vec<usize> = (0..count).collect();
    for pair in roads.iter().flat_map(|road| road.nodes.windows(2)) {
        let (a, b) = (root(&mut parents, pair[0]), root(&mut parents, pair[1]));
        parents[a.max(b)] = a.min(b);
    }
    let mut used: Vec<usize> = roads.iter().flat_map(|road| road.nodes.iter().copied()).collect();
    used.sort_unstable();
    used.dedup();
    let mut nets: Vec<(usize, usize)> = used.iter().map(|node| (root(&mut parents, *node), *node)).collect();
    nets.sort_unstable();
    let runs = nets.chunk_by(|a, b| a.0 == b.0);
    let most = runs.max_by_key(|run| (run.len(), Reverse(run[0].0)));
    most.map_or(Vec::new(), |run| run.iter().map(|(_, node)| *node).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::day::osm::tests::{extract, file};

    const NODES: [(i64, f64, f64); 6] = [
        (1, 108.50, 41.50),
        (2, 108.60, 41.50),
        (3, 108.60, 41.60),
        (4, 108.50, 41.60),
        (5, 108.55, 41.55),
        (6, 108.551, 41.55),
    ];

    #[test]
    fn the_quickest_way_goes_around_where_the_short_one_is_a_track() {
        // Around on a primary road in two sides; straight across on a track.
        let bytes = extract(
            &NODES,
            &[
                (&[("highway", "primary")], &[1, 2, 3]),
                (&[("highway", "track"), ("tracktype", "grade5")], &[1, 5, 3]),
                (&[("highway", "track")], &[5, 6]),
            ],
        );
        let (_folder, path) = file(&bytes);
        let roads = Roads::read(&path, &[(108.50, 41.50), (108.60, 41.60)]).unwrap();
        let drive = roads.from(0)[1].clone().unwrap();
        let around = 8_347.0 + 11_107.0;
        assert!((drive.metres - around).abs() < 30.0 && drive.beside < 0.01, "{drive:?}");
        assert!((drive.seconds - around / (65.0 / 3.6)).abs() < 3.0, "{drive:?}");
        assert_eq!(roads.line(0, 1).len(), 3);
        assert!((roads.line(0, 1)[1].0 - 108.60).abs() < 1e-9);
    }

    #[test]
    fn a_one_way_road_leads_one_way_and_a_closed_one_nowhere() {
        let bytes = extract(
            &NODES,
            &[
                (&[("highway", "primary"), ("oneway", "yes")], &[1, 2]),
                (&[("highway", "primary")], &[2, 3, 4]),
                (&[("highway", "primary"), ("access", "private")], &[4, 1]),
            ],
        );
        let (_folder, path) = file(&bytes);
        let roads = Roads::read(&path, &[(108.50, 41.50), (108.60, 41.50)]).unwrap();
        assert!(roads.from(0)[1].is_some());
        assert!(roads.from(1)[0].is_none() && roads.line(1, 0).is_empty());
    }

    #[test]
    fn an_island_of_roads_is_not_taken_and_a_far_region_is_refused() {
        let bytes =
            extract(&NODES, &[(&[("highway", "track")], &[5, 6]), (&[("highway", "primary")], &[1, 2, 3])]);
        let (_folder, path) = file(&bytes);
        let roads = Roads::read(&path, &[(108.55, 41.55), (108.60, 41.60)]).unwrap();
        assert!(roads.from(0)[1].as_ref().unwrap().beside > 5_000.0);
        let refused = Roads::read(&path, &[(22.0, 45.0)]).err().unwrap().to_string();
        assert!(refused.contains("--roads") && refused.contains("20 km"), "{refused}");
    }

    #[test]
    fn a_motorway_leads_one_way_unless_it_says_otherwise() {
        let tags = |more: &[(&'static str, &str)]| {
            more.iter().map(|(key, value)| (*key, (*value).to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(open(&tags(&[("highway", "motorway")])).unwrap().1, (true, false));
        assert_eq!(open(&tags(&[("highway", "motorway"), ("oneway", "no")])).unwrap().1, (true, true));
        assert_eq!(open(&tags(&[("highway", "primary"), ("oneway", "-1")])).unwrap().1, (false, true));
        assert!(open(&tags(&[("highway", "footway")])).is_none());
        assert!(open(&tags(&[("highway", "track"), ("access", "no"), ("motor_vehicle", "yes")])).is_some());
    }
}
