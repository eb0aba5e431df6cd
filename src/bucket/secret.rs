//! Words without what nobody else may know: a password or token in an address, or one that the environment holds.
//!
//! In:  words for a person, a log or a file. Out: the same, with `***` where a secret stood.
//! Law: what follows a `?` in an address is a secret unless its name is known to be none; a value of the environment is one
//!      where its name says so. Too much is hidden rather than too little.

use std::sync::LazyLock;

/// Stands for a secret.
const HIDDEN: &str = "***";
/// Names of what may follow a `?` and is no secret.
const PLAIN: [&str; 9] =
    ["schema", "sslmode", "sslrootcert", "limit", "bbox", "datetime", "collections", "page", "ct"];
/// What in the name of a variable says that its value is a secret.
const SECRET: [&str; 10] = [
    "SECRET",
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "API_KEY",
    "APIKEY",
    "_SAS",
    "HTTP_QUERY",
];
/// Shorter values may be any word.
const LEAST_LETTERS: usize = 8;

/// Words without the secrets of addresses in them and without those of this process's environment.
pub fn without_secrets(words: &str) -> String {
    static OF_ENVIRONMENT: LazyLock<Vec<String>> = LazyLock::new(|| {
        let all = std::env::vars_os().filter_map(|(name, value)| {
            let (name, value) = (name.to_string_lossy().to_uppercase(), value.to_str()?.to_owned());
            let is_secret = SECRET.iter().any(|word| name.contains(word)) && value.len() >= LEAST_LETTERS;
            // A path says where a secret lies, which is none.
            (is_secret && !value.starts_with('/')).then_some(value)
        });
        let mut all: Vec<String> = all.collect();
        all.sort_by_key(|value| std::cmp::Reverse(value.len()));
        all
    });
    let hidden = OF_ENVIRONMENT.iter().fold(words.to_owned(), |words, secret| words.replace(secret, HIDDEN));
    of_addresses(&hidden)
}

/// Words without the secrets of the addresses in them, whatever the environment holds: for what must be the same everywhere.
pub fn of_addresses(words: &str) -> String {
    let mut said = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        said.push_str(before);
        let ends =
            |letter: char| letter.is_whitespace() || letter.is_control() || "\"'<>`|\\^{}".contains(letter);
        let (address, others) = after.split_at(after.find(ends).unwrap_or(after.len()));
        said.push_str(&of_address(address));
        rest = others;
    }
    said.push_str(rest);
    said
}

/// What follows `://`, without its secrets.
fn of_address(address: &str) -> String {
    let (place, question) = match address.split_once('?') {
        Some((place, question)) => (place, Some(question)),
        None => (address, None),
    };
    let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:{HIDDEN}@{host}"),
            None => authority.to_owned(),
        },
        None => authority.to_owned(),
    };
    let said = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if PLAIN.contains(&name) => pair.to_owned(),
        Some((name, _)) => format!("{name}={HIDDEN}"),
        None if pair.is_empty() => String::new(),
        None => HIDDEN.to_owned(),
    };
    let question = question.map(|all| format!("?{}", all.split('&').map(said).collect::<Vec<_>>().join("&")));
    format!("{authority}{path}{}", question.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_what_tells_the_place_and_nothing_that_opens_it() {
        let told = |words: &str| without_secrets(words);
        assert_eq!(
            told("https://x.cn/a.tif?sv=1&sig=CANARY%2F; next"),
            "https://x.cn/a.tif?sv=***&sig=*** next"
        );
        assert_eq!(told("\"https://x.cn/a?CANARY\""), "\"https://x.cn/a?***\"");
        assert_eq!(
            told("postgresql://li:CANARY@host:5432/d?schema=a&password=CANARY"),
            "postgresql://li:***@host:5432/d?schema=a&password=***"
        );
        assert_eq!(
            told("postgresql://li@host/d s3://bucket/a@b:c"),
            "postgresql://li@host/d s3://bucket/a@b:c"
        );
        assert_eq!(
            told("https://a:CANARY@b and https://c:CANARY@d?e"),
            "https://a:***@b and https://c:***@d?***"
        );
        assert_eq!(told("is 1:2 @ 3 ? 4=5 :// "), "is 1:2 @ 3 ? 4=5 :// ");
    }
}
