//! Land-use codes (DLBM) as the classification writes them: two digits for a first class, four for a second.
//!
//! In:  the codes of one layer as its file holds them.
//! Out: the codes, with the zero put back that a column of numbers lost, and what must be known of them.
//! Law: a code that is not known is named and taken as written. Nothing is put back in a layer that follows the
//!      three-digit codes of the second survey, where 103 is a street and no dry field.
//! Source: GB/T 21010-2017; TD/T 1055 with 00, 0508 and 13 (`reference/mission.md` 5.2); the second survey: GB/T 21010-2007.

use std::collections::BTreeMap;

/// Second classes of each first class: 0101 to 0103, 0201 to 0204 and so on; 00 gathers wetland and has none of its own.
const SECOND: [u8; 14] = [0, 3, 4, 7, 4, 8, 4, 2, 10, 6, 9, 10, 7, 4];

/// Merged second classes of the third survey.
const MERGED: [&str; 3] = ["05H1", "08H1", "08H2"];

/// Most codes that a note names.
const NAMED: usize = 8;

/// Whether a code stands in the classification; letters after four digits (0201K, 1104A) refine it.
fn is_known(code: &str) -> bool {
    let (digits, letters) = code.split_at(code.find(|at: char| !at.is_ascii_digit()).unwrap_or(code.len()));
    let number = |part: &str| part.parse::<u8>().unwrap_or(u8::MAX);
    let second = |first: &str| SECOND.get(usize::from(number(first))).copied();
    match digits.len() {
        2 => MERGED.contains(&code) || (letters.is_empty() && second(digits).is_some()),
        4 => {
            let (first, last) = digits.split_at(2);
            let is_letters = letters.chars().all(|letter| letter.is_ascii_uppercase());
            is_letters && number(last) > 0 && second(first).is_some_and(|most| number(last) <= most)
        }
        _ => false,
    }
}

/// One or three digits, of which a zero before them may have been lost.
fn is_short(code: &str) -> bool {
    matches!(code.len(), 1 | 3) && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a code of three digits is one of the second survey: it has its zero, or no other reading.
fn is_of_second_survey(code: &str) -> bool {
    code.len() == 3
        && is_short(code)
        && (code.starts_with('0') || (code.starts_with(['1', '2']) && !is_known(&format!("0{code}"))))
}

/// Brings the codes of one layer into their full form; gives what must be known of it, in words.
pub(crate) fn complete(codes: &mut [&mut String]) -> Vec<String> {
    for code in codes.iter_mut() {
        // A column of numbers with decimals.
        let whole = code.split_once('.').filter(|(_, zeros)| zeros.bytes().all(|byte| byte == b'0'));
        if let Some(whole) = whole.map(|(whole, _)| whole.to_owned()) {
            **code = whole;
        }
    }
    let is_old = codes.iter().any(|code| is_of_second_survey(code));
    let (mut completed, mut unknown) = (BTreeMap::new(), BTreeMap::new());
    for code in codes.iter_mut().filter(|code| !code.is_empty() && !is_known(code)) {
        let full = format!("0{code}");
        if !is_old && is_short(code) && is_known(&full) {
            *completed.entry(format!("{code} as {full}")).or_insert(0_usize) += 1;
            **code = full;
        } else {
            *unknown.entry((**code).clone()).or_insert(0_usize) += 1;
        }
    }
    let mut notes = Vec::new();
    if !completed.is_empty() {
        let read = listed(&completed);
        notes.push(format!(
            "land-use codes without the zero before them, lost in a column of numbers: read {read}"
        ));
    }
    if !unknown.is_empty() {
        let next = if is_old {
            "they look like the second survey's; give its codes of today"
        } else {
            "correct them"
        };
        let found = listed(&unknown);
        notes.push(format!(
            "unknown land-use codes: expected codes of GB/T 21010-2017 or the third survey, found {found}; taken as \
             written, {next}"
        ));
    }
    notes
}

/// Codes with how often each stands there.
fn listed(codes: &BTreeMap<String, usize>) -> String {
    let mut words: Vec<String> =
        codes.iter().take(NAMED).map(|(code, count)| format!("{code} ({count} x)")).collect();
    if codes.len() > NAMED {
        words.push(format!("{} more", codes.len() - NAMED));
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(codes: &[&str]) -> (Vec<String>, String) {
        let mut owned: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
        let notes = complete(&mut owned.iter_mut().collect::<Vec<_>>());
        (owned, notes.join("|"))
    }

    #[test]
    fn a_zero_that_a_column_of_numbers_lost_is_put_back_where_the_code_is_known_then() {
        let (codes, notes) = completed(&["103", "401.0", "1001", "1", "103", "1202.00"]);
        assert_eq!(codes, ["0103", "0401", "1001", "01", "0103", "1202"]);
        assert!(notes.contains("1 as 01 (1 x), 103 as 0103 (2 x), 401 as 0401 (1 x)"), "{notes}");
        assert!(!notes.contains("unknown"), "{notes}");
        assert_eq!(completed(&["0103", "1104A", "05H1", "00", "1302", ""]).1, "");
    }

    #[test]
    fn an_unknown_code_is_named_and_taken_as_written() {
        let (codes, notes) = completed(&["103", "999", "0104", "grass", "10301", "0103a", "999"]);
        assert_eq!(codes, ["0103", "999", "0104", "grass", "10301", "0103a", "999"]);
        assert!(notes.contains("read 103 as 0103 (1 x)|unknown land-use codes"), "{notes}");
        assert!(
            notes.contains("found 0103a (1 x), 0104 (1 x), 10301 (1 x), 999 (2 x), grass (1 x); taken"),
            "{notes}"
        );
        let many: Vec<String> = (980..1_000).map(|code| code.to_string()).collect();
        let (_, notes) = completed(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(notes.contains("12 more"), "{notes}");
    }

    #[test]
    fn a_layer_with_three_digit_codes_of_the_second_survey_is_left_as_it_is() {
        // 013 has its zero, so 103 never had one; 0127 and 0205 are no codes, so 127 and 205 had none.
        for sign in ["013", "127", "205"] {
            let (codes, notes) = completed(&["103", sign]);
            assert_eq!(codes, ["103", sign]);
            assert!(notes.starts_with("unknown") && notes.contains("second survey"), "{notes}");
        }
    }

    #[test]
    fn each_first_class_ends_where_the_classification_says() {
        let known = [
            "0103", "0204", "0307", "0404", "0508", "0604", "0702", "0810", "0906", "1009", "1110", "1207",
            "1304",
        ];
        assert!(known.iter().all(|code| is_known(code)));
        let unknown = [
            "0104", "0205", "0308", "0405", "0509", "0605", "0703", "0811", "0907", "1010", "1111", "1208",
            "1305",
        ];
        assert!(!unknown.iter().chain(&["0100", "1400", "14", "0001", "103"]).any(|code| is_known(code)));
    }
}
