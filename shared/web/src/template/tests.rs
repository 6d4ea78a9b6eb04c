use insta::assert_snapshot;
use kouti_report::{Colour, Problem};
use proptest::prelude::*;

use super::*;

struct Environment;

impl Functions for Environment {
    fn signatures(&self) -> &[&'static str] {
        &["env \"NAME\" [\"fallback\"]", "port", "required \"NAME\""]
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, CallError> {
        let known = |name: &str| match name {
            "HOST" => "web.example",
            "LIST" => "a, b,,c",
            _ => "",
        };
        match (name, arguments) {
            ("port", []) => Ok("8080".into()),
            ("env", [Value::Text(name)]) => Ok(known(name).into()),
            ("required", [Value::Text(name)]) => Err(CallError::Failed {
                reason: format!("{name} is not set"),
                hint: format!("set {name}"),
            }),
            _ => Err(CallError::Arguments),
        }
    }
}

fn made(template: &str) -> String {
    render("nginx.conf", template, &Environment).unwrap().text
}

fn page(template: &str) -> String {
    let error = render("nginx.conf", template, &Environment).unwrap_err();
    Problem::from(error).page("", Colour::Off)
}

/// Templates and what Go makes of them.
#[test]
fn what_go_renders_is_rendered_alike() {
    for (template, expected) in [
        ("listen {{port}};", "listen 8080;"),
        ("listen {{ port }};", "listen 8080;"),
        (r#"{{env "HOST"}}"#, "web.example"),
        ("{{env `HOST`}}", "web.example"),
        (r#"{{env "NONE"}}|"#, "|"),
        (r#"{{"{{"}}"#, "{{"),
        (r#"{{if env "HOST"}}yes{{else}}no{{end}}"#, "yes"),
        (r#"{{if env "NONE"}}yes{{else if eq (env "HOST") "web.example"}}2{{end}}"#, "2"),
        (r#"{{if and (env "HOST") (not (env "NONE"))}}x{{end}}"#, "x"),
        (r#"{{or (env "NONE") "else"}}"#, "else"),
        (r#"{{or "first" (required "X")}}"#, "first"),
        (r#"{{and "" (required "X")}}|"#, "|"),
        (r#"{{with env "HOST"}}{{.}}{{end}}"#, "web.example"),
        (r#"{{with env "NONE"}}{{.}}{{else}}none{{end}}"#, "none"),
        (r#"{{with $h := env "HOST"}}{{$h}}{{end}}"#, "web.example"),
        ("{{$p := port}}{{$p}}-{{$p}}", "8080-8080"),
        (r#"{{$x := "1"}}{{if true}}{{$x = "2"}}{{end}}{{$x}}"#, "2"),
        (r#"{{$x := "1"}}{{if true}}{{$x := "2"}}{{end}}{{$x}}"#, "1"),
        (r#"{{range split "," (env "LIST")}}<{{.}}>{{end}}"#, "<a><b><c>"),
        (r#"{{range $i, $x := split "," "a,b"}}{{$i}}{{$x}} {{end}}"#, "0a 1b "),
        (r#"{{range split "," ""}}x{{else}}empty{{end}}"#, "empty"),
        (r#"{{env "HOST" | upper | printf "%s:%d" | print "x"}}"#, "!"),
        (r#"{{env "HOST" | upper | printf "%d:%s" 5}}"#, "5:WEB.EXAMPLE"),
        (r#"{{printf "%-4s|%04d|%q|%x|%%" "a" 7 "b\"c" 255}}"#, "a   |0007|\"b\\\"c\"|ff|%"),
        (r#"{{len "abc"}}{{index (split "," "a,b") 1}}{{slice "abcd" 1 3}}"#, "3bbc"),
        (r#"{{html "<a href='x'>&"}}"#, "&lt;a href=&#39;x&#39;&gt;&amp;"),
        (r#"{{urlquery "a b/c"}}"#, "a+b%2Fc"),
        (r#"{{default "x" (env "NONE")}}"#, "x"),
        (r#"{{trim "  a "}}{{lower "B"}}"#, "ab"),
        (r#"{{lt 1 2}} {{ge 2 3}} {{ne "a" "b"}} {{eq 3 1 3}}"#, "true false true true"),
        ("{{println 1 2}}", "1 2\n"),
        ("{{-3}}", "-3"),
        ("a {{- port -}} b", "a8080b"),
        ("a \n {{- /* gone */ -}} \n b", "ab"),
        ("a {{/* gone */}} b", "a  b"),
        ("{{if true -}}\n  x\n{{- end}}", "x"),
        ("$host { return 200; }", "$host { return 200; }"),
    ] {
        if expected == "!" {
            // `%d` of a text, which Go marks in its output and we refuse.
            assert!(render("nginx.conf", template, &Environment).is_err());
        } else {
            assert_eq!(made(template), expected, "{template}");
        }
    }
}

#[test]
fn a_wrong_word_is_met_with_the_right_one() {
    let hints = |template: &str| {
        let page = page(template);
        page.lines().filter(|line| line.starts_with("hint: did")).collect::<Vec<_>>().join("")
    };
    for (template, hint) in [
        ("{{PORT}}", "{{port}}"),
        ("{{ PORT }}", "{{port}}"),
        ("{{.Port}}", "{{port}}"),
        ("{{env HOST}}", "{{env \"HOST\"}}"),
        ("{{$PORT}}", "{{port}}"),
        ("{{$HOST}}", "{{env \"HOST\"}}"),
        ("{{MY_HOST}}", "{{env \"MY_HOST\"}}"),
    ] {
        assert_eq!(hints(template), format!("hint: did you mean `{hint}`?"), "{template}");
    }
}

#[test]
fn every_error_shows_the_place() {
    assert_snapshot!(page("http {\n  listen {{PORT}};\n}\n"), @"
    error[unknown-template-function]: nginx.conf:2:12: there is no `PORT` in templates
     --> nginx.conf:2:12
      |
    2 |   listen {{PORT}};
      |            ^^^^ unknown

    hint: did you mean `{{port}}`?
    hint: there are: and, default, env, eq, ge, gt, html, index, js, le, len, lower, lt, ne, not, or, port, print, printf, println, required, slice, split, trim, upper, urlquery
    ");
    assert_snapshot!(page("listen {{port;\n"), @r#"
    error[bad-template]: nginx.conf:1:8: `{{` that opens here has no end
     --> nginx.conf:1:8
      |
    1 | listen {{port;
      |        ^^ here

    hint: write `{{"{{"}}` where two opening braces are meant to stay
    "#);
    assert_snapshot!(page("{{if true}}\nlisten 80;\n"), @r#"
    error[bad-template]: nginx.conf:1:1: the `if` that opens here has no `{{end}}`
     --> nginx.conf:1:1
      |
    1 | {{if true}}
      | ^^^^^^^^^^^ here

    hint: write `{{"{{"}}` where two opening braces are meant to stay
    "#);
    assert_snapshot!(page("{{env 'PORT'}}"), @r#"
    error[unsupported-template]: nginx.conf:1:7: a text in single quotes is not supported in templates
     --> nginx.conf:1:7
      |
    1 | {{env 'PORT'}}
      |       ^^^^^^ here

    hint: write `{{"{{"}}` where two opening braces are meant to stay
    "#);
    assert_snapshot!(page("{{define \"x\"}}{{end}}"), @r#"
    error[unsupported-template]: nginx.conf:1:3: `define` is not supported in templates
     --> nginx.conf:1:3
      |
    1 | {{define "x"}}{{end}}
      |   ^^^^^^ here

    hint: write `{{"{{"}}` where two opening braces are meant to stay
    "#);
    assert_snapshot!(page("{{env}}"), @r#"
    error[bad-template-arguments]: nginx.conf:1:3: `env` is called with other arguments than it takes
     --> nginx.conf:1:3
      |
    1 | {{env}}
      |   ^^^ this call

    hint: write `{{env "NAME" ["fallback"]}}`
    "#);
    assert_snapshot!(page("a\nb {{required \"TOKEN\"}}"), @r#"
    error[no-template-value]: nginx.conf:2:5: TOKEN is not set
     --> nginx.conf:2:5
      |
    2 | b {{required "TOKEN"}}
      |     ^^^^^^^^^^^^^^^^ no value

    hint: set TOKEN
    "#);
    assert_snapshot!(page("{{end}}"), @r#"
    error[bad-template]: nginx.conf:1:1: `end` has nothing that it belongs to
     --> nginx.conf:1:1
      |
    1 | {{end}}
      | ^^^^^^^ here

    hint: write `{{"{{"}}` where two opening braces are meant to stay
    "#);
    assert_snapshot!(page("return 200 '{\"a\":{{\"b\":1}}';"), @r#"
    error[bad-template]: nginx.conf:1:23: `:` makes no sense here
     --> nginx.conf:1:23
      |
    1 | return 200 '{"a":{{"b":1}}';
      |                       ^ here

    hint: write `{{"{{"}}` where two opening braces are meant to stay
    "#);
}

#[test]
fn a_line_of_the_result_is_found_in_the_template() {
    let template =
        "a\n{{if true -}}\n\n\nb\n{{end}}{{range split \",\" \"x,y\"}}\n{{.}}\n{{end}}c\n";
    let rendered = render("nginx.conf", template, &Environment).unwrap();
    assert_eq!(rendered.text, "a\nb\n\nx\n\ny\nc\n");
    let lines: Vec<_> = (1..=7).map(|line| rendered.line_in(template, line)).collect();
    assert_eq!(lines, [1, 5, 6, 7, 6, 7, 8]);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[{}a-z\"$.|()=: \n`'/*-]{0,40}") {
        let _ = render("nginx.conf", &text, &Environment);
    }

    #[test]
    fn a_literal_stays_as_it_is(text in "[{}a-z\" ]{0,30}") {
        prop_assert_eq!(made(&literal(&text)), text);
    }
}
