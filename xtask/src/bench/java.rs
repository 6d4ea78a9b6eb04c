//! What `kouti/java` adds to the start of a container, and what counting the classes of an app costs.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};
use kouti_testing::lifecycle::Env;
use zip::write::SimpleFileOptions;

use super::Figure;
use super::measure::{run, sample, seconds};
use crate::workspace::Workspace;

/// Paketo's eleven helpers, one after the other, on a machine like ours.
const PAKETO: &str = "Paketo: 78 ms";

/// Everything that a user can switch on.
const ALL_ON: [(&str, &str); 9] = [
    ("BPL_DEBUG_ENABLED", "true"),
    ("BPL_JMX_ENABLED", "true"),
    ("BPL_JFR_ENABLED", "true"),
    ("BPL_JAVA_NMT_PRINT", "true"),
    ("BPL_JAVA_DATABASE_URL_ENABLED", "true"),
    ("DATABASE_URL", "postgres://u:p@db/shop"),
    ("SECURITY_PROVIDERS", "1|org.example.First org.example.Last"),
    ("JAVA_OPTS", "-Dmine=1"),
    ("PORT", "8080"),
];

/// Size of the app whose classes are counted: libraries, and classes of its own.
const LIBRARIES: usize = 100;
const CLASSES_OF_A_LIBRARY: usize = 1_000;
const OWN_CLASSES: usize = 2_000;
const BYTES_OF_A_CLASS: usize = 2_950;

pub(super) fn measure(workspace: &Workspace, runs: usize) -> Result<Vec<Figure>> {
    let dir = workspace.target().join("bench/java");
    if dir.exists() {
        fs_err::remove_dir_all(&dir)?;
    }
    let lifecycle = sample(workspace, &dir, "java", &[])?;
    let helper = dir.join("buildpacks/kouti_java/bin/helper");
    // The helper runs on its own work as well as on what came before it.
    let (env, _) = lifecycle.launch("web")?.prepare()?;
    let start = Start { helper, env, dir };

    let usual = start.seconds(runs, &[])?;
    let all = start.seconds(runs, &ALL_ON)?;
    let bundle = start.other_certificates()?;
    let mut with_certificates = ALL_ON.to_vec();
    with_certificates.push(("SSL_CERT_FILE", &bundle));
    let rebased = start.seconds(runs, &with_certificates)?;

    let app = start.app()?.display().to_string();
    // Without the number that the build has left, the helper counts by itself.
    let counted = start.seconds(runs, &[("BPI_APP_CLASS_COUNT", "1")])?;
    let counting = [("BPI_APP_CLASS_COUNT", ""), ("BPI_APPLICATION_PATH", &app)];
    let counts = start.seconds(runs, &counting)? - counted;
    fs_err::remove_dir_all(&app)?;

    let figure =
        |what: &str, seconds: f64| Figure::new(format!("kouti/java {what}"), seconds * 1e3, "ms");
    Ok(vec![
        figure("launch helpers, nothing switched on", usual).budget(10.0),
        figure(&format!("launch helpers, everything switched on ({PAKETO})"), all).budget(10.0),
        figure("launch helpers, on a run image with other certificates", rebased).budget(10.0),
        figure("classes of an app of 300 MB counted", counts).budget(150.0),
    ])
}

/// The start of one image.
struct Start {
    helper: PathBuf,
    env: Env,
    dir: PathBuf,
}

impl Start {
    fn seconds(&self, runs: usize, more: &[(&str, &str)]) -> Result<f64> {
        seconds(runs, || {
            let mut command = Command::new(&self.helper);
            command.arg0("java").current_dir(&self.dir).env_clear();
            command.envs(self.env.iter()).env("TMPDIR", &self.dir).envs(more.iter().copied());
            run(&mut command).map(drop)
        })
    }

    /// Half of what this machine believes: not what the build has seen, so that the store has to be read.
    fn other_certificates(&self) -> Result<String> {
        const END: &str = "-----END CERTIFICATE-----\n";
        let system = "/etc/ssl/certs/ca-certificates.crt";
        let text = fs_err::read_to_string(system)?;
        let all: Vec<&str> = text.split_inclusive(END).collect();
        ensure!(all.len() > 1, "{system} has certificates");
        let path = self.dir.join("bundle.pem");
        fs_err::write(&path, all[..all.len() / 2].concat())?;
        Ok(path.display().to_string())
    }

    /// An unpacked Spring Boot app, as large as they get.
    fn app(&self) -> Result<PathBuf> {
        let app = self.dir.join("app");
        let (lib, own) = (app.join("BOOT-INF/lib"), app.join("BOOT-INF/classes/shop"));
        fs_err::create_dir_all(&lib)?;
        fs_err::create_dir_all(&own)?;
        let class = vec![0xca; BYTES_OF_A_CLASS];
        for number in 0..OWN_CLASSES {
            fs_err::write(own.join(format!("Class{number}.class")), &class)?;
        }
        // As in the JARs of Maven Central an entry is as large as what it takes there.
        let stored =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for library in 0..LIBRARIES {
            let file = fs_err::File::create(lib.join(format!("library-{library}-1.0.0.jar")))?;
            let mut jar = zip::ZipWriter::new(std::io::BufWriter::new(file));
            for number in 0..CLASSES_OF_A_LIBRARY {
                jar.start_file(
                    format!("org/example/library{library}/Class{number}.class"),
                    stored,
                )?;
                jar.write_all(&class)?;
            }
            jar.finish()?.flush()?;
        }
        Ok(app)
    }
}
