//! Apps that start anew when their files change, with the real watchexec.

/// With a builder that is made after `cargo xtask mirror --only watchexec`: compiling it takes minutes.
mod nightly {
    use kouti_image_tests::{App, Build, Container};

    /// The app, built for development and running.
    fn start(build: &Build, app: &App) -> Container {
        let _ = build.app(app).env("BP_LIVE_RELOAD_ENABLED", "true").succeeds();
        build.image.run().start()
    }

    /// How often the app has printed `text`.
    fn count(container: &Container, text: &str) -> usize {
        container.log().matches(text).count()
    }

    #[test]
    #[ignore = "image test"]
    fn a_node_app_answers_with_its_new_source() {
        let build = Build::new("reload-node");
        let container = start(&build, &App::fixture("no-dependencies"));
        assert!(container.get("/").body.starts_with("hello from v"));
        container.exec("sed -i s/hello/goodbye/ /workspace/server.js");
        container.wait_until("the new source answers", |container| {
            container.request("/", "").is_ok_and(|answer| answer.body.starts_with("goodbye from v"))
        });
        let (_, code) = container.stop();
        assert_eq!(code, 0, "SIGTERM reaches the app: {}", container.log());

        let plain = build.image.run().arg("--entrypoint=no-reload").start();
        assert!(plain.get("/").body.starts_with("hello from v"));
        let processes = plain.exec("cat /proc/[0-9]*/comm");
        assert!(!processes.contains("watchexec"), "{processes}");
    }

    #[test]
    #[ignore = "image test"]
    fn a_server_renders_its_configuration_anew() {
        let build = Build::new("reload-nginx");
        let container = start(&build, &App::sample("nginx"));
        assert!(container.get("/").head.contains("X-Greeting: hello"));
        container
            .exec("sed -i 's/\"GREETING\" \"hello\"/\"GREETING\" \"ahoy\"/' /workspace/nginx.conf");
        container.wait_until("the new configuration counts", |container| {
            container.request("/", "").is_ok_and(|answer| answer.head.contains("X-Greeting: ahoy"))
        });
        assert_eq!(container.stop().1, 0, "{}", container.log());
    }

    #[test]
    #[ignore = "image test"]
    fn httpd_starts_anew_for_a_site_that_it_serves() {
        let app = App::sample("static");
        // What is built is often left out of the repository.
        app.write(".gitignore", "more.html\n");
        let build = Build::new("reload-httpd");
        let call = build.app(&app).env("BP_WEB_SERVER", "httpd").env("BP_WEB_SERVER_ROOT", ".");
        let _ = call.env("BP_LIVE_RELOAD_ENABLED", "true").succeeds();
        // Where a container is not told of changes.
        let container = build.image.run().env("BPL_LIVE_RELOAD_POLL", "200").start();
        assert_eq!(container.get("/").status, 200);
        let started = count(&container, "resuming normal operations");
        container.exec("echo more >/workspace/more.html");
        container.wait_until("httpd starts anew", |container| {
            count(container, "resuming normal operations") > started
        });
        assert_eq!(container.get("/more.html").body, "more\n");
    }

    #[test]
    #[ignore = "image test"]
    fn php_takes_over_what_changes_without_an_end() {
        let app = App::fixture("php-probe");
        fs_err::create_dir(app.dir().join(".nginx.conf.d")).unwrap();
        app.write(".nginx.conf.d/headers-server.conf", "add_header X-Snippet one always;\n");
        let build = Build::new("reload-php");
        let container = start(&build, &app);
        assert!(container.get("/").head.contains("X-Snippet: one"), "{}", container.log());
        let master = container.get("/fpm").body;

        container.exec("sed -i s/one/two/ /workspace/.nginx.conf.d/headers-server.conf");
        container.wait_until("the new snippet counts", |container| {
            container.request("/", "").is_ok_and(|answer| answer.head.contains("X-Snippet: two"))
        });
        assert_eq!(container.get("/fpm").body, master, "FPM goes on");
        container.exec("echo '<?php echo \"new\";' >/workspace/public/index.php");
        container.wait_until("the new source answers", |container| {
            container.request("/", "").is_ok_and(|answer| answer.body == "new")
        });
        assert_eq!(container.stop().1, 0, "{}", container.log());
    }

    #[test]
    #[ignore = "image test"]
    fn a_jvm_and_a_dotnet_app_start_anew() {
        for (sample, started, file) in [
            ("java", "Started Application in", "BOOT-INF/classes/application.properties"),
            ("dotnet", "Application started.", "Hello.dll"),
        ] {
            let build = Build::new(&format!("reload-{sample}"));
            let container = start(&build, &App::sample(sample));
            container.wait_for(started);
            let change = format!("f=/workspace/{file} && cp $f /tmp/copy && cat /tmp/copy >$f");
            container.exec(&change);
            container.wait_until("the app starts anew", |container| count(container, started) > 1);
            assert_eq!(container.get("/health").status, 200);
        }
    }

    #[test]
    #[ignore = "image test"]
    fn a_process_of_a_procfile_starts_anew() {
        let app = App::empty();
        app.write("Procfile", "web: echo \"text=$(cat text)\" && exec sleep 600\n");
        app.write("text", "one");
        let build = Build::new("reload-procfile");
        let _ = build.app(&app).env("BP_PROCFILE_LIVE_RELOAD", "true").succeeds();
        let container = build.image.run().start();
        container.wait_for("text=one");
        container.exec("echo two >/workspace/text");
        container.wait_for("text=two");
    }
}
