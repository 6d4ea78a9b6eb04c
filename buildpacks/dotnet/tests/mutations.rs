//! Files that nobody would write: whatever they hold, the readers come back, and soon.

use std::time::{Duration, Instant};

/// One of each format.
const SEEDS: [&str; 9] = [
    "\u{feff}Microsoft Visual Studio Solution File, Format Version 12.00\r\nProject(\"{9A19103F-16F7-4668-BE54-9A1E7A4F7556}\") = \"Web\", \"src\\Web\\Web.csproj\", \"{1}\"\r\nEndProject\r\n",
    r#"<Solution><Folder Name="/a/"><Project Path="..\a\b.csproj" /></Folder></Solution>"#,
    r#"{ "solution": { "path": "..\\a.sln", "projects": ["a\\b.csproj"] } }"#,
    r#"<Project Sdk="Microsoft.NET.Sdk.Web/8.0; A"><PropertyGroup Condition="'$(A)' == ''"><TargetFrameworks>net8.0;net$(V)-windows</TargetFrameworks><V>10.0</V></PropertyGroup><ItemGroup><PackageReference Include="A" /><ProjectReference Include="..\..\b.csproj" /></ItemGroup><Target Name="x"><Exec Command="npm ci" /></Target><Import Project="a.props" /></Project>"#,
    r#"{ /* c */ "sdk": { "version": "8.0.204", "rollForward": "latestFeature", "allowPrerelease": true, "paths": ["x"], }, } // end"#,
    r#"{ "runtimeOptions": { "frameworks": [{ "name": "Microsoft.NETCore.App", "version": "8.0.0-rc.1" }], "includedFrameworks": [], "rollForward": "Major", "configProperties": { "System.Globalization.Invariant": "true" } } }"#,
    r#"{ "runtimeTarget": { "name": "t" }, "targets": { "t": { "A/1.0.0": { "runtime": { "lib/a.dll": {} }, "resources": { "de/a.dll": { "locale": "de" } } } } }, "libraries": { "A/1.0.0": { "type": "package", "sha512": "sha512-AA==" } } }"#,
    "#!/usr/bin/env dotnet\n#:sdk Microsoft.NET.Sdk.Web@10.0\n#:property PublishAot = false\n#:project ../Lib/Lib.csproj\n/* a\n*/ Console.WriteLine();\n",
    "",
];

/// Pieces that mean something to a parser.
const PIECES: [&str; 28] = [
    "<",
    ">",
    "</",
    "/>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?xml",
    "<!DOCTYPE a [<!ENTITY b \"c\">]>",
    "&b;",
    "&#x0;",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\u0000",
    ",",
    ":",
    "//",
    "/*",
    "*/",
    "$(",
    "..\\",
    "99999999999999999999",
    "\u{feff}",
    "\u{0}",
];

/// How long one text may take, on a machine that has much else to do: what is worse than linear takes
/// longer than that.
const PATIENCE: Duration = Duration::from_mins(2);

/// Numbers that look random and come again with the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % end.max(1)
    }
}

/// One of the seeds, changed in up to sixteen places.
fn text(numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = SEEDS[numbers.below(SEEDS.len())].as_bytes().to_vec();
    for _ in 0..=numbers.below(16) {
        let at = numbers.below(bytes.len() + 1);
        let end = (at + numbers.below(40)).min(bytes.len());
        match numbers.below(8) {
            0 if at < bytes.len() => bytes[at] = u8::try_from(numbers.below(256)).unwrap_or(0),
            1 => drop(bytes.drain(at..end)),
            2 => bytes.truncate(at),
            3 => {
                let part = bytes[at..end].repeat(1 + numbers.below(300));
                bytes.splice(at..at, part);
            }
            4 => {
                let other = SEEDS[numbers.below(SEEDS.len())].as_bytes();
                let from = numbers.below(other.len() + 1);
                bytes.splice(at..at, other[from..].iter().copied());
            }
            _ => {
                let piece = PIECES[numbers.below(PIECES.len())].as_bytes();
                bytes.splice(at..at, piece.repeat(1 + numbers.below(3)));
            }
        }
    }
    bytes
}

fn read(seed: u64) {
    let bytes = text(&mut Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1));
    let started = Instant::now();
    kouti_dotnet::read_as_every_format(&bytes);
    let took = started.elapsed();
    assert!(took < PATIENCE, "seed {seed}: {took:?} for {} bytes", bytes.len());
}

#[test]
fn readers_survive_what_nobody_would_write() {
    (0..2_000).for_each(read);
}

#[test]
#[ignore = "takes eleven minutes; a fuzz target does the same with more insight"]
fn readers_survive_it_for_long() {
    let started = Instant::now();
    let mut seed = u64::from(std::process::id()) << 32;
    while started.elapsed() < Duration::from_mins(11) {
        read(seed);
        seed += 1;
    }
    println!("{} texts", seed & 0xffff_ffff);
}

#[test]
fn deep_and_wide_files_do_not_take_long() {
    let nested = |open: &str, close: &str, count: usize| {
        format!("{}{}", open.repeat(count), close.repeat(count)).into_bytes()
    };
    let around = |text: Vec<u8>| [b"<Project>".to_vec(), text, b"</Project>".to_vec()].concat();
    let value = "<A>$(A)</A>".repeat(20_000);
    for bytes in [
        nested("[", "]", 100_000),
        nested("{\"a\":", "}", 100_000),
        nested("/*", "*/", 100_000),
        around(nested("<PropertyGroup>", "</PropertyGroup>", 20_000)),
        around(format!("<PropertyGroup>{value}</PropertyGroup>").into_bytes()),
        "Project(\"{1}\") = \"A\", \"A.csproj\", \"{2}\"\n".repeat(50_000).into_bytes(),
        "<!--".repeat(100_000).into_bytes(),
    ] {
        let started = Instant::now();
        kouti_dotnet::read_as_every_format(&bytes);
        let begin = String::from_utf8_lossy(&bytes[..40]).into_owned();
        assert!(started.elapsed() < PATIENCE, "{begin}: {:?}", started.elapsed());
    }
}
