//! At launch: a static site of Blazor WebAssembly, served by nginx.

use std::path::Path;

use kouti::{Fault, Problem};
use kouti_launch::Env;
use kouti_launch::helper::Outcome;

use crate::port::port;

/// Where the site is; set by the image.
pub(crate) const ROOT: &str = "KOUTI_SITE_ROOT";

/// Where the configuration is written: the one place that is always writable.
pub(crate) const CONFIG: &str = "/tmp/kouti-site.conf";

/// What serves the site.
pub(crate) fn command() -> Vec<String> {
    ["nginx", "-c", CONFIG, "-e", "stderr"].map(str::to_owned).to_vec()
}

/// Writes the configuration of nginx, with the port of the platform.
#[must_use]
pub fn configure_site(env: &Env) -> Outcome {
    configure_at(Path::new(CONFIG), env)
}

fn configure_at(path: &Path, env: &Env) -> Outcome {
    let mut outcome = Outcome::nothing();
    let Some(root) = env.given(ROOT) else { return outcome };
    let text = config(root, port(env, &mut outcome));
    if let Err(error) = fs_err::write(path, text) {
        let summary = format!("the configuration of nginx cannot be written: {error}");
        let problem = Problem::new("site-not-configured", Fault::Surroundings, summary);
        outcome.refuse(problem.hint(
            "mount a writable directory at /tmp: docker run --tmpfs /tmp, or an emptyDir volume",
        ));
    }
    outcome
}

/// Paths of pages that only exist in the browser get the start page, missing files a 404.
fn config(root: &str, port: u16) -> String {
    format!(
        r#"daemon off;
worker_processes 1;
pid /tmp/kouti-site.pid;
error_log stderr;
events {{}}
http {{
  types {{
    text/html html; text/css css; text/javascript js mjs; application/json json map;
    application/wasm wasm; image/svg+xml svg; image/png png; image/jpeg jpg jpeg;
    image/x-icon ico; image/webp webp; font/woff woff; font/woff2 woff2;
    application/manifest+json webmanifest; text/plain txt;
  }}
  default_type application/octet-stream;
  access_log /dev/stdout;
  client_body_temp_path /tmp/kouti-site-body;
  proxy_temp_path /tmp/kouti-site-proxy;
  fastcgi_temp_path /tmp/kouti-site-fastcgi;
  uwsgi_temp_path /tmp/kouti-site-uwsgi;
  scgi_temp_path /tmp/kouti-site-scgi;
  gzip_static on;
  server {{
    listen {port};
    listen [::]:{port};
    root "{root}";
    location ~ \.[^/]+$ {{ try_files $uri =404; }}
    location / {{ try_files $uri /index.html; }}
    location /_framework/ {{ try_files $uri =404; add_header Cache-Control "no-cache"; }}
  }}
}}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_has_port_and_root() {
        let text = config("/workspace/wwwroot", 9000);
        assert!(text.contains("listen 9000;") && text.contains("root \"/workspace/wwwroot\";"));
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }

    #[test]
    fn a_container_that_nothing_can_be_written_in() {
        let env = [(ROOT, "/workspace/wwwroot")].into_iter().collect();
        let outcome = configure_at(Path::new("/no-such-directory/site.conf"), &env);
        insta::assert_snapshot!(outcome.lines(false).join("\n"), @"
        error[site-not-configured]: the configuration of nginx cannot be written: failed to create file `/no-such-directory/site.conf`: No such file or directory (os error 2)

        hint: mount a writable directory at /tmp: docker run --tmpfs /tmp, or an emptyDir volume
        ");
    }

    #[test]
    fn without_a_site_nothing_happens() {
        assert_eq!(configure_site(&Env::default()), Outcome::nothing());
    }
}
