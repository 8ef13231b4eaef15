#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tradepit_fuzz::bodies::parquet(bytes));
