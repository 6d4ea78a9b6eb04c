//! Choosing a version in front of the user: every request, which one won, and why.

use std::time::Instant;

use kouti_catalog::{Artifact, Choice, EolPolicy, Request, Support, Wanted, choose, support};
use kouti_report::{EventKind, Log, Notice};

use crate::{Context, Problem};

impl Context {
    /// Chooses the newest artifact `id` that fits the first of `wanted`.
    ///
    /// Pure: what the user is told comes from [`Context::explain_choice`].
    pub fn choose(&self, id: &str, name: &str, wanted: &[Wanted]) -> Result<Choice, Problem> {
        let request = Request { id, name, wanted, target: &self.target };
        Ok(choose(&self.catalog, &request)?)
    }

    /// Shows all requests in priority order and what they led to.
    ///
    /// Warns about lower requests that are not met and about the end of support;
    /// an error if support has ended and the user asked to stop on that.
    pub fn explain_choice(
        &self,
        log: &mut Log,
        choice: &Choice,
        policy: EolPolicy,
    ) -> Result<(), Problem> {
        let artifact = &choice.artifact;
        let why = choice.wanted.iter().map(|wanted| format!("{}: {}", wanted.origin, wanted.range));
        log.event(
            EventKind::Choice,
            artifact.name.as_str(),
            artifact.version.to_string(),
            Instant::now(),
        )
        .reasons = why.collect();
        log.step(&format!("Choosing {}", artifact.name));
        let rows: Vec<_> = choice
            .wanted
            .iter()
            .enumerate()
            .map(|(index, wanted)| {
                let mark = if index == 0 { "<- used" } else { "" };
                [wanted.origin.clone(), wanted.range.to_string(), mark.to_owned()]
            })
            .collect();
        log.table(&rows);
        log.detail(&format!(
            "{} chosen (newest that fits{})",
            artifact.version,
            supported(artifact)
        ));

        for wanted in choice.overruled() {
            let used = choice.used().map_or("default", |wanted| &wanted.origin);
            log.warn(Notice::new(format!(
                "{} asks for {} {}, but {used} decides, and {} does not fit it",
                wanted.origin, artifact.name, wanted.range, artifact.version
            )));
        }
        let notice = policy.apply(artifact, &self.catalog, &self.target, self.today)?;
        if let Some(notice) = notice {
            log.warn(notice);
        }
        Ok(())
    }

    /// State of an artifact's support today.
    #[must_use]
    pub fn support(&self, artifact: &Artifact) -> Support {
        support(artifact, self.today)
    }
}

fn supported(artifact: &Artifact) -> String {
    artifact.eol_date.map_or_else(String::new, |date| format!("; supported until {date}"))
}
