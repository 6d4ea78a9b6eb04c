//! Labels of the image from variables of the build.

mod labels;
mod pairs;
mod settings;

use kouti::setting::Declared;
use kouti::{
    Alternative, BuildContext, Buildpack, Context, Detection, Entry, Launch, Log, Problem,
};

const IMAGE_LABELS: &str = "image-labels";

struct ImageLabels;

impl Buildpack for ImageLabels {
    const NAME: &'static str = "Kouti Image Labels";
    const SETTINGS: &'static [Declared] = settings::ALL;

    fn detect(context: &Context) -> Result<Detection, Problem> {
        if !settings::ALL.iter().any(|setting| context.env.given(setting.name).is_some()) {
            return Detection::skip("neither BP_IMAGE_LABELS nor a BP_OCI_ variable is set");
        }
        let plan = Alternative::new().provides(IMAGE_LABELS).requires(Entry::new(IMAGE_LABELS));
        Ok(Detection::Pass(vec![plan]))
    }

    fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
        let labels::Labels { labels, notices } = labels::decide(&context.env)?;
        log.step("Labels");
        let row = |(key, value): &(String, String)| [key.clone(), value.clone()];
        log.table(&labels.iter().map(row).collect::<Vec<_>>());
        for notice in notices {
            log.warn(notice);
        }
        Ok(Launch { labels, ..Launch::default() })
    }
}

fn main() {
    kouti::main::<ImageLabels>();
}
