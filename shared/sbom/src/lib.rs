//! What an image is made of, in the three formats scanners read.
//!
//! A [`Document`] lists [`Component`]s; [`render`] writes it as CycloneDX, SPDX
//! or Syft JSON. Pure text in, text out: no files, no clock, no random numbers,
//! so the same components in any order give the same bytes.

mod address;
mod component;
mod cyclonedx;
mod digest;
mod document;
mod licence;
mod purl;
mod spdx;
mod syft;

pub use component::{Component, Kind, Source};
pub use digest::{BadDigest, Digest, DigestAlgorithm};
pub use document::{Document, Format, render, render_at};
pub use licence::is_spdx;
pub use purl::{BadPurl, Purl};
