//! Puts the program into the image, and where platforms look for it.

use std::os::unix::fs::symlink;

use kouti::{BuildContext, Launch, LayerEnv, Log, Notice, Problem};

use crate::{HEALTH_CHECKER, settings};

/// In the app, for platforms that want a path; the other name is on the `PATH`.
const LINK: &str = "health-check";
const PROGRAM: &str = "thc";

pub(crate) fn build(context: &BuildContext, log: &mut Log) -> Result<Launch, Problem> {
    if !context.plan.has(HEALTH_CHECKER) {
        return Ok(Launch::default());
    }
    let wanted = settings::DEPENDENCY.read(&context.env)?;
    if wanted != PROGRAM {
        let name = settings::DEPENDENCY.declared.name;
        log.warn(
            Notice::new(format!("{name} is `{wanted}`, but the image gets `{PROGRAM}`"))
                .hint("leave it out: there is no other program"),
        );
    }
    let made = context.helper_layer(log, &[], &[PROGRAM], LayerEnv::new())?;

    let program = made.dir.join("bin").join(PROGRAM);
    let link = context.app_dir.join(LINK);
    let is_there = fs_err::symlink_metadata(&link).is_ok();
    let is_ours = fs_err::read_link(&link).is_ok_and(|target| target == program);
    if is_there && !is_ours {
        log.warn(
            Notice::new(format!("the app has a file `{LINK}` of its own, which stays"))
                .hint(format!("check with the command `{}`", program.display())),
        );
    } else if !is_there {
        symlink(&program, &link)?;
    }
    if !is_there || is_ours {
        log.detail(&format!("check with the command `{}`", link.display()));
    }
    Ok(Launch::default())
}
