//! Days on which support ends: version 1 of the API of endoflife.date, described at endoflife.date/docs/api/v1.

use anyhow::Result;
use serde::Deserialize;

use super::super::model::LineDates;
use super::super::net::Net;

#[derive(Deserialize)]
struct Answer {
    result: Product,
}

#[derive(Deserialize)]
struct Product {
    releases: Vec<Cycle>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cycle {
    name: String,
    eol_from: Option<String>,
}

pub(super) fn list(net: &Net, product: &str) -> Result<Vec<LineDates>> {
    let answer: Answer = net.json(&format!("https://endoflife.date/api/v1/products/{product}"))?;
    let dates = |cycle: Cycle| LineDates {
        line: cycle.name,
        others: Vec::new(),
        eol: cycle.eol_from.as_deref().and_then(super::day),
    };
    Ok(answer.result.releases.into_iter().map(dates).collect())
}
