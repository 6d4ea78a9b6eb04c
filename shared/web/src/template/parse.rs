//! From words to a tree.

use std::iter::Peekable;
use std::ops::Range;
use std::vec::IntoIter;

use super::error::Reason;
use super::lex::{Kind, Piece, Token, pieces};
use super::{Functions, Value, builtin};

/// A part of a template.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(Range<usize>),
    Action(Pipeline),
    /// `if`: conditions in order, each with what it guards; an `else` has none.
    If(Vec<(Option<Pipeline>, Vec<Self>)>),
    With {
        pipeline: Pipeline,
        body: Vec<Self>,
        otherwise: Vec<Self>,
    },
    Range {
        pipeline: Pipeline,
        body: Vec<Self>,
        otherwise: Vec<Self>,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Pipeline {
    /// Variables that get the value: `$x :=`, `$i, $x :=`.
    pub(super) targets: Vec<String>,
    pub(super) declares: bool,
    pub(super) commands: Vec<Command>,
    pub(super) place: Range<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) first: Operand,
    pub(super) arguments: Vec<Operand>,
    pub(super) place: Range<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum Operand {
    Value(Value),
    Variable(String, Range<usize>),
    Dot,
    Call(String, Range<usize>),
    Group(Box<Pipeline>),
}

type Failure = (Reason, Range<usize>);
type Result<T> = std::result::Result<T, Failure>;

pub(super) fn parse(text: &str, functions: &dyn Functions) -> Result<Vec<Node>> {
    let mut parser = Parser { pieces: pieces(text)?.into_iter().peekable(), functions };
    let (nodes, end) = parser.nodes()?;
    match end {
        None => Ok(nodes),
        Some((word, _, place)) => {
            Err((Reason::Syntax(format!("`{word}` has nothing that it belongs to")), place))
        }
    }
}

struct Parser<'a> {
    pieces: Peekable<IntoIter<Piece>>,
    functions: &'a dyn Functions,
}

/// `else`, `else if …` or `end`: the word, what follows it, and where it stands.
type BlockEnd = (String, Vec<Token>, Range<usize>);

/// Of Go, but of no use in a configuration file.
const UNSUPPORTED: [&str; 5] = ["block", "break", "continue", "define", "template"];

impl Parser<'_> {
    /// Nodes up to the end of the block, and that end.
    fn nodes(&mut self) -> Result<(Vec<Node>, Option<BlockEnd>)> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let (mut words, place) = match piece {
                Piece::Text(range) => {
                    nodes.push(Node::Text(range));
                    continue;
                }
                Piece::Action { words, place } => (words, place),
            };
            let keyword = match words.first() {
                Some(Token { kind: Kind::Word(word), .. }) => word.clone(),
                Some(_) => String::new(),
                None => {
                    return Err((
                        Reason::Syntax("there is nothing in these braces".to_owned()),
                        place,
                    ));
                }
            };
            match keyword.as_str() {
                "else" | "end" => {
                    words.remove(0);
                    return Ok((nodes, Some((keyword, words, place))));
                }
                "if" | "with" | "range" => {
                    words.remove(0);
                    nodes.push(self.block(&keyword, words, &place)?);
                }
                word if UNSUPPORTED.contains(&word) => {
                    return Err((Reason::Unsupported(format!("`{word}`")), words[0].place.clone()));
                }
                _ => nodes.push(Node::Action(self.pipeline(words, &place)?)),
            }
        }
        Ok((nodes, None))
    }

    fn block(&mut self, keyword: &str, words: Vec<Token>, place: &Range<usize>) -> Result<Node> {
        let pipeline = self.pipeline(words, place)?;
        let (body, end) = self.nodes()?;
        let mut branches = vec![(Some(pipeline), body)];
        let mut end = end;
        loop {
            let Some((word, mut rest, at)) = end else {
                let what = format!("the `{keyword}` that opens here has no `{{{{end}}}}`");
                return Err((Reason::Syntax(what), place.clone()));
            };
            if word == "end" {
                break;
            }
            let condition = match rest.first() {
                None => None,
                Some(Token { kind: Kind::Word(word), .. }) if word == "if" && keyword == "if" => {
                    rest.remove(0);
                    Some(self.pipeline(rest, &at)?)
                }
                Some(other) => {
                    let what = "only `if` may stand behind the `else` of an `if`".to_owned();
                    return Err((Reason::Syntax(what), other.place.clone()));
                }
            };
            if branches.last().is_some_and(|(condition, _)| condition.is_none()) {
                return Err((Reason::Syntax("there was an `else` already".to_owned()), at));
            }
            let (body, next) = self.nodes()?;
            branches.push((condition, body));
            end = next;
        }
        if keyword == "if" {
            return Ok(Node::If(branches));
        }
        let otherwise = if branches.len() > 1 { branches.pop() } else { None };
        let otherwise = otherwise.map(|(_, body)| body).unwrap_or_default();
        let Some((Some(pipeline), body)) = branches.pop() else {
            return Err((Reason::Syntax(format!("`{keyword}` without a value")), place.clone()));
        };
        Ok(if keyword == "with" {
            Node::With { pipeline, body, otherwise }
        } else {
            Node::Range { pipeline, body, otherwise }
        })
    }

    fn pipeline(&self, words: Vec<Token>, place: &Range<usize>) -> Result<Pipeline> {
        let mut words = Words { words: words.into_iter().peekable(), whole: place.clone() };
        let pipeline = self.pipeline_of(&mut words)?;
        match words.words.next() {
            None => Ok(pipeline),
            Some(word) => {
                Err((Reason::Syntax("this bracket was not opened".to_owned()), word.place))
            }
        }
    }

    fn pipeline_of(&self, words: &mut Words) -> Result<Pipeline> {
        let (targets, declares) = words.targets();
        let mut commands = vec![self.command(words)?];
        while words.next_is(&Kind::Pipe) {
            words.words.next();
            commands.push(self.command(words)?);
        }
        let start = commands.first().map_or(words.whole.start, |command| command.place.start);
        let end = commands.last().map_or(words.whole.end, |command| command.place.end);
        Ok(Pipeline { targets, declares, commands, place: start..end })
    }

    fn command(&self, words: &mut Words) -> Result<Command> {
        let mut operands = Vec::new();
        let mut place = words.whole.clone();
        while let Some(token) = words.words.peek() {
            if matches!(token.kind, Kind::Pipe | Kind::Close) {
                break;
            }
            let at = token.place.clone();
            let (operand, end) = self.operand(words, operands.first())?;
            place = if operands.is_empty() { at.start..end } else { place.start..end };
            operands.push(operand);
        }
        if operands.is_empty() {
            return Err((Reason::Syntax("a value is missing here".to_owned()), place));
        }
        let first = operands.remove(0);
        if !operands.is_empty() && !matches!(first, Operand::Call(..)) {
            let what = "only a function can have arguments".to_owned();
            return Err((Reason::Syntax(what), place));
        }
        Ok(Command { first, arguments: operands, place })
    }

    /// One operand and where it ends.
    fn operand(&self, words: &mut Words, function: Option<&Operand>) -> Result<(Operand, usize)> {
        let Some(Token { kind, place }) = words.words.next() else {
            return Err((
                Reason::Syntax("a value is missing here".to_owned()),
                words.whole.clone(),
            ));
        };
        let end = place.end;
        let operand = match kind {
            Kind::Text(text) => Operand::Value(Value::Text(text)),
            Kind::Number(number) => Operand::Value(Value::Number(number)),
            Kind::Variable(name) => Operand::Variable(name, place),
            Kind::Dot => Operand::Dot,
            Kind::Word(word) if word == "true" => Operand::Value(Value::Flag(true)),
            Kind::Word(word) if word == "false" => Operand::Value(Value::Flag(false)),
            Kind::Word(word) => {
                if !self.knows(&word) {
                    return Err((self.unknown(&word, function), place));
                }
                Operand::Call(word, place)
            }
            Kind::Field(name) => {
                let meant = self.similar(&name);
                let known = self.known();
                return Err((Reason::Unknown { word: format!(".{name}"), meant, known }, place));
            }
            Kind::Open => {
                let group = self.pipeline_of(words)?;
                let Some(close) = words.words.next().filter(|word| word.kind == Kind::Close) else {
                    return Err((Reason::Syntax("this bracket has no end".to_owned()), place));
                };
                return Ok((Operand::Group(Box::new(group)), close.place.end));
            }
            Kind::Pipe | Kind::Close | Kind::Comma | Kind::Declare | Kind::Assign => {
                return Err((Reason::Syntax("a value is expected here".to_owned()), place));
            }
        };
        Ok((operand, end))
    }

    fn known(&self) -> Vec<String> {
        let own = self.functions.signatures().iter().map(|signature| name_of(signature));
        let mut names: Vec<String> = own.chain(builtin::names()).map(str::to_owned).collect();
        names.sort();
        names
    }

    fn knows(&self, word: &str) -> bool {
        let mut own = self.functions.signatures().iter().map(|signature| name_of(signature));
        own.any(|name| name == word) || builtin::names().any(|name| name == word)
    }

    fn unknown(&self, word: &str, function: Option<&Operand>) -> Reason {
        // `{{env PORT}}`: a name where a text belongs.
        let meant = match function {
            Some(Operand::Call(name, _)) => Some(format!("{name} \"{word}\"")),
            _ => self.similar(word),
        };
        Reason::Unknown { word: word.to_owned(), meant, known: self.known() }
    }

    /// What a word was probably meant to be: a function, or a variable of the environment.
    fn similar(&self, word: &str) -> Option<String> {
        let known = self.known();
        let plain = |text: &str| text.to_lowercase().replace(['_', '-'], "");
        let found = known.iter().find(|name| plain(name) == plain(word));
        let is_variable =
            || word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        found.cloned().or_else(|| is_variable().then(|| format!("env \"{word}\"")))
    }
}

pub(super) fn name_of(signature: &str) -> &str {
    signature.split(' ').next().unwrap_or_default()
}

struct Words {
    words: Peekable<IntoIter<Token>>,
    whole: Range<usize>,
}

impl Words {
    fn next_is(&mut self, kind: &Kind) -> bool {
        self.words.peek().is_some_and(|token| token.kind == *kind)
    }

    /// `$x :=`, `$x =` or `$i, $x :=` at the beginning of a pipeline.
    fn targets(&mut self) -> (Vec<String>, bool) {
        let ahead: Vec<_> = self.words.clone().take(4).map(|token| token.kind).collect();
        let targets = match ahead.as_slice() {
            [Kind::Variable(x), Kind::Declare | Kind::Assign, ..] => vec![x.clone()],
            [Kind::Variable(i), Kind::Comma, Kind::Variable(x), Kind::Declare | Kind::Assign] => {
                vec![i.clone(), x.clone()]
            }
            _ => return (Vec::new(), false),
        };
        let length = targets.len() * 2;
        let declares = ahead[length - 1] == Kind::Declare;
        for _ in 0..length {
            self.words.next();
        }
        (targets, declares)
    }
}
