//! Debian packages: which ones a package needs, and their content, without root, a chroot or maintainer scripts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::lock::Input;
use crate::command::Command;
use crate::workspace::Workspace;
use crate::{files, host};

/// One Debian release, with an apt of its own in `dir`.
///
/// Releases are never mixed: a solver that sees two of them finds sets that work with neither.
pub(super) struct Suite {
    name: String,
    dir: PathBuf,
    /// apt is told not to lock, so that it needs no root; this does it instead.
    turn: Mutex<()>,
}

/// One package in an exact version.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Deb {
    pub(super) name: String,
    pub(super) version: String,
    /// As apt names it in its cache.
    file: String,
    /// `sha256:…`
    digest: String,
}

/// Which release a program is taken from. What its archive has at a time is one of two versions, so a pin can only
/// say how the version begins.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    pub(super) suite: String,
    /// `8.4.`
    pub(super) version: String,
}

impl Pin {
    /// The line of versions: `8.4`.
    pub(super) fn line(&self) -> &str {
        self.version.trim_end_matches('.')
    }

    /// `php-8.4`
    pub(super) fn name(&self, id: &str) -> String {
        format!("{id}-{}", self.line())
    }

    /// All that an archive of these packages is asked to be.
    pub(super) fn text(&self, packages: &[String]) -> String {
        let releases = self.releases().join(",");
        format!("{} for {releases}, {} {}", self.suite, self.version, packages.join(" "))
    }

    /// The releases of Debian on which it runs: where it comes from and what is newer, for the C library is never an
    /// older one.
    fn releases(&self) -> &[&str] {
        if self.suite == "bookworm" { &["12", "13"] } else { &["13"] }
    }

    /// The package whose version counts.
    pub(super) fn main(&self, debs: &[Deb], name: &str) -> Result<Deb> {
        let deb = debs
            .iter()
            .find(|deb| deb.name == name)
            .with_context(|| format!("no package {name}"))?;
        if !deb.upstream_version().starts_with(&self.version) {
            bail!(
                "{} has {name} {}, local-profile.toml wants {}",
                self.suite,
                deb.version,
                self.version
            );
        }
        Ok(deb.clone())
    }
}

/// What the catalogue says about a program from Debian.
pub(super) struct Record<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    /// SPDX id.
    pub(super) license: &'a str,
    /// Vendor and product.
    pub(super) cpe: &'a str,
}

impl Record<'_> {
    pub(super) fn table(&self, main: &Deb, pin: &Pin) -> toml::Table {
        let plain = self.version.split('+').next().unwrap_or(self.version);
        let mut table = toml::toml! {
            os = "linux"
            arch = "amd64"
            strip-components = 0
        };
        let debian = |version: &&str| {
            toml::Table::from_iter([
                ("name".to_owned(), "debian".into()),
                ("version".to_owned(), (*version).into()),
            ])
        };
        let mut set = |key: &str, value: toml::Value| table.insert(key.to_owned(), value);
        set("id", self.id.into());
        set("name", self.name.into());
        set("version", self.version.into());
        set("licenses", vec![self.license].into());
        set("cpes", vec![format!("cpe:2.3:a:{}:{plain}:*:*:*:*:*:*:*", self.cpe)].into());
        set("purl", main.purl(&pin.suite).into());
        set("debian-version", main.version.clone().into());
        set("distros", pin.releases().iter().map(debian).collect::<Vec<_>>().into());
        table
    }
}

/// Package names, owned.
pub(super) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

impl Suite {
    /// Prepares an apt for the release and fetches its index.
    pub(super) fn open(workspace: &Workspace, cache: &Path, name: &str) -> Result<Self> {
        let needs: &[host::Need] = &[
            ("mmdebstrap", &["mmdebstrap"]),
            ("dpkg-deb", &["dpkg"]),
            ("patchelf", &["patchelf"]),
        ];
        host::need(workspace, needs)?;
        let suite = Self {
            name: name.to_owned(),
            dir: cache.join("debian").join(name),
            turn: Mutex::default(),
        };
        for dir in [
            "state/lists/partial",
            "cache/archives/partial",
            "nothing/partial",
            "etc/sources.list.d",
        ] {
            fs_err::create_dir_all(suite.dir.join(dir))?;
        }
        files::write(&suite.dir.join("status"), "")?;
        files::write(&suite.dir.join("apt.conf"), suite.config())?;
        suite.write_sources()?;
        suite.apt(&["update", "-q"])?;
        Ok(suite)
    }

    /// The packages with all that they depend on.
    pub(super) fn closure(&self, packages: &[String]) -> Result<Vec<Deb>> {
        let _turn = super::locked(&self.turn);
        // apt leaves out what its cache has, so it is shown one that is always empty.
        let nothing = format!("Dir::Cache::archives={}", self.dir.join("nothing").display());
        let options = [
            "-o",
            &nothing,
            "-o",
            "Acquire::ForceHash=SHA256",
            "-y",
            "-q",
            "--print-uris",
            "install",
        ];
        let text = self.apt(
            &[&options[..], &packages.iter().map(String::as_str).collect::<Vec<_>>()].concat(),
        )?;
        let mut debs = text
            .lines()
            .filter(|line| line.starts_with('\''))
            .map(Deb::parse)
            .collect::<Result<Vec<_>>>()?;
        debs.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(debs)
    }

    /// Fetches the packages of a [`Suite::closure`] of `packages` and unpacks them into `dir`.
    pub(super) fn stage(&self, packages: &[String], debs: &[Deb], dir: &Path) -> Result<Stage> {
        {
            let _turn = super::locked(&self.turn);
            let install = ["-y", "-q", "--download-only", "install"];
            self.apt(
                &[&install[..], &packages.iter().map(String::as_str).collect::<Vec<_>>()].concat(),
            )?;
        }
        let mut owners = BTreeMap::new();
        for deb in debs {
            let file = self.dir.join("cache/archives").join(&deb.file);
            let listed = Command::new("dpkg-deb").arg("--vextract").arg(file).arg(dir).output()?;
            let paths = listed
                .lines()
                .map(|line| line.trim_start_matches("./"))
                .filter(|path| !path.ends_with('/'));
            owners.extend(paths.map(|path| (PathBuf::from(path), deb.clone())));
        }
        Ok(Stage { dir: dir.to_owned(), suite: self.name.clone(), owners })
    }

    /// Debian's own addresses for the release; mmdebstrap, which the base images need as well, knows them.
    fn write_sources(&self) -> Result<()> {
        let path = self.dir.join("etc/sources.list");
        if path.exists() {
            return Ok(());
        }
        let hook = format!("cp \"$1/etc/apt/sources.list\" '{}'; exit 1", path.display());
        let stopped = Command::new("mmdebstrap")
            .args(["--quiet", "--variant=custom", &format!("--setup-hook={hook}"), &self.name])
            .arg(self.dir.join("nothing.tar"))
            .output();
        if path.exists() {
            Ok(())
        } else {
            stopped.map(drop).context("mmdebstrap names no sources")
        }
    }

    fn config(&self) -> String {
        let dir = self.dir.display();
        let mut text = format!("Dir \"{dir}\";\nDir::State::status \"{dir}/status\";\n");
        for (key, value) in [
            ("Dir::State", "state"),
            ("Dir::Cache", "cache"),
            ("Dir::Etc", "etc"),
            ("Dir::Etc::sourcelist", "sources.list"),
            ("Dir::Etc::sourceparts", "sources.list.d"),
            // The keys that this machine trusts.
            ("Dir::Etc::trusted", "/etc/apt/trusted.gpg"),
            ("Dir::Etc::trustedparts", "/etc/apt/trusted.gpg.d"),
            ("APT::Architecture", "amd64"),
            ("APT::Architectures", "amd64"),
            ("APT::Install-Recommends", "false"),
            ("APT::Sandbox::User", "root"),
            ("Acquire::Languages", "none"),
            ("Acquire::Retries", "3"),
            ("Debug::NoLocking", "true"),
        ] {
            let _ = writeln!(text, "{key} \"{value}\";");
        }
        text
    }

    fn apt(&self, args: &[&str]) -> Result<String> {
        Command::new("apt-get").args(args).env("APT_CONFIG", self.dir.join("apt.conf")).output()
    }
}

impl Deb {
    /// Reads a line of `apt-get --print-uris`: `'uri' file size SHA256:hex`.
    pub(super) fn parse(line: &str) -> Result<Self> {
        let parts: Vec<&str> = line.split_whitespace().collect();
        let [_, file, _, hash] = parts[..] else {
            bail!("apt names a package without its hash: {line}")
        };
        let hex = hash.strip_prefix("SHA256:").with_context(|| format!("not a SHA-256: {hash}"))?;
        let mut fields = file.trim_end_matches(".deb").split('_');
        let (Some(name), Some(version)) = (fields.next(), fields.next()) else {
            bail!("not the file name of a package: {file}");
        };
        Ok(Self {
            name: name.to_owned(),
            version: version.replace("%3a", ":"),
            file: file.to_owned(),
            digest: format!("sha256:{hex}"),
        })
    }

    pub(super) fn input(&self) -> Input {
        Input {
            name: self.name.clone(),
            version: self.version.clone(),
            digest: self.digest.clone(),
        }
    }

    /// The version that upstream gave it: `1:2.4.71-1~deb13u1` is `2.4.71`.
    pub(super) fn upstream_version(&self) -> &str {
        let version = self.version.split_once(':').map_or(self.version.as_str(), |(_, rest)| rest);
        let version = version.rsplit_once('-').map_or(version, |(upstream, _)| upstream);
        // `+dfsg`, `+ds`: the source without parts that Debian may not distribute.
        version.split("+d").next().unwrap_or(version)
    }

    /// Package URL in the release `suite`.
    pub(super) fn purl(&self, suite: &str) -> String {
        let version = self.version.replace(':', "%3A").replace('+', "%2B");
        format!("pkg:deb/debian/{}@{version}?distro={suite}", self.name)
    }
}

/// The content of unpacked packages: one root file system, but only of these packages.
pub(super) struct Stage {
    pub(super) dir: PathBuf,
    pub(super) suite: String,
    /// Which package a file is of, by its path without the leading `/`.
    pub(super) owners: BTreeMap<PathBuf, Deb>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deb(version: &str) -> Deb {
        Deb {
            name: "p".into(),
            version: version.into(),
            file: String::new(),
            digest: String::new(),
        }
    }

    #[test]
    fn a_line_of_apt_gives_name_version_and_digest() {
        let line = "'http://example.org/zlib1g.deb' zlib1g_1%3a1.3.1-1+deb13u1_amd64.deb 88720 SHA256:ab12";
        let deb = Deb::parse(line).unwrap();
        assert_eq!((deb.name.as_str(), deb.version.as_str()), ("zlib1g", "1:1.3.1-1+deb13u1"));
        assert_eq!(deb.digest, "sha256:ab12");
        assert!(Deb::parse("'http://example.org/x.deb' x_1_amd64.deb 1").is_err());
    }

    #[test]
    fn the_upstream_version_is_what_debian_added_to() {
        for (version, upstream) in [
            ("1.26.3-3+deb13u11", "1.26.3"),
            ("1:2.4.71-1~deb13u1", "2.4.71"),
            ("21.0.13.1+2-1~deb13u1", "21.0.13.1+2"),
            ("1.1.1w-0+deb11u8", "1.1.1w"),
            ("1:1.3.dfsg+really1.3.1-1", "1.3.dfsg+really1.3.1"),
            ("5.3.28+dfsg2-9", "5.3.28"),
        ] {
            assert_eq!(deb(version).upstream_version(), upstream);
        }
    }

    #[test]
    fn a_package_url_escapes_the_version() {
        assert_eq!(
            deb("1:2.0+b1-1~x").purl("trixie"),
            "pkg:deb/debian/p@1%3A2.0%2Bb1-1~x?distro=trixie"
        );
    }
}
