//! Which context may take a patch out: kinds of permits, existing land use, what a fire looks like.
//!
//! In:  `redlines/permits.toml` and `redlines/landuse.toml`, built into the program.
//! Out: whether a permit's words, a land-use code or a scar speaks for a sub-model.
//! Law: what is not known never takes a patch out.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Kinds of permits as written, for the manifest.
pub const PERMITS: &str = include_str!("../../redlines/permits.toml");

/// Existing land use as written, for the manifest.
pub const LAND_USE: &str = include_str!("../../redlines/landuse.toml");

/// What is known about context.
#[derive(Debug, Clone)]
pub struct Lawful {
    kinds: Vec<Kind>,
    bans: Vec<String>,
    existing: BTreeMap<String, Vec<String>>,
    fires: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kinds {
    /// Words of a paper that forbids what it names.
    #[serde(default)]
    bans: Vec<String>,
    kind: Vec<Kind>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    name: String,
    words: Vec<String>,
    covers: Vec<String>,
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LandUse {
    source: String,
    existing: BTreeMap<String, Vec<String>>,
    burns: Fires,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fires {
    looks_like: Vec<String>,
    source: String,
}

/// What a permit's kind says of a sub-model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// It covers what the sub-model finds; the kinds that it names besides and that do not, empty where there are none.
    Covers(String),
    /// It is of these kinds, none of which covers it.
    Another(String),
    /// The kind is empty or unknown.
    Unknown,
}

impl Lawful {
    /// The rules of this version.
    ///
    /// # Errors
    /// What is wrong with a file, in words.
    pub fn shipped() -> Result<Self, String> {
        Self::read(PERMITS, LAND_USE)
    }

    /// Rules as text: kinds of permits, land use.
    fn read(permits: &str, land_use: &str) -> Result<Self, String> {
        let kinds: Kinds = toml::from_str(permits).map_err(|error| format!("permits.toml: {error}"))?;
        let land: LandUse = toml::from_str(land_use).map_err(|error| format!("landuse.toml: {error}"))?;
        let unsourced = kinds.kind.iter().find(|kind| kind.source.is_empty() || kind.words.is_empty());
        if let Some(kind) = unsourced {
            return Err(format!("permits.toml: kind '{}' needs words and a source", kind.name));
        }
        if land.source.is_empty() || land.burns.source.is_empty() {
            return Err("landuse.toml: a table needs its source".to_owned());
        }
        Ok(Self {
            kinds: kinds.kind,
            bans: kinds.bans,
            existing: land.existing,
            fires: land.burns.looks_like,
        })
    }

    /// What the words of a permit's kind say of a sub-model.
    pub fn of_permit(&self, words: &str, model: &str) -> Says {
        let words: Vec<String> = words.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let words = words.join(" ");
        // A ban names what it bans.
        if self.bans.iter().any(|ban| is_named(ban, &words)) {
            return Says::Unknown;
        }
        let found: Vec<(&Kind, Vec<&str>)> =
            self.kinds.iter().map(|kind| (kind, kind.named(&words))).collect();
        // Of a name within a longer name only the longer one is meant.
        let is_part =
            |name: &str| found.iter().flat_map(|(_, names)| names).any(|longer| is_within(name, longer));
        let meant = found.iter().filter(|(_, names)| names.iter().any(|name| !is_part(name)));
        let (covering, others): (Vec<&Kind>, Vec<&Kind>) =
            meant.map(|(kind, _)| *kind).partition(|kind| kind.covers.iter().any(|covered| covered == model));
        let others: Vec<&str> = others.iter().map(|kind| kind.name.as_str()).collect();
        match (covering.is_empty(), others.is_empty()) {
            (false, _) => Says::Covers(others.join(", ")),
            (true, false) => Says::Another(others.join(", ")),
            (true, true) => Says::Unknown,
        }
    }

    /// Whether ground of a land-use code already is what a sub-model would find.
    pub fn is_existing(&self, code: &str, model: &str) -> bool {
        let begins = |prefix: &String| !prefix.is_empty() && code.starts_with(prefix.as_str());
        self.existing.get(model).is_some_and(|codes| codes.iter().any(begins))
    }

    /// Whether burnt ground looks like what a sub-model would find.
    pub fn looks_burnt(&self, model: &str) -> bool {
        self.fires.iter().any(|id| id == model)
    }
}

impl Kind {
    /// Its names that stand in a text.
    fn named(&self, text: &str) -> Vec<&str> {
        self.words.iter().map(String::as_str).filter(|name| is_named(name, text)).collect()
    }
}

/// Whether a name stands in a text of lower case: Chinese anywhere, Latin as a word or its plural, as the beginning of a
/// word where the name ends in `*`.
fn is_named(name: &str, text: &str) -> bool {
    let name = name.to_lowercase();
    let (stem, is_beginning) = name.strip_suffix('*').map_or((name.as_str(), false), |stem| (stem, true));
    let (begins, ends) = (stem.starts_with(is_latin), stem.ends_with(is_latin));
    !stem.is_empty()
        && text.match_indices(stem).any(|(at, _)| {
            let after = &text[at + stem.len()..];
            let is_inside = begins && text[..at].ends_with(is_latin);
            let goes_on = |rest: &str| ends && !is_beginning && rest.starts_with(is_latin);
            !is_inside && (!goes_on(after) || after.strip_prefix('s').is_some_and(|rest| !goes_on(rest)))
        })
}

/// Whether a name is a part of a longer one.
fn is_within(name: &str, longer: &str) -> bool {
    longer.len() > name.len() && is_named(name, &longer.to_lowercase())
}

/// Letters that are written in words with spaces between them.
fn is_latin(letter: char) -> bool {
    letter.is_alphabetic() && letter < '\u{2e80}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mining_right_is_no_grassland_permit_and_an_unknown_kind_covers_nothing() {
        let lawful = Lawful::shipped().unwrap();
        assert_eq!(lawful.of_permit("采矿许可证", "G2"), Says::Another("mining right".to_owned()));
        assert_eq!(
            lawful.of_permit("采矿项目使用草原审核同意书", "G2"),
            Says::Covers("mining right".to_owned())
        );
        assert_eq!(lawful.of_permit("Cultivation", "G1"), Says::Covers(String::new()));
        assert_eq!(lawful.of_permit("cultivation", "G2"), Says::Another("cultivation".to_owned()));
        assert_eq!(lawful.of_permit("设施农用地备案", "F4"), Says::Covers(String::new()));
        assert_eq!(lawful.of_permit("禁止开垦", "G1"), Says::Unknown);
        assert_eq!(lawful.of_permit("Cultivation prohibited", "G1"), Says::Unknown);
        assert_eq!(lawful.of_permit("", "G1"), Says::Unknown);
        assert_eq!(lawful.of_permit("某种许可", "G1"), Says::Unknown);
    }

    #[test]
    fn existing_use_is_told_by_the_beginning_of_the_code() {
        let lawful = Lawful::shipped().unwrap();
        assert!(lawful.is_existing("0103", "G1") && lawful.is_existing("0602", "G2"));
        assert!(!lawful.is_existing("0401", "G1") && !lawful.is_existing("0103", "G2"));
        assert!(!lawful.is_existing("", "G1") && !lawful.is_existing("0103", "L3"));
        assert!(lawful.looks_burnt("G1") && !lawful.looks_burnt("F3"));
    }

    #[test]
    fn words_of_several_kinds_speak_for_each_and_a_kind_that_covers_nothing_is_named() {
        let lawful = Lawful::shipped().unwrap();
        // One of its kinds covers it; the others are named.
        let covers = |words, model| match lawful.of_permit(words, model) {
            Says::Covers(beside) => beside,
            other => panic!("{words}: {other:?}"),
        };
        assert_eq!(covers("采矿、征占用草原", "G2"), "mining right");
        assert_eq!(covers("光伏项目建设用地", "G4"), "construction land");
        assert_eq!(covers("Road construction", "G5"), "construction land");
        let both = lawful.of_permit("mining right; road", "G1");
        assert_eq!(both, Says::Another("mining right, road".to_owned()));
    }

    #[test]
    fn a_latin_name_is_a_whole_word_and_a_mining_facility_is_no_facility_farmland() {
        let lawful = Lawful::shipped().unwrap();
        let is_covered = |words: &str, model| matches!(lawful.of_permit(words, model), Says::Covers(_));
        for model in ["F1", "F4", "F5", "G3"] {
            let said = lawful.of_permit("Mining facility", model);
            assert_eq!(said, Says::Another("mining right".to_owned()));
            assert!(is_covered("Facility  farmland filing", model) && is_covered("farm facilities", model));
        }
        for words in ["broadleaf planting", "railroading", "abroad", "roadless", "roadsxy"] {
            assert_eq!(lawful.of_permit(words, "G5"), Says::Unknown, "{words}");
        }
        for words in ["road", "Two Roads", "mine-road", "road/公路", "草原road建设", "road2"] {
            assert!(is_covered(words, "G5"), "{words}");
        }
        // The beginning of a word, and no other part of it.
        assert!(is_covered("ploughing", "G1") && !is_covered("snowplough", "G1"));
        assert!(is_covered("LSYD2023", "G3") && is_covered("临时用地", "G3"));
        assert_eq!(lawful.of_permit("road, refused", "G5"), Says::Unknown);
    }

    #[test]
    fn of_a_name_within_a_longer_name_the_longer_one_alone_counts() {
        let kind = |name: &str, words: &str, covers: &str| {
            format!(
                "[[kind]]\nname = \"{name}\"\nwords = [{words}]\ncovers = [\"{covers}\"]\nsource = \"law\"\n"
            )
        };
        let permits = kind("plain", "\"facility\", \"用地\"", "G3")
            + &kind("special", "\"mining facility\", \"采矿用地\"", "G2");
        let lawful = Lawful::read(&permits, LAND_USE).unwrap();
        for words in ["mining facility", "采矿用地"] {
            assert_eq!(lawful.of_permit(words, "G3"), Says::Another("special".to_owned()));
            assert_eq!(lawful.of_permit(words, "G2"), Says::Covers(String::new()));
        }
        assert_eq!(lawful.of_permit("facility", "G3"), Says::Covers(String::new()));
    }

    #[test]
    fn a_rule_without_words_or_source_is_refused() {
        let permits = |words: &str, source: &str| {
            format!(
                "[[kind]]\nname = \"road\"\nwords = [{words}]\ncovers = [\"G5\"]\nsource = \"{source}\"\n"
            )
        };
        let land = |source: &str, burns: &str| {
            format!(
                "source = \"{source}\"\n[existing]\nG1 = [\"01\", \"\"]\n[burns]\nlooks_like = [\"G1\"]\nsource = \"{burns}\"\n"
            )
        };
        let read = |permits: String, land: String| Lawful::read(&permits, &land);
        let lawful = read(permits("\"road\"", "law"), land("code", "study")).unwrap();
        assert!(lawful.is_existing("0103", "G1") && lawful.looks_burnt("G1"));
        // An empty beginning would be the beginning of everything.
        assert!(!lawful.is_existing("0401", "G1"));
        for (words, source) in [("", "law"), ("\"road\"", "")] {
            let refused = read(permits(words, source), land("code", "study")).unwrap_err();
            assert_eq!(refused, "permits.toml: kind 'road' needs words and a source");
        }
        for (source, burns) in [("", "study"), ("code", "")] {
            let refused = read(permits("\"road\"", "law"), land(source, burns)).unwrap_err();
            assert_eq!(refused, "landuse.toml: a table needs its source");
        }
        assert!(read("kind = 1".to_owned(), land("a", "b")).unwrap_err().starts_with("permits.toml: "));
        assert!(read(permits("\"road\"", "law"), String::new()).unwrap_err().starts_with("landuse.toml: "));
    }
}
