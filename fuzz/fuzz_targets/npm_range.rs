#![no_main]

use kouti_version::Range;

libfuzzer_sys::fuzz_target!(|texts: (&str, &str)| kouti_fuzz::ranges::check(Range::npm, texts.0, texts.1));
