//! Apps that are built from source.

use insta::assert_snapshot;
use kouti_testing::{Built, Case, Tool, Types};

use crate::support::{DOTNET, bare, console, project, sdk, sdk_with, web};

/// What a build did, one line for each layer and command.
fn steps(build: &Built) -> String {
    let log = build.log();
    let is_step = |line: &&str| {
        ["Installing", "Rebuilding", "Reusing", "Running"].iter().any(|step| line.starts_with(step))
    };
    let lines = log.lines().filter_map(|line| line.strip_prefix("  "));
    lines.filter(is_step).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_web_app_is_published_and_listens_on_the_port_of_the_platform() {
    let build = web().build();
    assert_snapshot!(build.log(), @"
    Kouti .NET [version]
      Building Shop.csproj
      Choosing .NET SDK
        Shop.csproj   10.0.*   <- used
        default       10.*
        10.0.400 chosen (newest that fits; supported until 2028-11-14)
      Installing application
      Installing ICU 78.3 for the build
        257 B from the buildpack in [time], sha256 ok
      Installing .NET SDK 10.0.400
        2.5 kB from the buildpack in [time], sha256 ok
      Running dotnet publish <app>/Shop.csproj --configuration Release --runtime linux-x64 --self-contained false --output <app>/.kouti-publish/0
            Shop -> <app>/.kouti-publish/0/
      Choosing the runtime
        Shop.runtimeconfig.json   Microsoft.AspNetCore.App 10.0.0   10.0.11 (Minor)
      Installing ASP.NET Core Runtime 10.0.11
        10.0.11 is in the SDK
      Installing ICU 78.3
      Installing launch environment
      Installing launch helper
      Processes
        web (default)   <app>/Shop
        Shop            <app>/Shop
      Done in [time]
    ");
    assert_snapshot!(build.commands().join("\n"), @"dotnet publish <app>/Shop.csproj --configuration Release --runtime linux-x64 --self-contained false --output <app>/.kouti-publish/0");
    assert_snapshot!(build.layers(), @"
    kouti/dotnet:application (cache) Added
    kouti/dotnet:helper (launch) Added
    kouti/dotnet:icu (launch) Added
    kouti/dotnet:icu-build (build) Added
    kouti/dotnet:launch-env (launch) Added
    kouti/dotnet:nuget (cache) Added
    kouti/dotnet:runtime (launch) Added
    kouti/dotnet:sdk (build) Added
    ");
    assert_snapshot!(build.processes(), @"
    Shop: <app>/Shop
    web (default): <app>/Shop
    ");
    assert!(!build.app_path("Program.cs").exists() && !build.app_path("obj").exists());
    let env = build.launch_env("web");
    assert_eq!(env["ASPNETCORE_URLS"], "http://*:8080");
    assert_eq!(env["DOTNET_ROOT"], "<layers>/kouti_dotnet/runtime");
    assert!(env["LD_LIBRARY_PATH"].contains("/icu/lib"), "{env:?}");
}

#[test]
fn a_program_gets_the_plain_runtime_and_no_port() {
    let build = console().build();
    assert_eq!(build.processes(), "Tool (default): <app>/Tool\n");
    let runtime = build.layer("runtime");
    assert_eq!(runtime.types(), Types::LAUNCH);
    assert_snapshot!(runtime.files().join("\n"), @"
    LICENSE.txt
    ThirdPartyNotices.txt
    dotnet
    env.launch/DOTNET_ROOT.default
    env.launch/PATH.delim
    env.launch/PATH.prepend
    host/fxr/10.0.11/libhostfxr.so
    shared/Microsoft.NETCore.App/10.0.11/System.Private.CoreLib.dll
    ");
    assert!(build.find_layer("helper").is_none());
    assert!(!build.launch_env("Tool").contains_key("ASPNETCORE_URLS"));
}

#[test]
fn a_rebuild_after_a_change_of_source_reuses_everything_else() {
    let build = web().build();
    let again = build.rebuild_with(|case| case.file("Program.cs", "// changed"));
    for layer in ["runtime", "icu", "helper", "launch-env"] {
        assert!(again.layer(layer).is_reused(), "{}", again.layers());
    }
    assert_snapshot!(steps(&again), @"
    Rebuilding application: files changed
    Installing ICU 78.3 for the build
    Installing .NET SDK 10.0.400
    Running dotnet publish <app>/Shop.csproj --configuration Release --runtime linux-x64 --self-contained false --output <app>/.kouti-publish/0
    Reusing ASP.NET Core Runtime 10.0.11
    Reusing ICU 78.3
    Reusing launch environment
    Reusing launch helper
    ");
    assert_eq!(again.image_digest(), build.image_digest(), "the fake makes the same of any source");
    let cold = again.rebuild_with(|case| case.without_cache().without_image());
    assert_eq!(cold.image_digest(), build.image_digest());
}

#[test]
fn a_rebuild_of_the_same_source_starts_no_sdk() {
    let build = web().build();
    let bills = |build: &Built| {
        let path = "kouti_dotnet/sbom.cdx.json";
        [build.sbom(path), build.build_sbom(path)]
    };
    let first = bills(&build);
    let again = build.rebuild();
    assert_eq!(again.commands(), [""; 0]);
    assert_snapshot!(steps(&again), @"
    Reusing application
    Reusing ASP.NET Core Runtime 10.0.11
    Reusing ICU 78.3
    Reusing launch environment
    Reusing launch helper
    ");
    assert_eq!(again.image_digest(), build.image_digest());
    assert_eq!(bills(&again), first);
    assert_eq!(again.layer("nuget").types(), Types::CACHE, "the next change finds the packages");
    // What decides: source, settings, variables, SDK, and the commit that is checked out.
    let asks = |change: &dyn Fn(Case) -> Case| !again.rebuild_with(change).commands().is_empty();
    assert!(asks(&|case| case.file("Program.cs", "// changed")));
    assert!(asks(&|case| case.env("MyProperty", "1")));
    assert!(asks(&|case| case.artifact(sdk("10.0.401", "10.0.11"))));
    assert!(asks(&|case| case.file(".git/HEAD", "0123abcd")));
    assert!(asks(&|case| case.without_cache()));
    assert!(!asks(&|case| case.without_image()), "a new image of what is in the cache");
}

#[test]
fn what_floats_or_has_a_front_end_is_built_each_time() {
    let floats = DOTNET.replace(
        "{\"libraries\":",
        "{\"project\": {\"frameworks\": {\"net10.0\": {\"dependencies\": {\"Json\": {\"version\": \"[13.*, )\"}}}}},\n \"libraries\":",
    );
    assert_ne!(floats, DOTNET);
    let case = web().artifact(sdk_with("10.0.500", "10.0.11", Tool::script(floats)));
    assert_eq!(case.build().rebuild().commands().len(), 1);
    let exec =
        "</PropertyGroup><Target Name=\"Ui\"><Exec Command=\"npm ci\" /></Target><PropertyGroup>";
    let case = web()
        .file("Shop.csproj", project("Microsoft.NET.Sdk.Web", "net10.0", exec))
        .provides("node")
        .provides("npm");
    assert_eq!(case.build().rebuild().commands().len(), 1);
}

#[test]
fn where_nobody_knows_which_packages_were_taken_the_app_is_built_each_time() {
    // A project may have its `obj` anywhere.
    let hidden = DOTNET.replace("\"$assets/project.assets.json\"", "/dev/null");
    assert_ne!(hidden, DOTNET);
    let case = web().artifact(sdk_with("10.0.500", "10.0.11", Tool::script(hidden)));
    assert_eq!(case.build().rebuild().commands().len(), 1);
}

#[test]
fn output_of_all_projects_in_one_place_is_understood() {
    // What the SDK does where `Directory.Build.props` says `UseArtifactsOutput`.
    let moved = DOTNET.replace("assets=$dir/obj", "assets=${dir%/*}/artifacts/obj/$name");
    let stale = "[ ! -e \"${2%/*/*}/artifacts/obj/Shop/old\" ] || exit 1";
    let dotnet = Tool::script(format!("{stale}\n{moved}"));
    let props = "<Project><PropertyGroup><UseArtifactsOutput>true</UseArtifactsOutput></PropertyGroup></Project>";
    let build = bare()
        .artifact(sdk_with("10.0.500", "10.0.11", dotnet))
        .file("src/Directory.Build.props", props)
        .file("src/Shop/Shop.csproj", project("Microsoft.NET.Sdk.Web", "net10.0", ""))
        .file("src/artifacts/obj/Shop/old", "C:\\Users")
        .build();
    assert_eq!(build.processes(), "Shop: <app>/Shop\nweb (default): <app>/Shop\n");
    let slices: Vec<String> = build.slices().iter().map(|files| files.join(" ")).collect();
    assert_eq!(slices[..3], ["Json.dll", "Beta.dll", "Lib.dll"]);
    let bill = build.build_sbom("kouti_dotnet/sbom.cdx.json");
    assert!(bill.contains("pkg:nuget/Analyzer@1.0.0"), "{bill}");
    assert_eq!(build.rebuild().commands(), [""; 0], "what NuGet has taken is known");
}

#[test]
fn packages_that_are_there_are_not_got_again() {
    let gets = r#"[ -d "$NUGET_PACKAGES/json/13.0.1" ] || echo "GET json 13.0.1""#;
    let dotnet = Tool::script(format!("{gets}\n{DOTNET}"));
    let build = web().artifact(sdk_with("10.0.500", "10.0.11", dotnet)).build();
    assert!(build.log().contains("GET json"), "{}", build.log());
    let again = build.rebuild_with(|case| case.file("Program.cs", "// changed"));
    assert_eq!(again.commands().len(), 1);
    assert!(!again.log().contains("GET json"), "{}", again.log());
}

#[test]
fn a_solution_with_two_apps_has_two_processes() {
    let sln = "Project(\"{9A19103F-16F7-4668-BE54-9A1E7A4F7556}\") = \"Web\", \"src\\Web\\Web.csproj\", \"{1}\"\n\
               Project(\"{9A19103F-16F7-4668-BE54-9A1E7A4F7556}\") = \"Jobs\", \"src\\Jobs\\Jobs.csproj\", \"{2}\"\n\
               Project(\"{9A19103F-16F7-4668-BE54-9A1E7A4F7556}\") = \"Lib\", \"src\\Lib\\Lib.csproj\", \"{3}\"\n";
    let build = bare()
        .file("Shop.sln", sln)
        .file("src/Web/Web.csproj", project("Microsoft.NET.Sdk.Web", "net8.0", ""))
        .file("src/Jobs/Jobs.csproj", project("Microsoft.NET.Sdk.Worker", "net10.0", ""))
        .file("src/Lib/Lib.csproj", project("Microsoft.NET.Sdk", "net10.0", ""))
        .build();
    assert_snapshot!(build.log(), @"
    Kouti .NET [version]
      Building Shop.sln
        src/Lib/Lib.csproj is passed over: it is a library: no OutputType `Exe`, no SDK for web apps or workers
      Choosing .NET SDK
        src/Jobs/Jobs.csproj   10.0.*   <- used
        default                10.*
        10.0.400 chosen (newest that fits; supported until 2028-11-14)
      Installing application
      Installing ICU 78.3 for the build
        257 B from the buildpack in [time], sha256 ok
      Installing .NET SDK 10.0.400
        2.5 kB from the buildpack in [time], sha256 ok
      Running dotnet publish <app>/src/Web/Web.csproj --configuration Release --runtime linux-x64 --self-contained false --output <app>/.kouti-publish/0
            Web -> <app>/.kouti-publish/0/
      Running dotnet publish <app>/src/Jobs/Jobs.csproj --configuration Release --runtime linux-x64 --self-contained false --output <app>/.kouti-publish/1
            Jobs -> <app>/.kouti-publish/1/
      Choosing the runtime
        web/Web.runtimeconfig.json     Microsoft.AspNetCore.App 8.0.0   8.0.30 (Minor)
        jobs/Jobs.runtimeconfig.json   Microsoft.NETCore.App 10.0.0     10.0.11 (Minor)
    warning: support of ASP.NET Core Runtime 8.0.30 ends on 2026-11-10
    hint: move to ASP.NET Core Runtime 10.0.11
      Installing ASP.NET Core Runtime 8.0.30 and .NET Runtime 10.0.11
        2.4 kB from the buildpack in [time], sha256 ok
        10.0.11 is in the SDK
      Installing ICU 78.3
      Installing launch environment
      Installing launch helper
      Processes
        web (default)   <app>/web/Web
        Web             <app>/web/Web
        jobs            <app>/jobs/Jobs
      Done in [time]
    warning: support of ASP.NET Core Runtime 8.0.30 ends on 2026-11-10
    hint: move to ASP.NET Core Runtime 10.0.11
    ");
    assert_snapshot!(build.processes(), @"
    Web: <app>/web/Web in <app>/web
    jobs: <app>/jobs/Jobs in <app>/jobs
    web (default): <app>/web/Web in <app>/web
    ");
    assert_snapshot!(build.layer("runtime").files().join("\n"), @"
    LICENSE.txt
    ThirdPartyNotices.txt
    dotnet
    env.launch/DOTNET_ROOT.default
    env.launch/PATH.delim
    env.launch/PATH.prepend
    host/fxr/10.0.11/libhostfxr.so
    host/fxr/8.0.30/libhostfxr.so
    shared/Microsoft.AspNetCore.App/8.0.30/Microsoft.AspNetCore.dll
    shared/Microsoft.NETCore.App/10.0.11/System.Private.CoreLib.dll
    shared/Microsoft.NETCore.App/8.0.30/System.Private.CoreLib.dll
    ");
}
