//! How long upstream looks after what was chosen.

use jiff::civil::Date;
use kouti_report::{Explain, Fault, Notice};

use crate::{Artifact, Catalog, Target};

/// Days before the end of support from which a build says so.
const WARNED_BEFORE: i32 = 90;

/// State of support on a day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Support {
    /// No date, or a distant one.
    Good,
    /// It ends soon, on this day.
    EndsSoon(Date),
    /// It ended on this day.
    Ended(Date),
}

/// What to do about software whose support has ended: `BP_EOL_POLICY`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum EolPolicy {
    /// Say so.
    #[default]
    Warn,
    /// Stop the build.
    Fail,
    /// Say nothing.
    Ignore,
}

/// The build asked to stop on software whose support has ended.
#[derive(Debug, thiserror::Error)]
#[error("support of {title} ended on {date}, and BP_EOL_POLICY is `fail`")]
pub struct EndOfLife {
    /// `Node.js 18.20.8`.
    pub title: String,
    /// When.
    pub date: Date,
    /// The newest version with support.
    pub successor: Option<String>,
}

impl Explain for EndOfLife {
    fn id(&self) -> &'static str {
        "end-of-life"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let mut hints = Vec::new();
        if let Some(successor) = &self.successor {
            hints.push(format!("move to {successor}"));
        }
        hints.push("set BP_EOL_POLICY=warn to build with it nevertheless".to_owned());
        hints
    }
}

/// State of an artifact's support on `today`.
#[must_use]
pub fn support(artifact: &Artifact, today: Date) -> Support {
    match artifact.eol_date {
        Some(date) if date <= today => Support::Ended(date),
        Some(date) if (date - today).get_days() <= WARNED_BEFORE => Support::EndsSoon(date),
        _ => Support::Good,
    }
}

impl EolPolicy {
    /// What to tell about `artifact`, or the reason to stop.
    pub fn apply(
        self,
        artifact: &Artifact,
        catalog: &Catalog,
        target: &Target,
        today: Date,
    ) -> Result<Option<Notice>, EndOfLife> {
        let successor = catalog
            .artifacts
            .iter()
            .filter(|other| other.id == artifact.id && other.fits(target))
            .filter(|other| {
                support(other, today) == Support::Good && !other.version.is_prerelease()
            })
            .max_by_key(|other| other.version.clone())
            .map(Artifact::title);
        let text = match (self, support(artifact, today)) {
            (Self::Ignore, _) | (_, Support::Good) => return Ok(None),
            (Self::Fail, Support::Ended(date)) => {
                return Err(EndOfLife { title: artifact.title(), date, successor });
            }
            (_, Support::Ended(date)) => format!(
                "support of {} ended on {date}: it gets no security fixes any more",
                artifact.title()
            ),
            (_, Support::EndsSoon(date)) => {
                format!("support of {} ends on {date}", artifact.title())
            }
        };
        let notice = Notice::new(text);
        Ok(Some(match successor {
            Some(successor) => notice.hint(format!("move to {successor}")),
            None => notice,
        }))
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use jiff::civil::date;
    use kouti_report::{Colour, Problem};

    use super::*;

    fn catalog() -> Catalog {
        let record = |version: &str, eol: &str| {
            format!(
                "[[dependencies]]\nid = 'node'\nname = 'Node.js'\nversion = '{version}'\n\
                 checksum = 'sha256:{}'\neol-date = '{eol}'\n",
                "0".repeat(64)
            )
        };
        toml::from_str(
            &(record("18.20.8", "2025-04-30") + &record("24.1.0", "2028-04-30T00:00:00Z")),
        )
        .unwrap()
    }

    fn target() -> Target {
        Target {
            os: "linux".into(),
            arch: "amd64".into(),
            distro_name: "debian".into(),
            distro_version: "13".into(),
        }
    }

    #[test]
    fn the_warning_begins_ninety_days_before_the_end() {
        let artifact = &catalog().artifacts[0];
        for (today, state) in [
            (date(2025, 1, 29), Support::Good),
            (date(2025, 1, 30), Support::EndsSoon(date(2025, 4, 30))),
            (date(2025, 4, 29), Support::EndsSoon(date(2025, 4, 30))),
            (date(2025, 4, 30), Support::Ended(date(2025, 4, 30))),
        ] {
            assert_eq!(support(artifact, today), state, "{today}");
        }
    }

    #[test]
    fn the_policy_decides_between_silence_a_warning_and_an_error() {
        let (catalog, target, today) = (catalog(), target(), date(2026, 1, 1));
        let apply =
            |policy: EolPolicy| policy.apply(&catalog.artifacts[0], &catalog, &target, today);
        assert_eq!(apply(EolPolicy::Ignore).unwrap(), None);
        assert_eq!(
            apply(EolPolicy::Warn).unwrap(),
            Some(
                Notice::new(
                    "support of Node.js 18.20.8 ended on 2025-04-30: \
                     it gets no security fixes any more"
                )
                .hint("move to Node.js 24.1.0")
            )
        );
        let problem = Problem::from(apply(EolPolicy::Fail).unwrap_err());
        assert_snapshot!(problem.page("", Colour::Off), @r"
        error[end-of-life]: support of Node.js 18.20.8 ended on 2025-04-30, and BP_EOL_POLICY is `fail`

        hint: move to Node.js 24.1.0
        hint: set BP_EOL_POLICY=warn to build with it nevertheless
        ");
    }
}
