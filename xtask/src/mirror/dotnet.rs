//! .NET from npm, with the libraries it loads from Debian.

use std::path::Path;

use anyhow::Result;

use super::debian;
use super::npm::Package;
use super::pins::{self, Pins};
use super::tree::Tree;
use super::{Made, Recipe, Resolved, Sources, elf};

const SDK: &str = "dotnet-sdk";
const ASPNET: &str = "dotnet-core-aspnet-runtime";
const RUNTIME: &str = "dotnet-runtime";

pub(super) const IDS: &[&str] = &[SDK, ASPNET, RUNTIME];

const PACKAGES: &[&str] = &["libgssapi-krb5-2", "libicu67", "libssl1.1"];

/// Libraries that .NET loads by name, so that no file says that it needs them.
const LOADED: &[&str] = &[
    "libcrypto.so.1.1",
    "libicudata.so.67",
    "libicui18n.so.67",
    "libicuuc.so.67",
    "libssl.so.1.1",
];

/// The files that load them.
const LOADERS: &[&str] =
    &["System.Globalization.Native.so", "System.Security.Cryptography.Native.OpenSsl.so"];

/// Tracing, and an HTTP client that .NET 3.1 does not use any more.
const ABSENT: &[&str] = &["libcurl.so.4", "liblttng-ust.so.0"];

pub(super) fn recipes(pins: &Pins) -> Vec<Box<dyn Recipe>> {
    let parts =
        |pin: &pins::Dotnet| [SDK, ASPNET, RUNTIME].map(|id| Dotnet { id, pin: pin.clone() });
    pins.dotnet.iter().flat_map(parts).map(|recipe| Box::new(recipe) as Box<dyn Recipe>).collect()
}

/// The SDK, or a part of it.
struct Dotnet {
    id: &'static str,
    pin: pins::Dotnet,
}

impl Dotnet {
    fn package(&self) -> Package<'_> {
        Package {
            name: &self.pin.package,
            version: &self.pin.version,
            checksum: &self.pin.checksum,
        }
    }

    fn version(&self) -> &str {
        if self.id == SDK { &self.pin.sdk } else { &self.pin.runtime }
    }

    /// Name for people, and what of the package belongs to it.
    fn content(&self) -> (&'static str, &'static [&'static str]) {
        match self.id {
            SDK => (".NET SDK", &["shared", "sdk", "packs", "templates"]),
            ASPNET => (
                "ASP.NET Core Runtime",
                &["shared/Microsoft.NETCore.App", "shared/Microsoft.AspNetCore.App"],
            ),
            _ => (".NET Runtime", &["shared/Microsoft.NETCore.App"]),
        }
    }
}

impl Recipe for Dotnet {
    fn name(&self) -> String {
        format!("{}-{}", self.id, self.version())
    }

    fn pin(&self) -> String {
        // The record says since then that ICU is in it.
        format!("{:?} with ICU", self.pin)
    }

    fn resolve(&self, sources: &Sources) -> Result<Resolved> {
        let debs = sources.suite(&self.pin.suite)?.closure(&debian::names(PACKAGES))?;
        let (id, version, name) = (self.id, self.version(), self.content().0);
        let cpe = format!("cpe:2.3:a:microsoft:.net_core:{version}:*:*:*:*:*:*:*");
        let purl = format!("pkg:npm/{}@{}", self.pin.package, self.pin.version);
        // Compiled for any Linux, and its libraries are old enough for any.
        let mut record = toml::toml! {
            os = "linux"
            arch = "amd64"
            licenses = ["MIT"]
            eol-date = "2022-12-13"
            strip-components = 0
            bundles-icu = true
        };
        for (key, value) in [("id", id), ("name", name), ("version", version), ("purl", &purl)] {
            record.insert(key.to_owned(), value.into());
        }
        record.insert("cpes".to_owned(), vec![cpe].into());
        let mut resolved = Resolved::from_debian(id, record, debs)?;
        resolved.inputs.push(self.package().input());
        Ok(resolved)
    }

    fn make(&self, sources: &Sources, resolved: &Resolved, work: &Path) -> Result<Made> {
        let suite = sources.suite(&self.pin.suite)?;
        let stage = suite.stage(&debian::names(PACKAGES), &resolved.debs, &work.join("stage"))?;
        let mut tree = Tree::new(&stage, work.join("tree"))?;
        let unpacked = work.join("unpacked");
        self.package().unpack(sources, &unpacked)?;
        for part in self.content().1.iter().chain(&[
            "dotnet",
            "host",
            "LICENSE.txt",
            "ThirdPartyNotices.txt",
        ]) {
            let to = tree.dir.join(part);
            fs_err::create_dir_all(to.parent().unwrap_or(&to))?;
            fs_err::rename(unpacked.join(part), to)?;
        }
        let shared = format!("shared/Microsoft.NETCore.App/{}", self.pin.runtime);
        tree.bundle(&shared, LOADED, ABSENT)?;
        for loader in LOADERS {
            elf::look_in(&tree.dir.join(&shared).join(loader), "$ORIGIN")?;
        }
        tree.made()
    }
}
