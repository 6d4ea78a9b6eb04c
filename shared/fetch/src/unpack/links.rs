//! The symbolic links of an archive, and where they lead.

use std::collections::BTreeMap;
use std::collections::btree_map::Iter;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use super::tree::{Spot, UnpackError, shown};

/// How many links one path may lead through, as in the kernel.
const DEPTH: usize = 40;

/// How long the target of a link may be.
const LONGEST: usize = 4095;

/// Links that are not made yet.
#[derive(Default)]
pub(super) struct Links(BTreeMap<Spot, PathBuf>);

impl Links {
    pub(super) fn insert(&mut self, spot: Spot, target: PathBuf) {
        self.0.insert(spot, target);
    }

    pub(super) fn remove(&mut self, spot: &Spot) {
        self.0.remove(spot);
    }

    pub(super) fn get(&self, spot: &Spot) -> Option<&PathBuf> {
        self.0.get(spot)
    }

    pub(super) fn iter(&self) -> Iter<'_, Spot, PathBuf> {
        self.0.iter()
    }

    /// The link that a path would lead through.
    pub(super) fn above(&self, spot: &Spot) -> Option<&Path> {
        if self.0.is_empty() {
            return None;
        }
        std::iter::successors(spot.parent(), Spot::parent)
            .find_map(|above| self.0.get_key_value(&above))
            .map(|(link, _)| link.path.as_path())
    }

    /// Refuses links that cannot be made safely.
    pub(super) fn check(&self, outside_links: bool) -> Result<(), UnpackError> {
        for (spot, target) in &self.0 {
            let refuse = |reason| Err(UnpackError::unsafe_entry(&spot.path, reason));
            if target.as_os_str().is_empty() {
                let reason = "it is a symbolic link to nothing";
                return Err(UnpackError::damaged_entry(&spot.path, reason));
            }
            if target.as_os_str().len() > LONGEST || target.as_os_str().as_bytes().contains(&0) {
                let reason = "it is a symbolic link that no file system takes";
                return Err(UnpackError::damaged_entry(&spot.path, reason));
            }
            if let Some(link) = self.above(spot) {
                return refuse(format!("it lies behind the symbolic link `{}`", shown(link)));
            }
            let text = shown(target);
            match self.end(spot, target) {
                End::Outside if !outside_links => {
                    return refuse(format!(
                        "it is a symbolic link to `{text}`, which is outside of the archive"
                    ));
                }
                End::Nowhere => {
                    return refuse(format!(
                        "it is a symbolic link to `{text}`, which leads in circles"
                    ));
                }
                End::Inside | End::Outside => {}
            }
        }
        Ok(())
    }

    /// Follows a link as the kernel would, other links of the archive included:
    /// `a/up -> ..` and `x -> a/up/../..` stay inside one by one, but not together.
    fn end(&self, spot: &Spot, target: &Path) -> End {
        let mut here = Spot {
            dir: spot.dir,
            path: spot.path.parent().map(Path::to_owned).unwrap_or_default(),
        };
        let mut hops = 0;
        let mut ahead: Vec<_> = target.components().rev().collect();
        while let Some(component) = ahead.pop() {
            match component {
                Component::CurDir => {}
                Component::RootDir | Component::Prefix(_) => return End::Outside,
                Component::ParentDir => {
                    if !here.path.pop() {
                        return End::Outside;
                    }
                }
                Component::Normal(name) => {
                    here.path.push(name);
                    if let Some(next) = self.0.get(&here) {
                        hops += 1;
                        if hops > DEPTH {
                            return End::Nowhere;
                        }
                        here.path.pop();
                        ahead.extend(next.components().rev());
                    }
                }
            }
        }
        End::Inside
    }
}

enum End {
    Inside,
    Outside,
    Nowhere,
}
