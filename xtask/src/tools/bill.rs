//! Bills of materials of Go programs, from what the compiler wrote into them.

use std::path::Path;

use anyhow::Result;
use kouti_sbom::{Component, Document, Kind, Purl};

use crate::command::Command;

/// The modules that `program` is made of.
pub(super) fn of(name: &str, program: &Path) -> Result<Document> {
    let modules = Command::new("go").args(["version", "-m"]).arg(program).output()?;
    document(name, &modules)
}

/// Reads the compiler's version in the first line, then lines such as `mod <path> <version> <sum>`, `dep …` for the others, and `=> …` for what replaces the line
/// before.
fn document(name: &str, modules: &str) -> Result<Document> {
    let mut document = Document {
        name: name.to_owned(),
        found_by: "buildpacksio/lifecycle".to_owned(),
        ..Document::default()
    };
    if let Some((_, go)) = modules.lines().next().and_then(|line| line.rsplit_once(": go")) {
        document.components.push(component("stdlib", go)?);
    }
    for line in modules.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let &[kind, path, version, ..] = words.as_slice() else { continue };
        if kind == "=>" {
            document.components.pop();
        }
        let component = match kind {
            "mod" => {
                version.trim_start_matches('v').clone_into(&mut document.version);
                Component { kind: Kind::Application, ..component(path, version)? }
            }
            "dep" | "=>" => component(path, version)?,
            _ => continue,
        };
        document.components.push(component);
    }
    Ok(document)
}

fn component(path: &str, version: &str) -> Result<Component> {
    let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
    let purl = Purl::new("golang", name)?.namespace(namespace).version(version);
    Ok(Component {
        name: path.to_owned(),
        version: version.to_owned(),
        purl: Some(purl),
        ..Component::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn every_module_is_a_component_and_replacements_count() {
        let modules = "\
/x/launcher: go1.26.8
\tpath\texample.com/tool/cmd/launcher
\tmod\texample.com/tool\tv1.2.3\th1:AAA=
\tdep\tgithub.com/old/toml\tv1.5.0
\t=>\tgithub.com/new/toml\tv1.3.2\th1:BBB=
\tdep\tgolang.org/x/sys\tv0.45.0\th1:CCC=
\tbuild\tGOOS=linux
";
        let document = document("launcher", modules).unwrap();
        let purls: Vec<String> =
            document.components.iter().flat_map(|c| &c.purl).map(ToString::to_string).collect();
        assert_snapshot!(purls.join("\n"), @r"
        pkg:golang/stdlib@1.26.8
        pkg:golang/example.com/tool@v1.2.3
        pkg:golang/github.com/new/toml@v1.3.2
        pkg:golang/golang.org/x/sys@v0.45.0
        ");
        assert_eq!(
            (document.version.as_str(), document.components[1].kind),
            ("1.2.3", Kind::Application)
        );
    }
}
