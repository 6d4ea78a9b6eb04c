//! Why Composer failed, in words the user can act on.
//!
//! Its own output is in the log already; what is added here is what it means for a build, and what
//! to do.

use kouti::{CommandFailed, Fault, KnownFailure, Problem};

/// What Composer was for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'a> {
    /// The packages of the app.
    Packages,
    /// Packages for the build alone.
    Global,
    /// A script of `composer.json`.
    Script(&'a str),
    /// A look for known vulnerabilities, to which there was no answer.
    Audit,
}

/// The first one whose trace is found decides.
const KNOWN: &[KnownFailure] = &[
    KnownFailure {
        id: "composer-platform-override",
        fault: Fault::App,
        traces: &["overridden via config.platform"],
        subject: &[],
        summary: "",
        plain: "`config.platform` in composer.json pretends to be a platform on which a package \
                does not run",
        hints: &["change `config.platform`, or the package, then run `composer update`"],
    },
    KnownFailure {
        id: "composer-php-version",
        fault: Fault::App,
        traces: &["-> your php version"],
        subject: &[("- ", " requires php ")],
        summary: "{} does not run on the PHP of this build",
        plain: "a package does not run on the PHP of this build",
        hints: &[
            "leave BP_PHP_VERSION out, so that the lock decides",
            "or update the package with `composer update`",
        ],
    },
    KnownFailure {
        id: "composer-extension-missing",
        fault: Fault::App,
        traces: &["it is missing from your system", "is missing from your system"],
        subject: &[("requires PHP extension ", " "), ("requires ext-", " ")],
        summary: "a package requires the PHP extension {}, which is not loaded",
        plain: "a package requires a PHP extension that is not loaded",
        hints: &["name it in BP_PHP_EXTENSIONS, or require it in composer.json"],
    },
    KnownFailure {
        id: "composer-plain-http",
        fault: Fault::App,
        traces: &["does not allow connections to http://"],
        subject: &[("connections to ", ". See")],
        summary: "a repository is reached without encryption: {}",
        plain: "a repository is reached without encryption",
        hints: &["give the repository an https address in composer.json"],
    },
    KnownFailure {
        id: "composer-rate-limit",
        fault: Fault::Surroundings,
        traces: &["API limit", "enter your GitHub credentials", "rate limit"],
        subject: &[],
        summary: "",
        plain: "GitHub refuses further requests from this address",
        hints: &["set COMPOSER_GITHUB_OAUTH_TOKEN, or bind a token: type `composer-auth`"],
    },
    KnownFailure {
        id: "composer-not-authorised",
        fault: Fault::App,
        traces: &[
            "Could not authenticate against",
            "HTTP/1.1 401",
            "HTTP/2 401",
            "HTTP/1.1 403",
            "HTTP/2 403",
            "Invalid credentials",
        ],
        subject: &[("authenticate against ", "\n"), ("The \"", "\" file could not")],
        summary: "{} wants to know who asks",
        plain: "a repository wants to know who asks",
        hints: &["pass credentials in COMPOSER_AUTH, or bind them: type `composer-auth`, entry \
             `auth.json`"],
    },
    KnownFailure {
        id: "composer-git-over-ssh",
        fault: Fault::App,
        traces: &[
            "Host key verification failed",
            "Permission denied (publickey",
            "Failed to clone",
        ],
        subject: &[("Failed to clone the ", " repository"), ("Failed to clone ", ",")],
        summary: "a package is fetched by git, for which a build has no key: {}",
        plain: "a package is fetched by git, for which a build has no key",
        hints: &[
            "use its archive: `--prefer-dist`, and an https address in composer.json",
            "if it is private, pass credentials in COMPOSER_AUTH",
        ],
    },
    KnownFailure {
        id: "composer-plugin-blocked",
        fault: Fault::App,
        traces: &["blocked by your allow-plugins"],
        subject: &[
            ("Composer plugin which is blocked by your allow-plugins config. You may add ", " to"),
            ("\n", " contains a Composer plugin which is blocked"),
        ],
        summary: "Composer refuses the plugin {} until you allow it",
        plain: "Composer refuses a plugin until you allow it",
        hints: &["add it to `config.allow-plugins` in composer.json"],
    },
    KnownFailure {
        id: "composer-package-flagged",
        fault: Fault::App,
        traces: &["flagged as malware", "were not loaded, because they are affected by security"],
        subject: &[],
        summary: "",
        plain: "Composer refuses a package that is known to be dangerous",
        hints: &[
            "update it: `composer update`",
            "COMPOSER_NO_BLOCKING=1 installs it nevertheless, and whatever is wrong with it",
        ],
    },
    KnownFailure {
        id: "composer-lock-unusable",
        fault: Fault::App,
        traces: &[
            "is not present in the lock file",
            "lock file is not up to date with the latest changes",
            "lock file does not contain",
        ],
        subject: &[("- Required package \"", "\"")],
        summary: "composer.lock does not fit composer.json: it lacks {}",
        plain: "composer.lock does not fit composer.json",
        hints: &["run `composer update` and commit composer.lock"],
    },
    KnownFailure {
        id: "composer-out-of-memory",
        fault: Fault::Surroundings,
        traces: &["Allowed memory size", "Out of memory"],
        subject: &[],
        summary: "",
        plain: "PHP ran out of memory, although it has no limit in a build",
        hints: &["give the build more memory", "if a script sets `memory_limit`, remove it"],
    },
    KnownFailure {
        id: "composer-timeout",
        fault: Fault::Surroundings,
        traces: &["ProcessTimedOutException", "exceeded the timeout of"],
        subject: &[("The process \"", "\"")],
        summary: "`{}` took longer than Composer waits",
        plain: "a program took longer than Composer waits",
        hints: &["set COMPOSER_PROCESS_TIMEOUT to more seconds"],
    },
    KnownFailure {
        id: "composer-script-wants-database",
        fault: Fault::App,
        traces: &["SQLSTATE[", "PDOException"],
        subject: &[],
        summary: "",
        plain: "a script wants the database, which a build does not have",
        hints: &["run it when the app starts: BP_PHP_PRE_START, or a process of a Procfile"],
    },
    KnownFailure {
        id: "composer-script-wants-variable",
        fault: Fault::App,
        traces: &["Environment variable not found", "environment variable is not set"],
        subject: &[("Environment variable not found: \"", "\""), ("not found: ", "\n")],
        summary: "a script wants the variable {}, which is not set in this build",
        plain: "a script wants a variable that is not set in this build",
        hints: &["pass it with `--env`", "or add `--no-scripts` to BP_COMPOSER_INSTALL_OPTIONS"],
    },
    KnownFailure {
        id: "composer-code-too-new",
        fault: Fault::App,
        // What is logged has two blanks, what is displayed one.
        traces: &["Parse error:  syntax error", "Parse error: syntax error", "ParseError"],
        subject: &[("Parse error: ", "\n"), ("ParseError: ", "\n")],
        summary: "PHP cannot read some code: {}",
        plain: "PHP cannot read some code",
        hints: &["if the code is right, it needs a newer PHP: see `require.php` in composer.json"],
    },
    KnownFailure {
        id: "composer-script-needs-dev",
        fault: Fault::App,
        traces: &["Script @auto-scripts was called via", "Class \"", ": not found"],
        subject: &[("Class \"", "\" not found"), ("sh: 1: ", ": not found")],
        summary: "a script uses `{}`, which is not installed",
        plain: "a script uses something that is not installed",
        hints: &[
            "development packages are left out: move what scripts need from `require-dev` to \
             `require`",
            "or install them too: set BP_COMPOSER_INSTALL_OPTIONS to nothing",
        ],
    },
    KnownFailure {
        id: "composer-unreachable",
        fault: Fault::Surroundings,
        traces: &[
            "Could not resolve host",
            "curl error 6 ",
            "curl error 7 ",
            "curl error 28",
            "Connection refused",
            "Network is unreachable",
        ],
        subject: &[("while downloading ", ": "), ("Could not resolve host: ", "\n")],
        summary: "{} cannot be reached from this build",
        plain: "a repository cannot be reached from this build",
        hints: &[
            "building again may help; behind a proxy, set HTTPS_PROXY",
            "with a mirror, name it below `repositories` in composer.json",
        ],
    },
    KnownFailure {
        id: "composer-certificate",
        fault: Fault::Surroundings,
        traces: &["curl error 60", "certificate verify failed", "SSL certificate problem"],
        subject: &[("while downloading ", ": ")],
        summary: "the certificate for {} is not trusted",
        plain: "the certificate of a repository is not trusted",
        hints: &["bind the authority that signed it: a binding of type `ca-certificates`"],
    },
];

/// Explains a failed command.
pub(crate) fn explain(failed: CommandFailed, step: Step<'_>) -> Problem {
    let CommandFailed::Status { status, tail, .. } = &failed else {
        return failed.into();
    };
    let output = tail.join("\n") + "\n";
    if let Some(known) = KnownFailure::find(KNOWN, &output) {
        return known.problem(&output, failed);
    }
    let meaning = match (step, status.0.code()) {
        (Step::Audit, _) => "Composer cannot tell whether packages are vulnerable".to_owned(),
        (Step::Script(name), _) => format!("the script `{name}` ended with {status}"),
        (_, Some(2)) => "Composer finds no set of packages that fits together".to_owned(),
        (_, Some(4)) => "Composer cannot use composer.lock".to_owned(),
        (_, Some(100)) => "Composer cannot reach a repository".to_owned(),
        (Step::Global, _) => {
            format!("the packages of BP_COMPOSER_INSTALL_GLOBAL: Composer ended with {status}")
        }
        _ => format!("Composer ended with {status}"),
    };
    let mut problem = Problem::new("composer-failed", Fault::App, meaning);
    problem.hints.push("its own message is above".to_owned());
    problem.cause = Some(failed.into());
    problem
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use insta::assert_snapshot;
    use kouti::EndStatus;
    use kouti_report::Colour;

    use super::*;

    fn page(code: i32, output: &str, step: Step<'_>) -> String {
        let failed = CommandFailed::Status {
            command: "composer install".to_owned(),
            status: EndStatus(ExitStatus::from_raw(code << 8)),
            tail: output.lines().map(str::to_owned).collect(),
        };
        explain(failed, step).page("", Colour::Off)
    }

    /// What Composer prints, one known way to fail after the other.
    const OUTPUTS: &[&str] = &[
        "    - acme/a requires php ^8.4 -> your php version (8.3.1; overridden via config.platform, \
         actual: 8.4.2) does not satisfy that requirement.",
        "    - acme/a requires php ^8.5 -> your php version (8.4.2) does not satisfy that requirement.",
        "    - acme/a requires ext-imap * -> it is missing from your system. Install or enable PHP's \
         imap extension.",
        "Your configuration does not allow connections to http://packages.test/packages.json. See x",
        "Could not fetch https://api.github.com/x, please review your configured GitHub OAuth token \
         or enter your GitHub credentials",
        "Could not authenticate against packages.test",
        "Failed to clone the git@git.test:acme/a.git repository, try running in interactive mode",
        "acme/plugin contains a Composer plugin which is blocked by your allow-plugins config. You \
         may add it",
        "Package acme/a is flagged as malware",
        "- Required package \"acme/a\" is not present in the lock file.",
        "PHP Fatal error:  Allowed memory size of 1 bytes exhausted",
        "The process \"git clone x\" exceeded the timeout of 300 seconds.",
        "SQLSTATE[HY000] [2002] Connection refused",
        "Environment variable not found: \"APP_SECRET\".",
        "PHP Parse error:  syntax error, unexpected token \"enum\" in /workspace/x.php on line 3",
        "Class \"Acme\\Tester\" not found",
        "curl error 6 while downloading https://packages.test/p.json: Could not resolve host: \
         packages.test",
        "curl error 60 while downloading https://packages.test/p.json: SSL certificate problem",
    ];

    #[test]
    fn every_known_failure_says_what_it_means() {
        let pages = OUTPUTS.iter().map(|output| page(1, output, Step::Packages));
        let ids: Vec<_> = KNOWN.iter().map(|known| format!("error[{}]", known.id)).collect();
        let pages: Vec<_> = pages.collect();
        for (page, id) in pages.iter().zip(&ids) {
            assert!(page.starts_with(id), "{id}: {page}");
        }
        assert_eq!(pages.len(), ids.len());
        assert_snapshot!(pages.join("\n"), @r#"
        error[composer-platform-override]: `config.platform` in composer.json pretends to be a platform on which a package does not run
          caused by: `composer install` ended with exit code 1

        hint: change `config.platform`, or the package, then run `composer update`

        error[composer-php-version]: acme/a does not run on the PHP of this build
          caused by: `composer install` ended with exit code 1

        hint: leave BP_PHP_VERSION out, so that the lock decides
        hint: or update the package with `composer update`

        error[composer-extension-missing]: a package requires the PHP extension imap, which is not loaded
          caused by: `composer install` ended with exit code 1

        hint: name it in BP_PHP_EXTENSIONS, or require it in composer.json

        error[composer-plain-http]: a repository is reached without encryption: http://packages.test/packages.json
          caused by: `composer install` ended with exit code 1

        hint: give the repository an https address in composer.json

        error[composer-rate-limit]: GitHub refuses further requests from this address
          caused by: `composer install` ended with exit code 1

        hint: set COMPOSER_GITHUB_OAUTH_TOKEN, or bind a token: type `composer-auth`

        error[composer-not-authorised]: packages.test wants to know who asks
          caused by: `composer install` ended with exit code 1

        hint: pass credentials in COMPOSER_AUTH, or bind them: type `composer-auth`, entry `auth.json`

        error[composer-git-over-ssh]: a package is fetched by git, for which a build has no key: git@git.test:acme/a.git
          caused by: `composer install` ended with exit code 1

        hint: use its archive: `--prefer-dist`, and an https address in composer.json
        hint: if it is private, pass credentials in COMPOSER_AUTH

        error[composer-plugin-blocked]: Composer refuses a plugin until you allow it
          caused by: `composer install` ended with exit code 1

        hint: add it to `config.allow-plugins` in composer.json

        error[composer-package-flagged]: Composer refuses a package that is known to be dangerous
          caused by: `composer install` ended with exit code 1

        hint: update it: `composer update`
        hint: COMPOSER_NO_BLOCKING=1 installs it nevertheless, and whatever is wrong with it

        error[composer-lock-unusable]: composer.lock does not fit composer.json: it lacks acme/a
          caused by: `composer install` ended with exit code 1

        hint: run `composer update` and commit composer.lock

        error[composer-out-of-memory]: PHP ran out of memory, although it has no limit in a build
          caused by: `composer install` ended with exit code 1

        hint: give the build more memory
        hint: if a script sets `memory_limit`, remove it

        error[composer-timeout]: `git clone x` took longer than Composer waits
          caused by: `composer install` ended with exit code 1

        hint: set COMPOSER_PROCESS_TIMEOUT to more seconds

        error[composer-script-wants-database]: a script wants the database, which a build does not have
          caused by: `composer install` ended with exit code 1

        hint: run it when the app starts: BP_PHP_PRE_START, or a process of a Procfile

        error[composer-script-wants-variable]: a script wants the variable APP_SECRET, which is not set in this build
          caused by: `composer install` ended with exit code 1

        hint: pass it with `--env`
        hint: or add `--no-scripts` to BP_COMPOSER_INSTALL_OPTIONS

        error[composer-code-too-new]: PHP cannot read some code: syntax error, unexpected token "enum" in /workspace/x.php on line 3
          caused by: `composer install` ended with exit code 1

        hint: if the code is right, it needs a newer PHP: see `require.php` in composer.json

        error[composer-script-needs-dev]: a script uses `Acme\Tester`, which is not installed
          caused by: `composer install` ended with exit code 1

        hint: development packages are left out: move what scripts need from `require-dev` to `require`
        hint: or install them too: set BP_COMPOSER_INSTALL_OPTIONS to nothing

        error[composer-unreachable]: https://packages.test/p.json cannot be reached from this build
          caused by: `composer install` ended with exit code 1

        hint: building again may help; behind a proxy, set HTTPS_PROXY
        hint: with a mirror, name it below `repositories` in composer.json

        error[composer-certificate]: the certificate for https://packages.test/p.json is not trusted
          caused by: `composer install` ended with exit code 1

        hint: bind the authority that signed it: a binding of type `ca-certificates`
        "#);
    }

    #[test]
    fn other_failures_are_told_by_their_code() {
        let pages = [
            page(2, "", Step::Packages),
            page(4, "", Step::Packages),
            page(100, "", Step::Packages),
            page(255, "", Step::Packages),
            page(7, "", Step::Script("warm")),
            page(1, "", Step::Global),
            page(5, "", Step::Audit),
        ];
        assert_snapshot!(pages.join("\n"), @"
        error[composer-failed]: Composer finds no set of packages that fits together
          caused by: `composer install` ended with exit code 2

        hint: its own message is above

        error[composer-failed]: Composer cannot use composer.lock
          caused by: `composer install` ended with exit code 4

        hint: its own message is above

        error[composer-failed]: Composer cannot reach a repository
          caused by: `composer install` ended with exit code 100

        hint: its own message is above

        error[composer-failed]: Composer ended with exit code 255
          caused by: `composer install` ended with exit code 255

        hint: its own message is above

        error[composer-failed]: the script `warm` ended with exit code 7
          caused by: `composer install` ended with exit code 7

        hint: its own message is above

        error[composer-failed]: the packages of BP_COMPOSER_INSTALL_GLOBAL: Composer ended with exit code 1
          caused by: `composer install` ended with exit code 1

        hint: its own message is above

        error[composer-failed]: Composer cannot tell whether packages are vulnerable
          caused by: `composer install` ended with exit code 5

        hint: its own message is above
        ");
    }
}
