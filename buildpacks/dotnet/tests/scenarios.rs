//! Repositories as people have them.

use std::os::unix::fs::PermissionsExt as _;

use kouti_testing::Case;

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
