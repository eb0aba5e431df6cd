//! Extracts drawn byte by byte, and what is read of them.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::*;

fn number(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn signed_number(value: i64) -> Vec<u8> {
    number(((value << 1) ^ (value >> 63)) as u64)
}

fn bytes(field: u64, bytes: &[u8]) -> Vec<u8> {
    [number(field << 3 | 2), number(bytes.len() as u64), bytes.to_vec()].concat()
}

fn steps(values: &[i64]) -> Vec<u8> {
    let before = std::iter::once(0).chain(values.iter().copied());
    values.iter().zip(before).flat_map(|(value, before)| signed_number(value - before)).collect()
}

fn blob(kind: &str, data: &[u8], is_packed: bool) -> Vec<u8> {
    let body = if is_packed {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data).unwrap();
        [number(2 << 3), number(data.len() as u64), bytes(3, &encoder.finish().unwrap())].concat()
    } else {
        bytes(1, data)
    };
    let header = [bytes(1, kind.as_bytes()), number(3 << 3), number(body.len() as u64)].concat();
    [(header.len() as u32).to_be_bytes().to_vec(), header, body].concat()
}

/// A way that is drawn: its tags, its nodes.
pub(in crate::report::day) type DrawnWay<'a> = (&'a [(&'a str, &'a str)], &'a [i64]);

/// Nodes (id, longitude, latitude) and ways as an extract: half of the nodes dense, half one by one.
pub(in crate::report::day) fn extract(nodes: &[(i64, f64, f64)], ways: &[DrawnWay]) -> Vec<u8> {
    let step = |degrees: f64| (degrees * 1e7).round() as i64;
    let (dense, single) = nodes.split_at(nodes.len() / 2);
    let column = |pick: fn(&(i64, f64, f64)) -> f64| {
        steps(&dense.iter().map(|node| step(pick(node))).collect::<Vec<_>>())
    };
    let ids: Vec<i64> = dense.iter().map(|node| node.0).collect();
    let dense =
        [bytes(1, &steps(&ids)), bytes(8, &column(|node| node.2)), bytes(9, &column(|node| node.1))].concat();
    let single: Vec<u8> = single
        .iter()
        .flat_map(|(id, longitude, latitude)| {
            let parts = [(1_u64, *id), (8, step(*latitude)), (9, step(*longitude))];
            bytes(
                1,
                &parts.map(|(field, value)| [number(field << 3), signed_number(value)].concat()).concat(),
            )
        })
        .collect();
    let mut words: Vec<&str> = vec![""];
    words.extend(ways.iter().flat_map(|(tags, _)| tags.iter().flat_map(|(key, value)| [*key, *value])));
    let word = |word: &str| number(words.iter().position(|known| *known == word).unwrap() as u64);
    let drawn = ways.iter().map(|(tags, nodes)| {
        let keys: Vec<u8> = tags.iter().flat_map(|(key, _)| word(key)).collect();
        let values: Vec<u8> = tags.iter().flat_map(|(_, value)| word(value)).collect();
        bytes(
            3,
            &[number(1 << 3), number(9), bytes(2, &keys), bytes(3, &values), bytes(8, &steps(nodes))]
                .concat(),
        )
    });
    let drawn: Vec<u8> = drawn.flatten().collect();
    let table: Vec<u8> = words.iter().flat_map(|word| bytes(1, word.as_bytes())).collect();
    let of_nodes = [bytes(1, &[]), bytes(2, &bytes(2, &dense)), bytes(2, &single)].concat();
    let of_ways = [bytes(1, &table), bytes(2, &drawn)].concat();
    let header = bytes(4, b"OsmSchema-V0.6");
    [blob("OSMHeader", &header, false), blob("OSMData", &of_nodes, true), blob("OSMData", &of_ways, true)]
        .concat()
}

/// The extract as a file in a scratch folder.
pub(in crate::report::day) fn file(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roads.osm.pbf");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn small() -> Vec<u8> {
    let nodes = [(7, 108.5, 41.5), (9, 108.6, 41.5), (11, -108.7, -41.6), (12, 108.7, 41.7)];
    extract(
        &nodes,
        &[(&[("highway", "track"), ("name", "路")], &[7, 11, 9]), (&[("building", "yes")], &[7, 9])],
    )
}

#[test]
fn ways_and_nodes_of_an_extract_are_read_dense_or_not() {
    let (_folder, path) = file(&small());
    let ways = ways(&path, &["highway"]).unwrap();
    assert_eq!(ways, [Way { tags: vec![("highway", "track".to_owned())], nodes: vec![7, 11, 9] }]);
    let mut found = Vec::new();
    places(&path, |id, place| found.push((id, place))).unwrap();
    let expected = [(7, 108.5, 41.5), (9, 108.6, 41.5), (11, -108.7, -41.6), (12, 108.7, 41.7)];
    assert_eq!(found.len(), 4);
    for ((id, place), (number, longitude, latitude)) in found.into_iter().zip(expected) {
        assert_eq!(id, number);
        assert!((place.0 - longitude).abs() < 1e-9 && (place.1 - latitude).abs() < 1e-9, "{id}: {place:?}");
    }
}

#[test]
fn an_extract_that_breaks_off_or_is_none_is_refused_with_its_block() {
    let whole = small();
    for end in [0, 3, 20, whole.len() / 2, whole.len() - 1] {
        let (_folder, path) = file(&whole[..end]);
        let refused = places(&path, |_, _| {}).unwrap_err().to_string();
        assert!(refused.contains("roads.osm.pbf"), "{refused}");
    }
    for other in [b"<osm version='0.6'/>".as_slice(), &[0xff; 400], &[0; 400]] {
        let (_folder, path) = file(other);
        assert!(ways(&path, &["highway"]).is_err());
    }
    let (_folder, path) = file(&blob("OSMHeader", &bytes(4, b"HistoricalInformation"), false));
    let refused = ways(&path, &["highway"]).unwrap_err().to_string();
    assert!(refused.contains("HistoricalInformation"), "{refused}");
}

#[test]
fn a_block_that_unpacks_to_more_than_the_format_allows_is_refused() {
    let (_folder, path) = file(&blob("OSMHeader", &vec![0; LARGEST_BLOCK as usize + 1], true));
    let refused = ways(&path, &["highway"]).unwrap_err().to_string();
    assert!(refused.contains("larger than the format allows"), "{refused}");
}

#[test]
fn no_change_of_a_byte_stops_the_program() {
    let whole = small();
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x55;
        let (_folder, path) = file(&bytes);
        let _ = ways(&path, &["highway"]);
        let _ = places(&path, |_, _| {});
    }
}
