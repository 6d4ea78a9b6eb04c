#![no_main]
//! The environment files of a layer mean the same to the buildpack that writes them and to the
//! lifecycle that reads them.

use arbitrary::Arbitrary;
use kouti::{Env, LayerEnv, Scope};
use kouti_testing::lifecycle;

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Change {
    Default,
    Override,
    Append,
    Prepend,
}

const NAMES: [&str; 6] = ["PATH", "LD_LIBRARY_PATH", "A", "AB", "A_B", "a"];

type Line<'a> = (Change, bool, u8, &'a str, &'a str);

libfuzzer_sys::fuzz_target!(|input: (Vec<(u8, &str)>, Vec<Line<'_>>)| {
    let (before, lines) = input;
    let name = |index: u8| NAMES[usize::from(index) % NAMES.len()];
    let mut layer = LayerEnv::new();
    for (change, build_only, index, value, delimiter) in lines.into_iter().take(12) {
        let scope = if build_only { Scope::Build } else { Scope::Both };
        layer = match change {
            Change::Default => layer.default_value(scope, name(index), value),
            Change::Override => layer.override_value(scope, name(index), value),
            Change::Append => layer.append(scope, name(index), value, delimiter),
            Change::Prepend => layer.prepend(scope, name(index), value, delimiter),
        };
    }
    let dir = tempfile::TempDir::new_in("/dev/shm").expect("there is shared memory");
    layer.write(dir.path()).expect("it can be written");
    let (mut ours, mut theirs) = (Env::new(), lifecycle::Env::new());
    for (index, value) in before {
        ours.set(name(index), value);
        theirs.set(name(index), value);
    }
    layer.apply(dir.path(), &mut ours);
    theirs.add_build_layer(dir.path()).expect("what was written can be read");
    assert!(ours.iter().eq(theirs.iter()), "{layer:?}\n{ours:?}\n{theirs:?}");
});
