//! The configuration of Apache httpd in front of PHP-FPM.
//!
//! The values are Paketo's; more modules are there, because a directive of a module that is not
//! there makes every request below a `.htaccess` an error.

use std::fmt::Write as _;

use crate::app::Snippets;
use crate::site::Site;

/// Where it is in the layer.
pub(crate) const FILE: &str = "httpd.conf";

/// In an order in which each finds those it needs. Some builds of httpd have a few inside.
const MODULES: [&str; 36] = [
    "mpm_event",
    "authz_core",
    "authz_host",
    "authz_user",
    "authz_groupfile",
    "authn_core",
    "authn_file",
    "auth_basic",
    "access_compat",
    "alias",
    "log_config",
    "logio",
    "env",
    "setenvif",
    "dir",
    "mime",
    "negotiation",
    "autoindex",
    "reqtimeout",
    "unixd",
    "proxy",
    "proxy_fcgi",
    "remoteip",
    "rewrite",
    "filter",
    "deflate",
    "headers",
    "expires",
    "version",
    "substitute",
    "socache_shmcb",
    "ext_filter",
    "include",
    "actions",
    "request",
    "vhost_alias",
];

/// The whole file; httpd replaces variables itself.
pub(crate) fn config(site: &Site, snippets: &Snippets) -> String {
    let mut text = "\
# Written by kouti/php. Change it with files in .httpd.conf.d.
ServerRoot \"${SERVER_ROOT}\"
Listen ${PORT}
ServerName 0.0.0.0
PidFile /tmp/httpd.pid
DefaultRuntimeDir /tmp
Mutex file:/tmp default
"
    .to_owned();
    let _ = writeln!(text, "ServerAdmin \"{}\"", site.server_admin.replace(['"', '\n'], ""));
    for module in MODULES {
        let _ = writeln!(
            text,
            "<IfModule !{module}_module>\n    LoadModule {module}_module modules/mod_{module}.so\n\
             </IfModule>"
        );
    }
    text.push_str(SERVER);
    root(site, &mut text);
    for network in &site.trusted_proxies {
        let _ = writeln!(text, "RemoteIPInternalProxy {network}");
    }
    if site.https_redirect {
        text.push_str(REDIRECT);
    }
    text.push_str("Include ${KOUTI_PHP_RUN_DIR}/httpd/*.conf\n");
    for snippet in &snippets.classic.httpd {
        let _ = writeln!(text, "Include ${{APP_ROOT}}/{}", snippet.path);
    }
    if !snippets.httpd.is_empty() {
        text.push_str("IncludeOptional ${APP_ROOT}/.httpd.conf.d/*.conf\n");
    }
    text
}

const SERVER: &str = "\
<Directory />
    AllowOverride None
    Require all denied
</Directory>
TypesConfig conf/mime.types
AddType application/x-compress .Z
AddType application/x-gzip .gz .tgz
DirectoryIndex index.php index.html index.htm
<FilesMatch \"^\\.\">
    Require all denied
</FilesMatch>
<DirectoryMatch \"(^|/)\\.(?!well-known)\">
    Require all denied
</DirectoryMatch>
AddOutputFilterByType DEFLATE text/html text/plain text/xml text/css text/javascript application/javascript application/json image/svg+xml
ErrorLog /proc/self/fd/2
LogLevel info
LogFormat \"%a %l %u %t \\\"%r\\\" %>s %b \\\"%{Referer}i\\\" \\\"%{User-Agent}i\\\"\" combined
LogFormat \"%a %l %u %t \\\"%r\\\" %>s %b\" common
LogFormat \"%a %l %u %t \\\"%r\\\" %>s %b vcap_request_id=%{X-Vcap-Request-Id}i peer_addr=%{c}a\" extended
LogFormat \"{\\\"time\\\":\\\"%{%Y-%m-%dT%H:%M:%S%z}t\\\",\\\"remote\\\":\\\"%a\\\",\\\"method\\\":\\\"%m\\\",\\\"uri\\\":\\\"%U%q\\\",\\\"status\\\":%>s,\\\"bytes\\\":%B,\\\"agent\\\":\\\"%{User-Agent}i\\\"}\" json
StartServers 3
MinSpareThreads 75
MaxSpareThreads 250
ThreadsPerChild 25
MaxRequestWorkers 400
MaxConnectionsPerChild 0
GracefulShutdownTimeout 0
Timeout 60
KeepAlive On
MaxKeepAliveRequests 100
RequestReadTimeout header=20-40,MinRate=500 body=20,MinRate=500
UseCanonicalName Off
UseCanonicalPhysicalPort Off
AccessFileName .htaccess
ServerTokens Prod
ServerSignature Off
TraceEnable Off
HostnameLookups Off
EnableMMAP Off
EnableSendfile On
RemoteIPHeader x-forwarded-for
SetEnvIf X-Forwarded-Proto \"^https\" HTTPS=on
# A client must not set the proxy of the app's own requests.
RequestHeader unset Proxy early
<Proxy \"fcgi://127.0.0.1:9000\" disablereuse=On retry=0>
</Proxy>
";

const REDIRECT: &str = "\
RewriteEngine On
RewriteCond %{HTTPS} !=on
RewriteCond %{HTTP:X-Forwarded-Proto} \"^http(\\s*,|$)\" [NC]
RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L,NE]
";

fn root(site: &Site, text: &mut String) {
    let root = match site.web_dir.as_str() {
        "" => "${APP_ROOT}".to_owned(),
        dir => format!("${{APP_ROOT}}/{dir}"),
    };
    let _ = writeln!(
        text,
        "DocumentRoot \"{root}\"\n<Directory \"{root}\">\n    \
         Options SymLinksIfOwnerMatch\n    AllowOverride All\n    Require all granted\n    \
         CGIPassAuth On"
    );
    if let Some(script) = site.front_controller.as_ref().filter(|_| !site.has_htaccess) {
        let _ = writeln!(text, "    FallbackResource \"/{script}\"");
    }
    text.push_str(
        "    <FilesMatch \"\\.php$\">\n        <If \"-f %{REQUEST_FILENAME}\">\n            \
         SetHandler \"proxy:fcgi://127.0.0.1:9000\"\n        </If>\n    </FilesMatch>\n\
         </Directory>\n",
    );
    for path in &site.denied {
        let path = path.trim_end_matches('/');
        let _ = writeln!(text, "<Location \"/{path}\">\n    Require all denied\n</Location>");
    }
    text.push_str("<Location \"/.well-known\">\n    Require all granted\n</Location>\n");
}
