//! What holds for every text.

use kouti_version::{BadRange, Range, Version};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

type Dialect = fn(&str) -> Result<Range, BadRange>;

const DIALECTS: [Dialect; 3] = [Range::parse, Range::npm, Range::composer];

/// Pieces that can be put together to nearly every branch of the grammars.
fn any_text() -> impl Strategy<Value = String> {
    let pieces = select(vec![
        "0",
        "1",
        "2.3",
        "1.2.3",
        "1.2.3.4",
        "18446744073709551615",
        "9007199254740991",
        ".",
        "x",
        "X",
        "*",
        "v",
        "=",
        "<",
        ">",
        "~",
        "^",
        "!",
        "!=",
        ">=",
        "<=",
        "~>",
        "|",
        "||",
        " ",
        " - ",
        "-",
        "-rc.1",
        "-beta2",
        "-dev",
        "dev-",
        "@dev",
        "@",
        " as ",
        "as",
        "+",
        "+b.1",
        ",",
        "\t",
        "_",
        "é",
        "\u{a0}",
        "\u{feff}",
    ]);
    prop_oneof![any::<String>(), vec(pieces, 0..10).prop_map(|pieces| pieces.concat())]
}

fn any_version() -> impl Strategy<Value = Version> {
    "v?[0-3](\\.[0-3]){0,3}(-(0|rc\\.[12]|beta1|dev))?(\\+[0-9a]{1,2})?"
        .prop_map(|text| Version::parse(&text).expect("the pattern makes versions"))
}

proptest! {
    #[test]
    fn every_text_is_read_or_refused(text in any_text(), version in any_version()) {
        for parse in DIALECTS {
            match parse(&text) {
                Ok(range) => {
                    // Any answer will do, as long as there is one.
                    let _ = (range.matches(&version), range.is_open_ended());
                    prop_assert_eq!(range.to_string(), text.trim());
                    prop_assert_eq!(parse(&range.to_string()), Ok(range));
                }
                Err(error) => prop_assert_eq!(error.text, text.trim()),
            }
        }
        if let Ok(version) = Version::parse(&text) {
            prop_assert_eq!(version.to_string(), text.trim());
            for parse in DIALECTS {
                if let Ok(range) = parse(&text) && !version.is_prerelease() {
                    prop_assert!(range.matches(&version), "{} is not in itself", text);
                }
            }
        }
    }

    #[test]
    fn versions_are_in_order(a in any_version(), b in any_version(), c in any_version()) {
        prop_assert_eq!(a == b, a.cmp(&b).is_eq());
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert!(!(a <= b && b <= c) || a <= c);
    }

    #[test]
    fn conditions_mean_what_they_say(alternatives in vec(vec(condition(), 1..4), 1..4)) {
        let written = |join: &str| {
            let written: Vec<_> = alternatives.iter().map(|all| write(all, join)).collect();
            written.join(" || ")
        };
        let paketo = Range::parse(&written(", ")).expect("every operator is known");
        let npm = Range::npm(&written(" "));
        let composer = Range::composer(&written(" ")).expect("every operator is known");
        let is_full = alternatives.iter().flatten().all(|(_, numbers)| numbers.len() == 3);

        for version in versions() {
            let expected = alternatives.iter().any(|all| all.iter().all(|one| fits(one, version)));
            let [major, minor, patch] = version;
            let version = Version::parse(&format!("{major}.{minor}.{patch}")).unwrap();
            prop_assert_eq!(paketo.matches(&version), expected, "{} in {}", version, paketo);
            if let Ok(npm) = &npm {
                prop_assert_eq!(npm.matches(&version), expected, "{} in {}", version, npm);
            }
            if is_full {
                let found = composer.matches(&version);
                prop_assert_eq!(found, expected, "{} in {}", version, composer);
            }
        }
    }
}

type Condition = (&'static str, Vec<u64>);

fn condition() -> impl Strategy<Value = Condition> {
    (select(vec!["=", "!=", ">", ">=", "<", "<=", "~", "^"]), vec(0..4_u64, 1..4))
        .prop_filter("`~0.0.0` is an oddity of its own", |(operator, numbers)| {
            *operator != "~" || *numbers != [0, 0, 0]
        })
}

fn write(conditions: &[Condition], join: &str) -> String {
    let one = |(operator, numbers): &Condition| {
        let numbers: Vec<_> = numbers.iter().map(u64::to_string).collect();
        format!("{operator}{}", numbers.join("."))
    };
    conditions.iter().map(one).collect::<Vec<_>>().join(join)
}

/// The same said another way: with what versions begin with, not with bounds.
fn fits((operator, numbers): &Condition, version: [u64; 3]) -> bool {
    let same =
        |count: usize| version[..count.min(numbers.len())] == numbers[..count.min(numbers.len())];
    let order = version[..numbers.len()].cmp(numbers);
    match *operator {
        "=" => order.is_eq(),
        "!=" => order.is_ne(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        "~" => order.is_ge() && same(2),
        _ => order.is_ge() && same(1 + numbers.iter().take_while(|number| **number == 0).count()),
    }
}

fn versions() -> impl Iterator<Item = [u64; 3]> {
    (0..125).map(|count| [count / 25, count / 5 % 5, count % 5])
}
