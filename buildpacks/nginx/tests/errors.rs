//! What a user is told when a build or a container cannot go on.

use insta::assert_snapshot;
use kouti_testing::{Built, Case, Launch, Tool};

use crate::support::{bare, case, nginx_with};

const CONF: &str = "events {}\nhttp {\n  server {\n    listen {{port}};\n  }\n}\n";

/// An nginx that refuses the configuration, `$conf`, with this message.
fn refuses(message: &str) -> Case {
    let body = format!(
        "conf=$5\ncat >&2 <<END\nnginx: [emerg] {message}\n\
         nginx: configuration file $5 test failed\nEND\nexit 1"
    );
    bare().artifact(nginx_with("1.31.3", Tool::script(body)))
}

/// A site in `public`.
fn site() -> Case {
    case().env("BP_WEB_SERVER", "nginx").file("public/index.html", "hello")
}

/// The page that a container ends with.
fn refused(build: &Built, launch: &Launch) -> String {
    let exit = launch.start().unwrap().wait().unwrap();
    assert_eq!(exit.status.code(), Some(1), "{}", exit.log);
    build.clean(&exit.log)
}

#[test]
fn a_directive_that_nginx_does_not_know() {
    let case = refuses("unknown directive \"lissten\" in $conf:4");
    let conf = CONF.replace("listen {{port}}", "lissten 8080");
    assert_snapshot!(case.file("nginx.conf", conf).fails().error(), @r#"
    error[bad-nginx-configuration]: nginx.conf:4: nginx says: unknown directive "lissten"
     --> nginx.conf:4:5
      |
    4 |     lissten 8080;
      |     ^^^^^^^^^^^^^ here

    hint: check its spelling; directives of a module need {{module "name"}} at the top
    hint: set BP_NGINX_CONFIG_CHECK=false to build without this check
    "#);
}

#[test]
fn a_directive_that_is_wrong_once_it_is_rendered() {
    let case = refuses("invalid parameter \"fast\" in $conf:4");
    let conf = CONF.replace("{{port}}", "{{port}} {{env \"MODE\"}}");
    assert_snapshot!(case.env("MODE", "fast").file("nginx.conf", conf).fails().error(), @r#"
    error[bad-nginx-configuration]: nginx.conf:4: nginx says: invalid parameter "fast"
     --> nginx.conf:4:5
      |
    4 |     listen {{port}} {{env "MODE"}};
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ rendered as `listen 8080 fast;`

    hint: correct the configuration where the message points
    hint: set BP_NGINX_CONFIG_CHECK=false to build without this check
    "#);
}

#[test]
fn an_include_that_is_not_there() {
    let case = refuses(
        "open() \"${conf%/*}/sites/gone.conf\" failed (2: No such file or directory) in $conf:3",
    );
    let conf = "events {}\nhttp {\n  include sites/gone.conf;\n}\n";
    assert_snapshot!(case.file("nginx.conf", conf).fails().error(), @r#"
    error[bad-nginx-configuration]: nginx.conf:3: nginx says: open() "sites/gone.conf" failed (2: No such file or directory)
     --> nginx.conf:3:3
      |
    3 |   include sites/gone.conf;
      |   ^^^^^^^^^^^^^^^^^^^^^^^^ here

    hint: name a file of the app, relative to the directory of the main configuration
    hint: set BP_NGINX_CONFIG_CHECK=false to build without this check
    "#);
}

#[test]
fn advice_for_what_nginx_says() {
    let advice = |message: &str| {
        let error = refuses(message).file("nginx.conf", CONF).fails().error();
        error.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap().to_owned()
    };
    for (message, expected) in [
        (
            "module \"/workspace/modules/x.so\" is not binary compatible in $conf:1",
            "build the module for this version of nginx, configured --with-compat",
        ),
        (
            "getgrnam(\"nobody\") failed in $conf:1",
            "remove the `user` directive: nginx does not run as root, so it has no effect",
        ),
        (
            "mkdir() \"/workspace/client_body_temp\" failed (30: Read-only file system)",
            "use a path below {{tempDir}}: nothing else can be written to",
        ),
        (
            "open() \"/workspace/logs/access.log\" failed (2: No such file or directory)",
            "write logs to /dev/stdout and stderr",
        ),
        (
            "dlopen() \"/workspace/x.so\" failed (no such file) in $conf:1",
            "name a module with {{module \"name\"}}, which finds the app's and nginx's own",
        ),
        ("unexpected \"}\" in $conf:5", "correct the configuration where the message points"),
    ] {
        assert_eq!(advice(message), expected, "{message}");
    }
}

#[test]
fn files_that_include_each_other() {
    let conf = "events {}\nhttp {\n  include conf.d/*.conf;\n}\n";
    let case = case()
        .file("nginx.conf", conf)
        .file("conf.d/a.conf", "include snippets;\n")
        .file("snippets", "include conf.d/a.conf;\n");
    assert_snapshot!(case.fails().error(), @"
    error[endless-include]: an `include` leads back to a file that it came from: conf.d/a.conf -> snippets -> conf.d/a.conf

    hint: remove one of these includes; a pattern such as `*.conf` may fit the file that it stands in
    ");
    assert_snapshot!(case.file("nginx.conf", "include *.conf;\n").fails().error(), @"
    error[endless-include]: an `include` leads back to a file that it came from: nginx.conf -> nginx.conf

    hint: remove one of these includes; a pattern such as `*.conf` may fit the file that it stands in
    ");
}

#[test]
fn an_nginx_of_another_distribution() {
    let tool =
        Tool::fails(127, "sbin/nginx: error while loading shared libraries: libpcre2-8.so.0");
    let case = bare().artifact(nginx_with("1.31.3", tool)).file("nginx.conf", CONF);
    assert_snapshot!(case.fails().error(), @"
    error[nginx-not-runnable]: nginx does not run in this build image: sbin/nginx: error while loading shared libraries: libpcre2-8.so.0

    hint: use a build image of the distribution that this nginx was made for
    hint: set BP_NGINX_CONFIG_CHECK=false to build without running it
    ");
}

#[test]
fn a_template_that_asks_for_what_there_is_not() {
    let conf = format!("{{{{module \"ngx_http_brotli_module\"}}}}\n{CONF}");
    assert_snapshot!(case().file("nginx.conf", conf).fails().error(), @r#"
    error[no-template-value]: nginx.conf:1:3: there is no module `ngx_http_brotli_module` in the app's modules/ or in the server
     --> nginx.conf:1:3
      |
    1 | {{module "ngx_http_brotli_module"}}
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ no value

    hint: there are: ngx_stream_module
    "#);
    let conf = CONF.replace("{{port}}", "{{PORT}}");
    assert_snapshot!(case().file("nginx.conf", conf).fails().error(), @"
    error[unknown-template-function]: nginx.conf:4:14: there is no `PORT` in templates
     --> nginx.conf:4:14
      |
    4 |     listen {{PORT}};
      |              ^^^^ unknown

    hint: did you mean `{{port}}`?
    hint: there are: and, binding, bindingValue, contentVersion, cpus, default, env, eq, ge, gt, html, htpasswd, index, ipv6, js, le, len, lower, lt, mimeTypes, module, nameservers, ne, not, or, port, print, printf, println, publicEnv, quote, required, slice, split, tempDir, trim, upper, urlquery
    ");
}

#[test]
fn settings_that_cannot_be() {
    assert_snapshot!(case().env("BP_WEB_SERVER", "apache").fails().error(), @"
    error[unknown-web-server]: BP_WEB_SERVER is set to `apache`, which is none of nginx, httpd and none

    hint: did you mean httpd?
    hint: set BP_WEB_SERVER to nginx, httpd or none, or leave it out
    ");
    assert_snapshot!(site().env("BP_NGINX_VERSION", "latest").fails().error(), @"
    error[bad-version-range]: `latest` (asked for in BP_NGINX_VERSION) is not a range of versions

    hint: write it like `1.30.*`, `^1.30` or `1.30.4`, or name a line: `mainline` or `stable`
    ");
    assert_snapshot!(site().env("BP_NGINX_VERSION", "1.29.*").fails().error(), @"
    error[no-release]: no nginx release fits `1.29.*` (asked for in BP_NGINX_VERSION)

    hint: change the version in BP_NGINX_VERSION
    hint: available: 1.31.3, 1.30.4
    ");
    assert_snapshot!(site().env("BP_WEB_SERVER_INCLUDE_FILE_PATH", "more.conf").fails().error(), @"
    error[include-file-missing]: BP_WEB_SERVER_INCLUDE_FILE_PATH names `more.conf`, which does not exist

    hint: name a file of the app, relative to its root
    hint: in a Staticfile, the key is location_include
    ");
    assert_snapshot!(site().env("BP_WEB_SERVER_ROOT", "dist").fails().error(), @"
    error[no-document-root]: the directory to serve, `dist` (BP_WEB_SERVER_ROOT), does not exist

    hint: set BP_WEB_SERVER_ROOT to one with an index.html: public
    ");
    let headers = "/** X-Frame-Options: DENY\n/docs/** X-Robots-Tag noindex\n";
    assert_snapshot!(site().env("BP_WEB_SERVER_HEADERS", headers).fails().error(), @"
    error[bad-web-server-rule]: line 2 of BP_WEB_SERVER_HEADERS is `/docs/** X-Robots-Tag noindex`: there is no `:` behind the name

    hint: write it as `/path/* Name: value`
    ");
    assert_snapshot!(site().env("BP_WEB_SERVER_ERROR_PAGES", "404=404.html,oops").fails().error(), @"
    error[bad-web-server-rule]: an entry of BP_WEB_SERVER_ERROR_PAGES is `oops`: there is no `=`

    hint: write it as `404=404.html,5xx=error.html`
    ");
}

#[test]
fn a_variable_that_the_container_lacks() {
    let conf = CONF.replace("{{port}};", "{{port}};\n    return 200 {{required \"TOKEN\"}};");
    let build = case().file("nginx.conf", conf).build();
    assert_snapshot!(refused(&build, &build.launch("web")), @r#"
    error[no-template-value]: nginx.conf:5:18: TOKEN is not set, but the configuration needs it
     --> nginx.conf:5:18
      |
    5 |     return 200 {{required "TOKEN"}};
      |                  ^^^^^^^^^^^^^^^^ no value

    hint: set TOKEN when the container is started
    "#);
    let launch = build.launch("web").env("TOKEN", "x").env("PORT", "http");
    assert_snapshot!(refused(&build, &launch), @"
    error[no-template-value]: nginx.conf:4:14: PORT is `http`, which is not a port
     --> nginx.conf:4:14
      |
    4 |     listen {{port}};
      |              ^^^^ no value

    hint: set PORT to a number from 1 to 65535
    ");
}

#[test]
fn a_protected_site_without_users() {
    let build = site().env("BP_WEB_SERVER_BASIC_AUTH", "true").build();
    let page = refused(&build, &build.launch("web"));
    // What is around the place is the generated configuration.
    let text = page.lines().filter(|line| line.starts_with("error") || line.starts_with("hint"));
    assert_snapshot!(text.collect::<Vec<_>>().join("\n"), @"
    error[no-template-value]: <layers>/kouti_nginx/web-server-config/nginx.conf:61:33: the site is protected by basic authentication, but nothing says who may see it
    hint: bind one service of type `htpasswd` with the key `.htpasswd`, or set BPL_WEB_SERVER_BASIC_AUTH_USERS
    ");
}

#[test]
fn a_container_that_nothing_can_be_written_in() {
    let build = case().file("nginx.conf", CONF).build();
    let launch = build.launch("web").env("TMPDIR", "/no-such-directory");
    let page = refused(&build, &launch);
    let (_, name) = page.split_once("kouti-nginx-").unwrap();
    assert_snapshot!(page.replace(&name[..12], "[hash]"), @"
    error[temp-dir-not-writable]: the configuration cannot be written below `/no-such-directory`
      caused by: failed to create directory `/no-such-directory/kouti-nginx-[hash].new`: No such file or directory (os error 2)

    hint: mount a writable directory there: docker run --tmpfs /tmp, or an emptyDir volume
    hint: or set TMPDIR to a directory that the app may write to
    ");
}

#[test]
fn a_container_without_the_program() {
    let build = case().file("nginx.conf", CONF).build();
    fs_err::remove_file(build.layer("nginx").dir().join("dist/sbin/nginx")).unwrap();
    assert_snapshot!(refused(&build, &build.launch("web")), @"
    error[nginx-not-started]: nginx at `<layers>/kouti_nginx/nginx/dist/sbin/nginx` cannot be started
      caused by: No such file or directory (os error 2)

    hint: run the image on the run image it was built for: nginx needs its libraries
    ");
}

#[test]
fn what_nginx_accepts_but_no_container_is_remarked_on() {
    let conf = format!(
        "user www-data;\ndaemon on;\nerror_log stderr;\n{}",
        CONF.replace("http {", "http {\n    access_log logs/access.log;\n    access_log off;\n")
            .replace("listen {{port}};", "listen {{port}};\n        listen [::]:443;")
    );
    let log = case().file("nginx.conf", conf).build().log();
    let remarks: Vec<_> = log
        .lines()
        .filter(|line| line.starts_with("warning:") || line.starts_with("hint:"))
        .collect();
    assert_snapshot!(remarks[..remarks.len() / 2].join("\n"), @"
    warning: `listen [::]:443` needs privileges in many containers
    hint: write `listen {{port}};` instead of port 443
    warning: `logs/access.log` is a log that nobody sees, and that fills the container
    hint: write `access_log /dev/stdout;` and `error_log stderr;`
    warning: the `user` directive has no effect: nginx does not run as root
    hint: remove it
    warning: `daemon on` ends the container as soon as nginx has started
    hint: remove it, or write `daemon off;`
    ");
}

#[test]
fn a_port_that_the_router_of_cloud_foundry_does_not_reach() {
    let conf = CONF.replace("{{port}}", "80");
    let case = case().file("nginx.conf", conf);
    assert_snapshot!(case.clone().env("VCAP_APPLICATION", "{}").fails().error(), @"
    error[fixed-port]: nginx.conf does not use the port that the platform gives

    hint: write `listen {{port}};`, which is 8080 unless PORT says otherwise
    ");
    let warning = "warning: nginx.conf does not use the port that the platform gives\n";
    assert!(case.build().log().contains(warning));
}
