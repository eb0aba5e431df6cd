//! Odd versions of files: bytes that flip, and trees, lines and elements that move, grow and go.
//!
//! In:  a seed and files that somebody once wrote. Out: one file more, the same for the same seed.
//! Law: no chance but that of the seed.

use serde_json::{Map, Value, json};

/// Chance with a seed (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    pub fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// How files of a target are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    Lines,
    Xml,
}

/// Longest file that is made.
const LONGEST: usize = 1 << 20;

/// Texts that readers stumble over.
const ODD: &[&str] = &[
    "1e999",
    "-1e999",
    "-0",
    "NaN",
    "Infinity",
    "9223372036854775808",
    "-9223372036854775809",
    "1e-400",
    "0x10",
    "18446744073709551616",
    "4294967296",
    "2147483648",
    "65536",
    "0.1000000000000000055511151231257827021181583404541015625",
    "null",
    "true",
    "\"\"",
    "[]",
    "{}",
    "\u{feff}",
    "\u{202e}",
    "\\u0000",
    "\\ud800",
    "\r\n",
    "\t",
    "\"",
    "'",
    "=",
    ",",
    ";",
    "../../../../etc/passwd",
    "/vsicurl/http://127.0.0.1/",
    "file:///etc/passwd",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
    "&b;",
    "<![CDATA[",
    "]]>",
    "--",
    "99999-13-32",
    "0000-00-00",
    "2026-02-30T25:61:61Z",
    "-180.0000001",
    "1e308",
    "生态保护红线",
    "=cmd|' /C calc'!A0",
];

/// A file made of others.
pub fn mutated(dice: &mut Dice, seeds: &[Vec<u8>], form: Form) -> Vec<u8> {
    // The first ones are whole files of the kind that is read, and lead farther than what nobody reads.
    let first = &seeds[..seeds.len().min(8)];
    let mut bytes = if dice.below(2) == 0 { dice.of(first).clone() } else { dice.of(seeds).clone() };
    let changes = if dice.below(2) == 0 { 1 } else { 2 + dice.below(3) };
    for _ in 0..changes {
        let is_by_form = dice.below(3) > 0;
        let by_form = is_by_form.then(|| match form {
            Form::Json => of_json(dice, &bytes),
            Form::Lines => of_lines(dice, &bytes, seeds),
            Form::Xml => of_xml(dice, &bytes),
        });
        match by_form.flatten() {
            Some(other) => bytes = other,
            None => of_bytes(dice, &mut bytes, seeds),
        }
        bytes.truncate(LONGEST);
    }
    bytes
}

fn of_bytes(dice: &mut Dice, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let at = dice.below(bytes.len());
    let end = (at + 1 + dice.below(64)).min(bytes.len());
    let other = dice.of(seeds);
    match dice.below(9) {
        _ if bytes.is_empty() => bytes.extend(dice.of(ODD).as_bytes()),
        0 => bytes[at] ^= 1 << dice.below(8),
        1 => bytes[at] = *dice.of(&[0, 1, 0x7f, 0x80, 0xff, b'"', b'<', b'{', b'\n', 0xed]),
        2 => drop(bytes.drain(at..end)),
        3 => drop(bytes.splice(at..at, dice.of(ODD).bytes())),
        4 => bytes.truncate(at),
        5 => {
            let part: Vec<u8> = bytes[at..end].repeat(1 + dice.below(40));
            bytes.splice(at..at, part);
        }
        6 if !other.is_empty() => {
            let from = dice.below(other.len());
            let part = other[from..(from + 256).min(other.len())].to_vec();
            bytes.splice(at..end, part);
        }
        _ => number(dice, bytes),
    }
}

/// Another number in place of one.
fn number(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let is_number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let starts: Vec<usize> = (0..bytes.len())
        .filter(|at| bytes[*at].is_ascii_digit() && (*at == 0 || !is_number(&bytes[*at - 1])))
        .collect();
    if starts.is_empty() {
        return;
    }
    let at = *dice.of(&starts);
    let length = bytes[at..].iter().take_while(|byte| is_number(byte)).count();
    bytes.splice(at..at + length, dice.of(ODD).bytes());
}

/// Every place in a tree.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    let key = |key: &str| format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Array(all) => {
            all.iter().take(50).enumerate().for_each(|(at, one)| places(one, &key(&at.to_string()), found))
        }
        Value::Object(all) => all.iter().for_each(|(name, one)| places(one, &key(name), found)),
        _ => {}
    }
}

fn odd(dice: &mut Dice) -> Value {
    match dice.below(14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!([]),
        3 => json!({}),
        4 => json!(-1),
        5 => json!(1e308),
        6 => json!(u64::MAX),
        7 => json!([[[[]]]]),
        8 => json!("a".repeat(1 + dice.below(70_000))),
        9 => (0..100).fold(Value::Null, |inner, _| json!([inner])),
        10 => json!([0.0, 0.0, 0.0, 0.0]),
        11 => json!(i64::MIN),
        _ => json!(dice.of(ODD)),
    }
}

fn of_json(dice: &mut Dice, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(bytes).ok()?;
    let mut all = Vec::new();
    places(&value, "", &mut all);
    let (one, other) = (dice.of(&all).clone(), dice.of(&all).clone());
    let strange = odd(dice);
    let kind = dice.below(7);
    let copied = value.pointer(&other)?.clone();
    let place = value.pointer_mut(&one)?;
    match (kind, place) {
        (0 | 1, place) => *place = strange,
        (2, place) => *place = copied,
        (3, Value::Object(all)) => {
            let name = all.keys().nth(dice.below(all.len())).cloned()?;
            all.remove(&name);
        }
        (4, Value::Object(all)) => {
            let name = all.keys().nth(dice.below(all.len())).cloned()?;
            let kept = all.remove(&name)?;
            all.insert((*dice.of(ODD)).to_owned(), kept);
        }
        (3 | 4, Value::Array(all)) => {
            let at = dice.below(all.len());
            all.get(at)?;
            all.remove(at);
        }
        (5, Value::Array(all)) => {
            let more = all.get(dice.below(all.len()))?.clone();
            all.extend(std::iter::repeat_n(more, 1 + dice.below(300)));
        }
        (_, place) => {
            let inner = place.take();
            *place = if dice.below(2) == 0 {
                json!([inner])
            } else {
                Value::Object(Map::from_iter([(dice.of(ODD).to_string(), inner)]))
            };
        }
    }
    serde_json::to_vec(&value).ok()
}

fn of_lines(dice: &mut Dice, bytes: &[u8], seeds: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (at, other) = (dice.below(lines.len()), dice.below(lines.len()));
    match dice.below(6) {
        0 => drop(lines.remove(at)),
        1 => lines.swap(at, other),
        2 => {
            let more = lines[at].clone();
            lines.splice(other..other, std::iter::repeat_n(more, 1 + dice.below(50)));
        }
        3 => {
            let seed = dice.of(seeds);
            let more: Vec<Vec<u8>> = seed.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            lines.insert(at, dice.of(&more).clone());
        }
        4 => {
            let cells: Vec<Vec<u8>> =
                lines[at].split(|byte| b",=".contains(byte)).map(<[u8]>::to_vec).collect();
            let which = dice.below(cells.len());
            let mut cells = cells;
            cells[which] = dice.of(ODD).as_bytes().to_vec();
            lines[at] = cells.join(&b","[..]);
        }
        _ => {
            let end = lines[at]
                .iter()
                .position(|byte| b"=,".contains(byte))
                .map_or(lines[at].len(), |place| place + 1);
            lines[at].truncate(end);
            lines[at].extend(dice.of(ODD).as_bytes());
        }
    }
    Some(lines.join(&b"\n"[..]))
}

/// Where elements begin and end: `<a ...>` to `</a>`, as far as angle brackets tell.
fn of_xml(dice: &mut Dice, bytes: &[u8]) -> Option<Vec<u8>> {
    let opens: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'<').collect();
    let start = *opens.get(dice.below(opens.len()))?;
    let end = *opens.iter().find(|at| **at > start + dice.below(4000)).unwrap_or(&bytes.len());
    let mut other = bytes.to_vec();
    match dice.below(5) {
        0 => drop(other.drain(start..end)),
        1 => {
            let part = other[start..end].repeat(1 + dice.below(30));
            other.splice(end..end, part);
        }
        2 => {
            let text = start + other[start..].iter().position(|byte| *byte == b'>')? + 1;
            let until = text + other[text..].iter().position(|byte| *byte == b'<')?;
            other.splice(text..until, dice.of(ODD).bytes());
        }
        3 => {
            let depth = 1 + dice.below(200);
            other.splice(start..start, b"<a>".repeat(depth));
        }
        _ => {
            let part = other[start..end].to_vec();
            let to = *dice.of(&opens);
            other.splice(to..to, part);
        }
    }
    Some(other)
}
