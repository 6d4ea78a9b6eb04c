//! Text files as editors on any system leave them.

/// The text of a file: UTF-8 or UTF-16, with or without a byte order mark.
///
/// Bytes that are neither become a character that the parser of the format complains about.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let wide = |unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> =
            bytes[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => {
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            String::from_utf8_lossy(text).into_owned()
        }
    }
}

/// A path as Windows and Unix write it, with slashes and without `.` and empty parts.
///
/// `..` takes back the part before it; `None` where it would lead out of the app.
pub(crate) fn normal_path(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// `path`, which a file in the directory `dir` names, relative to the app.
pub(crate) fn joined(dir: &str, path: &str) -> Option<String> {
    normal_path(&format!("{dir}/{path}"))
}

/// The directory of a file, relative to the app; empty for the app itself.
pub(crate) fn dir_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// The last part of a path.
pub(crate) fn name_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The last part of a path without its extension: `Shop.Web` of `src/Shop.Web.csproj`.
pub(crate) fn stem_of(path: &str) -> &str {
    let name = name_of(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Whether the path ends with one of `extensions`, whatever their case.
pub(crate) fn has_extension(path: &str, extensions: &[&str]) -> bool {
    let found = name_of(path).rsplit_once('.').map(|(_, extension)| extension);
    found.is_some_and(|found| extensions.iter().any(|wanted| wanted.eq_ignore_ascii_case(found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_say_how_to_read() {
        for bytes in [
            &b"a\xc3\xa4"[..],
            b"\xef\xbb\xbfa\xc3\xa4",
            b"\xff\xfea\0\xe4\0",
            b"\xfe\xff\0a\0\xe4",
        ] {
            assert_eq!(decode(bytes), "a\u{e4}", "{bytes:?}");
        }
        assert_eq!(decode(b"\xff\xfe"), "");
    }

    #[test]
    fn paths_stay_in_the_app() {
        assert_eq!(
            joined("src/Api", r"..\Lib\.\Lib.csproj").as_deref(),
            Some("src/Lib/Lib.csproj")
        );
        assert_eq!(joined("", "./src/").as_deref(), Some("src"));
        assert_eq!(joined("src", "../../x"), None);
    }

    #[test]
    fn extensions_are_told_whatever_their_case() {
        assert!(has_extension("src/App.CsProj", &["csproj"]));
        assert!(!has_extension("src.csproj/App", &["csproj"]));
        assert_eq!(stem_of("src/Shop.Web.csproj"), "Shop.Web");
    }
}
