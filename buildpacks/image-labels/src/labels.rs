//! Which labels the image gets.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kouti::{Env, Explain, Fault, Notice, Problem};

use crate::pairs;
use crate::settings::{IMAGE_LABELS, OCI};

/// Labels in the order of their keys, and what is said about them.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) notices: Vec<Notice>,
}

/// Decides without touching anything.
pub(crate) fn decide(env: &Env) -> Result<Labels, Problem> {
    // Sorted, so that the same variables make the same image.
    let mut labels = BTreeMap::new();
    let mut notices = Vec::new();
    for (setting, key) in OCI {
        let Some(mut value) = setting.read(env)? else { continue };
        let name = setting.declared.name;
        if name == "BP_OCI_CREATED" {
            if value == "now" {
                value = now(env)?;
            }
            notices.extend(check_created(&value));
        } else if name == "BP_OCI_LICENSES" {
            notices.extend(check_licenses(&value));
        }
        labels.insert(key.to_owned(), (value, name));
    }
    let text = IMAGE_LABELS.read(env)?.unwrap_or_default();
    for (key, value) in pairs::parse(IMAGE_LABELS.declared.name, &text)? {
        if key.starts_with("io.buildpacks.") {
            notices.push(
                Notice::new(format!("the label `{key}` is one that platforms write themselves"))
                    .hint("choose a key that does not start with `io.buildpacks.`"),
            );
        }
        if let Some((_, other)) = labels.insert(key.clone(), (value, IMAGE_LABELS.declared.name)) {
            return Err(SetTwice { key, other }.into());
        }
    }
    let labels = labels.into_iter().map(|(key, (value, _))| (key, value)).collect();
    Ok(Labels { labels, notices })
}

/// The time that the whole build counts as "now"; the clock would make each image another one.
fn now(env: &Env) -> Result<String, NoTime> {
    let given = env.given("SOURCE_DATE_EPOCH").map(str::trim);
    let time = given.and_then(|seconds| Timestamp::from_second(seconds.parse().ok()?).ok());
    time.map(|time| time.to_string()).ok_or_else(|| NoTime { given: given.map(str::to_owned) })
}

fn check_created(value: &str) -> Option<Notice> {
    let notice = Notice::new(format!("BP_OCI_CREATED is `{value}`, which is no RFC 3339 time"))
        .hint("write it as 2026-01-31T12:00:00Z");
    value.parse::<Timestamp>().is_err().then_some(notice)
}

fn check_licenses(value: &str) -> Option<Notice> {
    let notice = Notice::new(format!("BP_OCI_LICENSES is `{value}`, which is no SPDX expression"))
        .hint("write ids of the SPDX list, as in `Apache-2.0 OR MIT`");
    (!kouti::sbom::is_spdx(value)).then_some(notice)
}

/// `BP_OCI_CREATED=now`, but nobody has said when that is.
#[derive(Debug, thiserror::Error)]
#[error("BP_OCI_CREATED is `now`, but SOURCE_DATE_EPOCH is {}", self.clause())]
struct NoTime {
    given: Option<String>,
}

impl NoTime {
    fn clause(&self) -> String {
        self.given.as_ref().map_or("not set".to_owned(), |given| {
            format!("`{given}`, which is no number of seconds since 1970")
        })
    }
}

impl Explain for NoTime {
    fn id(&self) -> &'static str {
        "no-build-time"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "set SOURCE_DATE_EPOCH to the seconds since 1970, such as the time of the commit: \
            two builds of it then make the same image"
                .to_owned(),
        ]
    }
}

/// A label has two values.
#[derive(Debug, thiserror::Error)]
#[error("both {other} and BP_IMAGE_LABELS set the label `{key}`")]
struct SetTwice {
    key: String,
    other: &'static str,
}

impl Explain for SetTwice {
    fn id(&self) -> &'static str {
        "label-set-twice"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![format!("set it in {} only", self.other)]
    }
}
