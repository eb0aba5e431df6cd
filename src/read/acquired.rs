//! When a scene was acquired: metadata before folder name before file name.
//!
//! Law: a date is found or the scene is refused; two sources that contradict each other are refused too.

use std::path::Path;

use jiff::civil::Date;

use crate::date::days_between;
use crate::read::ReadError;

/// Metadata items that name the acquisition itself, most trusted first.
pub(crate) const ACQUISITION_ITEMS: [&str; 6] =
    ["ACQUISITION_DATE", "ACQUISITIONDATETIME", "DATETIME", "SENSING_TIME", "DATE_ACQUIRED", "datetime"];

/// The TIFF tag: by the TIFF standard the time when the *image* was made, which may be later.
pub(crate) const TIFF_ITEM: &str = "TIFFTAG_DATETIME";

/// The date of a file from `items` (metadata lookup), the folder's name and the file's name.
///
/// Order: an acquisition item; a folder whose whole name is a date; the TIFF date tag; the first date in
/// the file name. The TIFF tag and the name must agree to a day where both are there.
///
/// # Errors
/// `NoDate`, `DateConflict`.
pub(crate) fn date(path: &Path, items: &dyn Fn(&str) -> Option<String>) -> Result<Date, ReadError> {
    let acquired = ACQUISITION_ITEMS.iter().find_map(|key| items(key).and_then(|text| in_text(&text)));
    if let Some(date) = acquired {
        return Ok(date);
    }
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    if let Some(date) = folder.and_then(whole_name) {
        return Ok(date);
    }
    let tag = items(TIFF_ITEM).and_then(|text| in_text(&text));
    let name = path.file_stem().and_then(|name| name.to_str()).and_then(in_name);
    match (tag, name) {
        (Some(tag), Some(name)) if days_between(tag, name).abs() > 1 => Err(ReadError::DateConflict {
            path: path.to_owned(),
            first: TIFF_ITEM.to_owned(),
            first_date: tag.to_string(),
            second: "the file name".to_owned(),
            second_date: name.to_string(),
        }),
        (_, Some(date)) | (Some(date), None) => Ok(date),
        (None, None) => Err(ReadError::NoDate { path: path.to_owned() }),
    }
}

/// A date at the start of a text as metadata write it: `2019-08-04T10:57:00Z`, `2019:08:04 10:57`, `20190804`.
pub(crate) fn in_text(text: &str) -> Option<Date> {
    let start: String = text.trim().chars().take(10).collect();
    let plain: String = start.chars().take_while(char::is_ascii_digit).collect();
    if plain.len() == 8 {
        return compact(&plain);
    }
    separated(&start)
}

/// A date that is the whole name, as in one folder a date.
fn whole_name(name: &str) -> Option<Date> {
    match name.len() {
        8 => compact(name),
        10 => separated(name),
        _ => None,
    }
}

/// The first date in a name: `YYYYMMDD`, `YYYY-MM-DD` (also `_`), `YYYYDDD`, none of them inside a longer number.
pub(crate) fn in_name(name: &str) -> Option<Date> {
    let bytes = name.as_bytes();
    (0..bytes.len()).filter(|at| *at == 0 || !bytes[at - 1].is_ascii_digit()).find_map(|at| {
        let rest = name.get(at..)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        match digits {
            8 | 14 => compact(rest.get(..8)?),
            7 => ordinal(rest.get(..7)?),
            4 => separated(rest.get(..10)?)
                .filter(|_| !rest.as_bytes().get(10).is_some_and(u8::is_ascii_digit)),
            _ => None,
        }
    })
}

fn compact(text: &str) -> Option<Date> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return None;
    }
    sane(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?)
}

fn separated(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let form = bytes.len() == 10 && text.is_ascii() && bytes[4] == bytes[7] && b"-:/_.".contains(&bytes[4]);
    if !form {
        return None;
    }
    sane(text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?)
}

fn ordinal(text: &str) -> Option<Date> {
    let (year, day): (i16, i32) = (text[..4].parse().ok()?, text[4..].parse().ok()?);
    let first = sane(year, 1, 1)?;
    let date = first.checked_add(jiff::Span::new().days(day.checked_sub(1)?)).ok()?;
    (date.year() == year && day >= 1).then_some(date)
}

/// Civil imaging from orbit began in 1972; numbers outside 1970 to 2100 are no years.
fn sane(year: i16, month: i8, day: i8) -> Option<Date> {
    if !(1970..=2100).contains(&year) {
        return None;
    }
    Date::new(year, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, items: &[(&str, &str)]) -> Result<Date, ReadError> {
        let lookup =
            |key: &str| items.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned());
        date(Path::new(path), &lookup)
    }

    #[test]
    fn dates_in_the_names_of_real_products_are_found() {
        for (name, expected) in [
            ("S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022158", "2023-06-25"),
            ("LC08_L2SP_028030_20200114_20200824_02_T1_SR_B4", "2020-01-14"),
            ("m_4709963_se_14_1_20090818", "2009-08-18"),
            ("HLS.S30.T49TCF.2021180T033541.v2.0", "2021-06-29"),
            ("scene_2021-05-03_a", "2021-05-03"),
            ("S2_20160318", "2016-03-18"),
        ] {
            assert_eq!(in_name(name).map(|date| date.to_string()).as_deref(), Some(expected), "{name}");
        }
        for name in ["1990", "tile_12345678_x", "a2021-13-01", "x20210101999", "场景", "2021-05-031"] {
            assert_eq!(in_name(name), None, "{name}");
        }
    }

    #[test]
    fn metadata_come_before_names_and_a_dated_folder_before_the_file() {
        let items = [("ACQUISITION_DATE", "2019-08-04T10:57:00Z")];
        assert_eq!(found("x/S2_20160318.tif", &items).unwrap().to_string(), "2019-08-04");
        let oscd = "p/20150704/S2A_OPER_MSI_L1C_TL_EPA__20160809T015434_A000162_T32TPP_B08.tif";
        assert_eq!(found(oscd, &[]).unwrap().to_string(), "2015-07-04");
    }

    #[test]
    fn a_tiff_tag_that_contradicts_the_name_is_refused() {
        let items = [("TIFFTAG_DATETIME", "2019:08:04 10:57:00")];
        assert_eq!(found("x/a.tif", &items).unwrap().to_string(), "2019-08-04");
        assert_eq!(found("x/a_20190804.tif", &items).unwrap().to_string(), "2019-08-04");
        assert!(matches!(found("x/a_20180804.tif", &items), Err(ReadError::DateConflict { .. })));
        assert!(matches!(found("x/a.tif", &[]), Err(ReadError::NoDate { .. })));
    }
}
