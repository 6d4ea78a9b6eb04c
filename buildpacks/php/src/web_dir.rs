//! Decision: the document root.

use kouti::{Explain, Fault};

use crate::app::App;
use crate::composer_file::inside;
use crate::framework::Framework;

/// Directories that are document roots by convention, the likeliest first.
pub(crate) const CONVENTIONAL: [&str; 7] =
    ["public", "web", "webroot", "pub", "docroot", "public_html", "www"];

/// Paketo's only default.
pub(crate) const HTDOCS: &str = "htdocs";

/// The document root relative to the app, empty for the app itself, and what it was taken for.
pub(crate) fn choose(
    app: &App,
    wanted: Option<&str>,
    framework: Option<&Framework>,
) -> Result<(String, &'static str), NoWebDir> {
    let exists = |dir: &str| app.dir.join(dir).is_dir();
    if let Some(wanted) = wanted {
        return match inside(&app.dir, wanted) {
            Some(dir) if exists(&dir) => Ok((dir, "BP_PHP_WEB_DIR")),
            found => Err(NoWebDir::Wanted {
                wanted: wanted.to_owned(),
                is_outside: found.is_none(),
                dirs: app.top_dirs.clone(),
            }),
        };
    }
    if exists(HTDOCS) {
        return Ok((HTDOCS.to_owned(), "found"));
    }
    let json = app.composer.as_ref().map(|composer| &composer.json);
    for (dir, why) in [
        (json.and_then(|json| json.public_dir.as_deref()), "composer.json (extra.public-dir)"),
        (json.and_then(|json| json.drupal_root.as_deref()), "composer.json (drupal-scaffold)"),
        (framework.map(|framework| framework.web_dir), "framework"),
    ] {
        if let Some(dir) = dir.and_then(|dir| inside(&app.dir, dir)).filter(|dir| exists(dir)) {
            return Ok((dir, why));
        }
    }
    let with = |file: &str| CONVENTIONAL.iter().find(|dir| app.dir.join(dir).join(file).is_file());
    match (with("index.php"), with("index.html")) {
        (Some(dir), _) => Ok(((*dir).to_owned(), "found")),
        _ if app.has_php_in_root => Ok((String::new(), "found")),
        (None, Some(dir)) => Ok(((*dir).to_owned(), "found")),
        (None, None) => Err(NoWebDir::NothingFound),
    }
}

/// There is nothing to serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoWebDir {
    #[error("BP_PHP_WEB_DIR is `{wanted}`, which {}", if *is_outside { "is outside the app" } else { "does not exist" })]
    Wanted { wanted: String, is_outside: bool, dirs: Vec<String> },
    #[error("this app has no document root: no index.php in the app or in {HTDOCS}, {}", CONVENTIONAL.join(", "))]
    NothingFound,
}

impl Explain for NoWebDir {
    fn id(&self) -> &'static str {
        "no-web-directory"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Wanted { dirs, .. } if dirs.is_empty() => {
                vec!["the app has no directories: leave BP_PHP_WEB_DIR out".to_owned()]
            }
            Self::Wanted { dirs, .. } => {
                vec![format!("name a directory of the app: {}", dirs.join(", "))]
            }
            Self::NothingFound => vec![
                "name the directory with the entry script in BP_PHP_WEB_DIR".to_owned(),
                "for an app without a web server, set BP_PHP_SERVER=none".to_owned(),
            ],
        }
    }
}
