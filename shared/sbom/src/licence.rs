//! What a publisher says about the licence, as far as it can be understood.

/// Ids of the SPDX licence list 3.28, one per line.
const IDS: &str = include_str!("spdx_licences.txt");

/// One entry of [`Component::licenses`](crate::Component::licences).
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Licence {
    /// An id of the SPDX list.
    Id(&'static str),
    /// A valid SPDX expression of more than one word.
    Expression(String),
    /// Anything else: `SEE LICENSE IN LICENSE.md`.
    Text(String),
}

impl Licence {
    /// Ids are recognised in any case, as the SPDX specification wants it.
    pub(crate) fn of(text: &str) -> Self {
        let text = text.trim();
        if let Some(id) = id(text) {
            return Self::Id(id);
        }
        // A package may say anything; its parentheses must not exhaust our stack.
        let parsed = text.len() < 1000 && text.matches('(').count() < 50;
        match parsed.then(|| Parser::new(text).expression()).flatten() {
            Some(expression) => Self::Expression(expression),
            None => Self::Text(text.to_owned()),
        }
    }

    /// As it is to be shown.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Id(id) => id,
            Self::Expression(text) | Self::Text(text) => text,
        }
    }

    /// Every licence that is not blank, each once, in their order.
    pub(crate) fn all(texts: &[String]) -> Vec<Self> {
        let mut licences = Vec::new();
        for text in texts.iter().filter(|text| !text.trim().is_empty()) {
            let licence = Self::of(text);
            if !licences.contains(&licence) {
                licences.push(licence);
            }
        }
        licences
    }
}

/// Whether `text` is an id of the SPDX list or an expression of such ids.
#[must_use]
pub fn is_spdx(text: &str) -> bool {
    !matches!(Licence::of(text), Licence::Text(_))
}

/// `texts` joined by `AND`; what contains an `OR` goes into parentheses.
pub(crate) fn conjunction(expressions: &[String]) -> String {
    match expressions {
        [only] => only.clone(),
        several => {
            let parts: Vec<_> = several
                .iter()
                .map(|part| if part.contains(" OR ") { format!("({part})") } else { part.clone() })
                .collect();
            parts.join(" AND ")
        }
    }
}

fn id(text: &str) -> Option<&'static str> {
    IDS.lines().find(|id| id.eq_ignore_ascii_case(text))
}

/// Recursive descent over the grammar of SPDX 2.3, annex D.
struct Parser<'a> {
    tokens: std::iter::Peekable<std::vec::IntoIter<&'a str>>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        let mut tokens = Vec::new();
        for word in text.split_whitespace() {
            let mut rest = word;
            while let Some(at) = rest.find(['(', ')']) {
                tokens.extend([&rest[..at], &rest[at..=at]].iter().filter(|t| !t.is_empty()));
                rest = &rest[at + 1..];
            }
            if !rest.is_empty() {
                tokens.push(rest);
            }
        }
        Self { tokens: tokens.into_iter().peekable() }
    }

    fn expression(mut self) -> Option<String> {
        let expression = self.either()?;
        self.tokens.next().is_none().then_some(expression)
    }

    fn either(&mut self) -> Option<String> {
        let mut text = self.both()?;
        while self.take("OR") {
            text = format!("{text} OR {}", self.both()?);
        }
        Some(text)
    }

    fn both(&mut self) -> Option<String> {
        let mut text = self.one()?;
        while self.take("AND") {
            text = format!("{text} AND {}", self.one()?);
        }
        Some(text)
    }

    fn one(&mut self) -> Option<String> {
        if self.take("(") {
            let inner = self.either()?;
            return self.take(")").then(|| format!("({inner})"));
        }
        let token = self.tokens.next()?;
        let name = token.strip_suffix('+').unwrap_or(token);
        let mut text = match id(name) {
            Some(id) => format!("{id}{}", &token[name.len()..]),
            None if is_reference(token) => token.to_owned(),
            None => return None,
        };
        if self.take("WITH") {
            let exception = self.tokens.next().filter(|token| is_idstring(token))?;
            text = format!("{text} WITH {exception}");
        }
        Some(text)
    }

    fn take(&mut self, token: &str) -> bool {
        self.tokens.next_if(|next| next.eq_ignore_ascii_case(token)).is_some()
    }
}

fn is_reference(token: &str) -> bool {
    token.strip_prefix("LicenseRef-").is_some_and(is_idstring)
}

fn is_idstring(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_expressions_are_told_from_prose() {
        let expression = |text: &str| Licence::Expression(text.to_owned());
        let text = |text: &str| Licence::Text(text.to_owned());
        for (given, licence) in [
            ("MIT", Licence::Id("MIT")),
            (" apache-2.0 ", Licence::Id("Apache-2.0")),
            ("GPL-2.0+", Licence::Id("GPL-2.0+")),
            ("Apache-2.0+", expression("Apache-2.0+")),
            ("(MIT OR cc0-1.0)", expression("(MIT OR CC0-1.0)")),
            ("MIT and (BSD-2-Clause or ISC)", expression("MIT AND (BSD-2-Clause OR ISC)")),
            (
                "GPL-2.0 WITH Classpath-exception-2.0",
                expression("GPL-2.0 WITH Classpath-exception-2.0"),
            ),
            ("LicenseRef-mine", expression("LicenseRef-mine")),
            ("SEE LICENSE IN LICENSE.md", text("SEE LICENSE IN LICENSE.md")),
            ("Apache 2.0", text("Apache 2.0")),
            ("MIT OR", text("MIT OR")),
            ("(MIT", text("(MIT")),
            ("MIT)", text("MIT)")),
            ("()", text("()")),
            ("MIT ISC", text("MIT ISC")),
            ("UNLICENSED", text("UNLICENSED")),
            ("deprecated_BSD-2-Clause-NetBSD", text("deprecated_BSD-2-Clause-NetBSD")),
        ] {
            assert_eq!(Licence::of(given), licence);
        }
    }

    #[test]
    fn alternatives_keep_their_bounds_in_a_conjunction() {
        let parts = ["MIT OR ISC".to_owned(), "Zlib".to_owned()];
        assert_eq!(conjunction(&parts), "(MIT OR ISC) AND Zlib");
        assert_eq!(conjunction(&parts[..1]), "MIT OR ISC");
    }

    #[test]
    fn blank_and_repeated_licences_count_once_or_not_at_all() {
        let texts = ["MIT", "", " mit", "ISC"].map(str::to_owned);
        assert_eq!(Licence::all(&texts), [Licence::Id("MIT"), Licence::Id("ISC")]);
    }
}
