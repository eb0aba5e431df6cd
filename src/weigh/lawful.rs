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
    /// It covers what the sub-model finds.
    Covers,
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
        let words = words.to_lowercase();
        // A ban names what it bans.
        if self.bans.iter().any(|word| words.contains(&word.to_lowercase())) {
            return Says::Unknown;
        }
        let matches = |kind: &&Kind| kind.words.iter().any(|word| words.contains(&word.to_lowercase()));
        let kinds: Vec<&Kind> = self.kinds.iter().filter(matches).collect();
        if kinds.iter().any(|kind| kind.covers.iter().any(|covered| covered == model)) {
            return Says::Covers;
        }
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name.as_str()).collect();
        if names.is_empty() { Says::Unknown } else { Says::Another(names.join(", ")) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mining_right_is_no_grassland_permit_and_an_unknown_kind_covers_nothing() {
        let lawful = Lawful::shipped().unwrap();
        assert_eq!(lawful.of_permit("采矿许可证", "G2"), Says::Another("mining right".to_owned()));
        assert_eq!(lawful.of_permit("采矿项目使用草原审核同意书", "G2"), Says::Covers);
        assert_eq!(lawful.of_permit("Cultivation", "G1"), Says::Covers);
        assert_eq!(lawful.of_permit("cultivation", "G2"), Says::Another("cultivation".to_owned()));
        assert_eq!(lawful.of_permit("设施农用地备案", "F4"), Says::Covers);
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
        // One of its kinds covers it; the others stay unsaid.
        assert_eq!(lawful.of_permit("采矿、征占用草原", "G2"), Says::Covers);
        let both = lawful.of_permit("mining right; road", "G1");
        assert_eq!(both, Says::Another("mining right, road".to_owned()));
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
