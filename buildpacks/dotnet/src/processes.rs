//! Decision: the process types of the image, and where each app lies.

use std::collections::BTreeSet;

use kouti::Notice;
use serde::Serialize;

/// One app of the image.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Place {
    /// Its process types; the first one names its directory where there are several apps.
    pub(crate) types: Vec<String>,
    /// Directory relative to the app; empty for an only one.
    pub(crate) dir: String,
}

/// All apps of the image, in the order in which they were published.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub(crate) struct Arrangement {
    pub(crate) places: Vec<Place>,
    /// The type that starts when none is named.
    pub(crate) default: Option<String>,
    #[serde(skip)]
    pub(crate) notices: Vec<Notice>,
}

impl Arrangement {
    /// `apps` are names of assemblies, and whether each answers requests.
    pub(crate) fn of(apps: &[(&str, bool)], wanted_default: Option<&str>) -> Self {
        let webs = apps.iter().filter(|(_, is_web)| *is_web).count();
        let mut used = BTreeSet::new();
        let mut places = Vec::new();
        for (name, is_web) in apps {
            let is_the_web = *is_web && webs == 1;
            let label = if apps.len() == 1 { raw(name) } else { label(name) };
            let mut types = Vec::new();
            if is_the_web {
                types.push(unused("web".to_owned(), &mut used));
                // Whoever starts it by its name goes on doing so.
                let alias = raw(name);
                if used.insert(alias.clone()) {
                    types.push(alias);
                }
            } else {
                types.push(unused(label, &mut used));
            }
            let dir = if apps.len() == 1 { String::new() } else { types[0].clone() };
            places.push(Place { types, dir });
        }
        let mut arrangement = Self { places, ..Self::default() };
        arrangement.choose_default(webs == 1, wanted_default);
        arrangement
    }

    fn choose_default(&mut self, has_the_web: bool, wanted: Option<&str>) {
        let types: Vec<String> =
            self.places.iter().flat_map(|place| place.types.iter().cloned()).collect();
        let known = |name: &&str| types.iter().any(|kind| kind == name);
        if let Some(wanted) = wanted {
            if known(&wanted) {
                self.default = Some(wanted.to_owned());
                return;
            }
            self.notices.push(
                Notice::new(format!(
                    "BP_DOTNET_DEFAULT_PROCESS is `{wanted}`, which is no process"
                ))
                .hint(format!("the processes are {}", types.join(", "))),
            );
        }
        self.default = match self.places.as_slice() {
            [only] => only.types.first().cloned(),
            _ if has_the_web => Some("web".to_owned()),
            _ => None,
        };
        if self.default.is_none() && !self.places.is_empty() {
            self.notices.push(
                Notice::new(format!(
                    "no process starts by default: there are {}",
                    types.join(", ")
                ))
                .hint("set BP_DOTNET_DEFAULT_PROCESS to one of them"),
            );
        }
    }
}

/// The name with only what the lifecycle allows in types.
fn raw(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = name.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    if name.is_empty() { "app".to_owned() } else { name }
}

/// The name as part of a host name, as Heroku has it.
fn label(name: &str) -> String {
    let mut label = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => label.push(c),
            '-' | '.' | '_' | ' ' if !label.ends_with('-') => label.push('-'),
            _ => {}
        }
    }
    let label: String = label.trim_matches('-').chars().take(63).collect();
    match label.trim_matches('-') {
        "" => "app".to_owned(),
        label => label.to_owned(),
    }
}

fn unused(name: String, used: &mut BTreeSet<String>) -> String {
    if used.insert(name.clone()) {
        return name;
    }
    let numbered = (2_u32..).map(|n| format!("{name}-{n}"));
    let free = numbered.into_iter().find(|name| used.insert(name.clone()));
    free.unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(apps: &[(&str, bool)]) -> (Vec<Vec<String>>, Option<String>) {
        let found = Arrangement::of(apps, None);
        (found.places.into_iter().map(|place| place.types).collect(), found.default)
    }

    #[test]
    fn one_app_is_the_default() {
        assert_eq!(
            types(&[("My Shop", true)]),
            (vec![vec!["web".into(), "My-Shop".into()]], Some("web".into()))
        );
        assert_eq!(
            types(&[("Shop.Worker", false)]),
            (vec![vec!["Shop.Worker".into()]], Some("Shop.Worker".into()))
        );
        assert_eq!(types(&[("web", true)]), (vec![vec!["web".into()]], Some("web".into())));
    }

    #[test]
    fn several_apps_have_labels_and_directories() {
        let found = Arrangement::of(
            &[("Shop.Web", true), ("Shop Jobs_", false), ("shop-jobs", false)],
            None,
        );
        let places: Vec<(&str, Vec<&str>)> = found
            .places
            .iter()
            .map(|place| (place.dir.as_str(), place.types.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(
            places,
            [
                ("web", vec!["web", "Shop.Web"]),
                ("shop-jobs", vec!["shop-jobs"]),
                ("shop-jobs-2", vec!["shop-jobs-2"])
            ]
        );
        assert_eq!(found.default.as_deref(), Some("web"));
    }

    #[test]
    fn two_webs_need_a_choice() {
        let apps = [("A", true), ("B", true)];
        let found = Arrangement::of(&apps, None);
        assert_eq!((found.default, found.notices.len()), (None, 1));
        assert_eq!(Arrangement::of(&apps, Some("b")).default.as_deref(), Some("b"));
        assert_eq!(Arrangement::of(&apps, Some("c")).notices.len(), 2);
    }

    #[test]
    fn labels_are_safe() {
        for (name, expected) in
            [("..", "app"), ("Ünï", "n"), ("--A--", "a"), ("a.b_c d", "a-b-c-d")]
        {
            assert_eq!(label(name), expected, "{name}");
        }
        assert_eq!(label(&"x".repeat(99)).len(), 63);
    }
}
