//! Composer from Debian, which has it in pieces, as the single file that its authors publish.

use std::path::Path;

use anyhow::Result;

use super::debian::{self, Deb, Pin};
use super::tree::Tree;
use super::{Made, Recipe, Resolved, Sources, phar};

pub(super) const ID: &str = "composer";

/// Of the packages below `php-`, those that are PHP itself.
const PHP: &[&str] = &["php-cli", "php-common", "php-intl", "php-mbstring"];

/// Where Debian has PHP libraries, and where they are in the archive.
const INSTALLED: &str = "/usr/share/php";
const LIBRARIES: &str = "share/php";

pub(super) struct Composer(pub(super) Pin);

impl Recipe for Composer {
    fn name(&self) -> String {
        self.0.name(ID)
    }

    fn pin(&self) -> String {
        self.0.text(&debian::names(&[ID]))
    }

    fn resolve(&self, sources: &Sources) -> Result<Resolved> {
        let mut debs = sources.suite(&self.0.suite)?.closure(&debian::names(&[ID]))?;
        debs.retain(is_part);
        let main = self.0.main(&debs, ID)?;
        let record = debian::Record {
            id: ID,
            name: "Composer",
            version: main.upstream_version(),
            license: "MIT",
            cpe: "getcomposer:composer",
        };
        let mut record = record.table(&main, &self.0);
        // Text for any PHP.
        for key in ["os", "arch", "distros", "strip-components"] {
            record.remove(key);
        }
        let file = format!("composer-{}.phar", main.upstream_version());
        let inputs = debs.iter().map(Deb::input).collect();
        Ok(Resolved { file, record, inputs, debs })
    }

    fn make(&self, sources: &Sources, resolved: &Resolved, work: &Path) -> Result<Made> {
        let suite = sources.suite(&self.0.suite)?;
        let stage = suite.stage(&debian::names(&[ID]), &resolved.debs, &work.join("stage"))?;
        let mut tree = Tree::new(&stage, work.join("tree"))?;
        tree.take("usr/bin/composer", "bin/composer")?;
        tree.take("usr/share/php", LIBRARIES)?;
        // Certificates are those of the system, by a link that would not survive.
        tree.remove("share/php/data/Composer/res/cacert.pem")?;
        let contains = tree.contains();

        let mut archive = phar::Archive::new("composer.phar", "bin/composer");
        for entry in walkdir::WalkDir::new(&tree.dir).sort_by_file_name() {
            let entry = entry?;
            if entry.file_type().is_file() {
                let path = entry.path().strip_prefix(&tree.dir)?;
                archive.add(&path.to_string_lossy(), relocated(path, fs_err::read(entry.path())?));
            }
        }
        let file = work.join("composer.phar");
        fs_err::write(&file, archive.finish())?;
        Ok(Made::File { path: file, contains })
    }
}

fn is_part(deb: &Deb) -> bool {
    let name = deb.name.as_str();
    name == ID || name == "jsonlint" || (name.starts_with("php-") && !PHP.contains(&name))
}

/// A source file that finds the libraries from where it is, and that others can include.
fn relocated(path: &Path, content: Vec<u8>) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(&content) else { return content };
    let text = match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("#!") => rest,
        _ => text,
    };
    let Ok(inner) = path.strip_prefix(LIBRARIES) else { return text.as_bytes().to_vec() };
    let here = match inner.components().count() - 1 {
        0 => "__DIR__".to_owned(),
        depth => format!("dirname(__DIR__, {depth})"),
    };
    text.replace(&format!("'{INSTALLED}/"), &format!("{here} . '/")).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_found_from_where_the_file_is() {
        let relocated = |path: &str, text: &str| {
            String::from_utf8(relocated(Path::new(path), text.as_bytes().to_vec())).unwrap()
        };
        let text = "require_once '/usr/share/php/A/autoload.php';";
        assert_eq!(relocated("share/php/x.php", text), "require_once __DIR__ . '/A/autoload.php';");
        assert_eq!(
            relocated("share/php/B/C/x.php", text),
            "require_once dirname(__DIR__, 2) . '/A/autoload.php';"
        );
        assert_eq!(relocated("bin/composer", "#!/usr/bin/php\n<?php"), "<?php");
    }
}
