//! The table of Heroku's buildpack for static sites, as far as there is a setting for it.

use kouti::Notice;

use super::value::{BadProjectToml, Item, Line};
use super::{NAME, ProjectToml, headers, unknown};
use crate::settings as set;

pub(super) fn read(project: &mut ProjectToml, table: &Item) -> Result<(), BadProjectToml> {
    for (key, item) in table.entries()? {
        match key.get_ref().as_ref() {
            "root" => project.put(set::ROOT.declared.name, &item, &[item.text()?])?,
            "index" => {
                let item = item.example(r#"index = "index.html""#);
                if item.text()?.text != INDEX {
                    project.notices.push(ignored(&item).hint(format!("call the page {INDEX}")));
                }
            }
            "headers" => {
                let item = item.example(r#"headers."*".X-Frame-Options = "DENY""#);
                project.put(set::HEADERS.declared.name, &item, &headers(&item, glob)?)?;
            }
            "errors" => {
                let item = item.example(r#"errors.404.file_path = "404.html""#);
                for (code, page) in item.entries()? {
                    match code.get_ref().as_ref() {
                        "404" => not_found(project, &page)?,
                        _ => project.notices.push(without_equivalent(&page)),
                    }
                }
            }
            "runtime_config" => runtime_config(project, &item)?,
            "caddy_server_opts" => {
                let item = item.example("caddy_server_opts.clean_urls = true");
                for (key, option) in item.entries()? {
                    let setting = match key.get_ref().as_ref() {
                        "clean_urls" => set::CLEAN_URLS.declared.name,
                        "basic_auth" => set::BASIC_AUTH.declared.name,
                        _ => {
                            project.notices.push(without_equivalent(&option));
                            continue;
                        }
                    };
                    project.put(setting, &option, &[option.flag()?])?;
                }
            }
            _ => project.notices.push(without_equivalent(&item)),
        }
    }
    Ok(())
}

/// The only page for `/` that there is.
const INDEX: &str = "index.html";

/// A page for what is not there: the index page with 200 is the fallback of apps that route in the browser.
fn not_found(project: &mut ProjectToml, table: &Item) -> Result<(), BadProjectToml> {
    let (mut file, mut status, mut exclusions) = (None, None, None);
    for (key, item) in table.entries()? {
        match key.get_ref().as_ref() {
            "file_path" => file = Some((item.text()?, item)),
            "status" => {
                let item = item.example("errors.404.status = 200");
                status = Some((item.number()?, item));
            }
            "path_exclusions" => {
                let item = item.example(r#"errors.404.path_exclusions = ["/api/*"]"#);
                exclusions = Some((item.texts()?, item));
            }
            _ => project.notices.push(unknown(&item, None)),
        }
    }
    let Some((path, file)) = file else {
        let reason = format!("`{}` has no `file_path`", table.key);
        return Err(table.bad(table.place(), reason));
    };
    let code = status.as_ref().map_or("404", |(code, _)| &code.text);
    if code == "200" && path.text.trim_start_matches(['.', '/']) == INDEX {
        let on = Line { text: "true".to_owned(), place: path.place };
        project.put(set::PUSH_STATE.declared.name, &file, &[on])?;
        if let Some((paths, item)) = exclusions {
            // A missing file of a page is not a page here, with or without exclusions.
            let assets = Line { text: "assets".to_owned(), place: item.place() };
            let lines: Vec<_> =
                std::iter::once(assets).chain(paths.into_iter().map(path_of)).collect();
            project.put(set::PUSH_STATE_EXCLUDE.declared.name, &item, &lines)?;
        }
        return Ok(());
    }
    if let Some((_, item)) = status.as_ref().filter(|_| code != "404") {
        project
            .notices
            .push(ignored(item).hint("only index.html is served with 200 instead of 404"));
    }
    project.notices.extend(exclusions.map(|(_, item)| without_equivalent(&item)));
    project.put(set::ERROR_PAGES.declared.name, &file, &[path.after("404=")])
}

/// Attributes of pages; in Heroku's words, on unless they are turned off.
fn runtime_config(project: &mut ProjectToml, table: &Item) -> Result<(), BadProjectToml> {
    let table = table.clone().example("runtime_config.enabled = true");
    let mut mode = Line { text: "html".to_owned(), place: table.place() };
    for (key, item) in table.entries()? {
        match key.get_ref().as_ref() {
            "enabled" if item.flag()?.text == "false" => "off".clone_into(&mut mode.text),
            "enabled" => {}
            "html_files" => {
                let item = item.example(r#"runtime_config.html_files = ["index.html"]"#);
                let files = item.texts()?.into_iter().map(|line| {
                    let text = format!("/{}", line.text.trim_start_matches(['.', '/']));
                    Line { text, ..line }
                });
                let files: Vec<_> = files.collect();
                project.put(set::RUNTIME_ENV_FILES.declared.name, &item, &files)?;
            }
            _ => project.notices.push(unknown(&item, None)),
        }
    }
    project.put(set::RUNTIME_ENV.declared.name, &table, &[mode])
}

fn path_of(line: Line) -> Line {
    Line { text: glob(&line.text), ..line }
}

/// Caddy's `*` at the end of a path crosses slashes.
fn glob(path: &str) -> String {
    match path.strip_suffix('*') {
        Some(start) if !start.ends_with('*') => format!("{start}**"),
        _ => path.to_owned(),
    }
}

fn ignored(Item { table, key, .. }: &Item) -> Notice {
    Notice::new(format!("`{key}` in [{table}] of {NAME} has no effect"))
}

fn without_equivalent(item: &Item) -> Notice {
    ignored(item).hint("remove it: nothing here does the same")
}
