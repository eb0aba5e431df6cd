//! Passwords where `psql` looks for them: PGPASSWORD, else the password file (PGPASSFILE, else .pgpass of the account).
//!
//! Source: PostgreSQL 15, "The Password File": HOST:PORT:DATABASE:USER:PASSWORD, `*` for any, `\` before `:` and `\`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What a password is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Name of the server, or folder of its socket.
    pub(super) host: String,
    /// Its port.
    pub(super) port: String,
    /// The database.
    pub(super) database: String,
    /// The role.
    pub(super) user: String,
}

/// A password that was not in the address.
pub(super) fn found(asked: &Asked) -> Option<String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let file =
        || set("PGPASSFILE").map(PathBuf::from).or_else(|| Some(Path::new(&set("HOME")?).join(".pgpass")));
    set("PGPASSWORD").or_else(|| of_file(&file()?, asked))
}

fn of_file(file: &Path, asked: &Asked) -> Option<String> {
    // As `psql` does: a file that others may read is not looked at.
    let is_own = fs::metadata(file).ok()?.permissions().mode() & 0o077 == 0;
    let text = fs::read_to_string(file).ok().filter(|_| is_own)?;
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| of_line(line, asked))
}

fn of_line(line: &str, asked: &Asked) -> Option<String> {
    let [host, port, database, user, password] = <[String; 5]>::try_from(fields(line)).ok()?;
    let fits = |field: &str, value: &str| field == "*" || field == value;
    // A socket is also called localhost there.
    let is_host = fits(&host, &asked.host) || (host == "localhost" && asked.host.starts_with('/'));
    let is_asked =
        is_host && fits(&port, &asked.port) && fits(&database, &asked.database) && fits(&user, &asked.user);
    is_asked.then_some(password)
}

/// Fields of a line. A field that says `\*` means the sign itself, which no name here has.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut signs = line.chars();
    while let Some(sign) = signs.next() {
        let is_last = fields.len() == 5;
        match (sign, fields.last_mut()) {
            (':', Some(_)) if !is_last => fields.push(String::new()),
            ('\\', Some(field)) => field.extend(signs.next()),
            (_, Some(field)) => field.push(sign),
            (_, None) => {}
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(host: &str, database: &str) -> Asked {
        let words = |word: &str| word.to_owned();
        Asked { host: words(host), port: words("5432"), database: words(database), user: words("li") }
    }

    #[test]
    fn the_first_line_that_fits_is_taken_and_a_file_that_others_read_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pass");
        let text = "# office\noffice:5432:steppe:li:a\\:b\\\\c\n*:*:other:li:d:e\nlocalhost:*:*:*:near\n";
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let found = |host: &str, database: &str| of_file(&file, &asked(host, database));
        assert_eq!(found("office", "steppe").as_deref(), Some("a:b\\c"));
        assert_eq!(found("office", "other").as_deref(), Some("d:e"));
        assert_eq!(found("/run/pg", "steppe").as_deref(), Some("near"));
        assert_eq!(found("elsewhere", "steppe"), None);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(found("office", "steppe"), None);
    }
}
