//! Releases of a repository: "List releases" of GitHub's REST API. Assets have a `digest` since June 2025.

use anyhow::Result;
use kouti_version::Version;
use serde::Deserialize;

use super::super::model::{Listing, Release};
use super::super::net::Net;

#[derive(Deserialize)]
struct Announced {
    tag_name: String,
    draft: bool,
    prerelease: bool,
    published_at: Option<String>,
    html_url: String,
    assets: Vec<Asset>,
}

#[derive(Deserialize)]
struct Asset {
    name: String,
    browser_download_url: String,
    digest: Option<String>,
}

pub(super) fn list(net: &Net, repository: &str) -> Result<Listing> {
    let uri = format!("https://api.github.com/repos/{repository}/releases?per_page=100");
    let announced: Vec<Announced> = net.json(&uri)?;
    let released = announced.into_iter().filter(|it| !it.draft && !it.prerelease);
    let release = |it: Announced| {
        let assets = it.assets.iter();
        Some(Release {
            date: it.published_at.as_deref().and_then(super::day),
            offers: assets
                .map(|it| {
                    super::file(&it.name, Some(&it.browser_download_url), it.digest.as_deref())
                })
                .collect(),
            notes: Some(it.html_url),
            ..of_tag(&it.tag_name)?
        })
    };
    Ok(Listing { releases: released.filter_map(release).collect(), lines: Vec::new() })
}

/// `v2.5.1`, and what Java vendors write: `jdk-21.0.12+8`, `jdk8u502-b07`, `8u492+9`.
fn of_tag(tag: &str) -> Option<Release> {
    let text = tag.trim_start_matches("jdk-").trim_start_matches("jdk").trim_start_matches('v');
    if let Some((major, rest)) = text.split_once('u')
        && let Some((update, _)) = rest.split_once(['+', '-'])
    {
        let version = Version::parse(&format!("{major}.0.{update}")).ok()?;
        return Some(Release::new(version, text));
    }
    let Some((number, _)) = text.split_once('+') else { return super::plain(text) };
    let number = if number.contains('.') { number.to_owned() } else { format!("{number}.0.0") };
    Some(Release::new(Version::parse(&number).ok()?, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_versions() {
        for (tag, version, upstream) in [
            ("v2.5.1", "2.5.1", "2.5.1"),
            ("v2.3", "2.3.0", "2.3"),
            ("jdk-21.0.12.1+1", "21.0.12.1", "21.0.12.1+1"),
            ("jdk-27+35", "27.0.0", "27+35"),
            ("jdk8u502-b07", "8.0.502", "8u502-b07"),
            ("8u492+9", "8.0.492", "8u492+9"),
        ] {
            let release = of_tag(tag).unwrap();
            let found = (release.version.to_string(), release.upstream);
            assert_eq!(found, (version.to_owned(), upstream.to_owned()), "{tag}");
        }
        assert!(of_tag("latest").is_none());
    }
}
