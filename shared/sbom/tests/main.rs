//! Tests of whole documents.

#[cfg(test)]
mod documents;
#[cfg(test)]
mod purl;
#[cfg(test)]
mod schemas;
