//! Packaging a made-up buildpack.

use std::io::Read as _;

use indoc::indoc;

use super::*;

const DESCRIPTOR: &str = indoc! {r#"
    # Kept.
    api = "0.10"

    [buildpack]
    id = "kouti/thing"
    name = "Kouti Thing"
    version = "0.0.0"
    homepage = "https://example.org/thing"
    description = "Makes things"
    keywords = ["thing"]

    [[buildpack.licenses]]
    type = "Apache-2.0"

    [[targets]]
    os = "linux"
    arch = "amd64"

    [metadata]
    catalog = "catalog.toml"

    [[metadata.configurations]]
    name = "BP_THING_VERSION"
    description = "Version of the thing"
    default = ""
    build = true
"#};

const CATALOG: &str = indoc! {r#"
    # Not kept.
    extra-keys = ["bin"]

    [default-versions]
    thing = "2.x"

    [[lines]]
    id = "thing"
    line = "2"
    eol = "2030-01-01"

    [[dependencies]]
    id = "thing"
    name = "Thing"
    version = "2.0.1"
    os = "linux"
    arch = "amd64"
    uri = "https://example.org/thing-2.0.1.tar.gz"
    checksum = "sha256:f599f7c119ae16a74cec6d9f66521e108ee15428be1440bc7e353195553d09a6"
    strip-components = 1
    bin = "thing"
    licenses = ["MIT"]
"#};

struct Case {
    root: tempfile::TempDir,
    workspace: Workspace,
}

impl Case {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut workspace = Workspace::here();
        workspace.root = root.path().to_owned();
        workspace.version = "1.2.3";
        let case = Self { root, workspace };
        case.write("LICENSE", "Apache");
        case.write("buildpacks/thing/Cargo.toml", "[package]");
        case.write("buildpacks/thing/README.md", "# Thing");
        case.write("buildpacks/thing/buildpack.toml", DESCRIPTOR);
        case.write("buildpacks/thing/catalog.toml", CATALOG);
        let program = case.workspace.release().join("kouti-thing");
        files::write(&program, "ELF").unwrap();
        case
    }

    fn write(&self, path: &str, content: &str) {
        files::write(&self.root.path().join(path), content).unwrap();
    }

    fn source(&self) -> Result<Source> {
        Source::read(&self.workspace, &self.root.path().join("buildpacks/thing"))
    }

    fn package(&self) -> Package {
        package(&self.workspace, &args(Profile::Public), self.source().unwrap(), false).unwrap()
    }

    /// The package with one artifact inside, as the local profile has it.
    fn offline(&self) -> Package {
        let hex = "f599f7c119ae16a74cec6d9f66521e108ee15428be1440bc7e353195553d09a6";
        self.write("target/mirror/archives/thing.tar.gz", "artifact");
        let mut source = self.source().unwrap();
        let catalog = CATALOG.replace(
            "https://example.org/thing-2.0.1.tar.gz",
            "https://artifacts.kouti.invalid/thing.tar.gz",
        );
        assert!(catalog.contains(hex));
        self.write("target/mirror/catalog.toml", &catalog);
        let mirror = Catalog::read(&mirror::catalog(&self.workspace)).unwrap();
        source.catalog = source.catalog.map(|catalog| catalog.supplied_by(&mirror));
        package(&self.workspace, &args(Profile::Local), source, true).unwrap()
    }
}

fn args(profile: Profile) -> Args {
    Args {
        cf: false,
        stack: None,
        buildpacks: Vec::new(),
        offline: false,
        profile,
        filters: Vec::new(),
        arch: "amd64".to_owned(),
    }
}

/// All entries of a tar, with the content of small ones.
fn entries(tar: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(tar);
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().to_string_lossy().into_owned(), content)
    };
    archive.entries().unwrap().map(read).collect()
}

fn pretty(json: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(json).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

#[test]
fn the_descriptor_gets_its_version_and_the_catalogue() {
    let case = Case::new();
    let package = case.package();
    insta::assert_snapshot!(fs_err::read_to_string(package.dir.join("buildpack.toml")).unwrap(), @r#"
    # Kept.
    api = "0.10"

    [buildpack]
    id = "kouti/thing"
    name = "Kouti Thing"
    version = "1.2.3"
    homepage = "https://example.org/thing"
    description = "Makes things"
    keywords = ["thing"]

    [[buildpack.licenses]]
    type = "Apache-2.0"

    [[targets]]
    os = "linux"
    arch = "amd64"

    [metadata]

    [[metadata.configurations]]
    name = "BP_THING_VERSION"
    description = "Version of the thing"
    default = ""
    build = true

    [metadata.default-versions]
    thing = "2.x"

    [[metadata.lines]]
    id = "thing"
    line = "2"
    eol = "2030-01-01"

    [[metadata.dependencies]]
    id = "thing"
    name = "Thing"
    version = "2.0.1"
    os = "linux"
    arch = "amd64"
    uri = "https://example.org/thing-2.0.1.tar.gz"
    checksum = "sha256:f599f7c119ae16a74cec6d9f66521e108ee15428be1440bc7e353195553d09a6"
    strip-components = 1
    bin = "thing"
    licenses = ["MIT"]
    "#);
}

#[test]
fn detect_is_a_relative_link_to_build() {
    let case = Case::new();
    let package = case.package();
    assert_eq!(fs_err::read_link(package.dir.join("bin/detect")).unwrap(), Path::new("build"));
}

#[test]
fn a_helper_program_comes_along_if_the_crate_has_one() {
    let case = Case::new();
    assert!(!case.package().dir.join("bin/helper").exists());
    case.write("buildpacks/thing/Cargo.toml", "[[bin]]\nname = \"kouti-thing-helper\"");
    files::write(&case.workspace.release().join("kouti-thing-helper"), "ELF").unwrap();
    assert!(case.package().dir.join("bin/helper").is_file());
}

#[test]
fn a_download_is_kept_for_the_next_offline_package() {
    let case = Case::new();
    let source = case.source().unwrap();
    let hex = "f599f7c119ae16a74cec6d9f66521e108ee15428be1440bc7e353195553d09a6";
    case.write(&format!("target/downloads/sha256/{hex}"), "artifact");
    let found = artifacts(&case.workspace, Profile::Public, &source.catalog.unwrap()).unwrap();
    assert_eq!(found[0].size, 8);
}

#[test]
fn the_file_is_an_oci_layout_that_platforms_know() {
    let case = Case::new();
    let package = case.package();
    let layout = entries(&fs_err::read(&package.cnb).unwrap());
    let names: Vec<&str> =
        layout.iter().map(|(name, _)| name.split('/').next_back().unwrap_or(name)).collect();
    assert_eq!(names[..2], ["oci-layout", "index.json"]);

    insta::assert_snapshot!(pretty(&layout[4].1), @r#"
    {
      "architecture": "amd64",
      "os": "linux",
      "created": "1980-01-01T00:00:01Z",
      "config": {
        "Labels": {
          "io.buildpacks.buildpackage.metadata": "{\"id\":\"kouti/thing\",\"name\":\"Kouti Thing\",\"version\":\"1.2.3\",\"description\":\"Makes things\",\"homepage\":\"https://example.org/thing\",\"keywords\":[\"thing\"],\"licenses\":[{\"type\":\"Apache-2.0\"}],\"targets\":[{\"os\":\"linux\",\"arch\":\"amd64\"}]}",
          "io.buildpacks.buildpack.layers": "{\"kouti/thing\":{\"1.2.3\":{\"api\":\"0.10\",\"targets\":[{\"os\":\"linux\",\"arch\":\"amd64\"}],\"layerDiffID\":\"sha256:71dc14f7534b163e233349a2f56df7cec748cc91201403c311bfd6a356db7127\",\"homepage\":\"https://example.org/thing\",\"name\":\"Kouti Thing\"}}}",
          "org.opencontainers.image.created": "1980-01-01T00:00:01Z",
          "org.opencontainers.image.description": "Makes things",
          "org.opencontainers.image.licenses": "Apache-2.0",
          "org.opencontainers.image.title": "Kouti Thing",
          "org.opencontainers.image.url": "https://example.org/thing",
          "org.opencontainers.image.version": "1.2.3"
        }
      },
      "rootfs": {
        "type": "layers",
        "diff_ids": [
          "sha256:71dc14f7534b163e233349a2f56df7cec748cc91201403c311bfd6a356db7127"
        ]
      }
    }
    "#);
    insta::assert_snapshot!(pretty(&layout[5].1), @r#"
    {
      "schemaVersion": 2,
      "mediaType": "application/vnd.oci.image.manifest.v1+json",
      "config": {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": "sha256:fff5b50d6a91f1584da66d703583495c75ee0c4fea2f9ffd9b0fe0d8f60a3875",
        "size": 1118
      },
      "layers": [
        {
          "mediaType": "application/vnd.oci.image.layer.v1.tar",
          "digest": "sha256:71dc14f7534b163e233349a2f56df7cec748cc91201403c311bfd6a356db7127",
          "size": 8704
        }
      ]
    }
    "#);
    let layer: Vec<String> = entries(&layout[6].1).into_iter().map(|(name, _)| name).collect();
    insta::assert_snapshot!(layer.join("\n"), @"
    cnb/
    cnb/buildpacks/
    cnb/buildpacks/kouti_thing/
    cnb/buildpacks/kouti_thing/1.2.3/
    cnb/buildpacks/kouti_thing/1.2.3/LICENSE
    cnb/buildpacks/kouti_thing/1.2.3/README.md
    cnb/buildpacks/kouti_thing/1.2.3/bin/
    cnb/buildpacks/kouti_thing/1.2.3/bin/build
    cnb/buildpacks/kouti_thing/1.2.3/bin/detect
    cnb/buildpacks/kouti_thing/1.2.3/buildpack.toml
    ");
    for (name, content) in &layout[4..] {
        let hex = stamp::hex(&<sha2::Sha256 as sha2::Digest>::digest(content));
        assert!(name.ends_with(&hex), "{name} is not the digest of its content");
    }
}

#[test]
fn two_directories_give_the_same_bytes() {
    let (one, two) = (Case::new(), Case::new());
    let bytes = |package: &Package| fs_err::read(&package.cnb).unwrap();
    assert_eq!(bytes(&one.package()), bytes(&two.package()));
    assert_eq!(bytes(&one.offline()), bytes(&two.offline()));
    two.write("LICENSE", "other");
    assert_ne!(bytes(&one.package()), bytes(&two.package()));
}

#[test]
fn an_offline_package_has_its_artifacts_by_checksum() {
    let case = Case::new();
    let package = case.offline();
    assert!(package.cnb.ends_with("kouti_thing-offline.cnb"));
    let hex = "f599f7c119ae16a74cec6d9f66521e108ee15428be1440bc7e353195553d09a6";
    let artifact = package.dir.join("dependencies/sha256").join(hex);
    assert_eq!(fs_err::read_to_string(artifact).unwrap(), "artifact");
    insta::assert_snapshot!(fs_err::read_to_string(package.dir.join("dependencies/index.toml")).unwrap(), @r#"
    [[artifacts]]
    id = "thing"
    version = "2.0.1"
    checksum = "sha256:f599f7c119ae16a74cec6d9f66521e108ee15428be1440bc7e353195553d09a6"
    size = 8
    "#);
}

#[test]
fn an_unchanged_package_is_not_written_again() {
    let case = Case::new();
    let package = case.package();
    fs_err::write(&package.cnb, "marked").unwrap();
    assert_eq!(fs_err::read_to_string(case.package().cnb).unwrap(), "marked");
    case.write("buildpacks/thing/README.md", "# Other");
    assert_ne!(fs_err::read(case.package().cnb).unwrap(), b"marked");
}

#[test]
fn a_missing_file_is_named() {
    let case = Case::new();
    fs_err::remove_file(case.root.path().join("LICENSE")).unwrap();
    let error = package(&case.workspace, &args(Profile::Public), case.source().unwrap(), false)
        .unwrap_err();
    assert!(error.to_string().ends_with("/LICENSE is missing"), "{error}");
}

#[test]
fn an_unknown_buildpack_is_answered_by_those_there_are() {
    let error = sources(&Case::new().workspace, &["ruby".to_owned()]).err().unwrap();
    insta::assert_snapshot!(error, @"there is no buildpack `ruby`; there are thing");
}

#[test]
fn problems_of_a_catalogue_name_the_record() {
    let case = Case::new();
    let record = indoc! {r#"
        [[dependencies]]
        id = "thing"
        name = "Thing"
        version = "3.0.0"
        checksum = "md5:123"
        licences = ["MIT"]
        uri = "http://example.org/thing.tar.gz"
        arch = "arm64"

        [[dependencies]]
        id = "tool"
        name = "Tool"
        version = "later"
        arch = "arm64"
        uri = "https://example.org/tool.zip"
        licenses = ["MIT"]
    "#};
    let twice = CATALOG.split_once("[[dependencies]]").unwrap().1;
    case.write(
        "buildpacks/thing/catalog.toml",
        &format!("{CATALOG}\n[[dependencies]]{twice}\n{record}"),
    );
    let error = case.source().err().unwrap();
    insta::assert_snapshot!(error.root_cause(), @"
    thing 3.0.0 (arm64): unknown key `licences`
        thing 3.0.0 (arm64): `md5:123` is not a checksum such as `sha256:…`
        thing 3.0.0 (arm64): no licences
        thing 3.0.0 (arm64): `http://example.org/thing.tar.gz` is not an https address
        tool later (arm64): no checksum
        tool later (arm64): `later` is not a version
        tool later (arm64): no strip-components, though it is an archive
        thing 2.0.1 (linux, amd64): listed twice for the same platform
        tool: no artifact for amd64
    ");
}

#[test]
fn problems_of_the_settings_table_name_the_setting() {
    let case = Case::new();
    let more = indoc! {r#"

        [[metadata.configurations]]
        name = "BP_THING_VERSION"
        description = ""

        [[metadata.configurations]]
        name = "bp-thing"
        description = "A thing"
        launch = true
    "#};
    case.write("buildpacks/thing/buildpack.toml", &format!("{DESCRIPTOR}{more}"));
    let error = case.source().err().unwrap();
    insta::assert_snapshot!(error.root_cause(), @"
    setting `BP_THING_VERSION`: no description
        setting `BP_THING_VERSION`: neither for `build` nor for `launch`
        setting `BP_THING_VERSION`: listed twice
        setting `bp-thing`: not the name of an environment variable
    ");
}

#[test]
fn a_key_that_no_platform_knows_is_told_when_it_is_packaged() {
    let case = Case::new();
    for (known, unknown) in
        [("homepage =", "home-page ="), ("[[targets]]", "[[target]]"), ("catalog =", "catalogue =")]
    {
        assert!(DESCRIPTOR.contains(known), "{known}");
        case.write("buildpacks/thing/buildpack.toml", &DESCRIPTOR.replace(known, unknown));
        let error = case.source().err().unwrap();
        assert!(error.to_string().ends_with("buildpacks/thing/buildpack.toml is wrong"), "{error}");
        let key = unknown.trim_matches(['[', ']', ' ', '=']);
        let reason = error.root_cause().to_string();
        assert!(reason.contains(&format!("unknown field `{key}`")), "{reason}");
    }
}

#[test]
fn the_newest_of_each_line_is_carried() {
    let text = |lines: &str, versions: &[&str]| {
        let record =
            |version| format!("[[dependencies]]\nid = \"thing\"\nversion = \"{version}\"\n");
        let records: String = versions.iter().map(record).collect();
        Catalog::parse(&format!("{lines}{records}"))
            .unwrap()
            .newest_of_lines()
            .into_iter()
            .collect::<Vec<_>>()
    };
    let versions = ["1.9.0", "1.10.0", "2.0.0", "2.1.0"];
    assert_eq!(text("", &versions), ["thing@1.10.0", "thing@2.1.0"]);
    let lines =
        "[[lines]]\nid = \"thing\"\nline = \"2.0\"\n[[lines]]\nid = \"thing\"\nline = \"2.1\"\n";
    assert_eq!(text(lines, &versions), ["thing@1.10.0", "thing@2.0.0", "thing@2.1.0"]);
}

#[test]
fn a_filter_chooses_by_id_and_version() {
    let case = Case::new();
    let older = CATALOG.split_once("[[dependencies]]").unwrap().1.replace("2.0.1", "1.9.0");
    case.write("buildpacks/thing/catalog.toml", &format!("{CATALOG}\n[[dependencies]]{older}"));
    let carried = |filter: &str| {
        let args =
            Args { filters: vec![filter.to_owned()], offline: true, ..args(Profile::Public) };
        let source = case.source().unwrap();
        check_filters(&args.filters, std::slice::from_ref(&source))?;
        Ok::<_, anyhow::Error>(chosen(source.catalog.unwrap(), &args)?.names().collect::<Vec<_>>())
    };
    assert_eq!(carried("thing@2.*").unwrap(), ["thing@2.0.1"]);
    assert_eq!(carried("*@*.*.*").unwrap().len(), 2);
    insta::assert_snapshot!(carried("thing@1.*").unwrap_err(), @"--filter leaves no thing that fits the default `2.x`: an app that asks for no version could not be built");
    insta::assert_snapshot!(carried("thing@3.*").unwrap_err(), @"--filter `thing@3.*` fits no artifact of these buildpacks: write id@version, such as `node@24.*`");
}

#[test]
fn what_is_left_out_has_no_default_either() {
    let case = Case::new();
    let args = Args { filters: vec!["other@*".to_owned()], ..args(Profile::Public) };
    let left = chosen(case.source().unwrap().catalog.unwrap(), &args).unwrap();
    assert!(left.records.is_empty() && left.default_versions.is_empty());
}

#[test]
fn a_mirror_has_every_file_where_a_build_looks_for_it() {
    let case = Case::new();
    let hex = "f599f7c119ae16a74cec6d9f66521e108ee15428be1440bc7e353195553d09a6";
    case.write(&format!("target/downloads/sha256/{hex}"), "artifact");
    let dir = case.root.path().join("mirror");
    mirror_to(&case.workspace, &dir, &[]).unwrap();
    insta::assert_snapshot!(fs_err::read_to_string(dir.join("artifacts.json")).unwrap(), @r#"
    {
      "version": "1.2.3",
      "artifacts": [
        {
          "id": "thing",
          "version": "2.0.1",
          "os": "linux",
          "arch": "amd64",
          "uri": "https://example.org/thing-2.0.1.tar.gz",
          "checksum": "sha256:f599f7c119ae16a74cec6d9f66521e108ee15428be1440bc7e353195553d09a6",
          "size": 8,
          "path": "example.org/thing-2.0.1.tar.gz"
        }
      ]
    }
    "#);

    let setting = format!("file://{}/{{originalHost}}", dir.display());
    let (mirrors, _) =
        kouti_fetch::Mirrors::parse([("BP_DEPENDENCY_MIRROR", setting.as_str())], []).unwrap();
    let original = "https://example.org/thing-2.0.1.tar.gz".parse().unwrap();
    let (found, _) = mirrors.apply(&original).unwrap();
    assert_eq!(fs_err::read_to_string(found.path()).unwrap(), "artifact");
}

#[test]
fn a_mirror_of_nothing_is_an_empty_list() {
    let case = Case::new();
    let dir = case.root.path().join("mirror");
    mirror_to(&case.workspace, &dir, &["other@*".to_owned()]).unwrap();
    let index = fs_err::read_to_string(dir.join("artifacts.json")).unwrap();
    assert_eq!(index, "{\n  \"version\": \"1.2.3\",\n  \"artifacts\": []\n}\n");
    let error = mirror_to(&case.workspace, &dir, &["[".to_owned()]).unwrap_err();
    assert_eq!(error.to_string(), "--filter `[` cannot be read");
}
