//! A catalogue as text: what is not updated stays as it is written.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use kouti_catalog::{Artifact, Date};
use kouti_version::Version;
use toml_edit::DocumentMut;

use super::model::LineDates;

const RECORD: &str = "[[dependencies]]\n";
const LINE: &str = "[[lines]]\n";

/// The tables of a file, each with the blank lines and comments after it.
#[derive(Clone, Debug)]
pub(super) struct Blocks(Vec<Block>);

#[derive(Clone, Debug)]
struct Block {
    text: String,
    record: Option<Artifact>,
    line: Option<(String, String)>,
}

impl Blocks {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut blocks = Vec::new();
        let mut start = 0;
        let starts = text.match_indices("\n[[").map(|(at, _)| at + 1).chain([text.len()]);
        for end in starts {
            blocks.push(Block::parse(&text[start..end])?);
            start = end;
        }
        Ok(Self(blocks))
    }

    pub(super) fn text(&self) -> String {
        let text: String = self.0.iter().map(|block| block.text.as_str()).collect();
        format!("{}\n", text.trim_end())
    }

    pub(super) fn records(&self) -> impl DoubleEndedIterator<Item = &Artifact> {
        self.0.iter().filter_map(|block| block.record.as_ref())
    }

    /// Whether there is such a line.
    pub(super) fn has_line(&self, id: &str, line: &str) -> bool {
        self.0.iter().any(|block| block.is_line(id, line))
    }

    /// The day on which support of a line ends, if it is known.
    pub(super) fn eol(&self, id: &str, line: &str) -> Option<Date> {
        let block = self.0.iter().find(|block| block.is_line(id, line))?;
        let day = block.text.lines().find_map(|text| text.strip_prefix("eol = "));
        day?.trim_matches('"').parse().ok()
    }

    /// Whether lines are kept for this id.
    pub(super) fn has_lines(&self, id: &str) -> bool {
        self.0.iter().any(|block| block.line.as_ref().is_some_and(|(of, _)| of == id))
    }

    /// The text of a record as a table.
    pub(super) fn table(&self, artifact: &Artifact) -> Result<DocumentMut> {
        let block = self.0.iter().find(|block| block.record.as_ref() == Some(artifact));
        let text = &block.context("the record is of this catalogue")?.text;
        let body = text.strip_prefix(RECORD).context("a record begins with its header")?;
        Ok(body.trim_end().parse()?)
    }

    /// Puts a record where its id, version and platform have it.
    pub(super) fn insert(&mut self, table: &DocumentMut) -> Result<()> {
        let block = Block::parse(&format!("{RECORD}{}\n\n", table.to_string().trim_end()))?;
        let new = order(block.record.as_ref().context("it is a record")?);
        let place = self.0.iter().rposition(|it| {
            it.record.as_ref().is_some_and(|it| it.id == new.0 && order(it) <= new)
        });
        let first =
            || self.0.iter().position(|it| it.record.as_ref().is_some_and(|it| it.id == new.0));
        let place = place.map(|place| place + 1).or_else(first).unwrap_or(self.0.len());
        // The last table of a file has no blank line after it.
        if let Some(before) = place.checked_sub(1).and_then(|before| self.0.get_mut(before)) {
            before.text = format!("{}\n\n", before.text.trim_end());
        }
        self.0.insert(place, block);
        Ok(())
    }

    pub(super) fn remove(&mut self, is_gone: impl Fn(&Artifact) -> bool) {
        self.0.retain(|block| !block.record.as_ref().is_some_and(&is_gone));
    }

    /// Says of records that do not say it yet what is compiled into them; tells how many there were.
    pub(super) fn set_bundles(
        &mut self,
        id: &str,
        version: &Version,
        parts: &[String],
    ) -> Result<usize> {
        let of_version = |record: &Artifact| {
            record.id == id && record.version == *version && record.bundles.is_empty()
        };
        let list = parts.iter().map(|part| format!("{part:?}")).collect::<Vec<_>>().join(", ");
        let mut count = 0;
        for block in &mut self.0 {
            if block.record.as_ref().is_some_and(of_version) {
                block.set("bundles", &format!("[{list}]"))?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Sets the day on which support of a line ends, there and in the records of `of_line`.
    pub(super) fn set_eol(
        &mut self,
        id: &str,
        line: &str,
        eol: Date,
        of_line: impl Fn(&Artifact) -> bool,
    ) -> Result<()> {
        for block in &mut self.0 {
            if block.is_line(id, line) {
                block.set("eol", &format!("\"{eol}\""))?;
            } else if block.record.as_ref().is_some_and(&of_line) {
                block.set("eol-date", &format!("\"{eol}\""))?;
            }
        }
        Ok(())
    }

    /// Puts a line after the others of its id, or after all of them.
    pub(super) fn insert_line(&mut self, id: &str, dates: &LineDates) -> Result<()> {
        let mut text = format!("{LINE}id = \"{id}\"\nline = \"{}\"\n", dates.line);
        for (key, value) in &dates.others {
            let _ = writeln!(text, "{key} = \"{value}\"");
        }
        if let Some(eol) = dates.eol {
            let _ = writeln!(text, "eol = \"{eol}\"");
        }
        text.push('\n');
        let of_id = |block: &Block| block.line.as_ref().is_some_and(|(of, _)| of == id);
        let last = self.0.iter().rposition(of_id);
        let last = last.or_else(|| self.0.iter().rposition(|block| block.line.is_some()));
        let place = last.or(Some(0)).map_or(0, |last| last + 1);
        self.0.insert(place, Block::parse(&text)?);
        Ok(())
    }
}

impl Block {
    fn parse(text: &str) -> Result<Self> {
        let record = match text.strip_prefix(RECORD) {
            Some(body) => Some(toml::from_str(body).with_context(|| format!("in\n{text}"))?),
            None => None,
        };
        let line = text.strip_prefix(LINE).and_then(|body| {
            let value = |key: &str| {
                let text = body.lines().find_map(|line| line.strip_prefix(key))?;
                Some(text.trim_matches('"').to_owned())
            };
            Some((value("id = ")?, value("line = ")?))
        });
        Ok(Self { text: text.to_owned(), record, line })
    }

    fn is_line(&self, id: &str, line: &str) -> bool {
        self.line.as_ref().is_some_and(|(of, name)| of == id && name == line)
    }

    /// Writes a key over what it was, or after all others.
    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let mut lines: Vec<_> = self.text.lines().map(str::to_owned).collect();
        let wanted = format!("{key} = {value}");
        if let Some(line) = lines.iter_mut().find(|line| line.starts_with(&format!("{key} = "))) {
            *line = wanted;
        } else {
            let last = lines.iter().rposition(|line| line.contains(" = ")).unwrap_or(0);
            lines.insert(last + 1, wanted);
        }
        *self = Self::parse(&(lines.join("\n") + "\n"))?;
        Ok(())
    }
}

type Order<'a> = (&'a str, &'a Version, Option<&'a str>, Vec<(&'a str, &'a str)>);

fn order(record: &Artifact) -> Order<'_> {
    let distros = record.distros.iter().map(|it| (it.name.as_str(), it.version.as_str()));
    (&record.id, &record.version, record.arch.as_deref(), distros.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use indoc::formatdoc;

    fn record(version: &str, arch: &str) -> String {
        formatdoc! {r#"
            id = "node"
            name = "Node.js"
            version = "{version}"
            arch = "{arch}"
            checksum = "sha256:{hex}"
            eol-date = "2027-04-30"
        "#, hex = "0".repeat(64)}
    }

    #[test]
    fn every_catalogue_survives_being_read_and_written() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for family in super::super::declared::FAMILIES {
            let text = fs_err::read_to_string(root.join(family.catalogue)).unwrap();
            let blocks = Blocks::parse(&text).unwrap();
            assert_eq!(blocks.text(), text, "{}", family.catalogue);
            assert!(blocks.records().count() > 1, "{}", family.catalogue);
        }
    }

    #[test]
    fn a_record_goes_to_its_place() {
        let text: String = [("22.1.0", "amd64"), ("22.1.0", "arm64"), ("24.1.0", "amd64")]
            .map(|(version, arch)| format!("\n{RECORD}{}", record(version, arch)))
            .concat();
        let mut blocks = Blocks::parse(&format!("# Head.\n{text}")).unwrap();
        for (version, arch) in
            [("22.1.0", "amd63"), ("22.10.0", "amd64"), ("20.1.0", "amd64"), ("25.0.0", "amd64")]
        {
            blocks.insert(&record(version, arch).parse().unwrap()).unwrap();
        }
        blocks.remove(|record| record.arch.as_deref() == Some("arm64"));
        let order: Vec<_> = blocks
            .records()
            .map(|it| format!("{} {}", it.version, it.arch.as_deref().unwrap()))
            .collect();
        assert_eq!(
            order,
            [
                "20.1.0 amd64",
                "22.1.0 amd63",
                "22.1.0 amd64",
                "22.10.0 amd64",
                "24.1.0 amd64",
                "25.0.0 amd64"
            ]
        );
        let text = blocks.text();
        assert!(text.starts_with("# Head.\n\n[[dependencies]]\nid"), "{text}");
        assert!(!text.contains("\n\n\n") && !text.ends_with("\n\n"), "{text}");
    }

    #[test]
    fn days_are_set_in_a_line_and_its_records() {
        let text = format!(
            "# Head.\n\n{LINE}id = \"node\"\nline = \"22\"\neol = \"2027-04-30\"\n\n{RECORD}{}",
            record("22.1.0", "amd64")
        );
        let mut blocks = Blocks::parse(&text).unwrap();
        let day: Date = "2027-05-31".parse().unwrap();
        blocks.set_eol("node", "22", day, |record| record.version.major() == 22).unwrap();
        assert_eq!(blocks.text(), text.replace("2027-04-30", "2027-05-31"));
        assert_eq!(blocks.eol("node", "22"), Some(day));
        assert!(blocks.has_line("node", "22") && !blocks.has_line("node", "23"));
    }
}
