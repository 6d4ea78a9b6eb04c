//! Images for tests, for debugging and for development.

use insta::assert_snapshot;
use kouti_testing::Artifact;

use crate::support::{bare, console, project, web};

#[test]
fn a_test_image_runs_the_tests_when_it_starts() {
    let case = bare()
        .file("Shop.slnx", r#"<Solution><Project Path="T/T.csproj" /></Solution>"#)
        .file("T/T.csproj", project("MSTest.Sdk", "net10.0", ""))
        .env("CNB_EXEC_ENV", "test");
    let build = case.env("BP_DOTNET_CONFIGURATION", "Debug").build();
    assert_eq!(build.commands(), [""; 0]);
    assert_snapshot!(build.layers(), @"
    kouti/dotnet:icu (launch) Added
    kouti/dotnet:icu-build (build) Added
    kouti/dotnet:launch-env (launch) Added
    kouti/dotnet:nuget (cache) Added
    kouti/dotnet:sdk (build, launch) Added
    ");
    assert_eq!(build.processes(), "test: dotnet test Shop.slnx --configuration Debug\n");
    assert!(build.app_path("T/T.csproj").is_file());
    assert!(build.launch_env("test")["PATH"].starts_with("<layers>/kouti_dotnet/sdk:"));
}

#[test]
fn dotnet_watch_compiles_what_changes() {
    let build = web().env("BP_DOTNET_WATCH", "true").build();
    assert_snapshot!(build.processes(), @"web (default): dotnet watch --non-interactive --project <app>/Shop.csproj run --no-launch-profile");
    assert_eq!(build.launch_env("web")["DOTNET_USE_POLLING_FILE_WATCHER"], "1");
    let failed = web().env("BP_DOTNET_WATCH", "1").env("BP_LIVE_RELOAD_ENABLED", "1").fails();
    assert_snapshot!(failed.error(), @"
    error[watch-and-reload]: BP_DOTNET_WATCH and BP_LIVE_RELOAD_ENABLED both restart the app

    hint: unset one: `dotnet watch` compiles changed source, live reload restarts changed output
    ");
}

#[test]
fn live_reload_restarts_what_is_replaced() {
    let build = console().env("BP_LIVE_RELOAD_ENABLED", "true").provides("watchexec").build();
    assert_snapshot!(build.processes(), @"
    Tool: <app>/Tool
    reload-Tool (default): watchexec --restart --watch <app> --shell none --no-vcs-ignore --no-project-ignore --debounce 200ms -- <app>/Tool
    ");
    let alone = console().env("BP_LIVE_RELOAD_ENABLED", "true").build();
    assert!(
        alone.log().contains("warning: BP_LIVE_RELOAD_ENABLED has no effect"),
        "{}",
        alone.log()
    );
    assert_eq!(alone.processes(), "Tool (default): <app>/Tool\n");
}

#[test]
fn debugging_adds_the_debugger_and_what_it_needs() {
    let invariant =
        "<OutputType>Exe</OutputType><InvariantGlobalization>true</InvariantGlobalization>";
    let vsdbg = Artifact::new("vsdbg", "18.7.10521+2")
        .with("name", "Visual Studio Debugger")
        .file("vsdbg", "");
    let build = console()
        .file("Tool.csproj", project("Microsoft.NET.Sdk", "net10.0", invariant))
        .artifact(vsdbg)
        .env("BP_DEBUG_ENABLED", "true")
        .build();
    assert!(build.commands()[0].contains("--configuration Debug"), "{:?}", build.commands());
    assert!(build.layer("vsdbg").has("vsdbg") && build.find_layer("icu").is_some());
    let env = build.launch_env("Tool");
    assert_eq!(env["DOTNET_ENVIRONMENT"], "Development");
    assert!(env["PATH"].ends_with(":<layers>/kouti_dotnet/vsdbg"), "{}", env["PATH"]);
    assert!(build.log().contains("the licence of vsdbg"), "{}", build.log());
}
