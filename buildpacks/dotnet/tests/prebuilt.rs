//! Apps that were published elsewhere.

use insta::assert_snapshot;
use kouti_testing::{Case, Target};

use crate::support::bare;

/// The head of a program for this architecture.
const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0";

const WEB: &str = r#"{ "runtimeOptions": { "frameworks": [
    { "name": "Microsoft.NETCore.App", "version": "8.0.0" },
    { "name": "Microsoft.AspNetCore.App", "version": "8.0.0" } ] } }"#;

fn dll() -> Case {
    bare().file("Shop.dll", "").file("Shop.runtimeconfig.json", WEB).file("wwwroot/index.html", "")
}

#[test]
fn an_assembly_is_started_with_the_runtime() {
    let build = dll().build();
    assert_snapshot!(build.log(), @"
    Kouti .NET [version]
      Taking Shop as it was published
      Choosing the runtime
        Shop.runtimeconfig.json   Microsoft.AspNetCore.App 8.0.0   8.0.30 (Minor)
    warning: support of ASP.NET Core Runtime 8.0.30 ends on 2026-11-10
    hint: move to ASP.NET Core Runtime 10.0.11
      Installing ASP.NET Core Runtime 8.0.30
        2.4 kB from the buildpack in [time], sha256 ok
      Installing ICU 78.3
        257 B from the buildpack in [time], sha256 ok
      Installing launch environment
      Installing launch helper
      Processes
        web (default)   dotnet <app>/Shop.dll
        Shop            dotnet <app>/Shop.dll
      Done in [time]
    warning: support of ASP.NET Core Runtime 8.0.30 ends on 2026-11-10
    hint: move to ASP.NET Core Runtime 10.0.11
    ");
    assert_snapshot!(build.processes(), @"
    Shop: dotnet <app>/Shop.dll
    web (default): dotnet <app>/Shop.dll
    ");
    assert!(build.find_layer("sdk").is_none());
    assert!(build.app_path("wwwroot/index.html").is_file());
    assert_eq!(build.launch_env("web")["ASPNETCORE_URLS"], "http://*:8080");
}

#[test]
fn a_program_is_started_itself_even_if_its_mode_was_lost() {
    let case = dll().file("Shop", ELF);
    let build = case.build();
    assert_eq!(build.processes(), "Shop: <app>/Shop\nweb (default): <app>/Shop\n");
    let listing = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!("test -x '{}'", build.app_path("Shop").display()))
        .status();
    assert!(listing.unwrap().success());
}

#[test]
fn what_was_published_on_windows_is_started_with_the_runtime() {
    let build = dll().file("Shop.exe", "MZ").build();
    assert!(build.processes().contains("web (default): dotnet <app>/Shop.dll\n"));
}

#[test]
fn an_app_that_brings_its_runtime_gets_none() {
    let own = r#"{ "runtimeOptions": { "includedFrameworks": [
        { "name": "Microsoft.NETCore.App", "version": "8.0.1" } ],
        "configProperties": { "System.Globalization.Invariant": true } } }"#;
    let build = bare()
        .program("Tool", ELF)
        .file("Tool.dll", "")
        .file("Tool.runtimeconfig.json", own)
        .build();
    assert!(build.log().contains("No runtime: the app brings what it needs"), "{}", build.log());
    assert_snapshot!(build.layers(), @"kouti/dotnet:launch-env (launch) Added");
    assert_eq!(build.processes(), "Tool (default): <app>/Tool\n");
}

#[test]
fn a_program_for_another_architecture_is_refused() {
    let own = r#"{ "runtimeOptions": { "includedFrameworks": [] } }"#;
    let arm = [&ELF[..18], b"\xb7\0"].concat();
    let case = bare().program("Tool", arm).file("Tool.runtimeconfig.json", own);
    assert_snapshot!(case.clone().fails().error(), @"
    error[wrong-architecture]: `Tool` is made for arm64, and the image for amd64

    hint: publish it with `--runtime linux-x64`, or for any platform without one
    ");
    let target = Target { arch: "arm64".to_owned(), ..Target::default() };
    assert_eq!(case.target(target).build().processes(), "Tool (default): <app>/Tool\n");
    let windows = bare().file("Tool.exe", "MZ").file("Tool.runtimeconfig.json", own);
    assert_snapshot!(windows.fails().error(), @"
    error[wrong-architecture]: `Tool.exe` is made for Windows, and the image for linux/amd64

    hint: publish it with `--runtime linux-x64`, or for any platform without one
    ");
}

#[test]
fn a_single_file_is_named_by_the_user() {
    let build = bare().program("bin/tool", ELF).env("BP_DOTNET_ENTRYPOINT", "bin/tool").build();
    assert_eq!(build.processes(), "tool (default): <app>/bin/tool\n");
    assert!(build.find_layer("icu").is_some(), "{}", build.layers());
    let failed = bare().env("BP_DOTNET_ENTRYPOINT", "tool").fails();
    assert_snapshot!(failed.log(), @"
    error[entrypoint-not-found]: BP_DOTNET_ENTRYPOINT is `tool`, and the app has no file of that name

    hint: write the path of an executable file or DLL, relative to the app
    ");
}

#[test]
fn the_main_one_of_two_apps_lists_the_other() {
    let deps = |text: &str| format!("{{\"libraries\": {{ {text} }}}}");
    let case = dll()
        .file("Jobs.dll", "")
        .file("Jobs.runtimeconfig.json", WEB)
        .file("Jobs.deps.json", deps("\"Jobs/1.0.0\": {\"type\": \"project\"}"));
    let main =
        deps("\"Shop/1.0.0\": {\"type\": \"project\"}, \"Jobs/1.0.0\": {\"type\": \"project\"}");
    let build = case.clone().file("Shop.deps.json", main).build();
    assert!(
        build.processes().contains("web (default): dotnet <app>/Shop.dll"),
        "{}",
        build.processes()
    );
    let failed =
        case.file("Shop.deps.json", deps("\"Shop/1.0.0\": {\"type\": \"project\"}")).fails();
    assert_snapshot!(failed.error(), @"
    error[ambiguous-entry-point]: several apps lie together: Jobs, Shop

    hint: name the one to start: BP_DOTNET_ENTRYPOINT
    ");
}
