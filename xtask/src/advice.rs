//! Failures a contributor can do something about.

use std::error::Error;
use std::fmt;

/// An error with what to do; [`page`] shows the hint last.
#[derive(Debug)]
pub(crate) struct Advice {
    summary: String,
    hint: String,
    cause: Option<anyhow::Error>,
}

impl Advice {
    pub(crate) fn new(summary: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { summary: summary.into(), hint: hint.into(), cause: None }
    }

    pub(crate) fn because(mut self, cause: anyhow::Error) -> Self {
        self.cause = Some(cause);
        self
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)
    }
}

impl Error for Advice {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as _)
    }
}

/// The error with its causes and hints, as the terminal shows it.
pub(crate) fn page(error: &anyhow::Error) -> String {
    let mut lines = vec![format!("error: {error}")];
    lines.extend(error.chain().skip(1).map(|cause| format!("  caused by: {cause}")));
    let advice = error.chain().filter_map(|cause| cause.downcast_ref::<Advice>());
    lines.extend(advice.map(|advice| format!("hint: {}", advice.hint)));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;
    use insta::assert_snapshot;

    #[test]
    fn causes_come_in_order_and_hints_last() {
        let advice = Advice::new("no Docker daemon answers", "start it")
            .because(anyhow!("connection refused"));
        let error = anyhow::Error::from(advice).context("cannot make the base images");
        assert_snapshot!(page(&error), @r"
        error: cannot make the base images
          caused by: no Docker daemon answers
          caused by: connection refused
        hint: start it
        ");
    }
}
