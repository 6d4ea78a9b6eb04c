//! Decisions: facts become a plain value. Nothing here touches a file.

use kouti::{Explain, Fault, LayerEnv, Scope};

use crate::app::FILE;

/// Everything that a build will do.
#[derive(Debug, PartialEq)]
pub(crate) struct Recipe {
    /// Variables of the image.
    pub(crate) env: LayerEnv,
}

impl Recipe {
    pub(crate) fn decide(text: &str) -> Result<Self, NoVariable> {
        let mut env = LayerEnv::new();
        for (index, line) in text.lines().enumerate() {
            let (name, value) = line
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or(NoVariable { line: index + 1 })?;
            // A default: who starts the container can set another value.
            env = env.default_value(Scope::Launch, name, value);
        }
        Ok(Self { env })
    }
}

/// A line is no `NAME=value`.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of {FILE} sets no variable")]
pub(crate) struct NoVariable {
    line: usize,
}

impl Explain for NoVariable {
    fn id(&self) -> &'static str {
        "no-{{name}}-variable"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec!["write `NAME=value` in each line".to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_sets_a_default() {
        let env = LayerEnv::new().default_value(Scope::Launch, "A", "b=c");
        assert_eq!(Recipe::decide("A=b=c\n").unwrap(), Recipe { env });
    }
}
