//! A buildpack whose only layer has 30,000 files: `cargo xtask bench` looks at what keeping it costs.

use kouti::{
    BuildContext, Buildpack, Context, Detection, Launch, Layer, LayerEnv, Log, Problem, Uses,
};

const DIRECTORIES: usize = 300;
const FILES_IN_EACH: usize = 100;

struct ManyFiles;

impl Buildpack for ManyFiles {
    const NAME: &'static str = "Many files";
    const SETTINGS: &'static [kouti::setting::Declared] = &[];

    fn detect(_: &Context) -> Result<Detection, Problem> {
        Ok(Detection::pass())
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        let layer = Layer {
            name: "files",
            title: format!("{} files", DIRECTORIES * FILES_IN_EACH),
            // The next build gets every file back.
            uses: Uses { build: true, launch: true, cache: true },
            key: std::collections::BTreeMap::from([("directories", DIRECTORIES)]),
            env: LayerEnv::new(),
            sbom: None,
        };
        context.layers.ensure(log, &layer, |dir, _| {
            for directory in 0..DIRECTORIES {
                let dir = dir.join(directory.to_string());
                fs_err::create_dir(&dir)?;
                for file in 0..FILES_IN_EACH {
                    fs_err::write(dir.join(file.to_string()), "content")?;
                }
            }
            Ok(())
        })?;
        Ok(Launch::default())
    }
}

fn main() {
    kouti::main::<ManyFiles>();
}
