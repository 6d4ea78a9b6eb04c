//! What a user is told when a build or a container cannot go on.

use insta::assert_snapshot;
use kouti_testing::{Built, Case, Launch, Tool};

use crate::support::{case, case_with};

/// An httpd that refuses the configuration, `$conf`, with these lines.
fn refuses(lines: &str) -> Case {
    case_with(Tool::script(format!("conf=$9\ncat >&2 <<END\n{lines}\nEND\nexit 1")))
}

/// The page that a container ends with.
fn refused(build: &Built, launch: &Launch) -> String {
    let exit = launch.start().unwrap().wait().unwrap();
    assert_eq!(exit.status.code(), Some(1), "{}", exit.log);
    build.clean(&exit.log)
}

#[test]
fn a_directive_that_httpd_does_not_know() {
    let case = refuses(
        "AH00526: Syntax error on line 2 of $conf:\n\
         Invalid command 'ServerNam', perhaps misspelled or defined by a module not included in the server configuration",
    );
    assert_snapshot!(case.file("httpd.conf", "Listen ${PORT}\nServerNam localhost\n").fails().error(), @"
    error[bad-httpd-configuration]: httpd.conf:2: httpd says: Invalid command 'ServerNam', perhaps misspelled or defined by a module not included in the server configuration
     --> httpd.conf:2:1
      |
    2 | ServerNam localhost
      | ^^^^^^^^^^^^^^^^^^^ here

    hint: check its spelling, or load the module that defines it
    hint: set BP_HTTPD_CONFIG_CHECK=false to build without this check
    ");
}

#[test]
fn a_module_that_is_not_there() {
    let case = refuses(
        "httpd: Syntax error on line 1 of $conf: Syntax error on line 2 of ${conf%/*}/conf/more.conf: \
         Cannot load modules/mod_foo.so into server: /layers/mod_foo.so: cannot open shared object file: \
         No such file or directory",
    );
    let case = case
        .file("httpd.conf", "Include ${APP_ROOT}/conf/more.conf\n")
        .file("conf/more.conf", "# more\n  LoadModule foo_module modules/mod_foo.so\n");
    assert_snapshot!(case.fails().error(), @"
    error[bad-httpd-configuration]: conf/more.conf:2: httpd says: Cannot load modules/mod_foo.so into server: /layers/mod_foo.so: cannot open shared object file: No such file or directory
     --> conf/more.conf:2:3
      |
    2 |   LoadModule foo_module modules/mod_foo.so
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ here

    hint: name a file of ${SERVER_ROOT}/modules, or one of the app with its whole path
    hint: set BP_HTTPD_CONFIG_CHECK=false to build without this check
    ");
}

#[test]
fn a_block_that_does_not_end() {
    let case =
        refuses("httpd: Syntax error on line 2 of $conf: $conf:2: <Directory> was not closed.");
    assert_snapshot!(case.file("httpd.conf", "Listen ${PORT}\n<Directory \"/x\">\n").fails().error(), @r#"
    error[bad-httpd-configuration]: httpd.conf:2: httpd says: <Directory> was not closed.
     --> httpd.conf:2:1
      |
    2 | <Directory "/x">
      | ^^^^^^^^^^^^^^^^ here

    hint: correct the configuration where the message points
    hint: set BP_HTTPD_CONFIG_CHECK=false to build without this check
    "#);
}

#[test]
fn a_configuration_that_is_too_little() {
    let case = refuses(
        "AH00558: httpd: Could not reliably determine the server's fully qualified domain name\n\
         AH00534: httpd: Configuration error: No MPM loaded.",
    );
    assert_snapshot!(case.file("httpd.conf", "Listen ${PORT}\n").fails().error(), @"
    error[bad-httpd-configuration]: httpd says: Configuration error: No MPM loaded.

    hint: load one: `LoadModule mpm_event_module modules/mod_mpm_event.so`
    hint: set BP_HTTPD_CONFIG_CHECK=false to build without this check
    ");
}

#[test]
fn advice_for_what_httpd_says() {
    let advice = |message: &str| {
        let case = refuses(&format!("httpd: Syntax error on line 1 of $conf: {message}"));
        let error = case.file("httpd.conf", "Listen ${PORT}\n").fails().error();
        error.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap().to_owned()
    };
    for (message, expected) in [
        (
            "module log_config_module is built-in and can't be loaded",
            "put it between `<IfModule !name_module>` and `</IfModule>`: not every httpd has it compiled in",
        ),
        (
            "Could not open configuration file /layers/conf/gone.conf: No such file or directory",
            "include a file of the app with its whole path: `${APP_ROOT}/more.conf`",
        ),
        ("Illegal option Nope", "correct the configuration where the message points"),
    ] {
        assert_eq!(advice(message), expected, "{message}");
    }
}

#[test]
fn an_httpd_of_another_distribution() {
    let case = case_with(Tool::fails(
        127,
        "bin/httpd: error while loading shared libraries: libapr-1.so.0",
    ));
    assert_snapshot!(case.file("httpd.conf", "Listen ${PORT}\n").fails().error(), @"
    error[httpd-not-runnable]: httpd does not run in this build image: bin/httpd: error while loading shared libraries: libapr-1.so.0

    hint: use a build image of the distribution that this httpd was made for
    hint: set BP_HTTPD_CONFIG_CHECK=false to build without running it
    ");
}

#[test]
fn a_site_that_is_not_there() {
    let case = case().env("BP_WEB_SERVER", "httpd").file("package.json", "{}");
    assert_snapshot!(case.fails().error(), @"
    error[no-document-root]: the directory to serve, `public` (default), does not exist

    hint: set BP_WEB_SERVER_ROOT to the directory with the files
    hint: set BP_NODE_RUN_SCRIPTS to the script of package.json that makes it
    ");
}

#[test]
fn a_port_that_is_none() {
    let build = case().file("httpd.conf", "Listen ${PORT}\n").build();
    assert_snapshot!(refused(&build, &build.launch("web").env("PORT", "http")), @"
    error[bad-port]: PORT is `http`, which is not a port

    hint: set PORT to a number from 1 to 65535
    ");
}

#[test]
fn a_protected_site_without_users() {
    let build = case()
        .env("BP_WEB_SERVER", "httpd")
        .env("BP_WEB_SERVER_BASIC_AUTH", "true")
        .file("public/index.html", "hello")
        .build();
    assert_snapshot!(refused(&build, &build.launch("web")), @"
    error[no-users]: the site is protected by basic authentication, but nothing says who may see it

    hint: bind one service of type `htpasswd` with the key `.htpasswd`, or set BPL_WEB_SERVER_BASIC_AUTH_USERS
    ");

    let bindings = tempfile::tempdir().unwrap();
    let bind = |name: &str, entry: &str| {
        let dir = bindings.path().join(name);
        fs_err::create_dir(&dir).unwrap();
        fs_err::write(dir.join("type"), "htpasswd").unwrap();
        fs_err::write(dir.join(entry), "me:x\n").unwrap();
    };
    let launch = || build.launch("web").env("SERVICE_BINDING_ROOT", bindings.path());
    bind("one", "passwords");
    assert_snapshot!(refused(&build, &launch()), @"
    error[no-users]: the binding `one` has no entry `.htpasswd`

    hint: bind one service of type `htpasswd` with the key `.htpasswd`, or set BPL_WEB_SERVER_BASIC_AUTH_USERS
    ");
    bind("two", ".htpasswd");
    assert_snapshot!(refused(&build, &launch()), @"
    error[no-users]: there is more than one binding of type `htpasswd`: one, two

    hint: bind one service of type `htpasswd` with the key `.htpasswd`, or set BPL_WEB_SERVER_BASIC_AUTH_USERS
    ");

    let launch = build.launch("web").env("BPL_WEB_SERVER_BASIC_AUTH_USERS", "me:x");
    assert_snapshot!(refused(&build, &launch.env("TMPDIR", "/no-such-directory")), @"
    error[no-users]: the list of those who may see the site: failed to open file `/no-such-directory/kouti-htpasswd`: No such file or directory (os error 2)

    hint: mount a writable directory at /tmp, or set TMPDIR
    ");
}

#[test]
fn a_container_without_the_program() {
    let build = case().file("httpd.conf", "Listen ${PORT}\n").build();
    fs_err::remove_file(build.layer("httpd").dir().join("dist/bin/httpd")).unwrap();
    assert_snapshot!(refused(&build, &build.launch("web")), @"
    error[httpd-not-started]: httpd at `<layers>/kouti_httpd/httpd/dist/bin/httpd` cannot be started
      caused by: No such file or directory (os error 2)

    hint: run the image on the run image it was built for: httpd needs its libraries
    ");
}

#[test]
fn a_port_that_the_router_of_cloud_foundry_does_not_reach() {
    let case = case().file("httpd.conf", "Listen 80\n");
    assert_snapshot!(case.clone().env("VCAP_APPLICATION", "{}").fails().error(), @"
    error[fixed-port]: httpd.conf does not use the port that the platform gives

    hint: write `Listen ${PORT}`, which is 8080 unless PORT says otherwise
    ");
    let warning = "warning: httpd.conf does not use the port that the platform gives\n";
    assert!(case.build().log().contains(warning));
}
