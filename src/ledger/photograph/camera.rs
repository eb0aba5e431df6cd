//! What a camera wrote into a picture: where it stood, when, and which way it looked.
//!
//! In:  bytes of a JPEG or HEIC file. Out: a [`Shot`], or in words why it is none.
//! Law: the file comes from strangers. What is missing or makes no sense is told and never filled in.
//! Source: CIPA DC-008 (Exif 2.32) 4.6.5 and 4.6.6; markers of ITU-T T.81 annex B; `GimbalYawDegree` as DJI's drones write
//!         it into XMP, degrees from north.

use exif::{DateTime as Written, Exif, In, Reader, Tag, Value};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::date::{Date, days_between, parse_date};

/// Hours by which the clock on the wall is ahead of UTC at most (Line Islands).
const MOST_HOURS_AHEAD: i8 = 14;

/// What one picture says, each part with the words where it is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Shot {
    /// Longitude and latitude, degrees, WGS 84.
    pub place: Result<(f64, f64), String>,
    /// When.
    pub taken: Result<Taken, String>,
    /// Which way.
    pub direction: Result<Direction, String>,
}

/// A time as a camera writes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taken {
    /// By the camera's clock.
    pub clock: DateTime,
    /// How far that clock is ahead of UTC; none where the camera does not say.
    pub offset: Option<Offset>,
}

/// Which way a camera looked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Direction {
    /// Degrees from north over east, 0 to 360.
    pub degrees: f64,
    /// From which north, or by what it was measured.
    pub from: &'static str,
}

impl Taken {
    /// The day by the camera's clock.
    pub fn day(&self) -> Date {
        self.clock.date()
    }

    /// The earliest moment that it can have been.
    pub fn earliest(&self) -> Option<Timestamp> {
        let ahead = Offset::constant(MOST_HOURS_AHEAD);
        self.offset.unwrap_or(ahead).to_timestamp(self.clock).ok()
    }

    /// As records hold it: with the offset where it is known.
    pub fn text(&self) -> String {
        let clock = self.clock.strftime("%Y-%m-%dT%H:%M:%S");
        let Some(offset) = self.offset else { return clock.to_string() };
        let minutes = offset.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{clock}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }
}

/// Reads a picture.
///
/// # Errors
/// In words: what it is instead, or that a part of it is missing.
pub fn shot(bytes: &[u8]) -> Result<Shot, String> {
    let xmp = match kind(bytes) {
        Ok(Kind::Jpeg) => whole_jpeg(bytes)?,
        Ok(Kind::Heic) => None,
        Err(found) => return Err(format!("expected a JPEG or HEIC picture, found {found}")),
    };
    let mut reader = Reader::new();
    let read = reader.continue_on_error(true).read_from_container(&mut std::io::Cursor::new(bytes));
    // A maker's note that is cut short takes nothing from the place and the time.
    let exif = read.or_else(|error| error.distill_partial_result(|_| {}));
    let exif = exif.map_err(|error| {
        format!("expected EXIF of a camera, found none ({error}); apps that send pictures take it away, give the original file")
    })?;
    let direction = direction(&exif).or_else(|lacking| xmp.and_then(gimbal).ok_or(lacking));
    Ok(Shot { place: place(&exif), taken: taken(&exif), direction })
}

enum Kind {
    Jpeg,
    Heic,
}

fn kind(bytes: &[u8]) -> Result<Kind, &'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Ok(Kind::Jpeg),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Ok(Kind::Heic),
        [] => Err("an empty file"),
        [0x89, b'P', b'N', b'G', ..] => Err("PNG, as screens are saved"),
        [b'R', b'I', b'F', b'F', ..] => Err("WebP or another RIFF file"),
        [b'I', b'I', 0x2a, 0, ..] | [b'M', b'M', 0, 0x2a, ..] => Err("TIFF or a raw file of a camera"),
        [b'P', b'K', 3, 4, ..] => Err("an archive; unpack it first"),
        _ => Err("other bytes"),
    }
}

/// Goes from marker to marker; returns the XMP packet where there is one.
fn whole_jpeg(bytes: &[u8]) -> Result<Option<&[u8]>, String> {
    const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
    let cut = |at: usize| format!("the picture is cut short (byte {at} of {}); copy it again", bytes.len());
    let (mut at, mut xmp) = (2, None);
    loop {
        let [0xff, marker, rest @ ..] = bytes.get(at..).unwrap_or_default() else { return Err(cut(at)) };
        let size = match (*marker, rest) {
            // A byte that fills, and markers that stand alone.
            (0xff, _) => {
                at += 1;
                continue;
            }
            (0x01 | 0xd0..=0xd7, _) => 0,
            (0xd9, _) => return Err("the picture has no pixels; copy it again".to_owned()),
            (_, [high, low, ..]) => usize::from(u16::from_be_bytes([*high, *low])),
            _ => return Err(cut(at)),
        };
        let body = rest.get(2..size.max(2)).ok_or_else(|| cut(at))?;
        if *marker == 0xe1 && body.starts_with(XMP) {
            xmp = xmp.or(body.get(XMP.len()..));
        }
        at += 2 + size;
        if *marker == 0xda {
            // Phones put more behind the end, so that it is looked for and not asked for as the last two bytes.
            let pixels = bytes.get(at..).unwrap_or_default();
            let has_end = pixels.windows(2).any(|pair| pair == [0xff, 0xd9]);
            return if has_end { Ok(xmp) } else { Err(cut(bytes.len())) };
        }
    }
}

fn numbers(exif: &Exif, tag: Tag) -> Option<Vec<f64>> {
    let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    parts.iter().map(|part| (part.denom != 0).then(|| part.to_f64())).collect()
}

fn words(exif: &Exif, tag: Tag) -> Option<String> {
    let Value::Ascii(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let text = String::from_utf8_lossy(parts.first()?).trim_matches(['\0', ' ']).to_owned();
    (!text.is_empty()).then_some(text)
}

fn place(exif: &Exif) -> Result<(f64, f64), String> {
    let axis = |value: Tag, side: Tag, [plus, minus]: [&str; 2], most: f64| -> Result<f64, String> {
        let parts = numbers(exif, value)
            .ok_or("expected a position (GPS), found none; switch it on in the camera".to_owned())?;
        let whole = parts.iter().zip([1.0, 60.0, 3600.0]).map(|(part, unit)| part / unit).sum::<f64>();
        let fits = matches!(parts.len(), 1..=3) && parts.iter().skip(1).all(|part| *part <= 60.0);
        if !fits || whole > most {
            return Err(format!("expected degrees, minutes and seconds up to {most}, found {parts:?}"));
        }
        match words(exif, side).as_deref() {
            Some(found) if found.eq_ignore_ascii_case(plus) => Ok(whole),
            Some(found) if found.eq_ignore_ascii_case(minus) => Ok(-whole),
            found => Err(format!(
                "expected a hemisphere of {plus} or {minus} beside {whole}, found {}",
                found.unwrap_or("none")
            )),
        }
    };
    if words(exif, Tag::GPSStatus).is_some_and(|status| status.eq_ignore_ascii_case("V")) {
        return Err("expected a position, found one that the camera calls void (GPSStatus V)".to_owned());
    }
    let datum = words(exif, Tag::GPSMapDatum).unwrap_or_default();
    if !["", "WGS84", "WGS1984", "CGCS2000"]
        .contains(&datum.to_uppercase().replace([' ', '-', '_'], "").as_str())
    {
        return Err(format!("expected a position in WGS 84, found one in {datum}"));
    }
    let error = numbers(exif, Tag::GPSHPositioningError).and_then(|parts| parts.first().copied());
    if let Some(error) = error.filter(|metres| !(0.0..=MOST_ERROR_METRES).contains(metres)) {
        return Err(format!(
            "expected a position within {MOST_ERROR_METRES} m, found one that may be {error} m off"
        ));
    }
    let latitude = axis(Tag::GPSLatitude, Tag::GPSLatitudeRef, ["N", "S"], 90.0)?;
    let longitude = axis(Tag::GPSLongitude, Tag::GPSLongitudeRef, ["E", "W"], 180.0)?;
    if (longitude, latitude) == (0.0, 0.0) {
        return Err("expected a position, found 0, 0, which a camera writes before it has one".to_owned());
    }
    Ok((longitude, latitude))
}

/// Error of a position from which on it says nothing about a lead: as far as a picture may be taken beside one.
const MOST_ERROR_METRES: f64 = 100.0;

/// Days by which the camera's clock and the satellites' may differ: one, for the time zones.
const MOST_DAYS_APART: i32 = 1;

fn taken(exif: &Exif) -> Result<Taken, String> {
    let clock = |text: &str| {
        let at = Written::from_ascii(text.as_bytes()).ok()?;
        let two = |number: u8| i8::try_from(number).ok();
        let (month, day) = (two(at.month)?, two(at.day)?);
        let (hour, minute, second) = (two(at.hour)?, two(at.minute)?, two(at.second)?);
        DateTime::new(i16::try_from(at.year).ok()?, month, day, hour, minute, second, 0).ok()
    };
    if let Some(text) = words(exif, Tag::DateTimeOriginal) {
        let clock = clock(&text)
            .ok_or(format!("expected the time of the picture as YYYY:MM:DD HH:MM:SS, found '{text}'"))?;
        let satellites = words(exif, Tag::GPSDateStamp).and_then(|day| parse_date(&day.replace(':', "-")));
        let is_apart = |day: &Date| days_between(*day, clock.date()).abs() > MOST_DAYS_APART;
        if let Some(day) = satellites.filter(is_apart) {
            return Err(format!(
                "expected one day of camera and satellites, found {} and {day}",
                clock.date()
            ));
        }
        return Ok(Taken {
            clock,
            offset: words(exif, Tag::OffsetTimeOriginal).and_then(|text| offset(&text)),
        });
    }
    // The satellites' clock is UTC.
    let by_satellites = || {
        let parts = numbers(exif, Tag::GPSTimeStamp)?;
        let [hour, minute, second] = parts.as_slice() else { return None };
        let time = format!("{hour:02.0}:{minute:02.0}:{:02}", second.floor());
        clock(&format!("{} {time}", words(exif, Tag::GPSDateStamp)?))
    };
    by_satellites()
        .map(|clock| Taken { clock, offset: Some(Offset::UTC) })
        .ok_or("expected the time of the picture (DateTimeOriginal), found none".to_owned())
}

/// `+08:00`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = text.split_at_checked(1)?;
    let (hours, minutes) = digits.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let is_clock = (0..=i32::from(MOST_HOURS_AHEAD)).contains(&hours) && (0..60).contains(&minutes);
    let seconds = (hours * 60 + minutes) * 60;
    match sign {
        "+" if is_clock => Offset::from_seconds(seconds).ok(),
        "-" if is_clock => Offset::from_seconds(-seconds).ok(),
        _ => None,
    }
}

fn direction(exif: &Exif) -> Result<Direction, String> {
    let lacking =
        "expected the direction of the camera (GPSImgDirection), found none; let the camera use its compass";
    let parts = numbers(exif, Tag::GPSImgDirection).ok_or(lacking)?;
    let [degrees] = parts.as_slice() else { return Err(lacking.to_owned()) };
    if !(0.0..=360.0).contains(degrees) {
        return Err(format!("expected a direction from 0 to 360 degrees, found {degrees}"));
    }
    let from = match words(exif, Tag::GPSImgDirectionRef).as_deref() {
        Some("T" | "t") => "true north",
        Some("M" | "m") => "magnetic north",
        _ => "north, which one is not said",
    };
    Ok(Direction { degrees: *degrees, from })
}

/// The yaw of a drone's gimbal, written as an attribute or as an element.
fn gimbal(xmp: &[u8]) -> Option<Direction> {
    const NAME: &str = "GimbalYawDegree";
    let text = String::from_utf8_lossy(xmp);
    let rest = &text[text.find(NAME)? + NAME.len()..];
    let rest = rest.trim_start_matches(['=', '"', '\'', '>', ' ']);
    let digits = rest.split(|c: char| !(c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))).next()?;
    let degrees: f64 = digits.parse().ok()?;
    (degrees.abs() <= 360.0)
        .then(|| Direction { degrees: degrees.rem_euclid(360.0), from: "gimbal of a drone" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::photograph::drawn::{Camera, heic, jpeg};

    fn read(camera: &Camera) -> Shot {
        shot(&jpeg(camera)).unwrap()
    }

    #[test]
    fn a_picture_says_where_when_and_which_way_in_jpeg_and_in_heic() {
        let camera = Camera::default();
        for bytes in [jpeg(&camera), heic(&camera)] {
            let shot = shot(&bytes).unwrap();
            let (longitude, latitude) = shot.place.unwrap();
            assert!((longitude - 108.002).abs() < 1e-6 && (latitude - 41.502).abs() < 1e-6);
            assert_eq!(shot.taken.unwrap().text(), "2026-06-12T09:30:00+08:00");
            assert_eq!(shot.direction.unwrap(), Direction { degrees: 135.0, from: "true north" });
        }
        let south = Camera { place: Some((-108.002, -41.502)), offset: None, ..Camera::default() };
        let shot = read(&south);
        assert!(shot.place.is_ok_and(|(longitude, latitude)| longitude < -108.0 && latitude < -41.5));
        assert_eq!(shot.taken.unwrap().text(), "2026-06-12T09:30:00");
    }

    #[test]
    fn what_a_camera_did_not_write_is_told_and_not_filled_in() {
        let shot = read(&Camera { place: None, taken: None, direction: None, ..Camera::default() });
        for (lacking, part) in [
            (shot.place.unwrap_err(), "(GPS)"),
            (shot.taken.unwrap_err(), "DateTimeOriginal"),
            (shot.direction.unwrap_err(), "compass"),
        ] {
            assert!(lacking.contains(part), "{lacking}");
        }
        let nowhere = read(&Camera { place: Some((0.0, 0.0)), ..Camera::default() });
        assert!(nowhere.place.unwrap_err().contains("0, 0"));
        let odd = read(&Camera { taken: Some("2026:13:41 09:30:00".to_owned()), ..Camera::default() });
        assert!(odd.taken.unwrap_err().contains("2026:13:41"));
    }

    #[test]
    fn a_position_that_says_itself_that_it_is_none_is_taken_for_none() {
        let with = |tag: u16, words: &'static str| {
            read(&Camera { satellites: vec![(tag, words)], ..Camera::default() })
        };
        assert!(with(9, "V").place.unwrap_err().contains("void"));
        assert!(with(9, "A").place.is_ok());
        assert!(with(18, "GCJ-02").place.unwrap_err().contains("GCJ-02"));
        assert!(with(18, "WGS-84").place.is_ok());
        let off = |metres: u32| read(&Camera { error: Some(metres), ..Camera::default() }).place;
        assert!(off(5_000).unwrap_err().contains("5000 m off") && off(12).is_ok());
        // The camera's clock says 12 June 2026.
        assert!(with(29, "2019:06:12").taken.unwrap_err().contains("2019-06-12"));
        assert!(with(29, "2026:06:11").taken.is_ok());
    }

    #[test]
    fn a_drone_says_by_its_gimbal_which_way_it_looked() {
        let yaw = |yaw: &str| {
            let camera = Camera { direction: None, gimbal: Some(yaw.to_owned()), ..Camera::default() };
            read(&camera).direction
        };
        assert_eq!(yaw("-45.5").unwrap(), Direction { degrees: 314.5, from: "gimbal of a drone" });
        assert_eq!(yaw("+12.0").unwrap().degrees, 12.0);
        assert!(yaw("often").is_err());
        // What the compass says goes first.
        let both = read(&Camera { gimbal: Some("-45.5".to_owned()), ..Camera::default() });
        assert_eq!(both.direction.unwrap().degrees, 135.0);
    }

    #[test]
    fn what_is_no_picture_or_only_part_of_one_is_told() {
        let whole = jpeg(&Camera::default());
        for (bytes, part) in [
            (&whole[..whole.len() - 2], "cut short"),
            (&whole[..whole.len() / 2], "cut short"),
            (&whole[..3], "cut short"),
            (include_bytes!("../../../fixtures/photographs/plain.jpg").as_slice(), "original file"),
            (b"\x89PNG\r\n\x1a\n", "PNG"),
            (b"", "an empty file"),
        ] {
            let error = shot(bytes).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        // A moving picture behind the still one is no fault.
        assert!(shot(&[whole, b"more".to_vec()].concat()).is_ok());
    }

    #[test]
    fn four_thousand_damaged_pictures_are_read_or_told_and_nothing_falls_over() {
        let camera = Camera { gimbal: Some("-45.5".to_owned()), ..Camera::default() };
        let mut state = 7_u64;
        let mut below = |count: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % count
        };
        let mut told = 0;
        for whole in [jpeg(&camera), heic(&camera)] {
            // Where the words of the camera stand; the pixels say nothing.
            let end = whole.len().min(500);
            for round in 0..2_000 {
                let mut bytes = whole.clone();
                for _ in 0..=below(4) {
                    bytes[below(end)] = [0, 1, 0x7f, 0x80, 0xff, below(256) as u8][below(6)];
                }
                if round % 5 == 0 {
                    bytes.truncate(below(bytes.len()));
                }
                told += usize::from(shot(&bytes).map_or(true, |shot| shot.place.is_err()));
            }
        }
        assert!(told > 100, "{told}");
    }

    #[test]
    fn an_hour_without_a_zone_may_be_any_of_the_earth() {
        let taken = read(&Camera { offset: None, ..Camera::default() }).taken.unwrap();
        assert_eq!(taken.earliest().unwrap().to_string(), "2026-06-11T19:30:00Z");
        let taken = read(&Camera::default()).taken.unwrap();
        assert_eq!(taken.earliest().unwrap().to_string(), "2026-06-12T01:30:00Z");
        assert_eq!((offset("+25:00"), offset("8"), offset("\u{4e2d}08:00")), (None, None, None));
    }
}
