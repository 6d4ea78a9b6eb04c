//! What serves the app, and with which configuration.

use insta::assert_snapshot;

use crate::support::{bare, page, shop};

#[test]
fn a_page_is_served_by_nginx() {
    let build = page().build();
    assert_snapshot!(build.log(), @"
    Kouti PHP [version]
      Choosing PHP
        default   8.4.*   <- used
        8.4.20 chosen (newest that fits; supported until 2028-12-31)
      Choosing a server
        server             nginx (default)
        document root      the app itself
        front controller   none
      Installing PHP 8.4.20 for the build
        1.8 kB from the buildpack in [time], sha256 ok
      Installing list of PHP's extensions
      Installing configuration
      Installing PHP 8.4.20
      Installing launch helper
      Processes
        web (default)   php-start
      Done in [time]
    ");
    assert_eq!(build.processes(), "web (default): php-start\n");
    assert_snapshot!(build.layers(), @"
    kouti/php:helper (launch) Added
    kouti/php:php (launch) Added
    kouti/php:php-build (build) Added
    kouti/php:php-config (launch) Added
    kouti/php:php-inventory (cache) Added
    ");
}

#[test]
fn an_unchanged_rebuild_unpacks_nothing_and_gives_the_same_image() {
    let build = page().build();
    let again = build.rebuild();
    assert_snapshot!(again.log(), @"
    Kouti PHP [version]
      Choosing PHP
        default   8.4.*   <- used
        8.4.20 chosen (newest that fits; supported until 2028-12-31)
      Choosing a server
        server             nginx (default)
        document root      the app itself
        front controller   none
      Reusing list of PHP's extensions
      Reusing configuration
      Reusing PHP 8.4.20
      Reusing launch helper
      Processes
        web (default)   php-start
      Done in [time]
    ");
    assert!(again.commands().is_empty(), "{:?}", again.commands());
    assert_eq!(again.image_digest(), build.image_digest());
}

#[test]
fn where_nobody_provides_nginx_php_serves_by_itself() {
    let build = bare().file("index.php", "").build();
    assert!(build.log().contains("server          php-server (default)"), "{}", build.log());
    assert_eq!(build.launch_env("web")["KOUTI_PHP_SERVER"], "php-server");
    assert!(!build.app_path("nginx.conf").exists());
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is the file of the image")]
fn the_configuration_of_nginx_lies_where_snippets_look_for_files() {
    let build = page().build();
    let text = build.app_file("nginx.conf");
    let (before, rest) = text.split_once("types {").unwrap();
    let (_, after) = rest.split_once('}').unwrap();
    assert_snapshot!(format!("{before}types {{ … }}{after}"), @r#"
    # Written by kouti/php. Change it with files in .nginx.conf.d.
    daemon off;
    error_log stderr notice;
    pid /tmp/nginx.pid;
    events {
        worker_connections 1024;
    }
    http {
        default_type application/octet-stream;
        sendfile on;
        server_tokens off;
        port_in_redirect off;
        absolute_redirect off;
        gzip on;
        gzip_min_length 1000;
        gzip_proxied any;
        gzip_types text/css text/javascript text/plain text/xml application/javascript application/json application/manifest+json application/xml application/wasm image/svg+xml font/ttf font/otf;
        gzip_vary on;
        fastcgi_buffers 16 16k;
        fastcgi_buffer_size 32k;
        root .;
        index index.php index.html;
        map $http_x_forwarded_proto $proxy_https {
            default '';
            ~*^https on;
        }
        map $proxy_https$https $php_https {
            default '';
            ~on on;
        }
        map $http_x_forwarded_proto $redirect_scheme {
            default http;
            http http;
            https https;
        }
        log_format common '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent';
        log_format extended '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent vcap_request_id=$http_x_vcap_request_id';
        log_format json escape=json '{"time":"$time_iso8601","remote":"$remote_addr","method":"$request_method","uri":"$request_uri","status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,"agent":"$http_user_agent"}';
        types { … }
        include /tmp/kouti-php/nginx/body.conf;
        include /tmp/kouti-php/nginx/keepalive.conf;
        include /tmp/kouti-php/nginx/timeout.conf;
        include /tmp/kouti-php/nginx/log.conf;
        upstream php_fpm {
            include /tmp/kouti-php/nginx/upstream.conf;
        }
        server {
            include /tmp/kouti-php/nginx/server.conf;
            server_name localhost;
            fastcgi_temp_path /tmp/nginx_fastcgi 1 2;
            client_body_temp_path /tmp/nginx_client_body 1 2;
            proxy_temp_path /tmp/nginx_proxy 1 2;
            real_ip_header x-forwarded-for;
            real_ip_recursive on;
            set_real_ip_from 10.0.0.0/8;
            set_real_ip_from 172.16.0.0/12;
            set_real_ip_from 192.168.0.0/16;
            set_real_ip_from 100.64.0.0/10;
            set_real_ip_from 169.254.0.0/16;
            set_real_ip_from 127.0.0.0/8;
            set_real_ip_from fc00::/7;
            set_real_ip_from ::1;
            location ^~ /.well-known/ {
                try_files $uri =404;
            }
            location ~ /\. {
                deny all;
                access_log off;
                log_not_found off;
            }
            location = /composer.json {
                deny all;
            }
            location = /composer.lock {
                deny all;
            }
            location = /composer.phar {
                deny all;
            }
            location = /httpd.conf {
                deny all;
            }
            location = /nginx.conf {
                deny all;
            }
            location = /package.json {
                deny all;
            }
            location = /Procfile {
                deny all;
            }
            location = /project.toml {
                deny all;
            }
            location ^~ /vendor/ {
                deny all;
            }
            location ~* \.php(/|$) {
                fastcgi_split_path_info ^(.+?\.php)(/.*)$;
                set $path_info $fastcgi_path_info;
                try_files $fastcgi_script_name =404;
                fastcgi_param QUERY_STRING $query_string;
                fastcgi_param REQUEST_METHOD $request_method;
                fastcgi_param CONTENT_TYPE $content_type;
                fastcgi_param CONTENT_LENGTH $content_length;
                fastcgi_param SCRIPT_NAME $fastcgi_script_name;
                fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                fastcgi_param PATH_INFO $path_info if_not_empty;
                fastcgi_param REQUEST_URI $request_uri;
                fastcgi_param DOCUMENT_URI $document_uri;
                fastcgi_param DOCUMENT_ROOT $document_root;
                fastcgi_param SERVER_PROTOCOL $server_protocol;
                fastcgi_param REQUEST_SCHEME $scheme;
                fastcgi_param HTTPS $php_https if_not_empty;
                fastcgi_param GATEWAY_INTERFACE CGI/1.1;
                fastcgi_param SERVER_SOFTWARE nginx/$nginx_version;
                fastcgi_param REMOTE_ADDR $remote_addr;
                fastcgi_param REMOTE_PORT $remote_port;
                fastcgi_param SERVER_ADDR $server_addr;
                fastcgi_param SERVER_PORT $server_port;
                fastcgi_param SERVER_NAME $host;
                fastcgi_param REDIRECT_STATUS 200;
                # A client must not set the proxy of the app's own requests.
                fastcgi_param HTTP_PROXY '';
                fastcgi_pass php_fpm;
            }
        }
    }
    "#);
}

#[test]
fn the_image_has_what_php_needs_to_run() {
    let build = shop().build();
    let env = build.launch_env("web");
    let shown: Vec<_> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_snapshot!(shown.join("\n"), @"
    APP_ROOT=<app>
    KOUTI_LAUNCH_DONE=1
    KOUTI_PHP_EXTENSIONS=opcache,xml,dom,igbinary,pdo,redis,zip
    KOUTI_PHP_SERVER=nginx
    KOUTI_PHP_WEB_DIR=public
    PATH=<layers>/kouti_php/php/dist/sbin:<layers>/kouti_php/php/dist/bin:<layers>/kouti_php/helper/bin:<system>:<app>/vendor/bin
    PHPRC=<layers>/kouti_php/php-config/etc
    PHP_API=20240924
    PHP_EXTENSION_DIR=<layers>/kouti_php/php/dist/lib/php/extensions/no-debug-non-zts-20240924
    PHP_FPM_PATH=<layers>/kouti_php/php-config/php-fpm.conf
    PHP_HOME=<layers>/kouti_php/php/dist
    PHP_INI_SCAN_DIR=<layers>/kouti_php/php-config/conf.d:<app>/.php.ini.d
    PHP_NGINX_PATH=<app>/nginx.conf
    PORT=8080
    ");
}

#[test]
fn php_gets_settings_for_production() {
    let build = page().build();
    let config = build.layer("php-config");
    assert_snapshot!(config.files().join("\n"), @"
    conf.d/00-kouti.ini
    conf.d/10-zend.ini
    conf.d/20-extensions.ini
    env.launch/APP_ROOT.default
    env.launch/KOUTI_PHP_EXTENSIONS.default
    env.launch/KOUTI_PHP_SERVER.default
    env.launch/PHPRC.default
    env.launch/PHP_FPM_PATH.default
    env.launch/PHP_INI_SCAN_DIR.append
    env.launch/PHP_INI_SCAN_DIR.delim
    env.launch/PHP_NGINX_PATH.default
    env.launch/PORT.default
    etc/php.ini
    php-fpm.conf
    ");
    assert_snapshot!(config.read("conf.d/00-kouti.ini"), @r#"
    extension_dir = "${PHP_EXTENSION_DIR}"
    include_path = ".:${PHP_HOME}/lib/php:${APP_ROOT}/lib"
    expose_php = Off
    date.timezone = UTC
    ; Apps look for their variables in $_ENV.
    variables_order = EGPCS
    realpath_cache_size = 4096K
    realpath_cache_ttl = 600
    user_ini.cache_ttl = 86400
    ; Nothing else may be writable.
    sys_temp_dir = /tmp
    upload_tmp_dir = /tmp
    ; libcurl looks at no variable. Where this one is not set, it has its own authorities.
    curl.cainfo = "${CURL_CA_BUNDLE}"
    session.save_path = /tmp
    session.name = PHPSESSID
    session.cookie_httponly = On
    session.use_strict_mode = 1
    opcache.enable = 1
    opcache.enable_cli = 0
    opcache.memory_consumption = 128
    opcache.interned_strings_buffer = 16
    opcache.max_accelerated_files = 20000
    opcache.validate_timestamps = 0
    "#);
    assert_snapshot!(config.read("php-fpm.conf"), @"
    ; Written by kouti/php. Change it with files in .php.fpm.d.
    [global]
    daemonize = no
    error_log = /proc/self/fd/2
    log_level = notice
    log_limit = 16384
    ; Without it, a graceful stop is not one.
    process_control_timeout = ${KOUTI_FPM_CONTROL_TIMEOUT}
    emergency_restart_threshold = 10
    emergency_restart_interval = 1m

    [www]
    listen = ${KOUTI_FPM_LISTEN}
    listen.mode = ${KOUTI_FPM_LISTEN_MODE}
    pm = ${KOUTI_FPM_PM}
    pm.max_children = ${KOUTI_FPM_MAX_CHILDREN}
    pm.start_servers = ${KOUTI_FPM_START_SERVERS}
    pm.min_spare_servers = 1
    pm.max_spare_servers = ${KOUTI_FPM_MAX_SPARE_SERVERS}
    pm.max_requests = ${KOUTI_FPM_MAX_REQUESTS}
    request_terminate_timeout = ${KOUTI_FPM_REQUEST_TIMEOUT}
    ; The web server passes these on only if BPL_PHP_FPM_STATUS says so.
    pm.status_path = /-/fpm-status
    ping.path = /-/fpm-ping
    clear_env = no
    ; What scripts write to php://stderr is shown, as it is.
    catch_workers_output = yes
    decorate_workers_output = no
    php_value[error_log] = /proc/self/fd/2
    include = ${APP_ROOT}/.php.fpm.bp/*.conf
    ");
}

#[test]
fn httpd_is_configured_in_the_layer() {
    let build = bare()
        .file("web/index.php", "")
        .env("BP_PHP_SERVER", "httpd")
        .file(".httpd.conf.d/own.conf", "Header set X-Own yes\n")
        .provides("httpd")
        .build();
    let conf = build.layer("php-config").read("httpd.conf");
    assert!(conf.contains("DocumentRoot \"${APP_ROOT}/web\""), "{conf}");
    assert!(conf.contains("IncludeOptional ${APP_ROOT}/.httpd.conf.d/*.conf"), "{conf}");
    assert!(conf.contains("RewriteRule ^ https://"), "asked for by name: {conf}");
    assert!(!build.app_path("nginx.conf").exists());
    let env = build.launch_env("web");
    assert_eq!(env["PHP_HTTPD_PATH"], "<layers>/kouti_php/php-config/httpd.conf");
}

#[test]
fn proxies_expiry_and_the_address_of_an_operator_can_be_set() {
    let case = bare()
        .file("index.php", "")
        .env("BP_PHP_TRUSTED_PROXIES", "203.0.113.0/24, 2001:db8::/32")
        .env("BP_PHP_STATIC_EXPIRES", "7d")
        .env("BP_PHP_SERVER_ADMIN", "ops@example.org");
    let nginx = case.clone().provides("nginx").build().app_file("nginx.conf");
    for line in
        ["set_real_ip_from 203.0.113.0/24;", "set_real_ip_from 2001:db8::/32;", "expires 7d;"]
    {
        assert!(nginx.contains(line), "{nginx}");
    }
    assert_eq!(nginx.matches("set_real_ip_from").count(), 2, "{nginx}");
    let case = case.provides("httpd").env("BP_PHP_SERVER", "httpd");
    let httpd = case.build().layer("php-config").read("httpd.conf");
    assert!(httpd.contains("ServerAdmin \"ops@example.org\"\n"), "{httpd}");
    assert!(httpd.contains("RemoteIPInternalProxy 203.0.113.0/24\n"), "{httpd}");
}

#[test]
fn a_front_controller_is_for_frameworks_and_who_asks() {
    let conf = |case: kouti_testing::Case| case.build().app_file("nginx.conf");
    assert!(!conf(page()).contains("try_files $uri $uri/"));
    let named = page().env("BP_PHP_FRONT_CONTROLLER", "app.php");
    assert!(conf(named).contains("try_files $uri $uri/ /app.php$is_args$args;"));
    let laravel = shop().json("composer.json", |json| {
        json["require"]["laravel/framework"] = "^12".into();
    });
    assert!(conf(laravel.clone()).contains("try_files $uri $uri/ /index.php$is_args$args;"));
    let off = laravel.env("BP_PHP_FRONT_CONTROLLER", "off");
    assert!(!conf(off).contains("try_files $uri $uri/"));
}

#[test]
fn a_framework_brings_its_directories() {
    let build = shop()
        .json("composer.json", |json| json["require"]["laravel/framework"] = "^12".into())
        .env("BP_PHP_WRITABLE_DIRS", "data")
        .build();
    let log = build.log();
    assert!(log.contains("framework          laravel"), "{log}");
    assert!(log.contains("document root      public"), "{log}");
    for dir in ["storage", "bootstrap/cache", "data"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = build.app_path(dir).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o070, 0o070, "{dir}");
    }
    assert_eq!(build.labels()["io.kouti.php.framework"], "laravel");
}

#[test]
fn a_symfony_app_with_the_usual_snippet_has_one_location_for_everything() {
    let snippet = "location / {\n    try_files $uri /index.php$is_args$args;\n}\n";
    let build = shop()
        .json("composer.lock", |lock| {
            let package =
                serde_json::json!({"name": "symfony/framework-bundle", "version": "7.3.0"});
            lock["packages"].as_array_mut().unwrap().push(package);
        })
        .file(".nginx.conf.d/app-server.conf", snippet)
        .build();
    let conf = build.app_file("nginx.conf");
    assert!(build.log().contains("framework          symfony"), "{}", build.log());
    assert!(!conf.contains("location / {") && !conf.contains("try_files $uri $uri/"), "{conf}");
    assert!(build.app_path("var").is_dir());
}

#[test]
fn the_document_root_is_found() {
    for (files, root) in [
        (&["htdocs/index.php", "public/index.php"][..], "htdocs"),
        (&["public/index.php"], "public"),
        (&["index.php", "web/index.php"], "web"),
        (&["index.php"], "the app itself"),
        (&["www/index.html", "composer.json"], "www"),
    ] {
        let mut case = bare().provides("nginx");
        for file in files {
            case = case.file(file, if file.ends_with("json") { "{}" } else { "" });
        }
        let log = case.build().log();
        assert!(log.contains(&format!("document root      {root}\n")), "{root}: {log}");
    }
}

#[test]
fn the_app_itself_as_root_hides_what_belongs_to_development() {
    let conf = page().build().app_file("nginx.conf");
    assert!(conf.contains("location = /composer.json {"), "{conf}");
    assert!(conf.contains("location ^~ /vendor/ {"), "{conf}");
    let conf = shop().build().app_file("nginx.conf");
    assert!(!conf.contains("composer.json"), "{conf}");
}

#[test]
fn an_own_nginx_conf_stays_and_is_used_only_if_named() {
    let own = "worker_processes 1;\n";
    let build = page().file("nginx.conf", own).build();
    assert_eq!(build.app_file("nginx.conf"), own);
    assert!(build.app_path(".nginx.kouti.conf").is_file());
    assert!(build.log().contains("warning: the app's nginx.conf is not used"), "{}", build.log());
    let build = page()
        .file("nginx.conf", own)
        .env("BP_PHP_SERVER", "nginx")
        .env("BP_PHP_SERVER_CONF", "./nginx.conf")
        .build();
    assert!(!build.log().contains("warning"), "{}", build.log());
    assert_eq!(build.launch_env("web")["PHP_NGINX_PATH"], "<app>/nginx.conf");
    assert!(!build.app_path(".nginx.kouti.conf").exists());
}

#[test]
fn a_console_app_gets_no_web_process() {
    let build = bare().env("BP_PHP_SERVER", "none").file("app.php", "").build();
    assert_eq!(build.processes(), "task: php app.php\n");
    let build = bare().env("BP_PHP_SERVER", "none").file("composer.json", "{}").build();
    assert_eq!(build.processes(), "");
    assert!(build.log().contains("a Procfile says what to start"), "{}", build.log());
}

#[test]
fn fpm_alone_listens_on_its_own_port() {
    let build = bare().file("index.php", "").env("BP_PHP_SERVER", "fpm").build();
    assert_eq!(build.processes(), "php-fpm (default): php-start\n");
    assert_eq!(build.launch_env("php-fpm")["PORT"], "9000");
}

#[test]
fn another_buildpack_can_use_php_and_composer() {
    let build = bare().requires("php", "build = true").build();
    assert!(build.build_env()["PATH"].starts_with("<layers>/kouti_php/php-build/dist/sbin:"));
    assert_eq!(build.processes(), "");
    assert!(build.find_layer("php").is_none(), "nobody needs it in the image");
}

#[test]
fn drupal_says_where_its_document_root_is() {
    let build = bare()
        .file(
            "composer.json",
            r#"{"require": {"drupal/core-recommended": "^11"},
            "extra": {"drupal-scaffold": {"locations": {"web-root": "docs/"}}}}"#,
        )
        .file("docs/index.php", "")
        .file("web/index.php", "")
        .provides("nginx")
        .build();
    let log = build.log();
    assert!(log.contains("framework          drupal\n    document root      docs\n"), "{log}");
    assert!(build.app_path("docs/sites/default/files").is_dir());
}

#[test]
fn wordpress_in_the_root_has_permalinks_and_hides_what_is_not_for_readers() {
    let case = bare()
        .file("wp-load.php", "")
        .file("index.php", "")
        .file("composer.json", "{}")
        .env("BP_PHP_SERVER", "httpd")
        .provides("httpd");
    let conf = |case: &kouti_testing::Case| case.build().layer("php-config").read("httpd.conf");
    let text = conf(&case);
    assert!(text.contains("    FallbackResource \"/index.php\"\n"), "{text}");
    assert!(text.contains("<Location \"/composer.json\">\n    Require all denied\n"), "{text}");
    let own = case.file(".htaccess", "RewriteEngine On\n");
    let text = conf(&own);
    assert!(!text.contains("FallbackResource") && text.contains("AllowOverride All"), "{text}");
    let ini = own.build().layer("php-config").read("conf.d/00-kouti.ini");
    assert!(ini.contains("opcache.validate_timestamps = 1"), "it updates itself: {ini}");
    assert!(own.build().app_path("wp-content/uploads").is_dir());
}

#[test]
fn programs_of_packages_are_not_served_either() {
    let build = page().file("composer.json", r#"{"config": {"bin-dir": "tools"}}"#).build();
    assert!(build.app_file("nginx.conf").contains("location ^~ /tools/ {"));
}

#[test]
fn other_buildpacks_can_change_fpm_after_this_one() {
    let build = page().build();
    assert!(build.app_path(".php.fpm.bp").is_dir());
    let conf = build.layer("php-config").read("php-fpm.conf");
    assert!(conf.ends_with("include = ${APP_ROOT}/.php.fpm.bp/*.conf\n"), "{conf}");
}

#[test]
fn directories_with_settings_of_the_user_count_in_the_container_too() {
    let build = page().env("PHP_INI_SCAN_DIR", "/opt/php.d").build();
    let dirs = &build.launch_env("web")["PHP_INI_SCAN_DIR"];
    assert_eq!(dirs, "/opt/php.d:<layers>/kouti_php/php-config/conf.d:<app>/.php.ini.d");
}
