//! What our programs add to the start of a container: helpers, rendering, a web server's first answer.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::Figure;
use super::measure::{median, run, sample, seconds};
use crate::package::Package;
use crate::workspace::Workspace;

/// Helpers that run before each process, by buildpack, and how they are called.
const HELPERS: [(&str, &str); 2] =
    [("kouti/ca-certificates", "ca-certificates-helper"), ("kouti/profile", "profile")];

/// How long a server may take before this is no figure but a failure.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn measure(
    workspace: &Workspace,
    packages: &[Package],
    runs: usize,
) -> Result<Vec<Figure>> {
    let dir = workspace.target().join("bench/web");
    if dir.exists() {
        fs_err::remove_dir_all(&dir)?;
    }
    fs_err::create_dir_all(&dir)?;
    let mut figures = Vec::new();
    for (id, name) in HELPERS {
        let took = seconds(runs, || run(&mut helper(packages, id, name, &dir)?).map(drop))?;
        figures.push(
            Figure::new(format!("{id} at launch, nothing to do"), took * 1e3, "ms").budget(5.0),
        );
    }
    figures.push(rendering(packages, &dir, runs)?);
    figures.push(first_answer(workspace, &dir, runs)?);
    Ok(figures)
}

/// A helper in a directory in which there is nothing for it.
fn helper(packages: &[Package], id: &str, name: &str, dir: &Path) -> Result<Command> {
    let mut command = Command::new(program(packages, id)?);
    command.arg0(name).current_dir(dir).env_clear().env("PATH", "/usr/bin:/bin");
    Ok(command)
}

fn program(packages: &[Package], id: &str) -> Result<std::path::PathBuf> {
    let package = packages.iter().find(|package| package.id == id);
    Ok(package.with_context(|| format!("there is no package {id}"))?.dir.join("bin/helper"))
}

/// What it takes from the start of `nginx` to the start of the real one, with 500 lines to render.
fn rendering(packages: &[Package], dir: &Path, runs: usize) -> Result<Figure> {
    let layers = dir.join("layers");
    let bin = layers.join("helper/bin");
    fs_err::create_dir_all(&bin)?;
    fs_err::copy(program(packages, "kouti/nginx")?, bin.join("nginx"))?;
    let server = layers.join("nginx/dist/sbin");
    fs_err::create_dir_all(&server)?;
    symlink("/bin/true", server.join("nginx"))?;
    let app = dir.join("app");
    fs_err::create_dir_all(&app)?;
    let mut conf = String::from("events {}\nhttp {\n  server {\n    listen {{port}};\n");
    for line in 0..494 {
        writeln!(
            conf,
            "    set $v{line} \"{{{{env \"V{line}\" \"x\" | printf \"%s-{line}\"}}}}\";"
        )?;
    }
    conf += "  }\n}\n";
    ensure!(conf.lines().count() == 500, "a configuration of 500 lines");
    fs_err::write(app.join("nginx.conf"), conf)?;
    let took = seconds(runs, || {
        let mut command = Command::new(bin.join("nginx"));
        command.current_dir(&app).env_clear().env("TMPDIR", dir);
        run(&mut command).map(drop)
    })?;
    Ok(Figure::new("nginx.conf of 500 lines rendered", took * 1e3, "ms").budget(10.0))
}

/// How much later than plain nginx ours gives its first answer, for the same site.
fn first_answer(workspace: &Workspace, dir: &Path, runs: usize) -> Result<Figure> {
    // The newest that runs on this host.
    let lifecycle = sample(workspace, dir, "nginx", &["BP_NGINX_VERSION=*"])?;
    let dist = lifecycle.layers_dir().join("kouti_nginx/nginx/dist");
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    // In turns, so that both see the same machine.
    for _ in 0..=runs {
        let port = free_port()?;
        let since = Instant::now();
        let running =
            lifecycle.launch("web")?.env("PORT", port.to_string()).env("TMPDIR", dir).start()?;
        ours.push(answered(port, since)?);
        running.stop()?;

        let port = free_port()?;
        let conf = dir.join("plain.conf");
        fs_err::write(&conf, plain_conf(port, dir))?;
        let since = Instant::now();
        let mut child = Server(plain_nginx(&dist, &lifecycle.app_dir(), &conf).spawn()?);
        plain.push(answered(port, since)?);
        child.stop()?;
    }
    // The first of each warms the caches.
    let (ours, plain) = (median(ours.split_off(1)), median(plain.split_off(1)));
    Ok(Figure::new("nginx, first answer later than plain nginx", (ours - plain) * 1e3, "ms")
        .budget(20.0))
}

/// The sample's site without anything that ours adds.
fn plain_conf(port: u16, temp: &Path) -> String {
    let temp = temp.display();
    let places = ["client_body", "proxy", "fastcgi", "scgi", "uwsgi"]
        .map(|name| format!("{name}_temp_path {temp}/{name}_temp;\n"))
        .concat();
    format!(
        "daemon off;\nerror_log stderr;\npid {temp}/plain.pid;\nworker_processes 2;\nevents {{}}\nhttp {{\n{places}\
         access_log off;\nserver {{\nlisten {port};\nroot public;\n}}\n}}\n"
    )
}

fn plain_nginx(dist: &Path, app: &Path, conf: &Path) -> Command {
    let mut command = Command::new(dist.join("sbin/nginx"));
    command.arg("-p").arg(app).arg("-c").arg(conf).args(["-e", "stderr"]);
    command.env("LD_LIBRARY_PATH", dist.join("lib")).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Asked to stop, not killed: the workers of a server outlive a master that was killed.
struct Server(Child);

impl Server {
    fn stop(&mut self) -> Result<()> {
        let id = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails where it has ended.
        let _ = self.stop();
    }
}

/// Seconds until somebody answers.
fn answered(port: u16, since: Instant) -> Result<f64> {
    loop {
        if ask(port).unwrap_or(false) {
            return Ok(since.elapsed().as_secs_f64());
        }
        ensure!(since.elapsed() < PATIENCE, "nobody answers on port {port}");
        std::thread::yield_now();
    }
}

fn ask(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.write_all(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut start = [0; 12];
    stream.read_exact(&mut start)?;
    Ok(start.ends_with(b" 200"))
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
