//! The apps and the PHP of these tests.

use kouti_testing::{Artifact, Case, Tool};

/// A case without an app, and with PHP 8.2 and 8.4 to choose from.
pub(crate) fn bare() -> Case {
    Case::new(
        env!("CARGO_BIN_EXE_kouti-php"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/buildpack.toml"),
    )
    .helper(env!("CARGO_BIN_EXE_kouti-php-helper"))
    .env("KOUTI_TODAY", "2026-06-01")
    .default_version("php", "8.4.*")
    .default_version("composer", "2.*")
    .artifact(php("8.2.30"))
    .artifact(php("8.4.20"))
    .artifact(php("8.5.4"))
    .artifact(composer("2.10.2"))
}

/// One page, and nginx to serve it.
pub(crate) fn page() -> Case {
    bare().file("index.php", "<?php\n").provides("nginx")
}

/// An app with packages and a lock that fits, on nginx.
pub(crate) fn shop() -> Case {
    bare()
        .file("composer.json", COMPOSER)
        .file("composer.lock", LOCK)
        .file("public/index.php", "<?php\n")
        .provides("nginx")
}

const COMPOSER: &str = r#"{
    "name": "acme/shop",
    "require": {"php": "^8.2", "acme/greeter": "^1.0", "ext-redis": "*"},
    "require-dev": {"acme/tester": "^2.0"}
}
"#;

const LOCK: &str = r#"{
    "content-hash": "bd2ad0f4c6bc3f3a9ea0b7b8e1c8b3a1",
    "packages": [
        {
            "name": "acme/greeter",
            "version": "v1.2.0",
            "type": "library",
            "require": {"php": ">=8.1"},
            "license": ["MIT"],
            "dist": {"type": "zip", "url": "https://packages.test/greeter.zip", "shasum": ""},
            "source": {"type": "git", "url": "https://git.test/greeter.git", "reference": "abc123"}
        }
    ],
    "packages-dev": [
        {
            "name": "acme/tester",
            "version": "2.0.1",
            "require": {"php": ">=8.1", "ext-xdebug": "*"},
            "license": ["BSD-3-Clause"]
        }
    ],
    "platform": {"php": "^8.2", "ext-redis": "*"},
    "platform-dev": [],
    "plugin-api-version": "2.6.0"
}
"#;

/// A PHP with a few extensions.
pub(crate) fn php(version: &str) -> Artifact {
    php_with(version, &format!("PHP_VERSION={version}\n{PHP}"))
}

/// A PHP whose program is another script.
pub(crate) fn php_with(version: &str, program: &str) -> Artifact {
    let eol = if version.starts_with("8.2") { "2026-12-31" } else { "2028-12-31" };
    let mut artifact = Artifact::new("php", version)
        .with("name", "PHP")
        .with("eol-date", eol)
        .with("licenses", vec!["PHP-3.01"])
        .with("purl", format!("pkg:generic/php@{version}"))
        .tool("bin/php", Tool::script(program))
        .tool("sbin/php-fpm", Tool::script(FPM))
        .file("bin/phpize", "")
        .file("include/php/main/php.h", "");
    for name in ["dom", "igbinary", "opcache", "pdo", "pdo_mysql", "redis", "xdebug", "xml", "zip"]
    {
        artifact =
            artifact.file(&format!("lib/php/extensions/no-debug-non-zts-20240924/{name}.so"), name);
    }
    artifact
}

/// A Composer, which is a file that PHP runs.
pub(crate) fn composer(version: &str) -> Artifact {
    Artifact::new("composer", version)
        .with("name", "Composer")
        .with("licenses", vec!["MIT"])
        .bytes(format!("#!/usr/bin/env php\ncomposer {version}\n"))
}

/// Lists extensions, and plays Composer: installs what the lock has, notes the classes of the app,
/// and runs a script that leaves a file outside of the packages.
const PHP: &str = r#"
case "$*" in
*" -r "*)
    printf 'Core=%s\nstandard=%s\njson=%s\n' "$PHP_VERSION" "$PHP_VERSION" "$PHP_VERSION"
    case "$*" in *extension=*)
        printf 'Zend OPcache=%s\nzip=1.22.3\nredis=6.1.0\nxdebug=3.4.0\ndom=%s\n' "$PHP_VERSION" "20031129"
    esac
    exit 0
    ;;
*" -m"*) exit 0 ;;
*" -m "*) exit 0 ;;
esac
case "$1" in */composer) ;; *) exit 0 ;; esac
case "$2" in
audit)
    case "$*" in
    *--format=json*) printf '%s' "$AUDIT" ;;
    *) echo "curl error 6 while downloading https://packages.test/a: Could not resolve host: packages.test"; exit 100 ;;
    esac
    exit 5
    ;;
global)
    mkdir -p "$COMPOSER_HOME/vendor/bin"
    echo "$6" >>"$COMPOSER_HOME/required"
    ;;
install)
    mkdir -p "$COMPOSER_VENDOR_DIR/composer" "$COMPOSER_VENDOR_DIR/acme/greeter"
    if [ -e "$COMPOSER_VENDOR_DIR/acme/greeter/Greeter.php" ]; then
        echo "Nothing to install, update or remove"
    else
        echo "  - Installing acme/greeter (v1.2.0): Extracting archive"
        echo "<?php" >"$COMPOSER_VENDOR_DIR/acme/greeter/Greeter.php"
    fi
    echo "Generating optimized autoload files"
    echo "<?php" >"$COMPOSER_VENDOR_DIR/autoload.php"
    ls >"$COMPOSER_VENDOR_DIR/composer/classes"
    mkdir -p public/build && echo made >public/build/info.txt
    ;;
esac
"#;

/// Reports its settings, or plays a server that a test listens for.
const FPM: &str = r#"
case " $* " in *" -t "*) exit 0 ;; esac
trap 'echo "fpm: finishing" >&2; exit 0' QUIT
if [ -n "$FPM_FAILS" ]; then exit "$FPM_FAILS"; fi
if [ -n "$FPM_RELOADS" ]; then trap 'echo "fpm: read again" >&2' USR2; else trap 'exit 3' USR2; fi
echo "fpm: ready to handle connections" >&2
if [ -n "$FPM_WORKER" ]; then sleep 600 & fi
echo $$ >"$KOUTI_PHP_RUN_DIR/fpm.new"
mv "$KOUTI_PHP_RUN_DIR/fpm.new" "$KOUTI_PHP_RUN_DIR/fpm"
while :; do sleep 0.05; done
"#;
