//! What a user is told when a build cannot go on, and that nothing half-done is left.

use insta::assert_snapshot;
use kouti_testing::Tool;

use crate::support::{bare, console, project, sdk_with, web};

#[test]
fn a_wrong_path_is_told_while_buildpacks_are_looked_for() {
    let case =
        console().file("src/Api/Api.csproj", project("Microsoft.NET.Sdk.Web", "net10.0", ""));
    assert_snapshot!(case.clone().env("BP_DOTNET_PROJECT_PATH", "src/Web").fails().log(), @"
    error[project-path-not-found]: BP_DOTNET_PROJECT_PATH is `src/Web`, which does not exist

    hint: name a project, a solution, a .cs file, or a directory that has one
    hint: there is Tool.csproj, src/Api/Api.csproj
    ");
    assert_snapshot!(case.clone().env("BP_DOTNET_PROJECT_PATH", "../x").fails().error(), @"
    error[project-path-not-found]: BP_DOTNET_PROJECT_PATH is `../x`, which leads out of the app

    hint: name a project, a solution, a .cs file, or a directory that has one
    hint: there is Tool.csproj, src/Api/Api.csproj
    ");
    assert_snapshot!(case.clone().env("BP_DOTNET_SOLUTION_FILE", "Shop").fails().error(), @"
    error[solution-extension]: BP_DOTNET_SOLUTION_FILE is `Shop`, which is not the name of a solution

    hint: a solution ends with .sln, .slnx or .slnf
    ");
    assert_snapshot!(case.env("SOLUTION_FILE", "Shop.sln").fails().error(), @"
    error[solution-not-found]: SOLUTION_FILE is `Shop.sln`, which does not exist

    hint: write its path relative to the app
    hint: there is no such file anywhere in the app
    ");
}

#[test]
fn what_cannot_be_told_apart_is_listed() {
    let app = |name: &str| format!("{name}.csproj");
    let exe = project("Microsoft.NET.Sdk", "net10.0", "<OutputType>Exe</OutputType>");
    let case = bare().file(&app("A"), exe.clone()).file(&app("B"), exe);
    assert_snapshot!(case.clone().fails().error(), @"
    error[multiple-projects]: the app has several projects, of which not exactly one can be started: A.csproj, B.csproj

    hint: name the one to build: BP_DOTNET_PROJECT_PATH=A.csproj, or several, separated by commas
    ");
    assert_eq!(
        case.env("BP_DOTNET_PROJECT_PATH", "A.csproj,B.csproj").build().processes(),
        "a: <app>/a/A in <app>/a\nb: <app>/b/B in <app>/b\n"
    );
    let case = bare().file("A.sln", "").file("B.slnx", "<Solution />").file("B.sln", "");
    assert_snapshot!(case.clone().fails().error(), @"
    error[multiple-solutions]: the app has several solutions: A.sln, B.slnx

    hint: name the one to build: BP_DOTNET_SOLUTION_FILE=A.sln
    ");
    assert_snapshot!(case.env("BP_DOTNET_SOLUTION_FILE", "B.slnx").fails().error(), @"
    error[empty-solution]: B.slnx lists no project that can be published

    hint: add projects to it, `dotnet sln add`, or remove it
    hint: or name a project: BP_DOTNET_PROJECT_PATH
    ");
}

#[test]
fn libraries_and_tests_cannot_be_started() {
    let tests = project("MSTest.Sdk", "net10.0", "");
    let solution =
        r#"<Solution><Project Path="Lib/Lib.csproj" /><Project Path="T/T.csproj" /></Solution>"#;
    let case = bare()
        .file("Shop.slnx", solution)
        .file("Lib/Lib.csproj", project("Microsoft.NET.Sdk", "net10.0", ""))
        .file("T/T.csproj", tests);
    assert_snapshot!(case.clone().fails().error(), @"
    error[no-runnable-project]: nothing here can be started
      Lib/Lib.csproj: it is a library: no OutputType `Exe`, no SDK for web apps or workers
      T/T.csproj: it holds tests

    hint: set `<OutputType>Exe</OutputType>` in the project that is to be started
    hint: or name one with BP_DOTNET_PROJECT_PATH: it is published whatever it is
    ");
    let build = case.file("Procfile", "web: serve\n").build();
    assert_eq!(build.processes(), "");
}

#[test]
fn a_missing_project_counts_only_if_it_is_needed() {
    let solution = r#"<Solution><Project Path="Web/Web.csproj" /><Project Path="Gone/Gone.csproj" /></Solution>"#;
    let case = bare()
        .file("Shop.slnx", solution)
        .file("Web/Web.csproj", project("Microsoft.NET.Sdk.Web", "net10.0", ""));
    let build = case.clone().build();
    assert!(
        build
            .log()
            .contains("warning: Shop.slnx lists projects that do not exist: Gone/Gone.csproj"),
        "{}",
        build.log()
    );
    let needs = "</PropertyGroup><ItemGroup><ProjectReference Include=\"../Gone/Gone.csproj\" /></ItemGroup><PropertyGroup>";
    let case = case.file("Web/Web.csproj", project("Microsoft.NET.Sdk.Web", "net10.0", needs));
    assert_snapshot!(case.fails().error(), @"
    error[project-not-found]: Web/Web.csproj refers to Gone/Gone.csproj, which does not exist

    hint: build from the root of the repository, with BP_DOTNET_PROJECT_PATH for the part
    hint: look into .dockerignore, .cfignore and project.toml: they may leave it out
    ");
}

#[test]
fn broken_files_are_shown_in_place() {
    assert_snapshot!(web().file("Shop.csproj", "<Project>\n  <A>\n</Project>\n").fails().error(), @"
    error[project-xml]: Shop.csproj cannot be read: expected 'A' tag, not 'Project'
     --> Shop.csproj:3:1
      |
    3 | </Project>
      | ^ expected 'A' tag, not 'Project'

    hint: correct it at that place; `dotnet build` must be able to read it too
    ");
    assert_snapshot!(web().file("Directory.Build.props", "<Props />").fails().error(), @"
    error[props-xml]: Directory.Build.props cannot be read: it is a <Props>, not a <Project>
     --> Directory.Build.props:1:1
      |
    1 | <Props />
      | ^ it is a <Props>, not a <Project>

    hint: correct it at that place; `dotnet build` must be able to read it too
    ");
    assert_snapshot!(web().file("global.json", "{ \"sdk\": { \"version\": \"10.0\" } }").fails().error(), @"
    error[global-json-version]: global.json asks for the SDK `10.0`, which is not a whole version of an SDK

    hint: write all three numbers, such as 10.0.100, and let `rollForward` do the rest
    ");
}

#[test]
fn frameworks_that_nothing_runs_here_are_refused() {
    let target = |framework: &str| {
        web().file("Shop.csproj", project("Microsoft.NET.Sdk.Web", framework, ""))
    };
    assert_snapshot!(target("net8.0-windows").fails().error(), @"
    error[unsupported-platform]: Shop.csproj targets net8.0-windows, which does not run on Linux

    hint: target a framework without a platform, such as `net10.0`, for what runs on Linux
    hint: code that only compiles for Windows can set `EnableWindowsTargeting`
    ");
    assert_snapshot!(target("net48").fails().error(), @"
    error[not-runnable-framework]: Shop.csproj targets net48, which nothing runs here: only libraries have it

    hint: target .NET, such as `net10.0`: .NET Framework runs on Windows only, and .NET Standard nowhere by itself
    ");
    let standard = project("Microsoft.NET.Sdk", "netstandard2.0", "<OutputType>Exe</OutputType>");
    assert_snapshot!(bare().file("Shop.csproj", standard).fails().error(), @"
    error[not-runnable-framework]: Shop.csproj targets netstandard2.0, which nothing runs here: only libraries have it

    hint: target .NET, such as `net10.0`: .NET Framework runs on Windows only, and .NET Standard nowhere by itself
    ");
    assert_snapshot!(target("net12.0").fails().error(), @"
    error[framework-too-new]: Shop.csproj targets .NET 12.0, and the newest SDK here is of .NET 10.0

    hint: target net10.0
    hint: for a preview of .NET set BP_DOTNET_ENABLE_PRERELEASE=true
    ");
}

#[test]
fn an_sdk_that_does_not_exist_shows_those_that_do() {
    let pin = |text: &str| web().file("global.json", text).fails();
    assert_snapshot!(pin(r#"{ "sdk": { "version": "8.0.500", "errorMessage": "run ./setup" } }"#).error(), @"
    error[sdk-not-found]: no .NET SDK fits `8.0.500` (asked for in global.json (8.0.500, patch))

    hint: the file says: run ./setup
    hint: of this line there is 8.0.319, 8.0.424
    hint: the newest are 10.0.400, 9.0.317, 8.0.424
    hint: or let another one build: BP_DOTNET_SDK_VERSION
    ");
    assert_snapshot!(pin(r#"{ "sdk": { "version": "8.0.4" } }"#).error(), @"
    error[sdk-not-found]: no .NET SDK fits `8.0.4` (asked for in global.json (8.0.4, patch))

    hint: `8.0.4` is the version of a runtime: those of SDKs end with three digits
    hint: of this line there is 8.0.319, 8.0.424
    hint: the newest are 10.0.400, 9.0.317, 8.0.424
    hint: or let another one build: BP_DOTNET_SDK_VERSION
    ");
    assert_snapshot!(web().env("BP_DOTNET_SDK_VERSION", "newest").fails().error(), @"
    error[bad-version-range]: `newest` (asked for in BP_DOTNET_SDK_VERSION) is not a range of versions

    hint: write it like `10.0.*`, `8.0.4xx`, `8.0.424`, `~8.0.400`, `>=8.0.400 <9`, `lts`, `sts` or `latest`
    ");
    assert_snapshot!(web().env("BP_DOTNET_RUNTIME_VERSION", "lts").fails().error(), @"
    error[bad-version-range]: `lts` (asked for in BP_DOTNET_RUNTIME_VERSION) is not a range of versions

    hint: write it like `10.0.*`, `8.0.30`, `~8.0.29` or `>=8.0.29 <9`
    ");
    assert_snapshot!(web().env("BP_DOTNET_FRAMEWORK_VERSION", "net8").fails().error(), @"
    error[bad-version-range]: `net8` (asked for in BP_DOTNET_FRAMEWORK_VERSION) is not a range of versions

    hint: write it like `10.0.*`, `8.0.30`, `~8.0.29` or `>=8.0.29 <9`
    ");
    assert_snapshot!(web().env("BP_DOTNET_SDK_VERSION", "8.0.9xx").fails().error(), @"
    error[sdk-not-found]: no .NET SDK fits `>=8.0.900 <8.0.1000` (asked for in BP_DOTNET_SDK_VERSION: 8.0.9xx)

    hint: of this line there is 8.0.319, 8.0.424
    hint: the newest are 10.0.400, 9.0.317, 8.0.424
    hint: change BP_DOTNET_SDK_VERSION, or unset it
    ");
}

#[test]
fn flags_and_settings_are_checked_before_anything_is_installed() {
    let failed = web().env("BP_DOTNET_PUBLISH_FLAGS", "-o out").fails();
    assert_snapshot!(failed.log(), @"
    Kouti .NET [version]
      Settings
        BP_DOTNET_PUBLISH_FLAGS   -o out
      Building Shop.csproj
      Choosing .NET SDK
        Shop.csproj   10.0.*   <- used
        default       10.*
        10.0.400 chosen (newest that fits; supported until 2028-11-14)

    error[output-flag]: BP_DOTNET_PUBLISH_FLAGS has `-o`, but where the output goes is not free to choose

    hint: remove it: the buildpack puts the output where the image needs it
    ");
    assert_eq!(failed.layers_left(), [""; 0]);
    assert_snapshot!(web().env("BP_DOTNET_PUBLISH_FLAGS", "'-c").fails().error(), @"
    error[publish-flags]: BP_DOTNET_PUBLISH_FLAGS is `'-c`, in which a quote is not closed

    hint: close it, or put a backslash before a quote that is meant
    ");
    assert_snapshot!(web().env("BP_DOTNET_VERBOSITY", "loud").fails().error(), @"
    error[bad-setting]: BP_DOTNET_VERBOSITY is set to `loud`, which is not `quiet`, `minimal`, `normal`, `detailed` or `diagnostic`

    hint: set BP_DOTNET_VERBOSITY to `quiet`, `minimal`, `normal`, `detailed` or `diagnostic`
    ");
    assert_snapshot!(web().env("CNB_EXEC_ENV", "staging").fails().error(), @"
    error[bad-setting]: CNB_EXEC_ENV is set to `staging`, which is not `production` or `test`

    hint: set CNB_EXEC_ENV to `production` or `test`
    ");
    assert_snapshot!(web().env("BP_DEBUG_ENABLED", "maybe").fails().error(), @"
    error[bad-setting]: BP_DEBUG_ENABLED is set to `maybe`, which is not true or false

    hint: set BP_DEBUG_ENABLED to true or false
    ");
}

#[test]
fn bindings_for_nuget_must_be_one_and_whole() {
    assert_snapshot!(web().binding("feed", "nugetconfig", [("config", "x")]).fails().error(), @"
    error[nuget-binding]: the binding `feed` of type `nugetconfig` has no `nuget.config`

    hint: add the file under the key `nuget.config`
    ");
    let case = web().binding("a", "nugetconfig", [("nuget.config", "x")]).binding(
        "b",
        "nugetconfig",
        [("nuget.config", "x")],
    );
    assert_snapshot!(case.fails().error(), @"
    error[nuget-binding]: there are several bindings of type `nugetconfig`: a, b

    hint: put all sources into one nuget.config and bind that
    ");
}

#[test]
fn a_failed_publish_repeats_the_compilers_lines() {
    let compiler = "echo \"$2/../Program.cs(3,5): error CS1002: ; expected [$2]\"\nexit 1";
    let dotnet = Tool::script(compiler);
    let case = bare()
        .artifact(sdk_with("10.0.500", "10.0.11", dotnet))
        .file("Shop.csproj", project("Microsoft.NET.Sdk.Web", "net10.0", ""));
    let failed = case.fails();
    assert_snapshot!(failed.error(), @"
    error[publish-failed]: `dotnet publish` of Shop.csproj ended with exit code 1
      <app>/Shop.csproj/../Program.cs(3,5): error CS1002: ; expected

    hint: correct what the compiler says above; `dotnet publish` on your machine must work first
    ");
    let nothing = bare()
        .artifact(sdk_with("10.0.500", "10.0.11", Tool::succeeds()))
        .file("Shop.csproj", project("Microsoft.NET.Sdk.Web", "net10.0", ""));
    assert_snapshot!(nothing.fails().error(), @"
    error[nothing-published]: `dotnet publish <app>/Shop.csproj --configuration Release --runtime linux-x64 --self-contained false --output <app>/.kouti-publish/0` has made nothing

    hint: see that the project can be published: `dotnet publish` on your machine
    ");
}

#[test]
fn what_is_published_must_be_startable() {
    let library = project("Microsoft.NET.Sdk", "net10.0", "");
    let script = r#"while [ $# -gt 0 ]; do [ "$1" != --output ] || out=$2; shift; done; mkdir -p "$out"; echo >"$out/readme.txt""#;
    let case = bare()
        .artifact(sdk_with("10.0.500", "10.0.11", Tool::script(script)))
        .file("Lib.csproj", library)
        .env("BP_DOTNET_PROJECT_PATH", "Lib.csproj");
    assert_snapshot!(case.fails().error(), @"
    error[no-entry-point]: the published app has neither `Lib` nor `Lib.dll`

    hint: set `<OutputType>Exe</OutputType>` in the project: it makes no program
    ");
}

#[test]
fn compiling_ahead_of_time_needs_a_compiler() {
    let aot = project(
        "Microsoft.NET.Sdk",
        "net10.0",
        "<OutputType>Exe</OutputType><PublishAot>true</PublishAot>",
    );
    assert_snapshot!(console().file("Tool.csproj", aot.clone()).fails().error(), @"
    error[aot-toolchain]: Tool.csproj is compiled ahead of time (`PublishAot`), and this builder has neither clang nor gcc

    hint: use a builder whose build image has a compiler, of Paketo's the `full` ones
    hint: or compile to IL: BP_DOTNET_PUBLISH_FLAGS=-p:PublishAot=false
    ");
    let build = console().file("Tool.csproj", aot).tool("clang", Tool::succeeds()).build();
    assert!(!build.commands()[0].contains("--self-contained"), "{:?}", build.commands());
    let build = bare().file("tool.cs", "#!/usr/bin/env dotnet\n").build();
    assert!(build.commands()[0].contains("-p:PublishAot=false"), "{:?}", build.commands());
    assert_eq!(build.processes(), "tool (default): <app>/tool\n");
}
