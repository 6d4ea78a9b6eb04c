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
            }
        }
        masks
    }

    /// Adds a secret.
    pub fn add(&mut self, secret: &str) {
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
