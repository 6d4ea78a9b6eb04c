//! The configuration of PHP-FPM, and what snippets of the app must not change in it.

use std::fmt::Write as _;
use std::path::Path;

use kouti::{Explain, Fault};

use crate::app::Snippet;
use crate::cloud_foundry::FPM_DIR;

/// Where it is in the layer.
pub(crate) const FILE: &str = "php-fpm.conf";

/// Where other buildpacks put files that come after ours.
pub(crate) const OTHERS: &str = ".php.fpm.bp";
/// Where the app does; these come last.
const OWN: &str = ".php.fpm.d";

/// The main file. What depends on the container comes in by variables, which FPM replaces.
///
/// The section is still `[www]` where the files of the app follow, as with Paketo: most of theirs
/// have no header.
pub(crate) fn config(app_dir: &Path, is_classic: bool) -> String {
    let mut text = "\
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
"
    .to_owned();
    // FPM does not start where the directory of an include is missing: this build makes the first.
    let classic = is_classic.then_some(FPM_DIR);
    let dirs = [OTHERS, OWN].into_iter().chain(classic);
    for dir in dirs.filter(|dir| *dir == OTHERS || app_dir.join(dir).is_dir()) {
        let _ = writeln!(text, "include = ${{APP_ROOT}}/{dir}/*.conf");
    }
    text
}

/// The web server looks for FPM where ours listens.
pub(crate) fn check(snippets: &[Snippet]) -> Result<(), ListenChanged> {
    for snippet in snippets {
        for (index, line) in snippet.text.lines().enumerate() {
            let name = line.split_once('=').map(|(name, _)| name.trim());
            if name == Some("listen") {
                return Err(ListenChanged { path: snippet.path.clone(), line: index + 1 });
            }
        }
    }
    Ok(())
}

/// A snippet moves FPM away from where the web server looks for it.
#[derive(Debug, thiserror::Error)]
#[error(
    "{path}, line {line}, changes where PHP-FPM listens, but the web server looks for it elsewhere"
)]
pub(crate) struct ListenChanged {
    path: String,
    line: usize,
}

impl Explain for ListenChanged {
    fn id(&self) -> &'static str {
        "fpm-listen-changed"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "remove `listen` from the file".to_owned(),
            "to configure the web server as well, name its file in BP_PHP_SERVER_CONF".to_owned(),
        ]
    }
}
