//! Whose words: Chinese, English, or both beside each other.

/// Language of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Chinese alone.
    Chinese,
    /// English alone.
    English,
    /// Chinese first, English after it.
    #[default]
    Both,
}

impl Language {
    /// Reads `zh`, `en` or `both`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "zh" => Some(Self::Chinese),
            "en" => Some(Self::English),
            "both" => Some(Self::Both),
            _ => None,
        }
    }

    /// The words of this language.
    pub fn words(self, chinese: &str, english: &str) -> String {
        match self {
            Self::Chinese => chinese.to_owned(),
            Self::English => english.to_owned(),
            Self::Both if chinese == english => chinese.to_owned(),
            Self::Both => format!("{chinese} {english}"),
        }
    }

    /// The words of this language in a name for people that has both, Chinese first (`publish::fields`).
    pub fn of_alias(self, alias: &str) -> &str {
        match self {
            Self::Both => alias,
            Self::Chinese => parts(alias).0,
            Self::English => parts(alias).1,
        }
    }
}

/// Chinese and English part: the English one begins after the first blank behind the last Chinese letter.
fn parts(alias: &str) -> (&str, &str) {
    let is_chinese = |letter: char| ('\u{3400}'..='\u{9fff}').contains(&letter);
    let last = alias.char_indices().rfind(|(_, letter)| is_chinese(*letter)).map_or(0, |(at, _)| at);
    let blank = alias[last..].find(' ').map_or(alias.len(), |at| last + at);
    (&alias[..blank], alias[blank..].trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::fields;

    #[test]
    fn every_column_has_a_name_in_each_language() {
        let leads = fields::LEAD.iter().map(|field| field.alias);
        let gaps = fields::GAP.iter().map(|field| field.alias);
        for alias in leads.chain(gaps).chain(fields::SUPPRESSED.iter().map(|field| field.alias)) {
            let (chinese, english) = (Language::Chinese.of_alias(alias), Language::English.of_alias(alias));
            assert!(!chinese.is_empty() && !english.is_empty(), "{alias}");
            assert!(english.is_ascii(), "{english}");
            assert_eq!(format!("{chinese} {english}"), alias);
        }
    }
}
