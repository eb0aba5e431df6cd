//! Sentences of a record in Chinese: notes, how a confidence was obtained, how an area was measured.
//!
//! In:  a sentence as records hold it, English. Out: the same in Chinese, where `phrases.toml` knows it.
//! Law: what is not known stays as it is; numbers and names of a record are carried over letter by letter.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::report::Language;

#[derive(Default, Deserialize)]
struct Phrases {
    phrase: Vec<Phrase>,
    /// Names of the program's own that stand in sentences.
    name: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Phrase {
    en: String,
    zh: String,
}

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    // The file is built in and read by a test.
    toml::from_str(include_str!("phrases.toml")).unwrap_or_default()
});

/// A sentence in this language.
pub fn said(sentence: &str, language: Language) -> String {
    if language == Language::English {
        return sentence.to_owned();
    }
    let chinese = chinese(sentence).or_else(|| {
        let parts: Vec<&str> = sentence.split("; ").collect();
        let all: Option<Vec<String>> = parts.iter().map(|part| chinese(part)).collect();
        all.filter(|_| parts.len() > 1).map(|parts| parts.join(";"))
    });
    match (chinese, language) {
        (Some(chinese), Language::Both) => format!("{chinese} {sentence}"),
        (Some(chinese), _) => chinese,
        (None, _) => sentence.to_owned(),
    }
}

/// A sentence in Chinese, if it is known.
fn chinese(sentence: &str) -> Option<String> {
    PHRASES.phrase.iter().find_map(|phrase| {
        // A piece never reaches into the next of several sentences.
        let pieces = pieces(&phrase.en, sentence)?;
        if pieces.iter().any(|piece| piece.contains("; ")) {
            return None;
        }
        // Cut first and filled then, so that braces of a record are no places of ours.
        let mut words = String::new();
        for part in phrase.zh.split('{') {
            match part.split_once('}') {
                Some((number, rest)) => {
                    let piece =
                        number.parse::<usize>().ok().and_then(|number| pieces.get(number.checked_sub(1)?));
                    let piece = piece.copied().unwrap_or_default();
                    words.extend([PHRASES.name.get(piece).map_or(piece, String::as_str), rest]);
                }
                None => words.push_str(part),
            }
        }
        Some(words)
    })
}

/// What stands in the places of a pattern, each as short as may be but the last.
fn pieces<'a>(pattern: &str, sentence: &'a str) -> Option<Vec<&'a str>> {
    let mut fixed = pattern.split("{}");
    let mut rest = sentence.strip_prefix(fixed.next().unwrap_or_default())?;
    let fixed: Vec<&str> = fixed.collect();
    let mut found = Vec::new();
    for (number, words) in fixed.iter().enumerate() {
        let is_last = number + 1 == fixed.len();
        let end = match (is_last, words.is_empty()) {
            (true, true) => rest.len(),
            (true, false) => {
                rest.len().checked_sub(words.len()).filter(|end| rest.ends_with(words) && *end > 0)?
            }
            (false, _) => rest.find(words).filter(|end| *end > 0)?,
        };
        found.push(&rest[..end]);
        rest = &rest[end + words.len()..];
    }
    rest.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_keeps_its_numbers_and_names() {
        let english = "gate turned held in 10 clear views in a row, reached on 2023-07-18";
        let chinese = "门限“翻耕”(turned)连续 10 次清晰观测成立,于 2023-07-18 达到";
        assert_eq!(said(english, Language::Chinese), chinese);
        assert_eq!(said(english, Language::Both), format!("{chinese} {english}"));
        assert_eq!(said(english, Language::English), english);
        let capped = "shipped logistic model 'general', version 3; at most 0.8 because no swir";
        assert_eq!(
            said(capped, Language::Chinese),
            "随程序提供的逻辑回归模型“general”,第 3 版;最高 0.8,原因:无短波红外(no swir)"
        );
    }

    #[test]
    fn what_is_not_known_stays_and_a_known_beginning_is_not_enough() {
        for sentence in ["", "permit layer not supplied yet", "something new", "gate held in"] {
            assert_eq!(said(sentence, Language::Chinese), sentence);
        }
    }

    #[test]
    fn every_phrase_reads_itself_and_uses_every_piece() {
        assert!(PHRASES.phrase.len() > 20);
        for phrase in PHRASES.phrase.iter() {
            let places = phrase.en.matches("{}").count();
            let named = (1..=places).all(|number| phrase.zh.contains(&format!("{{{number}}}")));
            assert!(named && !phrase.zh.contains(&format!("{{{}}}", places + 1)), "{}", phrase.en);
            let sentence = phrase.en.replace("{}", "77");
            let chinese = chinese(&sentence).unwrap_or_default();
            assert_eq!(
                chinese,
                (1..=places)
                    .fold(phrase.zh.clone(), |words, number| words.replace(&format!("{{{number}}}"), "77"))
            );
        }
    }
}
