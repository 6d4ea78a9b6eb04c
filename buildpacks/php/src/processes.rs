//! The recipe's process types, and what the image says of itself.

use kouti::Process;

use crate::app::App;
use crate::extensions::Extensions;
use crate::recipe::Recipe;
use crate::server::ServerName;

/// The supervisor, by the name that a `Procfile` may use too.
pub(crate) const START: &str = "php-start";

/// Every name by which a `Procfile` may call it; the second one is that of Paketo's.
pub(crate) const PROGRAMS: [&str; 2] = [START, "procmgr-binary"];

/// Scripts that a console app is started with by convention.
pub(crate) const TASKS: [&str; 4] = ["app.php", "main.php", "run.php", "start.php"];

pub(crate) fn declare(app: &App, recipe: &Recipe) -> Vec<Process> {
    match recipe.server {
        _ if recipe.is_provider => Vec::new(),
        ServerName::None if app.classic.is_active => app
            .classic
            .start
            .iter()
            // Cloud Foundry starts nothing but this process.
            .map(|start| {
                Process::new("web", ["php"].into_iter().chain(start.split_whitespace())).default()
            })
            .collect(),
        ServerName::None => TASKS
            .iter()
            .find(|file| app.dir.join(file).is_file())
            .map(|file| Process::new("task", ["php", *file]))
            .into_iter()
            .collect(),
        ServerName::Fpm => vec![Process::new("php-fpm", [START]).default()],
        ServerName::Nginx | ServerName::Httpd | ServerName::PhpServer => {
            vec![Process::new("web", [START]).default()]
        }
    }
}

/// What was decided about the server, for the log.
pub(crate) fn facts(recipe: &Recipe) -> Vec<[String; 2]> {
    let why = if recipe.is_default_server { "default" } else { "BP_PHP_SERVER" };
    let server = recipe.server.text();
    let mut facts = vec![["server".to_owned(), format!("{server} ({why})")]];
    let mut add = |name: &str, value: &str| facts.push([name.to_owned(), value.to_owned()]);
    if let Some(framework) = recipe.framework {
        add("framework", framework.name);
    }
    if let Some(conf) = &recipe.server_conf {
        add("configuration", conf);
    }
    if let Some(site) = &recipe.site {
        let root = if site.web_dir.is_empty() { "the app itself" } else { &site.web_dir };
        add("document root", root);
        if recipe.server != ServerName::PhpServer {
            add("front controller", site.front_controller.as_deref().unwrap_or("none"));
        }
    }
    match recipe.server {
        ServerName::PhpServer => add("note", "PHP's own server is made for development"),
        ServerName::None => add("note", "a Procfile says what to start"),
        _ => {}
    }
    facts
}

/// Labels of the image.
pub(crate) fn labels(recipe: &Recipe, extensions: &Extensions) -> Vec<(String, String)> {
    let mut labels = vec![
        ("io.kouti.php.version".to_owned(), recipe.php.artifact.version.to_string()),
        ("io.kouti.php.server".to_owned(), recipe.server.text().to_owned()),
        ("io.kouti.php.extensions".to_owned(), extensions.names().collect::<Vec<_>>().join(",")),
    ];
    if let Some(framework) = recipe.framework {
        labels.push(("io.kouti.php.framework".to_owned(), framework.name.to_owned()));
    }
    labels
}
