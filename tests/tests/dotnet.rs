//! `kouti/dotnet`, from source to an answer, with a real SDK and without a package feed.

use std::time::Duration;

use kouti_image_tests::{App, Build, docker};

use crate::utilities::{binding, signed, volume};

#[test]
#[ignore = "image test"]
fn a_web_app_is_built_answers_and_is_rebuilt_without_new_work() {
    let app = App::sample("dotnet");
    let build = Build::new("dotnet-web");
    let cold = build.app(&app).offline().succeeds();
    assert!(cold.contains("Running dotnet publish"), "{cold}");
    let first = build.image.id();
    let layers = build.image.layers();

    let container = build.image.run().hardened().start();
    let answer = container.get("/");
    assert_eq!(answer.status, 200, "{}", answer.head);
    assert!(answer.body.contains("on Sonntag, 1. März 2026"), "ICU is there: {}", answer.body);
    // Port 8080 of every address, of IPv6 too: a network may have nothing else.
    let listening = container.exec("cat /proc/net/tcp6");
    assert!(listening.contains(" 00000000000000000000000000000000:1F90 "), "{listening}");
    let (took, code) = container.stop();
    assert_eq!(code, 0, "SIGTERM reaches the app: {}", container.log());
    assert!(took < Duration::from_secs(8), "not killed after ten seconds, but {took:?}");
    let left =
        build.image.shell("find /layers /workspace /home -name '*.cs' -o -type d -path '*/sdk/*'");
    assert_eq!(left, "", "neither source nor SDK is in the image");

    let missing =
        "find /layers/kouti_dotnet/runtime -name '*.so' -exec ldd {} + | grep 'not found'";
    let missing = build.image.shell(&format!("{missing} | grep -v -e lttng-ust -e libcurl; true"));
    assert_eq!(missing, "", "every library is in the run image");

    let warm = build.app(&app).offline().succeeds();
    assert!(warm.contains("Reusing application"), "{warm}");
    assert!(!warm.contains("dotnet publish") && !warm.contains("Installing .NET SDK"), "{warm}");
    assert!(warm.contains("Reusing ASP.NET Core Runtime"), "{warm}");
    assert_eq!(build.image.id(), first, "the same source gives the same image:\n{warm}");
    let other = Build::new("dotnet-other");
    let _ = other.app(&app).offline().succeeds();
    assert_eq!(other.image.id(), first, "and without what the first build has left");

    app.replace("Program.cs", "Hello from", "Greetings from");
    let changed = build.app(&app).offline().succeeds();
    assert!(changed.contains("Reusing ASP.NET Core Runtime"), "{changed}");
    let kept = build.image.layers().iter().filter(|layer| layers.contains(layer)).count();
    assert!(kept >= layers.len() - 2, "only the app's own layer changes: {kept} of {layers:?}");
    assert!(build.image.run().start().get("/").body.contains("Greetings from"));

    // The same app, published elsewhere: its output without the program for this platform.
    let output = App::sample("dotnet");
    for source in ["Hello.csproj", "Program.cs", "appsettings.json", "README.md", ".gitignore"] {
        fs_err::remove_file(output.dir().join(source)).unwrap();
    }
    let container = docker(&["create", build.image.name()]);
    let from = format!("{}:/workspace/.", container.trim());
    docker(&["cp", &from, output.dir().to_str().unwrap()]);
    docker(&["rm", container.trim()]);
    fs_err::remove_file(output.dir().join("Hello")).unwrap();
    let prebuilt = Build::new("dotnet-prebuilt");
    let log = prebuilt.app(&output).offline().succeeds();
    assert!(!log.contains(".NET SDK") && !log.contains("Running"), "{log}");
    assert!(prebuilt.image.run().start().get("/").body.contains("Greetings from"));
}

#[test]
#[ignore = "image test"]
fn a_solution_makes_one_process_for_each_app() {
    let app = App::fixture("dotnet-solution");
    let build = Build::new("dotnet-solution");
    let log = build.app(&app).offline().env("BP_DOTNET_PROJECT_PATH", "back").succeeds();
    assert!(log.contains("back/Lib/Lib.csproj is passed over"), "{log}");
    let web = build.image.run().start();
    assert_eq!(web.get("/").body, "from appsettings: Sonntag, 1. März 2026");
    let worker = build.image.run().arg("--entrypoint").arg("shop-jobs").command(&["--wait"]);
    let worker = worker.start();
    worker.wait_for("done on Sonntag, 1. März 2026");
    let (took, code) = worker.stop();
    assert_eq!(code, 0, "{}", worker.log());
    assert!(took < Duration::from_secs(3), "it stops when it is told to, but took {took:?}");

    let (_, _, authority) = signed();
    let corp = binding("ca-certificates", &[("corp.crt", &authority)]);
    let mount = volume(&corp, "/bindings/corp");
    let trusts = |root: &str| {
        let root = format!("SERVICE_BINDING_ROOT={root}");
        let image = build.image.name();
        let run = ["run", "--rm", "--volume", &mount, "--env", &root, "--entrypoint", "shop-jobs"];
        docker(&[&run[..], &[image, "--trusts", "/bindings/corp/corp.crt"]].concat())
    };
    assert!(trusts("/tmp").contains("\nnot believed"), "nobody has bound it");
    assert!(trusts("/bindings").contains("\nbelieved"), "{}", trusts("/bindings"));
}

#[test]
#[ignore = "image test"]
fn a_program_in_a_sub_directory_gets_no_more_than_it_needs() {
    let app = App::fixture("dotnet-tool");
    let build = Build::new("dotnet-tool");
    let path = "src/Tool";
    let _ = build.app(&app).offline().env("BP_DOTNET_PROJECT_PATH", path).succeeds();
    // This old line of .NET does not start where it cannot write to /tmp.
    let strict = ["--read-only", "--tmpfs=/tmp", "--user", "12345:0", "--cap-drop", "ALL"];
    let mut run = vec!["run", "--rm"];
    run.extend(strict);
    run.push(build.image.name());
    assert_eq!(
        docker(&run),
        "It is Sunday, 01 March 2026\n",
        "invariant, and nothing else is said"
    );
    let left = build
        .image
        .shell("find /layers /workspace -path '*AspNetCore*' -o -name '*.csproj' -o -name sdk");
    assert_eq!(left, "");

    app.replace("src/Tool/Program.cs", "Console.", "Konsole.");
    let log = build.app(&app).offline().env("BP_DOTNET_PROJECT_PATH", path).fails();
    assert!(log.contains("error[publish-failed]"), "{log}");
    assert!(log.contains("Program.cs(5,34)"), "{log}");
    assert!(log.contains("error CS0103"), "{log}");
    assert!(log.contains("hint: correct what the compiler says"), "{log}");
}
