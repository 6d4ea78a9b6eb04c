//! `docs/figures.md` and its picture: what `cargo xtask bench --keep` has measured, beside the budgets.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::svg::{Picture, escaped};
use crate::bench::Figure;

/// What the last kept run has measured, from the root of the repository.
pub(crate) const FILE: &str = "docs/figures.json";

const HEAD: &str = "# Figures

<!-- written by `cargo xtask docs` from figures.json -->

What `cargo xtask bench` measures on a machine with two cores, each beside its budget. Machines differ: what counts is the ratio, and a change of it.
`cargo xtask bench --keep` brings the figures of this page up to date.
";

/// The page, and the picture if something has been measured.
pub(super) fn documents(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let path = root.join(FILE);
    let mut page = HEAD.to_owned();
    let mut documents = Vec::new();
    if path.is_file() {
        let figures: Vec<Figure> = serde_json::from_str(&fs_err::read_to_string(&path)?)
            .with_context(|| format!("cannot read {}", path.display()))?;
        page.push_str("\n![Each figure as a part of its budget](figures.svg)\n\n");
        page.push_str(&table(&figures));
        documents.push((root.join("docs/figures.svg"), picture(&figures)));
    } else {
        page.push_str("\nNo run has been kept yet.\n");
    }
    documents.push((root.join("docs/figures.md"), page));
    Ok(documents)
}

fn table(figures: &[Figure]) -> String {
    let mut text = "| What | Measured | Budget |\n|---|---|---|\n".to_owned();
    for figure in figures {
        let [what, value, verdict] = figure.row();
        let _ = writeln!(text, "| {} | {value} | {verdict} |", what.replace('|', "\\|"));
    }
    text
}

/// A bar for each figure that has a budget, and a line where the budgets end.
fn picture(figures: &[Figure]) -> String {
    const LEFT: f64 = 330.0;
    const WHOLE: f64 = 300.0;
    const ROW: f64 = 22.0;
    let budgeted: Vec<_> =
        figures.iter().filter_map(|figure| Some((figure, figure.budget?))).collect();
    let height = 30.0 + ROW * f64::from(u32::try_from(budgeted.len()).unwrap_or_default());
    let mut picture = Picture::new(
        LEFT + WHOLE + 330.0,
        height + 10.0,
        "Figures beside their budgets",
        "One row for each figure: a bar as long as the part of its budget that is used, with both values beside it. \
         A bar that is over its budget is hatched.",
    );
    picture.line((LEFT + WHOLE, 24.0), (LEFT + WHOLE, height));
    picture.text(LEFT + WHOLE, 16.0, "middle", "budget");
    let mut y = 30.0;
    for (figure, budget) in budgeted {
        let [what, value, verdict] = figure.row();
        let part = figure.value / budget;
        let length = part.min(1.2) * WHOLE;
        picture.text(LEFT - 8.0, y + 12.0, "end", &escaped(&what));
        picture.bar((LEFT, y + 2.0), (length, ROW - 8.0), part > 1.0);
        let beside = format!("{value}, {verdict}");
        picture.text(LEFT + length.max(WHOLE) + 6.0, y + 12.0, "start", &escaped(&beside));
        y += ROW;
    }
    picture.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_over_its_budget_is_hatched_and_says_so() {
        let figures = [
            Figure::new("detect", 3.0, "ms").budget(5.0),
            Figure::new("binary", 4.5, "MB").budget(4.0),
            Figure::new("curl", 1.0, "s"),
        ];
        let picture = picture(&figures);
        assert_eq!(picture.matches("fill=\"url(#hatched)\"").count(), 1, "{picture}");
        assert!(picture.contains(">4.5 MB, OVER 4 MB</text>"), "{picture}");
        assert!(!picture.contains("curl"), "{picture}");
        insta::assert_snapshot!(table(&figures), @"
        | What | Measured | Budget |
        |---|---|---|
        | detect | 3.0 ms | within 5 ms |
        | binary | 4.5 MB | OVER 4 MB |
        | curl | 1.00 s |  |
        ");
    }
}
