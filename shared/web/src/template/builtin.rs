//! The functions that every template has: those of Go, and a few for texts.

use std::cmp::Ordering;
use std::fmt::Write as _;

use super::{CallError, Value};

type Function = fn(&[Value]) -> Option<Value>;

/// Names, how they are called, and what they do; `None` for arguments they do not take.
const ALL: &[(&str, Function)] = &[
    ("and A B", |_| None),
    ("default \"fallback\" VALUE", default),
    ("eq A B", |args| {
        let (first, rest) = args.split_first().filter(|(_, rest)| !rest.is_empty())?;
        Some(Value::Flag(rest.contains(first)))
    }),
    ("ge A B", |args| compare(args, Ordering::is_ge)),
    ("gt A B", |args| compare(args, Ordering::is_gt)),
    ("html VALUE", |args| Some(html(&one(args)?.to_string()).into())),
    ("index LIST NUMBER", index),
    ("js VALUE", |args| Some(js(&one(args)?.to_string()).into())),
    ("le A B", |args| compare(args, Ordering::is_le)),
    ("len VALUE", |args| match one(args)? {
        Value::Text(text) => count(text.len()),
        Value::List(list) => count(list.len()),
        Value::Number(_) | Value::Flag(_) => None,
    }),
    ("lower TEXT", |args| Some(one(args)?.text()?.to_lowercase().into())),
    ("lt A B", |args| compare(args, Ordering::is_lt)),
    ("ne A B", |args| match args {
        [a, b] => Some(Value::Flag(a != b)),
        _ => None,
    }),
    ("not VALUE", |args| Some(Value::Flag(!one(args)?.is_true()))),
    ("or A B", |_| None),
    ("print VALUE …", |args| {
        Some(args.iter().map(ToString::to_string).collect::<String>().into())
    }),
    ("printf \"format\" VALUE …", |args| {
        let (format, values) = args.split_first()?;
        printf(format.text()?, values).map(Value::Text)
    }),
    ("println VALUE …", |args| {
        let words: Vec<_> = args.iter().map(ToString::to_string).collect();
        Some((words.join(" ") + "\n").into())
    }),
    ("slice VALUE FROM TO", slice),
    ("split \",\" TEXT", split),
    ("trim TEXT", |args| Some(one(args)?.text()?.trim().into())),
    ("upper TEXT", |args| Some(one(args)?.text()?.to_uppercase().into())),
    ("urlquery VALUE", |args| Some(urlquery(&one(args)?.to_string()).into())),
];

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(signature, _)| super::parse::name_of(signature))
}

/// Calls `name`, which exists; also says how it is called.
pub(super) fn call(name: &str, args: &[Value]) -> (Result<Value, CallError>, &'static str) {
    let found = ALL.iter().find(|(signature, _)| super::parse::name_of(signature) == name);
    match found {
        Some((signature, function)) => (function(args).ok_or(CallError::Arguments), signature),
        None => (Err(CallError::Arguments), ""),
    }
}

fn one(args: &[Value]) -> Option<&Value> {
    match args {
        [value] => Some(value),
        _ => None,
    }
}

fn count(length: usize) -> Option<Value> {
    i64::try_from(length).ok().map(Value::Number)
}

fn default(args: &[Value]) -> Option<Value> {
    match args {
        [fallback, value] => Some(if value.is_true() { value } else { fallback }.clone()),
        _ => None,
    }
}

fn compare(args: &[Value], holds: impl Fn(Ordering) -> bool) -> Option<Value> {
    let order = match args {
        [Value::Number(a), Value::Number(b)] => a.cmp(b),
        [Value::Text(a), Value::Text(b)] => a.cmp(b),
        _ => return None,
    };
    Some(Value::Flag(holds(order)))
}

fn index(args: &[Value]) -> Option<Value> {
    let [Value::List(list), Value::Number(at)] = args else { return None };
    list.get(usize::try_from(*at).ok()?).cloned()
}

fn slice(args: &[Value]) -> Option<Value> {
    let (value, bounds) = args.split_first()?;
    let bounds: Option<Vec<_>> =
        bounds.iter().map(|bound| usize::try_from(bound.number()?).ok()).collect();
    let bounds = bounds?;
    let length = match value {
        Value::Text(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Number(_) | Value::Flag(_) => return None,
    };
    let (from, to) = match bounds.as_slice() {
        [] => (0, length),
        [from] => (*from, length),
        [from, to] => (*from, *to),
        _ => return None,
    };
    match value {
        Value::Text(text) => text.get(from..to).map(Value::from),
        Value::List(list) => list.get(from..to).map(|items| Value::List(items.to_vec())),
        Value::Number(_) | Value::Flag(_) => None,
    }
}

fn split(args: &[Value]) -> Option<Value> {
    let [Value::Text(separator), Value::Text(text)] = args else { return None };
    let items = text.split(separator.as_str()).map(str::trim).filter(|item| !item.is_empty());
    Some(Value::List(items.map(Value::from).collect()))
}

/// Go's `printf`, with `%s %v %d %q %t %x %%`, a width, and the flags `-` and `0`.
fn printf(format: &str, values: &[Value]) -> Option<String> {
    let mut values = values.iter();
    let mut text = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        let flags = after.len() - after.trim_start_matches(['-', '0']).len();
        let digits = after[flags..].find(|c: char| !c.is_ascii_digit())?;
        let verb = after[flags + digits..].chars().next()?;
        rest = &after[flags + digits + verb.len_utf8()..];
        if verb == '%' {
            text.push('%');
            continue;
        }
        let value = values.next()?;
        let shown = match verb {
            's' | 'v' => value.to_string(),
            'd' => value.number()?.to_string(),
            't' => matches!(value, Value::Flag(_)).then(|| value.to_string())?,
            'q' => quoted(value.text()?),
            'x' => match value {
                Value::Number(number) => format!("{number:x}"),
                other => other.text()?.bytes().fold(String::new(), |mut hex, byte| {
                    let _ = write!(hex, "{byte:02x}");
                    hex
                }),
            },
            _ => return None,
        };
        let width = after[flags..flags + digits].parse().unwrap_or(0);
        let flags = &after[..flags];
        let _ = match (flags.contains('-'), flags.contains('0')) {
            (true, _) => write!(text, "{shown:<width$}"),
            (false, true) => write!(text, "{shown:0>width$}"),
            (false, false) => write!(text, "{shown:>width$}"),
        };
    }
    text.push_str(rest);
    values.next().is_none().then_some(text)
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&#34;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

fn js(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => safe.push_str("\\\\"),
            '\'' => safe.push_str("\\'"),
            '"' => safe.push_str("\\\""),
            '<' | '>' | '&' | '=' => {
                let _ = write!(safe, "\\u{:04X}", u32::from(c));
            }
            c if c.is_control() => {
                let _ = write!(safe, "\\u{:04X}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    safe
}

fn urlquery(text: &str) -> String {
    text.bytes().fold(String::new(), |mut safe, byte| {
        match byte {
            b' ' => safe.push('+'),
            byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => {
                safe.push(char::from(byte));
            }
            byte => {
                let _ = write!(safe, "%{byte:02X}");
            }
        }
        safe
    })
}
