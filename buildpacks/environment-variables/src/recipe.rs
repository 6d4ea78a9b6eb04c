//! What each `BPE_*` variable does to the image.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use kouti::{Env, Explain, Fault, LayerEnv, Notice, Scope, is_secret};

/// What the layer holds, and what is said about it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Recipe {
    pub(crate) env: LayerEnv,
    /// Name, action and value of each change.
    pub(crate) rows: Vec<[String; 3]>,
    /// Whether anything of it beats a variable of the container.
    pub(crate) overrides: bool,
    pub(crate) notices: Vec<Notice>,
}

/// What can be done to one variable.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Action {
    Override,
    Default,
    Append,
    Prepend,
    Delim,
}

/// What may stand between `BPE_` and the name; without it a variable is overridden.
const ACTIONS: [(&str, Action); 5] = [
    ("APPEND_", Action::Append),
    ("DEFAULT_", Action::Default),
    ("DELIM_", Action::Delim),
    ("OVERRIDE_", Action::Override),
    ("PREPEND_", Action::Prepend),
];

type Actions<'a> = BTreeMap<Action, &'a str>;

/// The variables of the build that are meant for the image, without `BPE_`.
pub(crate) fn asked(env: &Env) -> impl Iterator<Item = (&OsStr, &OsStr)> {
    env.iter().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"BPE_"))
}

impl Recipe {
    pub(crate) fn decide(env: &Env) -> Result<Self, BadVariable> {
        let mut variables: BTreeMap<&str, Actions> = BTreeMap::new();
        for (asked, value) in asked(env) {
            let shown = || asked.to_string_lossy().into_owned();
            let (Some(name), Some(value)) = (asked.to_str(), value.to_str()) else {
                return Err(BadVariable { asked: shown(), reason: Reason::NoText });
            };
            let name = name.strip_prefix("BPE_").unwrap_or(name);
            let (action, name) = ACTIONS
                .into_iter()
                .find_map(|(prefix, action)| Some((action, name.strip_prefix(prefix)?)))
                .unwrap_or((Action::Override, name));
            let reason = match name {
                "" => Some(Reason::NoName),
                name if name.contains('.') => Some(Reason::Period),
                name if name.contains('/') => Some(Reason::Slash),
                _ => None,
            };
            if let Some(reason) = reason {
                return Err(BadVariable { asked: shown(), reason });
            }
            // `BPE_X` and `BPE_OVERRIDE_X` mean the same.
            if let Some(other) = variables.entry(name).or_default().insert(action, value)
                && other != value
            {
                return Err(BadVariable { asked: shown(), reason: Reason::Twice });
            }
        }
        let mut recipe = Self::default();
        for (name, actions) in variables {
            recipe.add(name, &actions);
        }
        Ok(recipe)
    }

    fn add(&mut self, name: &str, actions: &Actions) {
        let delimiter = actions.get(&Action::Delim).copied();
        let mut env = std::mem::take(&mut self.env);
        for (action, value) in actions {
            let value = *value;
            let mut row = |action: &str| self.rows.push([name, action, value].map(str::to_owned));
            let delim = delimiter.unwrap_or_default();
            env = match action {
                Action::Override => {
                    row("set");
                    env.override_value(Scope::Launch, name, value)
                }
                Action::Default => {
                    row("default");
                    env.default_value(Scope::Launch, name, value)
                }
                Action::Append => {
                    row("append");
                    env.append(Scope::Launch, name, value, delim)
                }
                Action::Prepend => {
                    row("prepend");
                    env.prepend(Scope::Launch, name, value, delim)
                }
                Action::Delim => env,
            };
        }
        self.env = env;
        self.overrides |= actions.keys().any(|action| *action != Action::Default);
        self.notices.extend(notices(name, actions, delimiter));
    }
}

fn notices(name: &str, actions: &Actions, delimiter: Option<&str>) -> Vec<Notice> {
    let mut notices = Vec::new();
    let has = |action| actions.contains_key(&action);
    let extends = has(Action::Append) || has(Action::Prepend);
    if extends && delimiter.is_none() {
        let sign = if name.ends_with("PATH") { ":" } else { "<delimiter>" };
        notices.push(
            Notice::new(format!("nothing separates what is added to {name} from what is there"))
                .hint(format!("set BPE_DELIM_{name}={sign}")),
        );
    }
    if !extends && delimiter.is_some() {
        notices.push(
            Notice::new(format!("BPE_DELIM_{name} has no effect on its own"))
                .hint(format!("set BPE_APPEND_{name} or BPE_PREPEND_{name} too")),
        );
    }
    if has(Action::Override) && actions.keys().any(|action| *action > Action::Override) {
        notices.push(
            Notice::new(format!("{name} is set in more than one way"))
                .hint(format!("keep one of the BPE_ variables for {name}")),
        );
    }
    let is_ours = matches!(name, "PORT" | "PATH" | "LD_LIBRARY_PATH") || name.starts_with("CNB_");
    if has(Action::Override) && is_ours {
        notices.push(
            Notice::new(format!("nothing else can set {name} any more, not even the platform"))
                .hint(format!("use BPE_DEFAULT_{name}, BPE_APPEND_{name} or BPE_PREPEND_{name}")),
        );
    }
    if is_secret(name) {
        notices.push(
            Notice::new(format!("everybody who has the image can read {name}"))
                .hint("give secrets to the container, by `docker run --env` or a binding"),
        );
    }
    notices
}

/// A variable that cannot become one of the image.
#[derive(Debug, thiserror::Error)]
#[error("{asked} {}", .reason.clause())]
pub(crate) struct BadVariable {
    asked: String,
    reason: Reason,
}

#[derive(Clone, Copy, Debug)]
enum Reason {
    NoName,
    NoText,
    Period,
    Slash,
    Twice,
}

impl Reason {
    fn clause(self) -> &'static str {
        match self {
            Self::NoName => "names no variable",
            Self::NoText => "is not UTF-8",
            Self::Period => "has a period in its name, where the name would end in the image",
            Self::Slash => "has a slash in its name, which no file in the image can have",
            Self::Twice => "and BPE_OVERRIDE_ for the same name have two values",
        }
    }
}

impl Explain for BadVariable {
    fn id(&self) -> &'static str {
        "bad-bpe-variable"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self.reason {
            Reason::NoName => "write the name of the variable behind it, as in BPE_DEFAULT_LANG",
            Reason::NoText => "give it a value in UTF-8",
            Reason::Twice => "keep one of the two",
            Reason::Period | Reason::Slash => {
                "give the variable another name, or set it when the container starts"
            }
        };
        vec![hint.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(variables: &[(&str, &str)]) -> String {
        let env: Env = variables.iter().copied().collect();
        Recipe::decide(&env).unwrap_err().to_string()
    }

    #[test]
    fn names_and_values_that_cannot_be_in_an_image_are_refused() {
        let slash = "has a slash in its name, which no file in the image can have";
        assert_eq!(error(&[("BPE_a/b", "")]), format!("BPE_a/b {slash}"));
        assert_eq!(
            error(&[("BPE_X", "1"), ("BPE_OVERRIDE_X", "2")]),
            "BPE_X and BPE_OVERRIDE_ for the same name have two values"
        );
    }

    proptest! {
        #[test]
        fn every_name_and_value_is_a_file_or_an_error(
            name in prop_oneof![
                any::<String>(),
                "(APPEND_|DEFAULT_|DELIM_|OVERRIDE_|PREPEND_){0,2}[A-Z_./]{0,6}",
            ],
            value in any::<String>(),
        ) {
            let env: Env = [(format!("BPE_{name}"), value.clone())].into_iter().collect();
            match Recipe::decide(&env) {
                Ok(recipe) => for (path, content) in recipe.env.files() {
                    let file = path.strip_prefix("env.launch/").unwrap();
                    let (target, suffix) = file.split_once('.').unwrap();
                    prop_assert!(!target.is_empty() && !file.contains('/'), "{}", path);
                    prop_assert!(name.ends_with(target), "{}", path);
                    let is_delimiter = suffix == "delim";
                    prop_assert!(is_delimiter || content == value, "{}", path);
                },
                Err(error) => {
                    let bad = name.contains(['.', '/']) || name.is_empty() || name.ends_with('_');
                    prop_assert!(bad, "{}: {}", name, error);
                }
            }
        }

        #[test]
        fn each_prefix_does_one_thing(name in "X[A-Z0-9_]{0,8}", value in any::<String>()) {
            for (prefix, file) in [
                ("", "override"),
                ("OVERRIDE_", "override"),
                ("DEFAULT_", "default"),
                ("APPEND_", "append"),
                ("PREPEND_", "prepend"),
            ] {
                let env: Env = [(format!("BPE_{prefix}{name}"), value.clone())].into_iter().collect();
                let recipe = Recipe::decide(&env).unwrap();
                let wanted = format!("env.launch/{name}.{file}");
                let found = recipe.env.files().find(|(path, _)| *path == wanted);
                prop_assert_eq!(found.map(|(_, content)| content), Some(value.as_str()));
            }
        }
    }

    #[test]
    fn other_variables_are_not_looked_at() {
        let env: Env = [("BP_X.Y", "1"), ("XBPE_", "1")].into_iter().collect();
        assert_eq!(Recipe::decide(&env).unwrap(), Recipe::default());
    }
}
