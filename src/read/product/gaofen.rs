//! GF-1, GF-6 and CBERS-4: GeoTIFFs without band names or masks, as provincial centres hand them out once orthorectified.
//!
//! In:  names such as `GF1_WFV3_E108.5_N41.6_20210812_L1A0005810423` or `CBERS_4_MUX_20170528_090_084_L4_BAND5`.
//! Out: bands by the sensor. Law: numbers are counts of the detector without calibration and are told as such: a part of full
//!      scale, as 8-bit pictures are. What a sensor does to all ground of a day alike, the same-date control takes out.
//! Source: China Centre for Resources Satellite Data and Application: GF-1 WFV B1 0.45-0.52, B2 0.52-0.59, B3 0.63-0.69,
//!         B4 0.77-0.89 µm, 10 bit; GF-6 WFV the same four, then B5 to B8, 12 bit. INPE: CBERS-4 MUX bands 5 to 8 of 8 bit,
//!         WFI bands 13 to 16 of 10 bit: blue, green, red, near infrared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::read::probe::Probe;
use crate::read::product::xml::{MAX_BYTES, Xml, text};
use crate::read::product::{Described, Layer, beside};
use crate::read::scaling::Kind;
use crate::read::{ReadError, acquired};
use crate::scene::Band;

/// The order in which all of them number visible light and near infrared.
const ORDER: [Band; 4] = [Band::Blue, Band::Green, Band::Red, Band::Nir];
/// Days that the name and the metadata may lie apart: one is written in Beijing time.
const DAYS_APART: i32 = 1;

/// A sensor by the beginning of its products' names.
struct Sensor {
    start: [&'static str; 2],
    name: &'static str,
    /// Bands of its files.
    bands: &'static [usize],
    /// Largest number that the detector gives.
    full_scale: f64,
}

const SENSORS: [Sensor; 7] = [
    Sensor { start: ["GF1", "WFV"], name: "gf-1 wfv", bands: &[4], full_scale: 1023.0 },
    Sensor { start: ["GF1", "PMS"], name: "gf-1 pms", bands: &[4], full_scale: 1023.0 },
    Sensor { start: ["GF6", "WFV"], name: "gf-6 wfv", bands: &[8, 4], full_scale: 4095.0 },
    Sensor { start: ["GF6", "PMS"], name: "gf-6 pms", bands: &[4], full_scale: 4095.0 },
    Sensor { start: ["CBERS_4", "MUX"], name: "cbers-4 mux", bands: &[1, 4], full_scale: 255.0 },
    Sensor { start: ["CBERS_4", "WFI"], name: "cbers-4 wfi", bands: &[1, 4], full_scale: 1023.0 },
    Sensor { start: ["CBERS_4", "AWFI"], name: "cbers-4 wfi", bands: &[1, 4], full_scale: 1023.0 },
];

/// The product and what follows: `BAND5` of CBERS, nothing of GF, whose bands lie in one file.
pub(super) fn split(stem: &str) -> Option<(&str, &str)> {
    sensor(stem)?;
    let band =
        stem.rsplit_once("_BAND").filter(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
    Some(band.map_or((stem, ""), |(id, _)| (id, &stem[id.len() + 1..])))
}

fn sensor(id: &str) -> Option<&'static Sensor> {
    // GF1B to GF1D and CBERS_4A carry the cameras of their namesakes.
    let is_it = |sensor: &&Sensor| {
        let rest = id.strip_prefix(sensor.start[0])?;
        let rest = rest.strip_prefix(|unit: char| unit.is_ascii_uppercase()).unwrap_or(rest);
        rest.strip_prefix('_')?.strip_prefix(sensor.start[1])
    };
    SENSORS.iter().find(|sensor| is_it(sensor).is_some())
}

/// A product by its files.
pub(super) fn described(
    id: &str,
    source: &Path,
    files: &[(&Path, &str)],
) -> Result<Option<Described>, ReadError> {
    let refuse = |reason: String| ReadError::Product { path: source.to_owned(), reason };
    let Some(sensor) = sensor(id) else { return Ok(None) };
    let date = acquired::in_name(id)
        .ok_or_else(|| refuse("has no date in its name; give it its own name back".to_owned()))?;
    let metadata = beside(source, &format!("{id}.xml"));
    if let Some(path) = &metadata {
        same_day(path, date)?;
    }
    let mut layers = BTreeMap::new();
    let mut brightest = 0.0_f64;
    for (path, name) in files {
        brightest = brightest.max(laid(sensor, (path, name), &mut layers)?);
    }
    if layers.is_empty() {
        return Ok(None);
    }
    let (kind, scale, words) = meaning(sensor, brightest);
    layers.values_mut().for_each(|layer: &mut Layer| layer.scale = scale);
    Ok(Some(Described {
        source: source.to_owned(),
        id: id.to_owned(),
        product: format!("{} without calibration", sensor.name.to_ascii_uppercase()),
        sensor: sensor.name.to_owned(),
        date,
        baseline: None,
        layers,
        metadata: metadata.into_iter().collect(),
        words: format!(
            "{words}; bands blue, green, red, near infrared by the sensor; no cloud mask; compare with care"
        ),
        kind,
        acquisition: None,
    }))
}

/// What the numbers are: counts of the detector, or, where they are larger than it can count, what somebody made of them.
fn meaning(sensor: &Sensor, brightest: f64) -> (Kind, f64, String) {
    let full = sensor.full_scale;
    if brightest > full {
        let words = "scale 0.0001: numbers beyond what the detector counts, without declared scale, taken as reflectance x 10000";
        return (Kind::DigitalNumbers, 0.0001, words.to_owned());
    }
    let words = format!("scale 1/{full}: counts of the detector without calibration, not reflectance");
    (Kind::Counts, 1.0 / full, words)
}

/// Adds the bands of one file, and returns the largest number of a sample.
fn laid(
    sensor: &Sensor,
    (path, name): (&Path, &str),
    layers: &mut BTreeMap<Band, Layer>,
) -> Result<f64, ReadError> {
    let layer = |number: usize| Layer {
        path: PathBuf::from(path),
        is_there: true,
        number,
        metres: 0.0,
        nodata: Some(0.0),
        saturated: None,
        scale: 1.0,
        offset: 0.0,
    };
    let probe = Probe::open(path)?;
    let count = probe.bands.len();
    let named = probe.bands.iter().any(|band| Band::parse(&band.description).is_some());
    if named || (name.is_empty() && count == 1) {
        // Somebody named the bands, or this is the panchromatic picture.
        return Ok(0.0);
    }
    if !sensor.bands.contains(&count) {
        let reason = format!(
            "has {count} bands, a {} file has {:?}; name the bands (gdal_edit, or their order in the plan)",
            sensor.name, sensor.bands
        );
        return Err(ReadError::Bands { path: path.to_owned(), reason });
    }
    if let Some(number) = name.strip_prefix("BAND") {
        let number = number.parse::<usize>().unwrap_or(0);
        let first = if sensor.name.ends_with("mux") { 5 } else { 13 };
        let band = number.checked_sub(first).and_then(|place| ORDER.get(place));
        layers.extend(band.map(|band| (*band, layer(1))));
    } else {
        layers.extend(ORDER.into_iter().zip(1..).map(|(band, number)| (band, layer(number))));
    }
    Ok(probe.sample(Band::Red, if count == 1 { 1 } else { 3 })?.last().copied().unwrap_or(0.0))
}

/// The metadata beside must be of the day that the name says.
fn same_day(path: &Path, date: crate::date::Date) -> Result<(), ReadError> {
    let access = |source| ReadError::Access { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(access)?.len();
    if size > MAX_BYTES {
        let reason = format!("is {size} bytes, the limit for metadata is {MAX_BYTES}; copy it again");
        return Err(ReadError::Product { path: path.to_owned(), reason });
    }
    let xml = Xml::new(path, std::fs::read(path).map_err(access)?)?;
    let document = xml.parse()?;
    let stated = text(document.root(), &["CenterTime", "ReceiveTime", "StartTime"]);
    let stated = stated.as_deref().and_then(acquired::in_text);
    match stated.filter(|stated| crate::date::days_between(*stated, date).abs() > DAYS_APART) {
        None => Ok(()),
        Some(stated) => Err(ReadError::DateConflict {
            path: path.to_owned(),
            first: "this XML".to_owned(),
            first_date: stated.to_string(),
            second: "the product's name".to_owned(),
            second_date: date.to_string(),
        }),
    }
}
