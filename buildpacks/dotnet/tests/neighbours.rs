//! Other buildpacks: what is asked of them, and what they ask for.

use insta::assert_snapshot;
use kouti_testing::{Case, Fake, Tool};

use crate::support::{DOTNET, bare, project, sdk_with, web};

fn spa() -> Case {
    let target = "</PropertyGroup><Target Name=\"Ui\"><Exec Command=\"cd ui &amp;&amp; npm ci\" /></Target><PropertyGroup>";
    let project =
        project("Microsoft.NET.Sdk.Web", "net10.0", &format!("<SpaRoot>ui\\</SpaRoot>{target}"));
    web()
        .file("Shop.csproj", project)
        .file("ui/package.json", r#"{ "engines": { "node": "22.x" } }"#)
}

/// The requirements of other buildpacks in the first alternative, as TOML.
fn first_alternative(plan: &str) -> String {
    let first = plan.split("[[or]]").next().unwrap_or_default();
    let tables = first.split("[[requires]]").filter(|table| !table.contains("mode = \"app\""));
    tables.collect::<Vec<_>>().join("[[requires]]")
}

#[test]
fn a_front_end_gets_node_in_the_build_alone() {
    let resolved = spa().provides("node").provides("npm").detect();
    assert_snapshot!(first_alternative(&resolved.plan()), @r#"
    [[provides]]
    name = "dotnet-application"

    [[provides]]
    name = "dotnet-core-aspnet-runtime"

    [[provides]]
    name = "dotnet-sdk"

    [[provides]]
    name = "icu"

    [[requires]]
    name = "node"

    [requires.metadata]
    build = true
    launch = false
    version = "22.x"
    version-source = "ui/package.json (engines.node)"

    [[requires]]
    name = "npm"

    [requires.metadata]
    build = true
    "#);
    let build = spa().provides("node").provides("npm").build();
    assert!(!build.log().contains("warning"), "{}", build.log());
}

#[test]
fn the_packages_of_a_front_end_are_in_the_bill_of_the_build() {
    let lock = r#"{ "lockfileVersion": 3, "packages": {
        "": { "name": "ui", "version": "1.0.0" },
        "node_modules/vite": { "version": "7.1.0", "license": "MIT", "dev": true },
        "node_modules/vue": { "version": "3.5.0", "license": "MIT" } } }"#;
    let build = spa().file("ui/package-lock.json", lock).provides("node").provides("npm").build();
    let bill = build.build_sbom("kouti_dotnet/sbom.cdx.json");
    for purl in ["pkg:npm/vite@7.1.0", "pkg:npm/vue@3.5.0", "pkg:nuget/Json@13.0.1"] {
        assert!(bill.contains(purl), "{purl}: {bill}");
    }
    assert!(!build.sbom("kouti_dotnet/sbom.cdx.json").contains("pkg:npm/"));
}

#[test]
fn a_later_buildpack_finds_sdk_packages_and_switches() {
    let later = Fake::new("test/later");
    let build = web().after(later).build();
    let sdk = build.layer("sdk").files().join("\n");
    for file in ["DOTNET_NOLOGO.override", "NUGET_PACKAGES.default", "NUGET_XMLDOC_MODE.default"] {
        assert!(sdk.contains(&format!("env.build/{file}")), "{sdk}");
    }
    let call = &build.calls("dotnet")[0];
    assert!(call.env["HOME"].contains("kouti-dotnet-"), "{}", call.env["HOME"]);
    assert_eq!(call.env["HOME"], call.env["DOTNET_CLI_HOME"]);
    let left = build.layer("sdk").dir();
    assert!(left.is_dir());
}

#[test]
fn without_node_in_the_builder_a_warning_says_so() {
    let build = spa().build();
    assert!(
        build.log().contains(
            "warning: the build runs Node.js, but no buildpack of this builder provides it"
        ),
        "{}",
        build.log()
    );
    let quiet = spa().env("BP_DOTNET_INCLUDE_NODE", "false").build();
    assert!(!quiet.log().contains("warning"), "{}", quiet.log());
    let asked = web().env("BP_DOTNET_INCLUDE_NODE", "build").build();
    assert!(asked.log().contains("warning: Node.js is asked for by a setting"), "{}", asked.log());
    let at_launch = web().file("Shop.csproj", runs_node()).build();
    assert!(at_launch.log().contains("warning: the app runs Node.js"), "{}", at_launch.log());
}

#[test]
fn a_setting_decides_where_node_is() {
    let launch_of = |choice: &str| {
        let case = spa().provides("node").provides("npm").env("BP_DOTNET_INCLUDE_NODE", choice);
        let plan = case.detect().build_plan().clone();
        let node = plan.requires.iter().find(|entry| entry.name == "node").cloned();
        node.map(|node| node.metadata["launch"].to_string())
    };
    assert_eq!(launch_of("launch").as_deref(), Some("true"));
    assert_eq!(launch_of("build").as_deref(), Some("false"));
    assert_eq!(launch_of("false"), None);
    // What a build runs that nobody has noticed may make something else each time.
    let noticed = web().provides("node").env("BP_DOTNET_INCLUDE_NODE", "build").build();
    assert_eq!(noticed.rebuild().commands().len(), 1);
}

/// A web app with a package that starts Node.js.
fn runs_node() -> String {
    let package = "</PropertyGroup><ItemGroup><PackageReference Include=\"Jering.Javascript.NodeJS\" /></ItemGroup><PropertyGroup>";
    project("Microsoft.NET.Sdk.Web", "net10.0", package)
}

#[test]
fn an_app_that_runs_node_gets_it_at_launch() {
    let case = web().file("Shop.csproj", runs_node()).provides("node");
    let plan = case.detect().plan();
    assert!(plan.contains("launch = true") && plan.contains("\"node\""), "{plan}");
    let heroku = web().env("INSTALL_NODE", "1").provides("node").detect().plan();
    assert!(heroku.contains("\"node\""), "{heroku}");
}

#[test]
fn a_standalone_blazor_site_is_served_by_nginx() {
    let case =
        bare().file("Site.csproj", project("Microsoft.NET.Sdk.BlazorWebAssembly", "net10.0", ""));
    assert_snapshot!(case.clone().fails().error(), @"
    error[blazor-needs-server]: the app is a static site of Blazor WebAssembly, and no buildpack of this builder provides nginx

    hint: use a builder with `kouti/nginx` before this buildpack
    hint: or host the site from an ASP.NET Core project that refers to it
    ");
    let build = case.provides("nginx").build();
    assert_eq!(
        build.processes(),
        "Site: nginx -c /tmp/kouti-site.conf -e stderr\nweb (default): nginx -c /tmp/kouti-site.conf -e stderr\n"
    );
    assert!(build.find_layer("runtime").is_none());
    assert_eq!(build.app_file("wwwroot/index.html"), "site\n");
}

#[test]
fn a_site_that_a_web_app_hosts_is_part_of_that() {
    let hosts = "</PropertyGroup><ItemGroup><ProjectReference Include=\"../Site/Site.csproj\" /></ItemGroup><PropertyGroup>";
    let solution = r#"<Solution><Project Path="Web/Web.csproj" /><Project Path="Site/Site.csproj" /></Solution>"#;
    let build = bare()
        .file("Shop.slnx", solution)
        .file("Web/Web.csproj", project("Microsoft.NET.Sdk.Web", "net10.0", hosts))
        .file("Site/Site.csproj", project("Microsoft.NET.Sdk.BlazorWebAssembly", "net10.0", ""))
        .build();
    assert_eq!(build.calls("dotnet").len(), 1);
    assert_eq!(build.processes(), "Web: <app>/Web\nweb (default): <app>/Web\n");
}

#[test]
fn others_get_an_sdk_or_a_runtime_if_they_ask() {
    let ask = |name: &str, metadata: &str| bare().file("readme.txt", "").requires(name, metadata);
    let build = ask("dotnet-sdk", "version = \"8.0.*\", build = true").build();
    assert_snapshot!(build.log_of("kouti/dotnet"), @"
    Kouti .NET [version]
      Choosing .NET SDK
        another buildpack   8.0.*   <- used
        default             10.*
        8.0.424 chosen (newest that fits; supported until 2026-11-10)
    warning: support of .NET SDK 8.0.424 ends on 2026-11-10
    hint: move to .NET SDK 10.0.400
      Installing .NET SDK 8.0.424
        2.5 kB from the buildpack in [time], sha256 ok
      Done in [time]
    warning: support of .NET SDK 8.0.424 ends on 2026-11-10
    hint: move to .NET SDK 10.0.400
    ");
    let build = ask("dotnet-runtime", "launch = true").build();
    assert!(build.layer("runtime").has("shared/Microsoft.AspNetCore.App/10.0.11"));
    assert!(
        build.log().contains("the plan entry `dotnet-runtime` is deprecated"),
        "{}",
        build.log()
    );
    let build = ask("icu", "launch = true").build();
    assert!(build.layer("icu").has("lib/libicuuc.so.78"));
    let alone = bare().file("readme.txt", "").after(Fake::new("test/nobody")).detect();
    assert!(alone.failure().is_some(), "nobody asks");
}

#[test]
fn feeds_and_credentials_are_for_the_build_alone() {
    let secret = "canary-5d0c7f1e";
    let config = format!("<configuration><x value=\"{secret}\" /></configuration>");
    let build = web()
        .binding("feed", "nugetconfig", [("nuget.config", config.as_str())])
        .env("NuGetPackageSourceCredentials_feed", format!("Username=u;Password={secret}"))
        .env("BP_LOG_LEVEL", "debug")
        .build();
    assert!(!build.log().contains(secret), "{}", build.log());
    let calls = build.calls("dotnet");
    assert!(calls[0].env["NuGetPackageSourceCredentials_feed"].contains("Username=u"));
    for layer in ["nuget", "launch-env", "runtime"] {
        assert!(!build.layer(layer).files().iter().any(|file| file.contains("Config")), "{layer}");
    }
}

#[test]
fn a_bound_configuration_is_where_nuget_looks_and_nobody_else() {
    // It is the one of the user of the SDK, below those of the app, and readable for nobody else.
    let reads = r#"config=$DOTNET_CLI_HOME/.nuget/NuGet/NuGet.Config
stat -c %a "$config"; tr a-z A-Z <"$config""#;
    let dotnet = Tool::script(format!("{reads}\n{DOTNET}"));
    let secret = "canary-9e41";
    let build = web()
        .artifact(sdk_with("10.0.500", "10.0.11", dotnet))
        .binding("feed", "nugetconfig", [("NuGet.Config", "password canary-9e41\n")])
        .build();
    assert!(build.log().contains("600\n      PASSWORD CANARY-9E41"), "{}", build.log());
    assert_eq!(build.leaks(secret), [""; 0]);
    // Another one may lead to other packages.
    let other = build.rebuild_with(|case| {
        case.binding("feed", "nugetconfig", [("NuGet.Config", "another one")])
    });
    assert_eq!(other.commands().len(), 1);
}

#[test]
fn a_procfile_decides_about_its_own_types_alone() {
    // As `kouti/procfile` has it: what it has read in detect, and of that `web` as the default.
    let text = r#"[[processes]]\ntype = "web"\ncommand = ["own-server"]\ndefault = true\n"#
        .to_owned()
        + r#"[[processes]]\ntype = "release"\ncommand = ["migrate"]\n"#;
    let procfile = Fake::new("test/procfile")
        .build(&format!("[ ! -e Procfile ] || exit 1\nprintf '{text}' >\"$layers/launch.toml\"\n"));
    let build =
        web().file("Procfile", "web: own-server\nrelease: migrate\n").after(procfile).build();
    assert_snapshot!(build.processes(), @"
    Shop: <app>/Shop
    release: migrate
    web (default): own-server
    ");
    assert!(build.find_layer("runtime").is_some() && build.find_layer("helper").is_some());
}

#[test]
fn certificates_of_a_company_reach_the_restore_and_the_app() {
    let certificates = Fake::new("test/certificates").build(
        "mkdir -p $layers/x/env\nprintf '[types]\\nbuild = true\\nlaunch = true\\n' >$layers/x.toml\n\
         printf /corp/certs >$layers/x/env/SSL_CERT_DIR.default\n\
         printf /corp/bundle.pem >$layers/x/env/SSL_CERT_FILE.default",
    );
    let build = web().before(certificates).build();
    for env in [&build.calls("dotnet")[0].env, &build.launch_env("web")] {
        assert_eq!(env["SSL_CERT_DIR"], "/corp/certs");
        assert_eq!(env["SSL_CERT_FILE"], "/corp/bundle.pem");
    }
}
