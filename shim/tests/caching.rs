//! What the next staging of an app gets back.

use crate::platform::{Cnb, Platform, Zip};

/// A layer of every kind, each with a file that says in which staging it was made.
const ALL_KINDS: &str = r#"
count=1; [ ! -f "$layers/store.toml" ] || count=$(($(grep -o '[0-9]*' "$layers/store.toml") + 1))
printf '[metadata]\ncount = %s\n' "$count" > "$layers/store.toml"
for kind in none b l c bl bc lc blc; do
  found=; [ ! -f "$layers/$kind/made" ] || found=$(cat "$layers/$kind/made")
  toml=; [ ! -f "$layers/$kind.toml" ] || toml=known
  echo "layer $kind: made '$found' $toml"
  types=
  case $kind in *b*) types="$types build";; esac
  case $kind in *l*) types="$types launch";; esac
  case $kind in *c*) types="$types cache";; esac
  [ "$kind" != none ] || types=
  layer $kind $types
  [ -n "$found" ] || echo "$count" > "$layer/made"
done
"#;

fn said(out: &str) -> Vec<String> {
    out.lines().filter_map(|line| Some(line.split_once("layer ")?.1.trim().to_owned())).collect()
}

#[test]
fn only_layers_that_are_to_be_kept_come_back_and_only_launch_layers_run() {
    let Some(platform) = Platform::new() else { return };
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build(ALL_KINDS)]));
    let cold = platform.stage(&["one"]).succeeds();
    assert!(said(&cold.out).iter().all(|line| line.ends_with("made ''")), "{}", cold.out);
    let names = platform.names("droplet.tgz");
    let made = |name: &&String| name.ends_with("/made");
    let layers: Vec<_> =
        names.iter().filter(made).map(|name| name.split('/').nth(4).unwrap()).collect();
    assert_eq!(layers, ["bl", "blc", "l", "lc"]);

    let warm = platform.stage(&["one"]).succeeds();
    assert_eq!(
        said(&warm.out),
        [
            "none: made ''",
            "b: made ''",
            "l: made ''",
            "c: made '1' known",
            "bl: made ''",
            "bc: made '1' known",
            "lc: made '1' known",
            "blc: made '1' known",
        ]
    );
    assert!(warm.out.contains("Restoring 4 cached layers"), "{}", warm.out);
    assert_eq!(platform.droplet_file("deps/0/layers/kouti_one/lc/made"), "1\n");
    assert_eq!(platform.droplet_file("deps/0/layers/kouti_one/l/made"), "2\n", "built again");
    // A third one shows that what was only moved back was kept again.
    assert_eq!(said(&platform.stage(&["one"]).out), said(&warm.out));
}

#[test]
fn a_cache_that_cannot_be_used_costs_a_line() {
    let layer = Cnb::new("kouti/one").build("echo \"found: $([ -d \"$layers/kept\" ] && echo yes)\"; layer kept cache; echo x > \"$layer/file\"");
    let Some(platform) = Platform::new() else { return };
    platform.upload("one", &Zip::of(&[layer]));
    platform.upload_classic("before", &[("supply", "true")]);
    let stage = || platform.stage(&["one"]).succeeds().out;
    assert!(stage().contains("found: \n"));
    assert!(stage().contains("found: yes"));

    let ours = platform.path("cache/final/kouti-v1");
    fs_err::write(ours.join("index.json"), "{").unwrap();
    let out = stage();
    assert!(
        out.contains("Dropping the cache: its index cannot be read") && out.contains("found: \n"),
        "{out}"
    );

    fs_err::write(ours.join("layers/kouti_one/kept/file"), "longer").unwrap();
    let out = stage();
    assert!(out.contains("Dropping the layer kept of the cache: it is damaged"), "{out}");

    // At another index the layers were at another path.
    let out = platform.stage(&["before", "one"]).succeeds().out;
    assert!(
        out.contains("another position of this buildpack") && out.contains("found: \n"),
        "{out}"
    );

    // What others have left counts against the platform's limit.
    let strangers = ["cnb/x", "committed/y", "npm/z"];
    for name in strangers {
        fs_err::create_dir_all(platform.path("cache/final").join(name)).unwrap();
    }
    stage();
    let left = platform.names_below("cache/final");
    assert!(left.iter().all(|name| name.starts_with("kouti-v1")), "{left:?}");
}

#[test]
fn the_user_says_how_much_is_kept() {
    let Some(platform) = Platform::new() else { return };
    let build = "layer large cache; head -c 1500000 /dev/zero > \"$layer/file\"; layer small launch cache; head -c 600000 /dev/zero > \"$layer/file\"";
    platform.upload("one", &Zip::of(&[Cnb::new("kouti/one").build(build)]));
    let platform = platform.env("BP_CF_CACHE_MAX_MB", "1");
    let staged = platform.stage(&["one"]).succeeds();
    let notice = "warning: the layer kouti_one/large (1.5 MB) is not cached\n";
    assert!(staged.err.contains(notice), "{}", staged.err);
    assert!(staged.err.contains("hint: allow more with BP_CF_CACHE_MAX_MB"), "{}", staged.err);
    let kept = platform.names_below("cache/final/kouti-v1/layers/kouti_one");
    assert_eq!(kept, ["small", "small/file", "small.toml"]);

    let off = platform.env("BP_CF_CACHE_ENABLED", "false");
    off.stage(&["one"]).succeeds();
    assert_eq!(off.names_below("cache/final"), [""; 0]);
}
