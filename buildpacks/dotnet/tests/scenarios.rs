//! Repositories as people have them.

use std::os::unix::fs::PermissionsExt as _;

use kouti_testing::{Built, Case};

use crate::support::{bare, console, project, web};

const WEB: &str = "Microsoft.NET.Sdk.Web";
const EXE: &str = "<OutputType>Exe</OutputType>";

fn solution(paths: &[&str]) -> String {
    let projects = paths.iter().map(|path| format!("<Project Path=\"{path}\" />"));
    format!("<Solution><Folder Name=\"/all/\">{}</Folder></Solution>", projects.collect::<String>())
}

#[test]
fn a_project_beside_its_solution_is_what_is_published() {
    let sln = "Project(\"{9A19103F-16F7-4668-BE54-9A1E7A4F7556}\") = \"Shop\", \"Shop.csproj\", \"{1}\"\n";
    let build = web().file("Shop.sln", sln).build();
    assert!(
        build.commands()[0].starts_with("dotnet publish <app>/Shop.csproj"),
        "{:?}",
        build.commands()
    );
}

#[test]
fn a_front_end_project_of_a_solution_needs_node() {
    let case = bare()
        .file(
            "Shop.slnx",
            solution(&["Web/Web.csproj", "ui/ui.esproj", "Lib/Lib.csproj", "T/T.csproj"]),
        )
        .file("Web/Web.csproj", project(WEB, "net10.0", ""))
        .file("ui/ui.esproj", "<Project Sdk=\"Microsoft.VisualStudio.JavaScript.Sdk\" />")
        .file("Lib/Lib.csproj", project("Microsoft.NET.Sdk", "net10.0", ""))
        .file("T/T.csproj", project("MSTest.Sdk", "net10.0", ""))
        .provides("node")
        .provides("npm");
    let build = case.build();
    assert_eq!(build.calls("dotnet").len(), 1);
    assert!(!build.log().contains("warning"), "{}", build.log());
}

#[test]
fn names_with_spaces_and_dots_become_types_and_directories() {
    let build = bare()
        .file("All.slnx", solution(&["My Web/My Web.csproj", "Shop.Jobs/Shop.Jobs.csproj"]))
        .file("My Web/My Web.csproj", project(WEB, "net10.0", ""))
        .file("Shop.Jobs/Shop.Jobs.csproj", project("Microsoft.NET.Sdk.Worker", "net10.0", ""))
        .build();
    assert_eq!(
        build.processes(),
        "My-Web: <app>/web/My Web in <app>/web\n\
         shop-jobs: <app>/shop-jobs/Shop.Jobs in <app>/shop-jobs\n\
         web (default): <app>/web/My Web in <app>/web\n"
    );
}

#[test]
fn a_directory_may_have_the_name_of_its_assembly() {
    let case = bare()
        .file("Shop/Shop.csproj", project(WEB, "net10.0", ""))
        .env("BP_DOTNET_PROJECT_PATH", "Shop/");
    let build = case.build();
    assert_eq!(build.processes(), "Shop: <app>/Shop\nweb (default): <app>/Shop\n");
    assert!(build.app_path("Shop").is_file());
}

#[test]
fn props_are_looked_for_upwards_and_the_project_counts_more() {
    let props = |line: &str| {
        format!(
            "<Project><PropertyGroup><TargetFramework>{line}</TargetFramework></PropertyGroup></Project>"
        )
    };
    let empty = "<Project Sdk=\"Microsoft.NET.Sdk.Web\" />";
    let chosen = |case: Case| {
        let log = case.build().log();
        let line = log.lines().find(|line| line.contains(" chosen ")).unwrap();
        line.trim().split(' ').next().unwrap().to_owned()
    };
    let case = bare().file("src/A/A.csproj", empty).file("Directory.Build.props", props("net8.0"));
    assert_eq!(chosen(case.clone()), "8.0.424");
    assert_eq!(chosen(case.clone().file("src/Directory.Build.props", props("net9.0"))), "9.0.317");
    assert_eq!(chosen(case.file("src/A/A.csproj", project(WEB, "net10.0", ""))), "10.0.400");
}

#[test]
fn live_reload_lets_a_group_replace_files() {
    let build = web().env("BP_LIVE_RELOAD_ENABLED", "true").provides("watchexec").build();
    let mode = fs_err::metadata(build.app_path("Shop.dll")).unwrap().permissions().mode();
    assert_eq!(mode & 0o060, 0o060, "{mode:o}");
}

#[test]
fn a_worker_stops_like_any_program_and_listens_nowhere() {
    let worker = project("Microsoft.NET.Sdk.Worker", "net10.0", "");
    let build = bare().file("Jobs.csproj", worker).build();
    assert_eq!(build.processes(), "Jobs (default): <app>/Jobs\n");
    assert!(build.find_layer("helper").is_none());
}

#[test]
fn settings_of_versions_have_several_forms() {
    for (wanted, chosen) in [
        ("8.0.*", "8.0.424"),
        ("8.0.3xx", "8.0.319"),
        ("~8.0.400", "8.0.424"),
        ("lts", "10.0.400"),
        ("sts", "9.0.317"),
        ("latest", "10.0.400"),
    ] {
        let log = console()
            .file("Tool.csproj", project("Microsoft.NET.Sdk", "net8.0", EXE))
            .env("BP_DOTNET_SDK_VERSION", wanted)
            .build()
            .log();
        assert!(log.contains(&format!("{chosen} chosen")), "{wanted}: {log}");
    }
}

#[test]
fn the_nearest_global_json_decides_and_says_where_commands_run() {
    let build = bare()
        .file("src/Shop/Shop.csproj", project(WEB, "net10.0", ""))
        .file("src/global.json", "\u{feff}// agreed\n{ \"sdk\": { \"version\": \"10.0.302\", \"rollForward\": \"PATCH\", }, }")
        .file("global.json", r#"{ "sdk": { "version": "8.0.100" } }"#)
        .build();
    assert!(build.log().contains("10.0.302 chosen"), "{}", build.log());
    assert_eq!(build.calls("dotnet")[0].dir, "<app>/src");
}

#[test]
fn a_project_takes_in_what_it_refers_to_directly_or_not() {
    let refers = |to: &str| {
        format!(
            "</PropertyGroup><ItemGroup><ProjectReference Include=\"{to}\" /></ItemGroup><PropertyGroup>"
        )
    };
    let case = bare()
        .file("src/Api/Api.csproj", project(WEB, "net10.0", &refers(r"..\Lib\Lib.csproj")))
        .file(
            "src/Lib/Lib.csproj",
            project("Microsoft.NET.Sdk", "netstandard2.0", &refers("../Base/Base.csproj")),
        )
        .file("src/Base/Base.csproj", project("Microsoft.NET.Sdk", "netstandard2.0", ""))
        .file("src/Base/obj/old", "C:\\Users")
        .file("src/Other/Other.csproj", project(WEB, "net10.0", ""));
    for path in ["src/Api", "./src/Api/", r"src\Api\Api.csproj"] {
        let build = case.clone().env("BP_DOTNET_PROJECT_PATH", path).build();
        assert_eq!(build.processes(), "Api: <app>/Api\nweb (default): <app>/Api\n", "{path}");
        assert!(build.app_path("Api.dll").is_file() && !build.app_path("src").exists(), "{path}");
    }
    let kept = case.env("BP_DOTNET_PROJECT_PATH", "src/Api").env("BP_DOTNET_KEEP_SOURCE", "1");
    assert!(!kept.build().app_path("src/Base/obj").exists(), "left by another machine");
}

#[test]
fn several_apps_below_the_root_are_listed_for_whoever_wonders() {
    let case = bare()
        .file("src/A/A.csproj", project(WEB, "net10.0", ""))
        .file("src/B/B.csproj", project(WEB, "net10.0", ""));
    let said = case.fails().log();
    assert!(
        said.contains(
            "several .NET apps could be built: src/A/A.csproj, src/B/B.csproj; name the one to build: \
             BP_DOTNET_PROJECT_PATH=src/A/A.csproj, or several, separated by commas"
        ),
        "{said}"
    );
    // The SDK is still there for whoever asks for it.
    let build = case.requires("dotnet-sdk", "build = true").build();
    assert!(build.find_layer("sdk").is_some(), "{}", build.layers());
    let solutions = bare().file("a/A.sln", "").file("b/B.sln", "").fails().log();
    assert!(
        solutions.contains("several .NET apps could be built: a/A.sln, b/B.sln"),
        "{solutions}"
    );
}

#[test]
fn sdks_of_a_developers_machine_are_set_aside() {
    let paths = r#"{ "sdk": { "version": "10.0.400", "paths": [".dotnet"] }, "msbuild-sdks": { "A": "1.0.0" } }"#;
    let build = web().file("global.json", paths).build();
    assert!(
        build.log().contains("`sdk` of global.json is set aside for this build: it names SDKs"),
        "{}",
        build.log()
    );
    let others = web().file("global.json", r#"{ "msbuild-sdks": { "A": "1.0.0" } }"#).build();
    assert!(!others.log().contains("global.json"), "{}", others.log());
}

#[test]
fn a_runtime_that_does_not_exist_has_a_nearest_one() {
    let net8 = || console().file("Tool.csproj", project("Microsoft.NET.Sdk", "net8.0", EXE));
    let build = net8().env("BP_DOTNET_RUNTIME_VERSION", "8.0.5").build();
    assert!(
        build.log().contains(
            "there is no runtime `8.0.5` (BP_DOTNET_RUNTIME_VERSION): 8.0.30 takes its place"
        ),
        "{}",
        build.log()
    );
    let exact = net8().env("BP_DOTNET_RUNTIME_VERSION", "8.0.5");
    insta::assert_snapshot!(exact.env("BP_DOTNET_ROLL_FORWARD", "Disable").fails().error(), @"
    error[runtime-not-found]: no runtime fits Microsoft.NETCore.App `8.0.5` (asked for in BP_DOTNET_RUNTIME_VERSION)

    hint: rolling forward is disabled: only exactly this version would do
    hint: the newest of each line: 10.0.11, 9.0.19, 8.0.30
    ");
}

#[test]
fn apps_that_hold_everything_in_one_file_have_no_slices_but_a_bill() {
    for property in ["PublishSingleFile", "PublishAot"] {
        let text = format!("{EXE}<{property}>true</{property}>");
        let case = console()
            .file("Tool.csproj", project("Microsoft.NET.Sdk", "net10.0", &text))
            .tool("clang", kouti_testing::Tool::succeeds());
        let build = case.build();
        assert_eq!(build.slices().len(), 1, "{property}");
        let needs_runtime = build.commands()[0].contains("--self-contained");
        assert_eq!(needs_runtime, property == "PublishSingleFile", "{:?}", build.commands());
        assert_eq!(build.find_layer("runtime").is_some(), needs_runtime, "{}", build.layers());
        assert!(build.sbom("kouti_dotnet/sbom.cdx.json").contains("pkg:nuget/Json@13.0.1"));
    }
    let trimmed = project(
        "Microsoft.NET.Sdk",
        "net10.0",
        &format!("{EXE}<PublishTrimmed>true</PublishTrimmed>"),
    );
    let build = console().file("Tool.csproj", trimmed).build();
    assert!(!build.commands()[0].contains("--self-contained"), "{:?}", build.commands());
    assert!(build.sbom("kouti_dotnet/sbom.cdx.json").contains("pkg:nuget/Json@13.0.1"));
}

#[test]
fn a_file_based_app_has_the_name_it_gives_itself() {
    let text =
        "#:sdk Microsoft.NET.Sdk.Web\n#:property AssemblyName=Store\n#:property PublishAot=false\n";
    let build = bare().file("shop.cs", text).build();
    assert_eq!(build.processes(), "Store: <app>/Store\nweb (default): <app>/Store\n");
}

#[test]
fn a_file_based_app_is_compiled_ahead_of_time_where_that_is_possible() {
    let case = bare().file("tool.cs", "#:package Json@13.0.1\nConsole.WriteLine();\n");
    let native = case.clone().tool("gcc", kouti_testing::Tool::succeeds()).build();
    assert!(!native.commands()[0].contains("PublishAot=false"), "{:?}", native.commands());
    assert!(native.find_layer("runtime").is_none(), "{}", native.layers());
    has_its_package(&native);
    let il = case.build();
    assert!(il.layer("runtime").has("shared/Microsoft.NETCore.App/10.0.11"), "{}", il.layers());
    has_its_package(&il);
}

fn has_its_package(build: &Built) {
    assert_eq!(build.processes(), "tool (default): <app>/tool\n");
    let bill = build.sbom("kouti_dotnet/sbom.cdx.json");
    assert!(bill.contains("pkg:nuget/Json@13.0.1"), "{bill}");
    assert_eq!(build.rebuild().commands(), [""; 0], "what NuGet has taken is known");
}
