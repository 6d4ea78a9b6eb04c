//! The files of a new buildpack: common ones, and of each variant only what differs.

use super::Variant;
use super::name::Name;

/// Path below the buildpack, and text.
type File = (String, String);

macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("../../templates/", $path))
    };
}

/// The files of a crate.
pub(super) fn buildpack(name: &Name, variant: Variant) -> Vec<File> {
    let [app, detect, recipe, build, tests] = sources(variant);
    let descriptor = template!("all/buildpack.toml");
    let mut files = vec![
        ("Cargo.toml", template!("all/Cargo.toml").to_owned()),
        ("README.md", template!("all/README.md").to_owned()),
        ("src/main.rs", template!("all/main.rs").to_owned()),
        ("src/settings.rs", template!("all/settings.rs").to_owned()),
        ("src/app.rs", app.to_owned()),
        ("src/detect.rs", detect.to_owned()),
        ("src/recipe.rs", recipe.to_owned()),
        ("src/build.rs", build.to_owned()),
        ("tests/main.rs", tests.to_owned()),
    ];
    if variant == Variant::Provider {
        files.push(("catalog.toml", template!("provider/catalog.toml").to_owned()));
        let catalog = template!("provider/buildpack.toml");
        files.push(("buildpack.toml", format!("{descriptor}{catalog}")));
    } else {
        files.push(("buildpack.toml", descriptor.to_owned()));
    }
    filled(files, name, variant)
}

/// Facts, detection, decisions, actions, tests.
fn sources(variant: Variant) -> [&'static str; 5] {
    match variant {
        Variant::Start => [
            template!("start/app.rs"),
            template!("start/detect.rs"),
            template!("start/recipe.rs"),
            template!("start/build.rs"),
            template!("start/tests.rs"),
        ],
        Variant::Provider => [
            template!("start/app.rs"),
            template!("provider/detect.rs"),
            template!("provider/recipe.rs"),
            template!("provider/build.rs"),
            template!("provider/tests.rs"),
        ],
        Variant::Tool => [
            template!("start/app.rs"),
            template!("start/detect.rs"),
            template!("start/recipe.rs"),
            template!("tool/build.rs"),
            template!("tool/tests.rs"),
        ],
        Variant::Utility => [
            template!("utility/app.rs"),
            template!("utility/detect.rs"),
            template!("utility/recipe.rs"),
            template!("utility/build.rs"),
            template!("utility/tests.rs"),
        ],
    }
}

/// The files of its app.
pub(super) fn app(name: &Name, variant: Variant) -> Vec<File> {
    let files = match variant {
        Variant::Start => vec![("start.{{name}}", template!("start/start"))],
        Variant::Provider => vec![("start.{{name}}", template!("provider/start"))],
        Variant::Tool => vec![
            ("start.{{name}}", template!("tool/start")),
            ("Makefile", template!("tool/Makefile")),
        ],
        Variant::Utility => vec![("{{name}}.env", template!("utility/variables"))],
    };
    filled(files.into_iter().map(|(path, text)| (path, text.to_owned())), name, variant)
}

/// What it does, in a clause.
pub(super) fn description(name: &Name, variant: Variant) -> String {
    match variant {
        Variant::Start => format!("apps that say in `start.{name}` how they are started"),
        Variant::Provider => format!("apps of {}, with its runtime", name.title()),
        Variant::Tool => format!("apps that `make install` completes, started by `start.{name}`"),
        Variant::Utility => format!("variables of the image from `{name}.env`"),
    }
}

fn filled<'a>(
    files: impl IntoIterator<Item = (&'a str, String)>,
    name: &Name,
    variant: Variant,
) -> Vec<File> {
    let (start, error, advice) = match variant {
        Variant::Utility => (
            format!(
                "Each line of `{name}.env` is a variable that the app has unless its container sets another value."
            ),
            format!("no-{name}-variable"),
            "write `NAME=value` in each line".to_owned(),
        ),
        _ => (
            format!(
                "An app has a file `start.{name}` with the command that starts it; that becomes the process `web`."
            ),
            format!("no-{name}-command"),
            format!("write the command that starts the app into `start.{name}`"),
        ),
    };
    let serde = if variant == Variant::Start { "" } else { "serde.workspace = true\n" };
    let dependencies = format!(
        "fs-err.workspace = true\nkouti.workspace = true\n{serde}thiserror.workspace = true"
    );
    let values = [
        ("{{name}}", name.to_string()),
        ("{{Type}}", name.r#type()),
        ("{{title}}", name.title()),
        ("{{description}}", description(name, variant)),
        ("{{readme}}", start),
        ("{{error}}", error),
        ("{{advice}}", advice),
        ("{{dependencies}}", dependencies),
    ];
    let fill = |text: &str| {
        values.iter().fold(text.to_owned(), |text, (key, value)| text.replace(key, value))
    };
    files.into_iter().map(|(path, text)| (fill(path), fill(&text))).collect()
}
