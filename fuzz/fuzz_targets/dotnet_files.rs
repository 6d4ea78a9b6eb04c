#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kouti_dotnet::read_as_every_format(bytes));
