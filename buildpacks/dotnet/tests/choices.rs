//! Which SDK and which runtime, and what the log says about it.

use insta::assert_snapshot;
use kouti_testing::Built;

use crate::support::{bare, console, project, sdk, web};

/// The steps of the log that tell choices and warnings.
fn choices(build: &Built) -> String {
    let log = build.log();
    let is_choice = |line: &&str| {
        !line.starts_with("  Processes")
            && !line.starts_with("    web")
            && !line.contains("(default)")
    };
    log.lines().filter(is_choice).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_target_framework_chooses_the_line() {
    let build = web().file("Shop.csproj", project("Microsoft.NET.Sdk.Web", "net8.0", "")).build();
    assert_snapshot!(choices(&build), @"
    Kouti .NET [version]
      Building Shop.csproj
      Choosing .NET SDK
        Shop.csproj   8.0.*   <- used
        default       10.*
        8.0.424 chosen (newest that fits; supported until 2026-11-10)
    warning: support of .NET SDK 8.0.424 ends on 2026-11-10
    hint: move to .NET SDK 10.0.400
      Installing application
      Installing ICU 78.3 for the build
        257 B from the buildpack in [time], sha256 ok
      Installing .NET SDK 8.0.424
        2.5 kB from the buildpack in [time], sha256 ok
      Running dotnet publish <app>/Shop.csproj --configuration Release --runtime linux-x64 --self-contained false --output <app>/.kouti-publish/0
            Shop -> <app>/.kouti-publish/0/
      Choosing the runtime
        Shop.runtimeconfig.json   Microsoft.AspNetCore.App 8.0.0   8.0.30 (Minor)
    warning: support of ASP.NET Core Runtime 8.0.30 ends on 2026-11-10
    hint: move to ASP.NET Core Runtime 10.0.11
      Installing ASP.NET Core Runtime 8.0.30
        8.0.30 is in the SDK
      Installing ICU 78.3
      Installing launch environment
      Installing launch helper
        Shop            <app>/Shop
      Done in [time]
    warning: support of .NET SDK 8.0.424 ends on 2026-11-10
    hint: move to .NET SDK 10.0.400
    warning: support of ASP.NET Core Runtime 8.0.30 ends on 2026-11-10
    hint: move to ASP.NET Core Runtime 10.0.11
    ");
}

#[test]
fn global_json_pins_and_a_newer_patch_is_told() {
    let pin = r#"{ "sdk": { "version": "8.0.300", "rollForward": "LatestPatch" } }"#;
    let build = web()
        .file("Shop.csproj", project("Microsoft.NET.Sdk.Web", "net8.0", ""))
        .file("global.json", pin)
        .build();
    assert_snapshot!(choices(&build), @"
    Kouti .NET [version]
      Building Shop.csproj
      Choosing .NET SDK
        global.json (8.0.300, latestPatch)   8.0.319   <- used
        Shop.csproj                          8.0.*
        default                              10.*
        8.0.319 chosen (newest that fits; supported until 2026-11-10)
    warning: support of .NET SDK 8.0.319 ends on 2026-11-10
    hint: move to .NET SDK 10.0.400
      Installing application
      Installing ICU 78.3 for the build
        257 B from the buildpack in [time], sha256 ok
      Installing .NET SDK 8.0.319
        2.5 kB from the buildpack in [time], sha256 ok
      Running dotnet publish <app>/Shop.csproj --configuration Release --runtime linux-x64 --self-contained false --output <app>/.kouti-publish/0
            Shop -> <app>/.kouti-publish/0/
      Choosing the runtime
        Shop.runtimeconfig.json   Microsoft.AspNetCore.App 8.0.0   8.0.30 (Minor)
    warning: support of ASP.NET Core Runtime 8.0.30 ends on 2026-11-10
    hint: move to ASP.NET Core Runtime 10.0.11
      Installing ASP.NET Core Runtime 8.0.30
        2.4 kB from the buildpack in [time], sha256 ok
      Installing ICU 78.3
      Installing launch environment
      Installing launch helper
        Shop            <app>/Shop
      Done in [time]
    warning: support of .NET SDK 8.0.319 ends on 2026-11-10
    hint: move to .NET SDK 10.0.400
    warning: support of ASP.NET Core Runtime 8.0.30 ends on 2026-11-10
    hint: move to ASP.NET Core Runtime 10.0.11
    ");
    let exact = r#"{ "sdk": { "version": "10.0.302", "rollForward": "disable" } }"#;
    let build = web().artifact(sdk("10.0.303", "10.0.11")).file("global.json", exact).build();
    assert!(
        build.log().contains("warning: .NET SDK 10.0.302 lacks the fixes of 10.0.303"),
        "{}",
        build.log()
    );
}

#[test]
fn a_setting_puts_global_json_aside_while_the_build_runs() {
    let text = "{ \"sdk\": { \"version\": \"8.0.424\" }, \"msbuild-sdks\": { \"A\": \"1.0.0\" } }";
    let build = web()
        .file("global.json", text)
        .env("BP_DOTNET_SDK_VERSION", "10.*")
        .env("BP_DOTNET_KEEP_SOURCE", "true")
        .build();
    assert_snapshot!(choices(&build), @"
    Kouti .NET [version]
      Settings
        BP_DOTNET_KEEP_SOURCE   true
        BP_DOTNET_SDK_VERSION   10.*
      Building Shop.csproj
      Choosing .NET SDK
        BP_DOTNET_SDK_VERSION          10.*      <- used
        global.json (8.0.424, patch)   8.0.424
        Shop.csproj                    10.0.*
        default                        10.*
        10.0.400 chosen (newest that fits; supported until 2028-11-14)
    warning: global.json (8.0.424, patch) asks for .NET SDK 8.0.424, but BP_DOTNET_SDK_VERSION decides, and 10.0.400 does not fit it
    warning: `sdk` of global.json is set aside for this build: it asks for another SDK
      Installing ICU 78.3 for the build
        257 B from the buildpack in [time], sha256 ok
      Installing .NET SDK 10.0.400
        2.5 kB from the buildpack in [time], sha256 ok
      Running dotnet publish <app>/Shop.csproj --configuration Release --runtime linux-x64 --self-contained false --output <app>/.kouti-publish/0
            Shop -> <app>/.kouti-publish/0/
      Choosing the runtime
        bin/publish/Shop.runtimeconfig.json   Microsoft.AspNetCore.App 10.0.0   10.0.11 (Minor)
      Installing ASP.NET Core Runtime 10.0.11
        10.0.11 is in the SDK
      Installing ICU 78.3
      Installing launch environment
      Installing launch helper
        Shop            <app>/bin/publish/Shop
      Done in [time]
    warning: global.json (8.0.424, patch) asks for .NET SDK 8.0.424, but BP_DOTNET_SDK_VERSION decides, and 10.0.400 does not fit it
    warning: `sdk` of global.json is set aside for this build: it asks for another SDK
    ");
    assert_eq!(build.app_file("global.json"), text);
}

#[test]
fn previews_are_opt_in() {
    let case = web()
        .artifact(sdk("11.0.100-preview.6", "11.0.0-preview.6"))
        .file("Shop.csproj", project("Microsoft.NET.Sdk.Web", "net11.0", ""));
    assert_snapshot!(case.clone().fails().error(), @"
    error[framework-too-new]: Shop.csproj targets .NET 11.0, and the newest SDK here is of .NET 10.0

    hint: target net10.0
    hint: for a preview of .NET set BP_DOTNET_ENABLE_PRERELEASE=true
    ");
    let latest = r#"{ "sdk": { "version": "10.0.100", "rollForward": "latestMajor", "allowPrerelease": true } }"#;
    let build = web()
        .artifact(sdk("11.0.100-preview.6", "11.0.0-preview.6"))
        .file("global.json", latest)
        .build();
    assert!(build.log().contains("10.0.400 chosen"), "{}", build.log());
}

#[test]
fn the_highest_framework_of_a_list_is_published() {
    let text = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><PropertyGroup>\
                <TargetFrameworks>net8.0;net10.0</TargetFrameworks></PropertyGroup></Project>";
    let case = web().file("Shop.csproj", text);
    let build = case.clone().build();
    assert!(build.commands()[0].contains("--framework net10.0"), "{:?}", build.commands());
    let build = case.clone().env("BP_DOTNET_TARGET_FRAMEWORK", "net8.0").build();
    assert!(build.commands()[0].contains("--framework net8.0"), "{:?}", build.commands());
    assert!(build.log().contains("8.0.424 chosen"), "{}", build.log());
    let failed = case.env("BP_DOTNET_TARGET_FRAMEWORK", "net9.0").fails();
    assert_snapshot!(failed.error(), @"
    error[target-framework-not-listed]: BP_DOTNET_TARGET_FRAMEWORK is `net9.0`, but Shop.csproj targets net8.0, net10.0

    hint: name one of these, or unset it for the highest
    ");
}

#[test]
fn props_above_the_project_count() {
    let props = "<Project><PropertyGroup><Line>8.0</Line><TargetFramework>net$(Line)</TargetFramework></PropertyGroup></Project>";
    let build = bare()
        .file("src/Shop/Shop.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Web\" />")
        .file("src/Directory.Build.props", props)
        .build();
    assert!(build.log().contains("8.0.424 chosen"), "{}", build.log());
}

#[test]
fn a_runtime_can_be_pinned_but_not_below_what_the_app_needs() {
    let net8 = console().file(
        "Tool.csproj",
        project("Microsoft.NET.Sdk", "net8.0", "<OutputType>Exe</OutputType>"),
    );
    let build = net8.clone().env("BP_DOTNET_RUNTIME_VERSION", "8.0.29").build();
    assert_snapshot!(choices(&build), @"
    Kouti .NET [version]
      Settings
        BP_DOTNET_RUNTIME_VERSION   8.0.29
      Building Tool.csproj
      Choosing .NET SDK
        Tool.csproj   8.0.*   <- used
        default       10.*
        8.0.424 chosen (newest that fits; supported until 2026-11-10)
    warning: support of .NET SDK 8.0.424 ends on 2026-11-10
    hint: move to .NET SDK 10.0.400
      Installing application
      Installing ICU 78.3 for the build
        257 B from the buildpack in [time], sha256 ok
      Installing .NET SDK 8.0.424
        2.5 kB from the buildpack in [time], sha256 ok
      Running dotnet publish <app>/Tool.csproj --configuration Release --runtime linux-x64 --self-contained false --output <app>/.kouti-publish/0
            Tool -> <app>/.kouti-publish/0/
      Choosing the runtime
        Tool.runtimeconfig.json   Microsoft.NETCore.App 8.0.0   8.0.29 (BP_DOTNET_RUNTIME_VERSION)
    warning: ASP.NET Core Runtime 8.0.29 lacks the fixes of 8.0.30
    hint: loosen what pins it, so that builds take the newest patch
    warning: support of ASP.NET Core Runtime 8.0.29 ends on 2026-11-10
    hint: move to ASP.NET Core Runtime 10.0.11
      Installing .NET Runtime 8.0.29
        2.4 kB from the buildpack in [time], sha256 ok
      Installing ICU 78.3
      Installing launch environment
      Done in [time]
    warning: support of .NET SDK 8.0.424 ends on 2026-11-10
    hint: move to .NET SDK 10.0.400
    warning: ASP.NET Core Runtime 8.0.29 lacks the fixes of 8.0.30
    hint: loosen what pins it, so that builds take the newest patch
    warning: support of ASP.NET Core Runtime 8.0.29 ends on 2026-11-10
    hint: move to ASP.NET Core Runtime 10.0.11
    ");
    let build = net8.env("BP_DOTNET_RUNTIME_VERSION", "10.*").build();
    assert_eq!(build.launch_env("Tool")["DOTNET_ROLL_FORWARD"], "Major");
    let failed = console().env("BP_DOTNET_RUNTIME_VERSION", "8.0.*").fails();
    assert_snapshot!(failed.error(), @"
    error[runtime-too-old]: the runtime 8.0.30 is older than 10.0.0, which Tool.runtimeconfig.json asks for

    hint: unset BP_DOTNET_RUNTIME_VERSION, or set it to that version or a newer one
    hint: or publish the app for an older target framework
    ");
    let failed = console().env("BP_DOTNET_ROLL_FORWARD", "Disable").fails();
    assert_snapshot!(failed.error(), @"
    error[runtime-not-found]: no runtime fits Microsoft.NETCore.App `10.0.0` (asked for in Tool.runtimeconfig.json)

    hint: rolling forward is disabled: only exactly this version would do
    hint: the newest of each line: 10.0.11, 9.0.19, 8.0.30
    ");
}

#[test]
fn an_old_target_is_built_by_a_newer_sdk_and_refused_a_runtime_that_is_gone() {
    let net7 = console().file(
        "Tool.csproj",
        project("Microsoft.NET.Sdk", "net7.0", "<OutputType>Exe</OutputType>"),
    );
    assert_snapshot!(net7.clone().fails().log(), @"
    Kouti .NET [version]
      Building Tool.csproj
      Choosing .NET SDK
        default, because Tool.csproj targets 7.0   10.*   <- used
        default                                    10.*
        10.0.400 chosen (newest that fits; supported until 2028-11-14)
    warning: Tool.csproj targets .NET 7.0, which is older than every SDK here: a newer SDK builds it, and fetches what it needs of 7.0 from the package feed
    hint: move the project to a line with support
      Installing application
      Installing ICU 78.3 for the build
        257 B from the buildpack in [time], sha256 ok
      Installing .NET SDK 10.0.400
        2.5 kB from the buildpack in [time], sha256 ok
      Running dotnet publish <app>/Tool.csproj --configuration Release --runtime linux-x64 --self-contained false --output <app>/.kouti-publish/0
            Tool -> <app>/.kouti-publish/0/

    error[runtime-not-found]: no runtime fits Microsoft.NETCore.App `7.0.0` (asked for in Tool.runtimeconfig.json)

    hint: set BP_DOTNET_ROLL_FORWARD=Major to let it run on a newer line
    hint: the newest of each line: 10.0.11, 9.0.19, 8.0.30
    ");
    let build = net7.env("BP_DOTNET_ROLL_FORWARD", "Major").build();
    assert!(build.log().contains("8.0.30 (BP_DOTNET_ROLL_FORWARD Major)"), "{}", build.log());
    assert_eq!(build.launch_env("Tool")["DOTNET_ROLL_FORWARD"], "Major");
}

#[test]
fn a_runtime_without_support_for_more_than_a_year_is_refused() {
    let net8 = console().env("KOUTI_TODAY", "2028-01-01").file(
        "Tool.csproj",
        project("Microsoft.NET.Sdk", "net8.0", "<OutputType>Exe</OutputType>"),
    );
    assert_snapshot!(net8.clone().fails().error(), @"
    error[unsupported-runtime]: support of ASP.NET Core Runtime 8.0.30 ended on 2026-11-10, more than a year ago

    hint: target net10.0
    hint: or run it on a newer line as it is: BP_DOTNET_ROLL_FORWARD=LatestMajor
    hint: or accept the risk: BP_DOTNET_ALLOW_EOL=true
    ");
    let build = net8.clone().env("BP_DOTNET_ALLOW_EOL", "true").build();
    assert!(build.layer("runtime").has("shared/Microsoft.NETCore.App/8.0.30"));
    let build = net8.env("BP_DOTNET_ROLL_FORWARD", "LatestMajor").build();
    assert!(build.layer("runtime").has("shared/Microsoft.NETCore.App/10.0.11"), "{}", build.log());
}

#[test]
fn the_old_setting_is_honoured_with_a_warning() {
    let net8 = console().file(
        "Tool.csproj",
        project("Microsoft.NET.Sdk", "net8.0", "<OutputType>Exe</OutputType>"),
    );
    let build = net8.env("BP_DOTNET_FRAMEWORK_VERSION", "8.0.29").build();
    assert!(build.log().contains("BP_DOTNET_FRAMEWORK_VERSION is deprecated"), "{}", build.log());
    assert!(build.layer("runtime").has("shared/Microsoft.NETCore.App/8.0.29"));
}

#[test]
fn an_invariant_app_gets_no_icu() {
    let invariant = "<InvariantGlobalization>true</InvariantGlobalization>";
    let case = web().file("Shop.csproj", project("Microsoft.NET.Sdk.Web", "net10.0", invariant));
    assert!(case.clone().build().find_layer("icu").is_none());
    assert!(case.env("BP_DOTNET_ICU", "true").build().find_layer("icu").is_some());
    assert!(web().env("BP_DOTNET_ICU", "false").build().find_layer("icu").is_none());
    let build = web().env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1").build();
    assert!(build.find_layer("icu").is_none());
    assert_eq!(build.launch_env("web")["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"], "1");
}
