//! What a good server would answer, and the faults that change the answer itself.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{Fault, Page, Request};

/// Head and body as they go over the wire.
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

const LAST_MODIFIED: &str = "Wed, 01 Jan 2025 00:00:00 GMT";

pub(crate) fn answer(request: &Request, page: Option<Page>, fault: &Fault) -> Answer {
    match fault {
        Fault::Status(status) => return plain(*status, "", "it is a fault"),
        Fault::RetryAfter(status, when) => {
            // A time is told by the server's own clock.
            let headers = format!("Retry-After: {when}\r\nDate: {LAST_MODIFIED}\r\n");
            return plain(*status, &headers, "later");
        }
        Fault::Redirect(to) => return plain(302, &format!("Location: {to}\r\n"), "elsewhere"),
        Fault::Instead(content_type, content) => {
            let headers = format!("Content-Type: {content_type}\r\n");
            return with_body(200, &headers, content.clone());
        }
        _ => {}
    }
    let Some(page) = page else {
        return plain(404, "", "nothing is here");
    };
    if let Some(wanted) = &page.authorization {
        match request.header("authorization") {
            None => {
                let headers = "WWW-Authenticate: Basic realm=\"upstream\"\r\n";
                return plain(401, headers, "who are you?");
            }
            Some(sent) if sent != wanted => return plain(403, "", "not you"),
            Some(_) => {}
        }
    }
    whole_or_part(request, page, fault)
}

fn whole_or_part(request: &Request, page: Page, fault: &Fault) -> Answer {
    let mut headers = String::new();
    let tag = tag(&page.content);
    if page.validators {
        let _ = write!(headers, "ETag: {tag}\r\nLast-Modified: {LAST_MODIFIED}\r\n");
    }
    let total = page.content.len();
    let unchanged = request.header("if-range").is_none_or(|validator| validator == tag);
    let start = request
        .header("range")
        .filter(|_| page.ranges && unchanged && !matches!(fault, Fault::IgnoreRange))
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    let Some(start) = start else {
        if !page.length {
            return Answer { head: head(200, &headers), body: page.content };
        }
        return with_body(200, &headers, page.content);
    };
    if start >= total {
        return plain(416, &format!("Content-Range: bytes */{total}\r\n"), "");
    }
    let start = if matches!(fault, Fault::WrongPart) { start / 2 } else { start };
    let _ = write!(headers, "Content-Range: bytes {start}-{}/{total}\r\n", total - 1);
    with_body(206, &headers, page.content[start..].to_vec())
}

/// A validator that changes with the content.
fn tag(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    let start: String = digest.iter().take(8).map(ToString::to_string).collect();
    format!("\"{start}\"")
}

fn plain(status: u16, headers: &str, text: &str) -> Answer {
    with_body(status, headers, text.as_bytes().to_vec())
}

fn with_body(status: u16, headers: &str, body: Vec<u8>) -> Answer {
    Answer { head: head(status, &format!("{headers}Content-Length: {}\r\n", body.len())), body }
}

fn head(status: u16, headers: &str) -> String {
    format!("HTTP/1.1 {status} {status}\r\n{headers}Connection: close\r\n\r\n")
}
