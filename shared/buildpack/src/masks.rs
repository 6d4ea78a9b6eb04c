//! Keeping secrets out of what is printed.

use kouti_report::mask_credentials;

use crate::Env;

/// Texts that must not be shown, whatever prints them.
#[derive(Clone, Debug, Default)]
pub struct Masks(Vec<String>);

/// Parts of a variable's name that say its value is secret.
const SECRET_NAMES: [&str; 7] =
    ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL", "APIKEY", "_KEY"];

/// A shorter value would be masked in words where it stands by chance.
const SHORTEST: usize = 6;

impl Masks {
    /// The values of all variables that are called a secret.
    #[must_use]
    pub fn from_env(env: &Env) -> Self {
        let mut masks = Self::default();
        for (name, value) in env.texts() {
            if is_secret(name) {
                masks.add(value);
            } else if value.contains("://") {
                masks.add_password(value.trim());
            }
        }
        masks
    }

    /// Adds a secret, and the secrets inside of it: a tool that is given a file with
    /// credentials may show one of them alone.
    ///
    /// Of an address only the password is secret: which mirror is used, a user has to see.
    pub fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        if secret.contains("://") && !secret.contains(char::is_whitespace) {
            return self.add_password(secret);
        }
        self.add_word(secret);
        let is_key = secret.contains(" PRIVATE KEY-----");
        for line in secret.lines() {
            if is_key && !line.starts_with("-----") {
                self.add_word(line);
            }
            self.add_named(line);
        }
        // `user:password`, `Bearer <token>`
        if let Some((_, last)) = secret.rsplit_once([':', ' ']).filter(|_| !secret.contains('\n')) {
            self.add_word(last);
        }
    }

    /// The password of an address, as it stands there and as it is meant.
    fn add_password(&mut self, address: &str) {
        let authority = address.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
        let Some((user, _)) = authority.rsplit_once('@') else { return };
        let password = user.split_once(':').map_or(user, |(_, password)| password);
        self.add_word(password);
        self.add_word(&decoded(password));
    }

    /// What follows a name such as `password` or `_authToken` in a line of any format.
    fn add_named(&mut self, line: &str) {
        let delimiter = |c: char| c.is_whitespace() || "=:\"'<>,;".contains(c);
        let mut rest = line;
        while let Some(start) = rest.find(|c| !delimiter(c)) {
            let word = &rest[start..];
            let end = word.find(delimiter).unwrap_or(word.len());
            let (name, after) = word.split_at(end);
            if is_secret(name) || name.contains("auth") && !name.contains("author") {
                let value = after.trim_start_matches(delimiter);
                let short = value.find(delimiter).map_or(value, |end| &value[..end]);
                self.add_word(short);
                let before = after[..after.len() - value.len()].chars().next_back();
                let quote = before.filter(|c| "\"'".contains(*c));
                self.add_word(quote.and_then(|quote| value.split(quote).next()).unwrap_or(value));
            }
            rest = after;
        }
    }

    fn add_word(&mut self, secret: &str) {
        let secret = secret.trim();
        if secret.len() >= SHORTEST && !self.0.iter().any(|known| known == secret) {
            self.0.push(secret.to_owned());
            // A secret that contains another one has to be replaced first.
            self.0.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        }
    }

    /// The secrets of both.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for secret in &other.0 {
            self.add(secret);
        }
        self
    }

    /// `text` with every secret replaced by `***`, and the credentials of URLs too.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        let mut masked = mask_credentials(text);
        for secret in &self.0 {
            if masked.contains(secret.as_str()) {
                masked = masked.replace(secret.as_str(), "***");
            }
        }
        masked
    }
}

/// Without percent signs.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code =
            tail.get(..2).filter(|_| *first == b'%').and_then(|hex| str::from_utf8(hex).ok());
        if let Some(byte) = code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a variable of this name holds a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRET_NAMES.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_secrets_go_first() {
        let mut masks = Masks::default();
        masks.add("secret");
        masks.add("secret-and-more");
        assert_eq!(masks.mask("x=secret-and-more y=secret"), "x=*** y=***");
    }

    #[test]
    fn secrets_inside_of_files_are_known() {
        for (file, secret) in [
            ("registry=https://r.test/\n//r.test/:_authToken=npm_abc123==\n", "npm_abc123=="),
            ("<server><username>me</username><password>hunter22</password></server>", "hunter22"),
            (r#"{"http-basic": {"h": {"username": "me", "password": "pass word"}}}"#, "pass word"),
            ("me:hunter22", "hunter22"),
            ("Bearer abcdefg", "abcdefg"),
            ("https://me:hunt%65r22@h/x", "hunter22"),
            ("https://hunter22@h/x", "hunter22"),
        ] {
            let mut masks = Masks::default();
            masks.add(file);
            let shown = masks.mask(&format!("401: {secret} is wrong for r.test"));
            assert!(shown.ends_with(" is wrong for r.test"), "{shown}");
            assert!(!shown.contains(secret), "{file}: {shown}");
        }
        let mut masks = Masks::default();
        masks.add("https://mirror.test/files");
        assert_eq!(
            masks.mask("from https://mirror.test/files/a"),
            "from https://mirror.test/files/a"
        );
        let env: Env = [("HTTPS_PROXY", "http://me:hunter22@proxy:3128")].into_iter().collect();
        assert_eq!(Masks::from_env(&env).mask("407 for hunter22"), "407 for ***");
    }

    #[test]
    fn names_tell_what_is_secret() {
        for (name, secret) in [
            ("NPM_TOKEN", true),
            ("db_password", true),
            ("AWS_SECRET_ACCESS_KEY", true),
            ("KEYBOARD", false),
        ] {
            assert_eq!(is_secret(name), secret, "{name}");
        }
    }
}
