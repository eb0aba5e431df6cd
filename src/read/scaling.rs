//! What the numbers of a scene mean: reflectance = number * scale + offset.
//!
//! In:  what file, name or STAC item declare, the type of the numbers and a sample of the red band.
//! Out: one decision a scene, in words for the manifest; scenes of a run must share its kind.
//! Law: declared before stated by the product before plausible; what is implausible is refused.
//! Source: Sentinel-2 processing baseline 04.00 (25 January 2022) adds 1000 to L1C and L2A numbers,
//!         quantification 10 000; Landsat Collection 2 Level 2: 0.0000275 and -0.2.

use std::path::{Path, PathBuf};

use crate::read::ReadError;
use crate::read::acquisition::baseline_in_name;
use crate::read::probe::Numbers;
use crate::scene::Band;

/// Sentinel-2 numbers per unit of reflectance, as a scale.
const SENTINEL2_SCALE: f64 = 0.0001;
/// What baseline 04.00 and later add, as reflectance to take away.
const SENTINEL2_OFFSET: f64 = -0.1;
/// First baseline with the added 1000.
const OFFSET_BASELINE: f64 = 4.0;
/// Landsat Collection 2 Level 2: reflectance per number, and what is added.
pub(crate) const LANDSAT_SCALE: f64 = 0.0000275;
/// See [`LANDSAT_SCALE`].
pub(crate) const LANDSAT_OFFSET: f64 = -0.2;

/// How the meaning was found. Scenes of one run must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Declared,
    Sentinel2,
    Sentinel2Top,
    LandsatCollection2,
    Hls,
    Counts,
    DigitalNumbers,
    Display,
    Reflectance,
}

impl Kind {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Kind::Declared => "numbers with declared scale and offset",
            Kind::Sentinel2 => "Sentinel-2 numbers of a stated processing baseline",
            Kind::Sentinel2Top => "Sentinel-2 Level 1C numbers, reflectance at the top of the atmosphere",
            Kind::LandsatCollection2 => "Landsat Collection 2 Level 2 numbers",
            Kind::Hls => "HLS version 2 numbers",
            Kind::Counts => "counts of a detector without calibration",
            Kind::DigitalNumbers => "16-bit numbers without declared scale",
            Kind::Display => "8-bit display values",
            Kind::Reflectance => "floating-point reflectance",
        }
    }

    /// Whether scenes of both may lie in one series: of one kind, or both of known meaning, reflectance of the ground. What
    /// their sensors see differently, the same-date control takes out.
    pub(crate) fn goes_with(self, other: Self) -> bool {
        let is_known = |kind: Self| {
            matches!(kind, Kind::Declared | Kind::Sentinel2 | Kind::LandsatCollection2 | Kind::Hls)
        };
        self == other || is_known(self) && is_known(other)
    }
}

/// The decision for one scene.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scaling {
    pub(crate) kind: Kind,
    pub(crate) scale: f64,
    pub(crate) offset: f64,
    /// Number that means nodata where the file declares none.
    pub(crate) nodata: Option<f64>,
    pub(crate) words: String,
}

/// What is known before the decision.
#[derive(Debug, Clone)]
pub(crate) struct Evidence {
    pub(crate) path: PathBuf,
    /// Product, item or file name.
    pub(crate) name: String,
    pub(crate) numbers: Numbers,
    /// Scale and offset, and who declares them.
    pub(crate) declared: Option<(f64, f64, &'static str)>,
    /// Processing baseline as metadata write it, for example `04.00`.
    pub(crate) baseline: Option<String>,
    /// Offset in numbers as metadata write it, for example -1000.
    pub(crate) add_offset: Option<f64>,
    /// Whether the provider says that the offset is already taken away.
    pub(crate) offset_applied: bool,
    /// Valid numbers of the red band (or the first reflectance band), sorted.
    pub(crate) sample: Vec<f64>,
}

/// Decides what the numbers mean.
///
/// # Errors
/// `Scaling` where no rule gives plausible reflectance.
pub(crate) fn decide(evidence: &Evidence) -> Result<Scaling, ReadError> {
    let zero_is_nodata = evidence.numbers == Numbers::Integer16;
    let sample: Vec<f64> =
        evidence.sample.iter().copied().filter(|value| !(zero_is_nodata && *value == 0.0)).collect();
    let scaling = stated(evidence).map_or_else(|| by_numbers(evidence, &sample), Ok)?;
    if zero_is_nodata && scaling.offset > MOST_OFFSET {
        let reason = format!(
            "offset {} by '{}' would add light to every number, which no product does; its sign is turned round (Sentinel-2 \
             since baseline 04.00: -0.1, Landsat Collection 2: -0.2): declare it anew (gdal_edit -offset)",
            scaling.offset, scaling.words
        );
        return Err(ReadError::Scaling { path: evidence.path.clone(), reason });
    }
    check(&evidence.path, &scaling, &sample)?;
    Ok(scaling)
}

/// What is stated of numbers without a look at them.
pub(crate) fn stated(evidence: &Evidence) -> Option<Scaling> {
    by_declaration(evidence).or_else(|| by_product(evidence))
}

fn by_declaration(evidence: &Evidence) -> Option<Scaling> {
    let (scale, offset, source) = evidence.declared?;
    let nodata = (evidence.numbers == Numbers::Integer16).then_some(0.0);
    let already = evidence.offset_applied && offset != 0.0;
    let (offset, note) =
        if already { (0.0, "; offset not used, the item says that it is applied") } else { (offset, "") };
    let words = format!("scale {scale}, offset {offset} declared by {source}{note}");
    Some(Scaling { kind: Kind::Declared, scale, offset, nodata, words })
}

fn by_product(evidence: &Evidence) -> Option<Scaling> {
    if evidence.numbers != Numbers::Integer16 {
        return None;
    }
    if landsat_collection2(&evidence.name) {
        let words = "scale 0.0000275, offset -0.2: Landsat Collection 2 Level 2 by product name".to_owned();
        let kind = Kind::LandsatCollection2;
        return Some(Scaling {
            kind,
            scale: LANDSAT_SCALE,
            offset: LANDSAT_OFFSET,
            nodata: Some(0.0),
            words,
        });
    }
    if evidence.name.starts_with("HLS.") && evidence.name.contains(".v2.") {
        let words = format!("scale {SENTINEL2_SCALE}, offset 0: HLS version 2 by product name");
        return Some(Scaling { kind: Kind::Hls, scale: SENTINEL2_SCALE, offset: 0.0, nodata: None, words });
    }
    let stated = evidence.baseline.as_deref().and_then(|text| text.trim().parse::<f64>().ok());
    let (baseline, source) = match (stated, baseline_in_name(&evidence.name)) {
        (Some(baseline), _) => (Some(baseline), "metadata"),
        (None, named) => (named, "product name"),
    };
    let (offset, reason) = match (evidence.add_offset, baseline) {
        _ if evidence.offset_applied => (0.0, "the item says that the offset is applied".to_owned()),
        (Some(added), _) => (added * SENTINEL2_SCALE, format!("BOA_ADD_OFFSET {added} in metadata")),
        (None, Some(baseline)) if baseline >= OFFSET_BASELINE => {
            (SENTINEL2_OFFSET, format!("processing baseline {baseline:05.2} by {source}"))
        }
        (None, Some(baseline)) => (0.0, format!("processing baseline {baseline:05.2} by {source}")),
        (None, None) => return None,
    };
    let words = format!("scale {SENTINEL2_SCALE}, offset {offset}: Sentinel-2, {reason}");
    let is_top = evidence.name.contains("_MSIL1C_");
    let kind = if is_top { Kind::Sentinel2Top } else { Kind::Sentinel2 };
    Some(Scaling { kind, scale: SENTINEL2_SCALE, offset, nodata: Some(0.0), words })
}

fn by_numbers(evidence: &Evidence, sample: &[f64]) -> Result<Scaling, ReadError> {
    let refuse = |reason: String| ReadError::Scaling { path: evidence.path.clone(), reason };
    let range = || match (sample.first(), sample.last()) {
        (Some(low), Some(high)) => format!("found {low} to {high}"),
        _ => "found no valid number".to_owned(),
    };
    let next = "declare scale and offset in the file (gdal_edit -scale -offset)";
    match evidence.numbers {
        Numbers::Byte => {
            let words =
                "scale 1/255: 8-bit values are a stretched display, not reflectance; compare with care"
                    .to_owned();
            Ok(Scaling { kind: Kind::Display, scale: 1.0 / 255.0, offset: 0.0, nodata: None, words })
        }
        Numbers::Integer16 if sample.last().is_some_and(|high| *high <= 100.0) => Err(refuse(format!(
            "16-bit numbers expected as reflectance x 10000, {}, which is no reflectance; {next}",
            range()
        ))),
        Numbers::Integer16 => {
            let words =
                "scale 0.0001, offset 0: 16-bit numbers without declared scale, taken as reflectance x 10000";
            let kind = Kind::DigitalNumbers;
            Ok(Scaling {
                kind,
                scale: SENTINEL2_SCALE,
                offset: 0.0,
                nodata: Some(0.0),
                words: words.to_owned(),
            })
        }
        Numbers::Float if plausible(sample, -0.2, 1.6) => {
            let words = "scale 1, offset 0: floating-point numbers within reflectance".to_owned();
            Ok(Scaling { kind: Kind::Reflectance, scale: 1.0, offset: 0.0, nodata: None, words })
        }
        Numbers::Float => Err(refuse(format!(
            "floating-point reflectance expected within -0.2 to 1.6, {}; {next}",
            range()
        ))),
        Numbers::Integer32 | Numbers::Other => {
            Err(refuse(format!("numbers of this type have no known meaning as reflectance; {next}")))
        }
    }
}

fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((part * last as f64).round() as usize).copied()
}

fn plausible(sorted: &[f64], low: f64, high: f64) -> bool {
    quantile(sorted, 0.02).is_none_or(|value| value >= low)
        && quantile(sorted, 0.98).is_none_or(|value| value <= high)
}

/// Largest offset of whole numbers that is believed. Products add so that numbers stay positive, and take away when read.
pub(crate) const MOST_OFFSET: f64 = 0.01;

/// Share of the darkest numbers of a band of Sentinel-2 that may mean less than no light, and how much less. Dark water and
/// shadow lie a little below nought after correction for the air; a tenth taken away twice puts all that is green there.
/// (`reference/reliability.md` case 30 has 0.5 % below -0.02 of all bands together, which dark water alone may reach.)
const DARK_SHARE: f64 = 0.02;
const DARK: f64 = -0.03;

/// Whether numbers of a band of a product can be what the product says: kind, scale, offset and words. `sample` is sorted.
///
/// # Errors
/// `Scaling` where they contradict it.
pub(crate) fn check_plausible(
    (path, band): (&Path, Band),
    (kind, scale, offset, words): (Kind, f64, f64, &str),
    sample: &[f64],
) -> Result<(), ReadError> {
    let refuse = |reason: String| Err(ReadError::Scaling { path: path.to_owned(), reason });
    let has_offset = offset < 0.0 && matches!(kind, Kind::Sentinel2 | Kind::Sentinel2Top);
    let at = |part: f64| quantile(sample, part).map(|number| number * scale + offset);
    if let Some(median) = at(0.5).filter(|median| !(-0.1..=2.0).contains(median)) {
        return refuse(format!(
            "median reflectance of band {band} would be {median:.3} by '{words}', expected -0.1 to 2; the metadata are of \
             another product or the pixels are: copy the product again, whole"
        ));
    }
    match at(DARK_SHARE).filter(|dark| has_offset && *dark < DARK) {
        None => Ok(()),
        Some(dark) => refuse(format!(
            "{} % of band {band} would be below {dark:.3} by '{words}'; the offset seems to be taken away already, by whoever \
             wrote these pixels: copy the product again, whole",
            100.0 * DARK_SHARE
        )),
    }
}

/// Median reflectance must lie within what clouds, snow and soil can show; an offset must not be taken twice.
fn check(path: &Path, scaling: &Scaling, sample: &[f64]) -> Result<(), ReadError> {
    let refuse = |reason: String| Err(ReadError::Scaling { path: path.to_owned(), reason });
    let reflectance = |value: f64| value * scaling.scale + scaling.offset;
    if let Some(median) = quantile(sample, 0.5).map(reflectance)
        && !(-0.1..=2.0).contains(&median)
    {
        return refuse(format!(
            "median reflectance of the red band would be {median:.3} by '{}', expected -0.1 to 2; declare scale and offset in the file",
            scaling.words
        ));
    }
    let dark = quantile(sample, 0.05).map(reflectance);
    if scaling.offset < 0.0 && scaling.kind == Kind::Sentinel2 && dark.is_some_and(|value| value < -0.02) {
        return refuse(format!(
            "5 % of the red band would be below -0.02 by '{}'; the offset seems to be taken away already, declare scale 0.0001 and offset 0 in the file",
            scaling.words
        ));
    }
    Ok(())
}

/// `LC08_L2SP_..._02_T1`: Landsat, Level 2, Collection 2.
fn landsat_collection2(name: &str) -> bool {
    let mut parts = name.split('_');
    let sensor = parts.next().unwrap_or_default();
    let level = parts.next().unwrap_or_default();
    let known = matches!(sensor, "LC08" | "LO08" | "LC09" | "LO09" | "LE07" | "LT05" | "LT04");
    known && level.starts_with("L2") && parts.any(|part| part == "02")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(name: &str, numbers: Numbers, sample: &[f64]) -> Evidence {
        Evidence {
            path: PathBuf::from("x.tif"),
            name: name.to_owned(),
            numbers,
            declared: None,
            baseline: None,
            add_offset: None,
            offset_applied: false,
            sample: sample.to_vec(),
        }
    }

    #[test]
    fn the_product_name_decides_on_the_sentinel_2_offset() {
        let dn = [1200.0, 1900.0, 2500.0];
        let new = "S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022158";
        let scaling = decide(&evidence(new, Numbers::Integer16, &dn)).unwrap();
        assert_eq!((scaling.scale, scaling.offset, scaling.kind), (0.0001, -0.1, Kind::Sentinel2));
        assert!(scaling.words.contains("05.09"));
        let old = "S2A_MSIL2A_20190212T192651_N0212_R013_T07HFE_20201007T160857";
        assert_eq!(decide(&evidence(old, Numbers::Integer16, &dn)).unwrap().offset, 0.0);
        assert_eq!(
            decide(&evidence("S2_20190212", Numbers::Integer16, &dn)).unwrap().kind,
            Kind::DigitalNumbers
        );
    }

    #[test]
    fn an_offset_taken_twice_is_refused() {
        let name = "S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022158";
        let error = decide(&evidence(name, Numbers::Integer16, &[200.0, 300.0, 900.0, 1500.0])).unwrap_err();
        assert!(error.to_string().contains("already"), "{error}");
    }

    /// Case 34 of the catalogue of faults.
    #[test]
    fn an_offset_with_the_sign_turned_round_is_refused() {
        let mut turned = evidence("a", Numbers::Integer16, &[1200.0, 1900.0, 2500.0]);
        turned.declared = Some((0.0001, 0.1, "the file"));
        assert!(decide(&turned).unwrap_err().to_string().contains("sign is turned round"));
        turned.declared = Some((0.0001, -0.1, "the file"));
        assert_eq!(decide(&turned).unwrap().offset, -0.1);
    }

    #[test]
    fn landsat_collection_2_is_known_by_name() {
        let name = "LC08_L2SP_028030_20200114_20200824_02_T1_SR";
        let scaling = decide(&evidence(name, Numbers::Integer16, &[9000.0, 11_000.0])).unwrap();
        assert_eq!((scaling.scale, scaling.offset), (0.0000275, -0.2));
    }

    #[test]
    fn a_provider_that_applied_the_offset_is_believed() {
        let mut stac = evidence("S2B_50TPK", Numbers::Integer16, &[300.0, 900.0]);
        stac.baseline = Some("05.09".to_owned());
        assert!(decide(&stac).is_err());
        stac.offset_applied = true;
        assert_eq!(decide(&stac).unwrap().offset, 0.0);
        stac.declared = Some((0.0001, -0.1, "raster:bands"));
        assert_eq!(decide(&stac).unwrap().offset, 0.0);
    }

    #[test]
    fn floats_that_are_no_reflectance_are_refused() {
        assert_eq!(
            decide(&evidence("a", Numbers::Float, &[0.01, 0.2, 0.5])).unwrap().kind,
            Kind::Reflectance
        );
        assert!(decide(&evidence("a", Numbers::Float, &[100.0, 2000.0, 3000.0])).is_err());
        assert!(decide(&evidence("a", Numbers::Integer16, &[1.0, 2.0, 9.0])).is_err());
        assert_eq!(decide(&evidence("a", Numbers::Byte, &[7.0, 90.0])).unwrap().kind, Kind::Display);
    }
}
