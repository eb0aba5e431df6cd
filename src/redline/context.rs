//! What is known of the ground beside the red lines: permits, land use, burn scars, decided cases.
//! Read by the same door as red lines; one kind of place for all four.
//!
//! In:  polygon layers with a number, a kind or code, and dates.
//! Out: places in longitude and latitude, each with its role.
//! Law: a date that cannot be read is kept as unreadable and noted; it never counts as a date.
//! Source of the Chinese field names: DLTB of the third land survey and county tables (`reference/mission.md` 5.5).

use std::path::PathBuf;

use geo::MultiPolygon;
use serde::Serialize;

use crate::date::{Date, parse_date};
use crate::redline::accept::checked;
use crate::redline::read::{describe, source_layers};
use crate::redline::source::SourceFeature;
use crate::redline::{Layer, RedLineError, landuse, named};

/// What a layer speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// What is allowed where and when.
    Permit,
    /// A case that was decided before.
    Case,
    /// What the land-use survey says is there (DLTB).
    LandUse,
    /// Ground that burnt on a day.
    Burn,
}

impl Role {
    /// Every role, in the order in which they are asked.
    pub const ALL: [Role; 4] = [Role::Permit, Role::Case, Role::LandUse, Role::Burn];

    /// Name as plan, manifest and outputs write it.
    pub fn name(self) -> &'static str {
        match self {
            Role::Permit => "permits",
            Role::Case => "cases",
            Role::LandUse => "landuse",
            Role::Burn => "burns",
        }
    }

    /// What one polygon of the layer is called in a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Role::Permit => "permit",
            Role::Case => "decided case",
            Role::LandUse => "land use",
            Role::Burn => "burn scar",
        }
    }
}

/// A day as a layer states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stated {
    /// Nothing is said.
    Nothing,
    /// Something is said that is no date.
    Unreadable,
    /// Without an end (长期).
    Open,
    /// A day.
    Day(Date),
}

impl Stated {
    /// Reads `YYYY-MM-DD`, `YYYYMMDD`, `YYYY/M/D`, `YYYY.M.D`, `YYYY年M月D日`, each with or without a time after it.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::Nothing;
        }
        if ["长期", "永久", "open", "long-term", "permanent"].contains(&text.to_lowercase().as_str()) {
            return Self::Open;
        }
        let day = text.split([' ', 'T']).next().unwrap_or_default();
        match parse_date(day).or_else(|| packed(day)).or_else(|| parted(day)) {
            Some(day) => Self::Day(day),
            None => Self::Unreadable,
        }
    }

    /// The day, if one is stated.
    pub fn day(self) -> Option<Date> {
        match self {
            Self::Day(day) => Some(day),
            _ => None,
        }
    }
}

/// `YYYYMMDD`.
fn packed(text: &str) -> Option<Date> {
    let plain = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    if plain { Date::new(part(0, 4)?, part(4, 6)? as i8, part(6, 8)? as i8).ok() } else { None }
}

/// Year, month and day with something between them.
fn parted(text: &str) -> Option<Date> {
    let text = text.strip_suffix('日').unwrap_or(text);
    let parts: Vec<&str> = text.split(['-', '/', '.', '年', '月']).collect();
    let [year, month, day] = parts.as_slice() else { return None };
    // Two-digit years and days before months would be guesses.
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// One polygon (or set of polygons) of a context layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// What it speaks of.
    pub role: Role,
    /// Identity within the layer.
    pub id: String,
    /// Number of the decision or case; empty when the layer has none.
    pub number: String,
    /// Name of the project, land-use class (DLMC) or fire; empty when the layer has none.
    pub name: String,
    /// What is allowed, in the layer's words, or the land-use code (DLBM); empty when it does not say.
    pub kind: String,
    /// Permit: first day. Case: day of the decision. Land use: day of the survey. Burn scar: day of the fire.
    pub from: Stated,
    /// Permit: last day.
    pub to: Stated,
    /// Index into the layers read with it.
    pub layer: usize,
    /// Polygons, longitude and latitude, valid, exterior counter-clockwise.
    pub polygons: MultiPolygon<f64>,
}

impl Place {
    /// Number if there is one, else identity.
    pub fn call(&self) -> &str {
        if self.number.is_empty() { &self.id } else { &self.number }
    }

    /// Whether a permit was in force on a day; `None` where its dates do not tell.
    pub fn in_force_on(&self, day: Date) -> Option<bool> {
        let begun = match self.from {
            Stated::Day(from) => Some(from <= day),
            Stated::Open => Some(true),
            Stated::Nothing | Stated::Unreadable => None,
        };
        let lasts = match self.to {
            Stated::Day(to) => Some(day <= to),
            Stated::Open => Some(true),
            Stated::Nothing | Stated::Unreadable => None,
        };
        // One end is enough to say no, both are needed to say yes.
        match (begun, lasts) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }
}

/// Context layers of every role.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Roles for which a layer was supplied.
    pub supplied: Vec<Role>,
    /// The layers, in the order of roles and files.
    pub layers: Vec<Layer>,
    /// The places, in the order of layers and features.
    pub places: Vec<Place>,
    /// What was repaired, understood beyond the letter, or could not be read.
    pub notes: Vec<String>,
}

impl Context {
    /// Whether a layer of a role was supplied.
    pub fn has(&self, role: Role) -> bool {
        self.supplied.contains(&role)
    }

    /// Reads the layers of one role beside those that are there; nothing happens without a path.
    ///
    /// # Errors
    /// As for red lines.
    pub fn read(&mut self, role: Role, paths: &[PathBuf]) -> Result<(), RedLineError> {
        if !paths.is_empty() && !self.has(role) {
            self.supplied.push(role);
        }
        named::once(paths)?;
        for (path, file) in paths.iter().zip(named::files(paths)) {
            let sources = source_layers(path)?;
            for (source, called) in sources.iter().zip(named::layers(&file, &sources)) {
                let (layer, first) = (self.layers.len(), self.places.len());
                let checked = checked(source, &called, &mut self.notes)?;
                self.layers.push(describe(source, called.clone())?);
                for checked in checked {
                    let fields = Fields { role, feature: checked.source };
                    let place = Place {
                        role,
                        number: fields.text(NUMBERS),
                        kind: fields.text(kinds(role)),
                        from: fields.day("first day", from(role), &source.path, &mut self.notes),
                        to: match role {
                            Role::Permit => fields.day("last day", UNTIL, &source.path, &mut self.notes),
                            _ => Stated::Nothing,
                        },
                        name: match role {
                            Role::LandUse => fields.text(&["dlmc", "地类名称", "name", "名称"]),
                            _ => checked.name.clone(),
                        },
                        id: checked.id.clone(),
                        layer,
                        polygons: checked.polygons.clone(),
                    };
                    self.places.push(place);
                }
                if role == Role::LandUse {
                    let mut codes: Vec<&mut String> =
                        self.places[first..].iter_mut().map(|place| &mut place.kind).collect();
                    let said = landuse::complete(&mut codes);
                    self.notes.extend(said.into_iter().map(|note| format!("{called}: {note}")));
                }
            }
        }
        Ok(())
    }
}

/// Fields that hold a number, best first.
const NUMBERS: &[&str] = &[
    "number",
    "permit",
    "permit_no",
    "case",
    "case_no",
    "批准文号",
    "pzwh",
    "许可证号",
    "xkzh",
    "案号",
    "ajbh",
    "案件编号",
];

/// Fields that hold the last day.
const UNTIL: &[&str] = &["valid_to", "to", "until", "end", "有效期至", "yxqz", "jzrq", "dqrq"];

/// Fields that say what is allowed, or what the land is.
fn kinds(role: Role) -> &'static [&'static str] {
    match role {
        Role::LandUse => &["dlbm", "地类编码", "code", "landuse"],
        Role::Permit | Role::Case | Role::Burn => &["kind", "type", "类型", "用途", "yt", "pzyt", "案由"],
    }
}

/// Fields that hold the first or only day.
fn from(role: Role) -> &'static [&'static str] {
    match role {
        Role::Permit => &["valid_from", "from", "start", "批准时间", "pzsj", "qsrq", "ksrq"],
        Role::Case => &["decided", "decided_on", "date", "结案日期", "决定日期", "jarq", "裁决日期"],
        Role::LandUse => &["surveyed", "date", "sjnf", "数据年份", "year"],
        Role::Burn => &["burnt", "burned", "date", "burn_date", "fire_date", "起火日期", "火烧日期", "rq"],
    }
}

/// The attributes of one feature, read for a role.
struct Fields<'a> {
    role: Role,
    feature: &'a SourceFeature,
}

impl Fields<'_> {
    fn text(&self, names: &[&str]) -> String {
        self.feature.field(names).unwrap_or_default().to_owned()
    }

    /// A date field; what cannot be read is noted with feature, field and value.
    fn day(&self, what: &str, names: &[&str], path: &std::path::Path, notes: &mut Vec<String>) -> Stated {
        let Some(text) = self.feature.field(names) else { return Stated::Nothing };
        let stated = match (self.role, Stated::parse(text)) {
            // A survey that gives its year alone was true at the end of it.
            (Role::LandUse, Stated::Unreadable) => {
                let year = text.parse::<i16>().ok().filter(|year| (1950..2200).contains(year));
                year.map_or(Stated::Unreadable, |year| Stated::Day(Date::constant(year, 12, 31)))
            }
            (_, stated) => stated,
        };
        if stated == Stated::Unreadable {
            notes.push(format!(
                "{}: feature {}: {what} '{text}' is no date; expected YYYY-MM-DD, YYYYMMDD or YYYY/M/D: it counts as unknown",
                path.file_name().unwrap_or_default().to_string_lossy(),
                self.feature.call()
            ));
        }
        stated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i16, month: i8, day: i8) -> Stated {
        Stated::Day(Date::constant(year, month, day))
    }

    #[test]
    fn dates_are_read_in_the_forms_that_layers_use_and_nothing_is_guessed() {
        for text in [
            "2019-05-03",
            "20190503",
            "2019/5/3",
            "2019/05/03 00:00:00",
            "2019.5.3",
            "2019年5月3日",
            "2019-05-03T08:00:00+08:00",
        ] {
            assert_eq!(Stated::parse(text), day(2019, 5, 3), "{text}");
        }
        for text in ["3/5/2019", "19-05-03", "2019-13-01", "20190230", "2019", "soon", "二〇一九年"] {
            assert_eq!(Stated::parse(text), Stated::Unreadable, "{text}");
        }
        assert_eq!((Stated::parse("  "), Stated::parse("长期")), (Stated::Nothing, Stated::Open));
    }

    #[test]
    fn a_permit_is_in_force_on_both_its_ends_and_one_end_alone_never_says_yes() {
        let permit = |from, to| Place {
            role: Role::Permit,
            id: "1".to_owned(),
            number: String::new(),
            name: String::new(),
            kind: String::new(),
            from,
            to,
            layer: 0,
            polygons: MultiPolygon(Vec::new()),
        };
        let (first, last) = (day(2020, 1, 1), day(2021, 12, 31));
        let on = |permit: Place, year, month, day| permit.in_force_on(Date::constant(year, month, day));
        assert_eq!(on(permit(first, last), 2020, 1, 1), Some(true));
        assert_eq!(on(permit(first, last), 2021, 12, 31), Some(true));
        assert_eq!(on(permit(first, last), 2019, 12, 31), Some(false));
        assert_eq!(on(permit(first, last), 2022, 1, 1), Some(false));
        assert_eq!(on(permit(first, Stated::Open), 2050, 1, 1), Some(true));
        assert_eq!(on(permit(first, Stated::Nothing), 2021, 1, 1), None);
        assert_eq!(on(permit(first, Stated::Nothing), 2019, 1, 1), Some(false));
        assert_eq!(on(permit(Stated::Unreadable, last), 2021, 1, 1), None);
        assert_eq!(on(permit(Stated::Unreadable, last), 2022, 1, 1), Some(false));
    }

    #[test]
    fn a_land_use_layer_whose_codes_are_numbers_is_read_by_its_full_codes_and_a_permit_s_kind_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dltb.geojson");
        let parcel = |x: usize, code: &str| {
            format!(
                r#"{{"type":"Feature","properties":{{"DLBM":{code},"kind":{code}}},"geometry":{{"type":"Polygon",
                   "coordinates":[[[{x},41],[{x}.5,41],[{x}.5,41.5],[{x},41]]]}}}}"#
            )
        };
        let parcels = [parcel(100, "103"), parcel(101, "1001"), parcel(102, "999")].join(",");
        std::fs::write(&file, format!(r#"{{"type":"FeatureCollection","features":[{parcels}]}}"#)).unwrap();
        let read = |role| {
            let mut context = Context::default();
            context.read(role, std::slice::from_ref(&file)).unwrap();
            let kinds: Vec<String> = context.places.into_iter().map(|place| place.kind).collect();
            (kinds, context.notes.join("|"))
        };
        let (codes, notes) = read(Role::LandUse);
        assert_eq!(codes, ["0103", "1001", "999"]);
        assert!(notes.starts_with("dltb.geojson: land-use codes without the zero"), "{notes}");
        assert!(notes.contains("103 as 0103") && notes.contains("found 999 (1 x)"), "{notes}");
        assert_eq!(
            read(Role::Permit),
            (vec!["103".to_owned(), "1001".to_owned(), "999".to_owned()], String::new())
        );
    }
}
