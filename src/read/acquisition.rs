//! Which acquisition a scene is of, so that one that was processed twice counts once.
//!
//! In:  names of products, or what their metadata say. Out: keys, and which of two scenes of one key stands.
//! Law: of one acquisition the latest processing stands, the surface before the top of the atmosphere, and what gives way is
//!      told. Two strips of one pass (a tile that lies on the seam of two downlinks) are two acquisitions: both stand.
//! Source: naming of Sentinel-2 products since 6 December 2016, of Landsat Collection 2 and of HLS v2.

use crate::date::Date;
use crate::read::acquired;
use crate::read::discover::Candidate;

/// Which acquisition a scene is of, and by which processing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acquisition {
    /// Sensor, time and place; the same whatever the processing.
    pub key: String,
    /// Start of the strip of data, where metadata say it.
    pub strip: Option<String>,
    /// 1 for reflectance at the surface, 0 at the top of the atmosphere.
    pub level: u8,
    /// Processing baseline in hundredths, or version.
    pub baseline: Option<u32>,
    /// When it was processed, in a writing whose order is that of time.
    pub generated: String,
}

impl Acquisition {
    /// By the name of a product, anywhere at the beginning of an id.
    pub fn of_name(id: &str) -> Option<Self> {
        sentinel2(id).or_else(|| landsat(id)).or_else(|| hls(id))
    }

    /// The day of it, by the name.
    pub(crate) fn day(&self) -> Option<Date> {
        acquired::in_name(&self.key)
    }

    /// `S2A_OPER_MSI_L2A_DS_2APS_20230626T022158_S20230625T234624_N05.09` began at `20230625T234624`.
    pub(crate) fn strip_of_datastrip(id: &str) -> Option<String> {
        let began = |part: &str| part.strip_prefix('S').filter(|time| is_time(time)).map(str::to_owned);
        id.split('_').find_map(began)
    }

    /// `05.09` is 509.
    pub(crate) fn hundredths(baseline: &str) -> Option<u32> {
        let number = baseline.trim().parse::<f64>().ok().filter(|number| (0.0..100.0).contains(number))?;
        Some((number * 100.0).round() as u32)
    }

    /// Whether this one stands and the other, of the same acquisition, gives way.
    pub(crate) fn replaces(&self, other: &Self) -> bool {
        let strips = self.strip.as_ref().zip(other.strip.as_ref());
        let is_other_strip = strips.is_some_and(|(a, b)| a != b);
        // Names alone do not tell a second strip from a second processing, unless the baseline is another one.
        let is_same_strip = strips.is_some_and(|(a, b)| a == b);
        let is_other_processing =
            self.level != other.level || self.baseline.zip(other.baseline).is_some_and(|(a, b)| a != b);
        let rank = |one: &Self| (one.level, one.baseline, one.generated.clone());
        self.key == other.key
            && !is_other_strip
            && (is_same_strip || is_other_processing)
            && rank(self) > rank(other)
    }
}

/// Candidates that stand, and those that give way to a later processing, each with the reason.
pub(crate) fn latest(candidates: Vec<Candidate>) -> (Vec<Candidate>, Vec<(Candidate, String)>) {
    let why = |one: &Candidate| {
        let own = one.acquisition.as_ref()?;
        let later = candidates
            .iter()
            .find(|other| other.acquisition.as_ref().is_some_and(|other| other.replaces(own)))?;
        Some(format!(
            "is the same acquisition as '{}', which was processed later; the latest one is read",
            later.scene.id
        ))
    };
    let reasons: Vec<Option<String>> = candidates.iter().map(why).collect();
    let (mut standing, mut given_way) = (Vec::new(), Vec::new());
    for (candidate, reason) in candidates.into_iter().zip(reasons) {
        match reason {
            None => standing.push(candidate),
            Some(reason) => given_way.push((candidate, reason)),
        }
    }
    (standing, given_way)
}

/// `N0509` as a whole part of a product name: 5.09. `N9999` states nothing.
pub(crate) fn baseline_in_name(name: &str) -> Option<f64> {
    let number = name.split(['_', '.', '-']).find_map(|part| {
        let digits = part.strip_prefix('N')?;
        let form = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
        if form { digits.parse::<u16>().ok() } else { None }
    })?;
    (number < 9000).then_some(f64::from(number) / 100.0)
}

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 15
        && bytes[8] == b'T'
        && bytes.iter().enumerate().all(|(at, byte)| at == 8 || byte.is_ascii_digit())
}

/// `S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022158`; some archives leave the baseline out.
fn sentinel2(id: &str) -> Option<Acquisition> {
    let parts: Vec<&str> = id.split(['_', '.']).collect();
    let at = parts.iter().position(|part| *part == "MSIL1C" || *part == "MSIL2A")?;
    let unit = parts.get(at.checked_sub(1)?)?.strip_prefix("S2").filter(|unit| unit.len() == 1)?;
    let started = parts.get(at + 1).filter(|time| is_time(time))?;
    let tile = parts[at..].iter().find(|part| part.len() == 6 && part.starts_with('T') && !is_time(part))?;
    let times: Vec<&&str> = parts[at + 2..].iter().filter(|part| is_time(part)).collect();
    Some(Acquisition {
        key: format!("sentinel-2{} {started} {tile}", unit.to_ascii_lowercase()),
        strip: None,
        level: u8::from(parts[at] == "MSIL2A"),
        baseline: baseline_in_name(id).map(|baseline| (baseline * 100.0).round() as u32),
        generated: times.last().map(|time| (**time).to_owned()).unwrap_or_default(),
    })
}

/// `LC08_L2SP_028030_20200114_20200824_02_T1`.
fn landsat(id: &str) -> Option<Acquisition> {
    let parts: Vec<&str> = id.split('_').collect();
    let [sensor, level, place, acquired, processed, collection, tier, ..] = parts.as_slice() else {
        return None;
    };
    let is_date = |text: &&str| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let form = sensor.len() == 4 && sensor.starts_with('L') && is_date(acquired) && is_date(processed);
    let is_known = form && level.len() == 4 && place.len() == 6 && collection.len() == 2;
    is_known.then(|| Acquisition {
        key: format!("{sensor} {acquired} {place}"),
        strip: Some(String::new()),
        level: u8::from(level.starts_with("L2")),
        baseline: collection.parse().ok(),
        // A scene of the real-time tier is processed again within weeks.
        generated: format!("{processed} {} {level}", u8::from(*tier != "RT")),
    })
}

/// `HLS.S30.T49TCF.2021180T033541.v2.0`.
fn hls(id: &str) -> Option<Acquisition> {
    let parts: Vec<&str> = id.split('.').collect();
    let ["HLS", product, tile, time, major, minor, ..] = parts.as_slice() else { return None };
    let version = format!("{}.{minor}", major.strip_prefix('v')?);
    Some(Acquisition {
        key: format!("HLS {product} {time} {tile}"),
        strip: Some(String::new()),
        level: 1,
        baseline: Acquisition::hundredths(&version),
        generated: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaces(a: &str, b: &str) -> bool {
        Acquisition::of_name(a).unwrap().replaces(&Acquisition::of_name(b).unwrap())
    }

    /// Case 58 of the catalogue of faults.
    #[test]
    fn a_later_processing_of_one_acquisition_replaces_the_earlier() {
        let old = "S2A_MSIL2A_20180721T053721_N0208_R062_T43MDV_20180721T103920";
        let new = "S2A_MSIL2A_20180721T053721_N0500_R062_T43MDV_20230714T181419.SAFE";
        assert!(replaces(new, old) && !replaces(old, new) && !replaces(new, new));
        let other_tile = "S2A_MSIL2A_20180721T053721_N0500_R062_T43MDU_20230714T181419";
        assert!(!replaces(new, other_tile) && !replaces(other_tile, old));
        let top = "S2A_MSIL1C_20180721T053721_N0500_R062_T43MDV_20240101T000000";
        assert!(replaces(old, top));
        let (early, late) =
            ("LC08_L2SP_123032_20210629_20210702_02_RT_SR", "LC08_L2SP_123032_20210629_20210708_02_T1_SR");
        assert!(replaces(late, early) && !replaces(early, late));
        assert!(replaces("HLS.S30.T49TCF.2021180T033541.v2.0", "HLS.S30.T49TCF.2021180T033541.v1.5"));
        assert_eq!(Acquisition::of_name("S2_20210629"), None);
    }

    /// Case 59 of the catalogue of faults.
    #[test]
    fn two_strips_of_one_pass_both_stand() {
        let first = "S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022157";
        let second = "S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022158";
        assert!(!replaces(first, second) && !replaces(second, first), "names alone do not tell");
        let with = |strip: &str| {
            let strip = Acquisition::strip_of_datastrip(&format!(
                "S2A_OPER_MSI_L2A_DS_2APS_20230626T022158_S{strip}_N05.09"
            ));
            Acquisition { strip, ..Acquisition::of_name(second).unwrap() }
        };
        let (a, b) = (with("20230625T234624"), with("20230625T235512"));
        let again = Acquisition { generated: "20240101".to_owned(), ..a.clone() };
        assert!(!a.replaces(&b) && !b.replaces(&a) && again.replaces(&a) && !again.replaces(&b));
    }
}
