//! The real httpd in front of PHP-FPM.

use kouti_testing::real::Site;

use super::{alone, body, on_httpd, plain, probes};

#[test]
#[ignore = "needs runtimes of the local profile"]
fn what_php_says_is_said_once_and_as_it_is() {
    let _alone = alone();
    for (server, case) in probes() {
        let built = case.file("public/broken.php", "<?php undefined_function();\n").build();
        let site = Site::start(&built, &[]);
        assert_eq!(site.get("/log").status, 200, "{server}");
        assert_eq!(site.get("/broken.php").status, 500, "{server}");
        let log = site.stop().log;
        let lines = |text: &str| log.lines().filter(|line| line.contains(text)).collect::<Vec<_>>();
        assert_eq!(lines("a line of the app"), ["a line of the app"], "{server}: {log}");
        assert_eq!(lines("a message of the app").len(), 1, "{server}: {log}");
        assert_eq!(lines("undefined_function()").len(), 1, "{server}: {log}");
    }
}

/// As `WordPress` writes it for permalinks.
const HTACCESS: &str = "\
# BEGIN WordPress
<IfModule mod_rewrite.c>
RewriteEngine On
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteBase /
RewriteRule ^index\\.php$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.php [L]
</IfModule>
# END WordPress
";

#[test]
#[ignore = "needs runtimes of the local profile"]
fn wordpress_in_the_root_has_permalinks_and_hides_what_is_not_for_readers() {
    let _alone = alone();
    let Some(case) = on_httpd() else { return };
    let built = case
        .file("wp-load.php", "<?php\n")
        .file("index.php", "<?php echo 'page ', $_SERVER['REQUEST_URI'];\n")
        .file("wp-content/themes/style.css", "a {}\n")
        .file("composer.json", "{}")
        .file(".htaccess", HTACCESS)
        .file(".well-known/proof.txt", "proof\n")
        .build();
    let site = Site::start(&built, &[]);
    assert_eq!(body(&site), "page /");
    let permalink = plain(&site, "/2026/11/hello-world/?a=b");
    assert_eq!((permalink.status, &*permalink.body), (200, "page /2026/11/hello-world/?a=b"));
    assert_eq!(plain(&site, "/index.php").body, "page /index.php");
    assert_eq!(site.get("/wp-content/themes/style.css").body, "a {}\n");
    assert_eq!(site.get("/.well-known/proof.txt").body, "proof\n");
    for path in ["/composer.json", "/composer.lock", "/vendor/autoload.php", "/.htaccess"] {
        assert_eq!(site.get(path).status, 403, "{path}");
    }
}
