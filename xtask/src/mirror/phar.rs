//! PHP archives: many source files in one that PHP runs, the same bytes for the same files.

use flate2::Crc;
use sha2::{Digest as _, Sha256};

/// Version 1.1.1 of the format.
const VERSION: [u8; 2] = [0x11, 0x10];
const HAS_SIGNATURE: u32 = 0x0001_0000;
const IS_SHA256: u32 = 0x0003;
const TIME: u32 = 315_532_801;
/// Of a file: readable for everybody, not compressed.
const MODE: u32 = 0o644;

/// An archive that is being filled.
pub(super) struct Archive {
    stub: Vec<u8>,
    alias: String,
    count: u32,
    entries: Vec<u8>,
    contents: Vec<u8>,
}

impl Archive {
    /// An archive that runs its file `main`.
    pub(super) fn new(alias: &str, main: &str) -> Self {
        let stub = format!(
            "#!/usr/bin/env php\n<?php Phar::mapPhar('{alias}'); require 'phar://{alias}/{main}'; __HALT_COMPILER(); ?>\r\n"
        );
        Self {
            stub: stub.into_bytes(),
            alias: alias.to_owned(),
            count: 0,
            entries: Vec::new(),
            contents: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, path: &str, content: Vec<u8>) {
        let mut crc = Crc::new();
        crc.update(&content);
        text(&mut self.entries, path);
        for number in [length(&content), TIME, length(&content), crc.sum(), MODE, 0] {
            self.entries.extend(number.to_le_bytes());
        }
        self.contents.extend(content);
        self.count += 1;
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let mut manifest = self.count.to_le_bytes().to_vec();
        manifest.extend(VERSION);
        manifest.extend(HAS_SIGNATURE.to_le_bytes());
        text(&mut manifest, &self.alias);
        text(&mut manifest, ""); // metadata
        manifest.extend(self.entries);

        let mut archive = self.stub;
        archive.extend(length(&manifest).to_le_bytes());
        archive.extend(manifest);
        archive.extend(self.contents);
        let signature = Sha256::digest(&archive);
        archive.extend(signature);
        archive.extend(IS_SHA256.to_le_bytes());
        archive.extend(b"GBMB"); // ends every signed archive
        archive
    }
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(length(text.as_bytes()).to_le_bytes());
    bytes.extend(text.as_bytes());
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("source files are smaller than 4 GB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stamp;

    #[test]
    fn the_archive_is_what_the_format_says() {
        let mut archive = Archive::new("a.phar", "m");
        archive.add("m", b"<?php".to_vec());
        let bytes = archive.finish();

        let (stub, rest) =
            bytes.split_at(bytes.windows(4).position(|end| end == b"?>\r\n").unwrap() + 4);
        assert!(stub.starts_with(
            b"#!/usr/bin/env php\n<?php Phar::mapPhar('a.phar'); require 'phar://a.phar/m';"
        ));
        let (body, signature) = rest.split_at(rest.len() - 40);
        insta::assert_snapshot!(stamp::hex(body), @"350000000100000011100000010006000000612e7068617200000000010000006d0500000001a6ce1205000000aeb26ba3a4010000000000003c3f706870");
        assert_eq!(signature[..32], *Sha256::digest(&bytes[..bytes.len() - 40]));
        assert_eq!(signature[32..], *b"\x03\0\0\0GBMB");
    }
}
