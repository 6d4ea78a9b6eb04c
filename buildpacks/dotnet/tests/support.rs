//! The apps and the SDKs of these tests.

use kouti_testing::{Artifact, Case, Tool};

/// A case without an app, with SDKs and runtimes of three lines and ICU.
pub(crate) fn bare() -> Case {
    let case = Case::new(
        env!("CARGO_BIN_EXE_kouti-dotnet"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml"),
    )
    .helper(env!("CARGO_BIN_EXE_kouti-dotnet-helper"))
    .env("KOUTI_TODAY", "2026-09-01")
    .default_version("dotnet-sdk", "10.*")
    .metadata(LINES)
    .artifact(icu());
    let case = [("8.0.319", "8.0.29"), ("8.0.424", "8.0.30"), ("9.0.317", "9.0.19")]
        .into_iter()
        .chain([("10.0.302", "10.0.10"), ("10.0.400", "10.0.11")])
        .fold(case, |case, (version, runtime)| case.artifact(sdk(version, runtime)));
    ["8.0.29", "8.0.30", "9.0.19", "10.0.10", "10.0.11"]
        .into_iter()
        .fold(case, |case, version| case.artifact(runtime(version)))
}

/// A web app of one project.
pub(crate) fn web() -> Case {
    bare()
        .file("Shop.csproj", project("Microsoft.NET.Sdk.Web", "net10.0", ""))
        .file("Program.cs", "")
}

/// A program of one project.
pub(crate) fn console() -> Case {
    let exe = "<OutputType>Exe</OutputType>";
    bare().file("Tool.csproj", project("Microsoft.NET.Sdk", "net10.0", exe)).file("Program.cs", "")
}

/// The text of a project.
pub(crate) fn project(sdk: &str, framework: &str, properties: &str) -> String {
    format!(
        "<Project Sdk=\"{sdk}\">\n  <PropertyGroup>\n    \
         <TargetFramework>{framework}</TargetFramework>\n    {properties}\n  </PropertyGroup>\n</Project>\n"
    )
}

const LINES: &str = r#"
[[lines]]
id = "dotnet-sdk"
line = "8.0"
lts = "2023-11-14"

[[lines]]
id = "dotnet-sdk"
line = "9.0"

[[lines]]
id = "dotnet-sdk"
line = "10.0"
lts = "2025-11-11"
"#;

fn eol(version: &str) -> &'static str {
    if version.starts_with("10.") { "2028-11-14" } else { "2026-11-10" }
}

/// An SDK that journals its calls and publishes what the project asks for.
pub(crate) fn sdk(version: &str, runtime: &str) -> Artifact {
    sdk_with(version, runtime, Tool::script(DOTNET))
}

/// An SDK with another `dotnet`.
pub(crate) fn sdk_with(version: &str, runtime: &str, dotnet: Tool) -> Artifact {
    Artifact::new("dotnet-sdk", version)
        .with("name", ".NET SDK")
        .with("eol-date", eol(version))
        .with("licenses", vec!["MIT"])
        .tool("dotnet", dotnet)
        .file(&format!("sdk/{version}/dotnet.dll"), "")
        .file(&format!("host/fxr/{runtime}/libhostfxr.so"), "")
        .file(&format!("shared/Microsoft.NETCore.App/{runtime}/System.Private.CoreLib.dll"), "")
        .file(&format!("shared/Microsoft.AspNetCore.App/{runtime}/Microsoft.AspNetCore.dll"), "")
        .file("packs/Microsoft.NETCore.App.Ref/ref.dll", "")
        .file("LICENSE.txt", "MIT")
        .file("ThirdPartyNotices.txt", "")
}

/// A runtime with ASP.NET Core.
pub(crate) fn runtime(version: &str) -> Artifact {
    Artifact::new("dotnet-core-aspnet-runtime", version)
        .with("name", "ASP.NET Core Runtime")
        .with("eol-date", eol(version))
        .with("licenses", vec!["MIT"])
        .tool("dotnet", Tool::script(DOTNET))
        .file(&format!("host/fxr/{version}/libhostfxr.so"), "")
        .file(&format!("shared/Microsoft.NETCore.App/{version}/System.Private.CoreLib.dll"), "")
        .file(&format!("shared/Microsoft.AspNetCore.App/{version}/Microsoft.AspNetCore.dll"), "")
        .file("LICENSE.txt", "MIT")
        .file("ThirdPartyNotices.txt", "")
}

fn icu() -> Artifact {
    Artifact::new("icu", "78.3")
        .with("name", "ICU")
        .with("licenses", vec!["ICU"])
        .file("lib/libicuuc.so.78.3", "")
        .link("lib/libicuuc.so.78", "libicuuc.so.78.3")
        .file("lib/libicudata.so.78.3", "")
        .file("lib/libicui18n.so.78.3", "")
        .file("lib/libicuio.so.78.3", "")
        .file("bin/uconv", "")
        .file("include/unicode/utypes.h", "")
}

/// Publishes what a project says by simple text: its SDK, framework, assembly name, whether it brings
/// its runtime. A file `published` beside the project is copied into the output.
pub(crate) const DOTNET: &str = r##"
value() { sed -n "s:.*<$1>\([^<]*\)</$1>.*:\1:p" "$project" | tail -n 1; }
case "$1" in
publish) ;;
*) exit 0 ;;
esac
project=$2
shift 2
own= il=
while [ $# -gt 0 ]; do
    case "$1" in
    --output) output=$2; shift ;;
    --framework) framework=$2; shift ;;
    --self-contained) [ "$2" = false ] || own=true ;;
    -p:PublishAot=false) il=true ;;
    esac
    shift
done
dir=${project%/*}
file=${project##*/}
case "$file" in
*.cs)
    name=$(sed -n 's/^#:property AssemblyName=//p' "$project")
    name=${name:-${file%.cs}}
    framework=net10.0
    sdk=Microsoft.NET.Sdk
    ! grep -q "#:sdk Microsoft.NET.Sdk.Web" "$project" || sdk=Microsoft.NET.Sdk.Web
    ! grep -q "#:property PublishAot=false" "$project" || il=true
    # Compiled ahead of time unless somebody says otherwise, and built among the data of the user.
    fused=${il:-native}
    assets=$HOME/.local/share/dotnet/runfile/${file%.cs}-0a1b2c/obj
    ;;
*)
    name=$(value AssemblyName)
    name=${name:-${file%.*}}
    framework=${framework:-$(value TargetFramework)}
    sdk=$(sed -n 's/.*Sdk="\([^"]*\)".*/\1/p' "$project" | head -n 1)
    [ "$(value SelfContained)" != true ] || own=true
    [ -z "$(value PublishSingleFile)$(value PublishAot)" ] || fused=native
    assets=$dir/obj
    ;;
esac
version=${framework#net}
version=${version#coreapp}
version=${version:-10.0}.0
echo "  $name -> $output/"
mkdir -p "$output" "$assets"
case "$sdk" in
Microsoft.NET.Sdk.BlazorWebAssembly)
    mkdir -p "$output/wwwroot/_framework"
    echo site >"$output/wwwroot/index.html"
    exit 0
    ;;
Microsoft.NET.Sdk.Web) need=Microsoft.AspNetCore.App ;;
*) need=Microsoft.NETCore.App ;;
esac
echo dll >"$output/$name.dll"
# A library is nothing to start.
[ "$sdk" != Microsoft.NET.Sdk ] || [ "$(value OutputType)" ] || [ "$file" != "${file%.csproj}.csproj" ] || exit 0
printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000\002\000\076\000' >"$output/$name"
chmod 755 "$output/$name"
if [ -n "$own" ]; then
    frameworks="\"includedFrameworks\": [{\"name\": \"$need\", \"version\": \"$version\"}]"
else
    frameworks="\"framework\": {\"name\": \"$need\", \"version\": \"$version\"}"
fi
properties=
[ "$(value InvariantGlobalization)" != true ] ||
    properties=', "configProperties": {"System.Globalization.Invariant": true}'
cat >"$output/$name.runtimeconfig.json" <<END
{"runtimeOptions": {$frameworks$properties}}
END
cat >"$output/$name.deps.json" <<END
{"runtimeTarget": {"name": "t"},
 "targets": {"t": {
   "$name/1.0.0": {"dependencies": {"Json": "13.0.1"}, "runtime": {"$name.dll": {}}},
   "Lib/1.0.0": {"runtime": {"Lib.dll": {}}},
   "Json/13.0.1": {"runtime": {"lib/net6.0/Json.dll": {}}},
   "Beta/2.0.0-rc.1": {"runtime": {"lib/net6.0/Beta.dll": {}}}}},
 "libraries": {
   "$name/1.0.0": {"type": "project", "sha512": ""},
   "Lib/1.0.0": {"type": "project", "sha512": ""},
   "Json/13.0.1": {"type": "package", "sha512": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="},
   "Beta/2.0.0-rc.1": {"type": "package", "sha512": ""}}}
END
if [ "$fused" = native ]; then
    # Everything is in one file.
    rm "$output/$name.dll" "$output/$name.deps.json" "$output/$name.runtimeconfig.json"
else
    for file in Json Beta Lib; do echo $file >"$output/$file.dll"; done
fi
if [ -n "$NUGET_PACKAGES" ]; then
    mkdir -p "$NUGET_PACKAGES/json/13.0.1"
    echo '<package><metadata><license type="expression">MIT</license></metadata></package>' \
        >"$NUGET_PACKAGES/json/13.0.1/json.nuspec"
fi
cat >"$assets/project.assets.json" <<END
{"libraries": {"Json/13.0.1": {"type": "package", "path": "json/13.0.1", "sha512": ""},
               "Analyzer/1.0.0": {"type": "package", "path": "analyzer/1.0.0", "sha512": ""}}}
END
"##;
