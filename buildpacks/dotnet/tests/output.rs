//! What becomes of the output: flags, tools, places, slices, bills of materials.

use insta::assert_snapshot;
use kouti_testing::{Case, Tool};

use crate::support::{DOTNET, bare, console, project, sdk_with, web};

#[test]
fn projects_of_every_language_are_published() {
    let exe = "<OutputType>Exe</OutputType>";
    for file in ["Tool.fsproj", "Tool.vbproj", "Tool.CSPROJ"] {
        let build = bare().file(file, project("Microsoft.NET.Sdk", "net10.0", exe)).build();
        assert_eq!(build.processes(), "Tool (default): <app>/Tool\n", "{file}");
    }
}

#[test]
fn a_file_is_an_app_of_its_own() {
    let build = bare()
        .file("shop.cs", "#:sdk Microsoft.NET.Sdk.Web\n#:property PublishAot=false\n")
        .build();
    assert_eq!(build.processes(), "shop: <app>/shop\nweb (default): <app>/shop\n");
    assert!(!build.commands()[0].contains("PublishAot"), "{:?}", build.commands());
    let two = bare().file("a.cs", "class A {}").file("b.cs", "#!/usr/bin/env dotnet\n");
    assert_eq!(two.build().processes(), "b (default): <app>/b\n");
}

#[test]
fn the_user_decides_what_the_defaults_would() {
    let args = |case: Case, flags: &str| {
        let build = case.env("BP_DOTNET_PUBLISH_FLAGS", flags).build();
        let line = build.commands().pop().unwrap();
        let (_, args) = line.split_once(".csproj ").unwrap();
        args.split(" --output").next().unwrap().to_owned()
    };
    assert_snapshot!(args(web(), "--self-contained true"), @"--configuration Release --runtime linux-x64 --self-contained true");
    assert_snapshot!(args(web(), "-clp:Summary -p:Title='a b' -p:Home=$HOME_PAGE"), @"--configuration Release --runtime linux-x64 --self-contained false -clp:Summary -p:Title=a b -p:Home=");
    assert_snapshot!(args(web().env("BP_DOTNET_AUDIT", "high"), "-c Debug"), @"--runtime linux-x64 --self-contained false -p:NuGetAudit=true -p:NuGetAuditLevel=high -p:WarningsAsErrors=NU1901%3BNU1902%3BNU1903%3BNU1904 -c Debug");
    let build = web().env("BP_DOTNET_PUBLISH_FLAGS", "--self-contained true").build();
    assert!(build.find_layer("runtime").is_none(), "{}", build.layers());
    let own = "<SelfContained>true</SelfContained>";
    let case = web().file("Shop.csproj", project("Microsoft.NET.Sdk.Web", "net10.0", own));
    assert_snapshot!(args(case, ""), @"--configuration Release --runtime linux-x64");
}

#[test]
fn tools_and_workloads_are_there_before_the_build() {
    let case = web()
        .file(".config/dotnet-tools.json", "{}")
        .env("BP_DOTNET_WORKLOADS", "wasm-tools, maui");
    let build = case.clone().build();
    assert_snapshot!(build.commands().join("\n"), @"
    dotnet workload install wasm-tools maui
    dotnet tool restore --tool-manifest <app>/.config/dotnet-tools.json
    dotnet publish <app>/Shop.csproj --configuration Release --runtime linux-x64 --self-contained false --output <app>/.kouti-publish/0
    ");
    let without = case.env("BP_DOTNET_RESTORE_TOOLS", "false").build();
    assert_eq!(without.commands().len(), 2);
    let failing = format!("[ \"$1\" != tool ] || {{ echo 'tool broken' >&2; exit 1; }}\n{DOTNET}");
    let case = bare()
        .artifact(sdk_with("10.0.500", "10.0.11", Tool::script(failing)))
        .file("Shop.csproj", project("Microsoft.NET.Sdk.Web", "net10.0", ""))
        .file("dotnet-tools.json", "{");
    assert_snapshot!(case.fails().error(), @"
    error[command-failed]: `dotnet tool restore --tool-manifest <app>/dotnet-tools.json` ended with exit code 1

    hint: its own message is above
    hint: BP_DOTNET_RESTORE_TOOLS=false builds without these tools
    ");
}

#[test]
fn msbuild_is_asked_where_the_files_do_not_tell() {
    let answers = format!(
        "if [ \"$1\" = msbuild ]; then\n\
         echo '{{\"Properties\": {{\"TargetFramework\": \"net10.0\", \"AssemblyName\": \"Store\"}}}}'\n\
         exit\nfi\n{}",
        DOTNET.replace("name=${name:-${file%.*}}", "name=Store")
    );
    let imports = "</PropertyGroup><Import Project=\"../shared.props\" /><PropertyGroup>";
    let build = bare()
        .artifact(sdk_with("10.0.500", "10.0.11", Tool::script(answers)))
        .file("Shop.csproj", project("Microsoft.NET.Sdk.Web", "net10.0", imports))
        .build();
    assert!(
        build.commands()[0].starts_with("dotnet msbuild <app>/Shop.csproj -getProperty:"),
        "{:?}",
        build.commands()
    );
    assert_eq!(build.processes(), "Store: <app>/Store\nweb (default): <app>/Store\n");
}

#[test]
fn leftovers_of_another_machine_are_removed_before_the_build() {
    let looks = format!("[ ! -e \"${{2%/*}}/obj/old\" ] || exit 1\n{DOTNET}");
    let build = bare()
        .artifact(sdk_with("10.0.500", "10.0.11", Tool::script(looks)))
        .file("Shop.csproj", project("Microsoft.NET.Sdk.Web", "net10.0", ""))
        .file("obj/old", "C:\\Users\\me")
        .file("bin/Debug/net10.0/Shop.dll", "")
        .build();
    assert!(!build.app_path("bin").exists());
}

#[test]
fn files_can_be_kept_and_so_can_the_source() {
    let case = web().file("data/a.csv", "1").file("data/b.txt", "2").file("Shop.deps.json", "old");
    let build = case.clone().env("BP_KEEP_FILES", "data/*.csv:Shop.deps.json").build();
    assert_eq!(build.app_file("data/a.csv"), "1");
    assert!(!build.app_path("data/b.txt").exists() && !build.app_path("Program.cs").exists());
    assert!(build.app_file("Shop.deps.json").contains("runtimeTarget"), "the output wins");
    let build = case.env("BP_DOTNET_KEEP_SOURCE", "true").build();
    assert!(build.app_path("Program.cs").is_file());
    assert_eq!(
        build.processes(),
        "Shop: <app>/bin/publish/Shop in <app>/bin/publish\nweb (default): <app>/bin/publish/Shop in <app>/bin/publish\n"
    );
}

#[test]
fn files_of_packages_are_layers_of_their_own() {
    let build = web().build();
    let slices: Vec<String> = build.slices().iter().map(|files| files.join(" ")).collect();
    assert_snapshot!(slices.join("\n"), @"
    Json.dll
    Beta.dll
    Lib.dll
    Shop Shop.deps.json Shop.dll Shop.runtimeconfig.json
    ");
    let one = web().env("BP_DOTNET_DISABLE_BUILDPACK_OUTPUT_SLICING", "true").build();
    assert_eq!(one.slices().len(), 1);
}

#[test]
fn bills_of_materials_name_packages_and_frameworks() {
    let build = web().build();
    let app = build.sbom("kouti_dotnet/sbom.cdx.json");
    let app: serde_json::Value = serde_json::from_str(&app).unwrap();
    let rows = app["components"].as_array().unwrap().iter().map(|component| {
        let licence = component["licenses"][0].to_string();
        format!("{} {} {licence}", component["name"], component["purl"])
    });
    assert_snapshot!(rows.collect::<Vec<_>>().join("\n"), @r#"
    "Lib" null null
    "Shop" null null
    "Beta" "pkg:nuget/Beta@2.0.0-rc.1" null
    "Json" "pkg:nuget/Json@13.0.1" {"license":{"id":"MIT"}}
    "#);
    let runtime = build.sbom("kouti_dotnet/runtime/sbom.spdx.json");
    assert!(
        runtime.contains(".NET Runtime") && runtime.contains("ASP.NET Core Runtime"),
        "{runtime}"
    );
    assert!(!console().build().sbom("kouti_dotnet/runtime/sbom.spdx.json").contains("ASP.NET"));
}

#[test]
fn a_vulnerable_package_is_summed_up_at_the_end() {
    let warns = format!(
        "echo '/a.csproj : warning NU1903: Package X 1.0.0 has a known high severity vulnerability [/a.csproj]'\n{DOTNET}"
    );
    let build = bare()
        .artifact(sdk_with("10.0.500", "10.0.11", Tool::script(warns)))
        .file("Shop.csproj", project("Microsoft.NET.Sdk.Web", "net10.0", ""))
        .build();
    let (_, end) =
        build.log().split_once("Done in").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert!(
        end.contains("warning: packages of the app have known vulnerabilities:\n  Package X 1.0.0"),
        "{end}"
    );
}

#[test]
fn a_part_of_a_solution_can_be_named_by_a_filter() {
    let web = project("Microsoft.NET.Sdk.Web", "net10.0", "");
    let case = bare()
        .file(
            "Shop.slnx",
            r#"<Solution><Project Path="A/A.csproj" /><Project Path="B/B.csproj" /></Solution>"#,
        )
        .file(
            "only-a.slnf",
            r#"{ "solution": { "path": "Shop.slnx", "projects": ["A\\A.csproj"] } }"#,
        )
        .file("A/A.csproj", web.clone())
        .file("B/B.csproj", web);
    let build = case.clone().env("BP_DOTNET_SOLUTION_FILE", "only-a.slnf").build();
    assert_eq!(build.processes(), "A: <app>/A\nweb (default): <app>/A\n");
    let both = case.clone().build();
    assert!(
        both.log().contains("warning: no process starts by default: there are a, b"),
        "{}",
        both.log()
    );
    let chosen = case.env("BP_DOTNET_DEFAULT_PROCESS", "b").build();
    assert!(chosen.processes().contains("b (default): "), "{}", chosen.processes());
}

#[test]
fn the_only_project_below_the_root_is_found() {
    let web = project("Microsoft.NET.Sdk.Web", "net10.0", "");
    let build = bare().file("src/Shop/Shop.csproj", web.clone()).build();
    assert_eq!(build.processes(), "Shop: <app>/Shop\nweb (default): <app>/Shop\n");
    let named = bare()
        .file("a/A.csproj", web.clone())
        .file("b/B.csproj", web)
        .file(".deployment", "[config]\nproject = b/B.csproj\n");
    assert_eq!(named.build().processes(), "B: <app>/B\nweb (default): <app>/B\n");
}
