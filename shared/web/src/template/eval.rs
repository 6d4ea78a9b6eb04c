//! From a tree to text.

use std::ops::Range;

use super::error::Reason;
use super::parse::{Command, Node, Operand, Pipeline, name_of};
use super::{CallError, Functions, Rendered, Value, builtin};

type Failure = (Reason, Range<usize>);
type Result<T> = std::result::Result<T, Failure>;

pub(super) fn render(text: &str, nodes: &[Node], functions: &dyn Functions) -> Result<Rendered> {
    let mut evaluation = Evaluation {
        text,
        functions,
        output: Rendered::default(),
        variables: Vec::new(),
        dot: Value::Text(String::new()),
    };
    evaluation.nodes(nodes)?;
    Ok(evaluation.output)
}

struct Evaluation<'a> {
    text: &'a str,
    functions: &'a dyn Functions,
    output: Rendered,
    /// The innermost last.
    variables: Vec<(String, Value)>,
    dot: Value,
}

impl Evaluation<'_> {
    fn nodes(&mut self, nodes: &[Node]) -> Result<()> {
        for node in nodes {
            match node {
                Node::Text(range) => self.output.push(&self.text[range.clone()], range.start),
                Node::Action(pipeline) => {
                    let value = self.pipeline(pipeline)?;
                    if pipeline.targets.is_empty() {
                        self.output.push(&value.to_string(), pipeline.place.start);
                    }
                }
                Node::If(branches) => self.choose(branches)?,
                Node::With { pipeline, body, otherwise } => {
                    let depth = self.variables.len();
                    let value = self.pipeline(pipeline)?;
                    if value.is_true() {
                        self.within(value, body)?;
                    } else {
                        self.scoped(otherwise)?;
                    }
                    self.variables.truncate(depth);
                }
                Node::Range { pipeline, body, otherwise } => {
                    self.range(pipeline, body, otherwise)?;
                }
            }
        }
        Ok(())
    }

    fn choose(&mut self, branches: &[(Option<Pipeline>, Vec<Node>)]) -> Result<()> {
        let depth = self.variables.len();
        for (condition, body) in branches {
            let holds = match condition {
                Some(condition) => self.pipeline(condition)?.is_true(),
                None => true,
            };
            if holds {
                self.scoped(body)?;
                break;
            }
        }
        self.variables.truncate(depth);
        Ok(())
    }

    fn range(&mut self, pipeline: &Pipeline, body: &[Node], otherwise: &[Node]) -> Result<()> {
        let depth = self.variables.len();
        let value = self.value(pipeline)?;
        let Value::List(items) = value else {
            let what = "`range` needs a list, such as `split \",\" (env \"NAME\")`".to_owned();
            return Err((Reason::Syntax(what), pipeline.place.clone()));
        };
        for (index, item) in (0..).zip(&items) {
            match pipeline.targets.as_slice() {
                [x] => self.variables.push((x.clone(), item.clone())),
                [i, x] => {
                    self.variables.push((i.clone(), Value::Number(index)));
                    self.variables.push((x.clone(), item.clone()));
                }
                _ => {}
            }
            self.within(item.clone(), body)?;
            self.variables.truncate(depth);
        }
        if items.is_empty() {
            self.scoped(otherwise)?;
        }
        Ok(())
    }

    fn within(&mut self, dot: Value, body: &[Node]) -> Result<()> {
        let outer = std::mem::replace(&mut self.dot, dot);
        let result = self.scoped(body);
        self.dot = outer;
        result
    }

    fn scoped(&mut self, body: &[Node]) -> Result<()> {
        let depth = self.variables.len();
        self.nodes(body)?;
        self.variables.truncate(depth);
        Ok(())
    }

    /// The value of a pipeline, which also goes to its variables.
    fn pipeline(&mut self, pipeline: &Pipeline) -> Result<Value> {
        let value = self.value(pipeline)?;
        for name in &pipeline.targets {
            if pipeline.declares {
                self.variables.push((name.clone(), value.clone()));
            } else {
                let known = self.variables.iter_mut().rev().find(|(known, _)| known == name);
                let Some((_, slot)) = known else {
                    return Err((undefined(name), pipeline.place.clone()));
                };
                *slot = value.clone();
            }
        }
        Ok(value)
    }

    fn value(&mut self, pipeline: &Pipeline) -> Result<Value> {
        let mut piped = None;
        for command in &pipeline.commands {
            piped = Some(self.command(command, piped)?);
        }
        // The parser lets no pipeline be empty.
        Ok(piped.unwrap_or(Value::Flag(false)))
    }

    fn command(&mut self, command: &Command, piped: Option<Value>) -> Result<Value> {
        let Operand::Call(name, _) = &command.first else {
            if piped.is_none() {
                return self.operand(&command.first);
            }
            let what = "only a function can stand behind `|`".to_owned();
            return Err((Reason::Syntax(what), command.place.clone()));
        };
        if matches!(name.as_str(), "and" | "or") {
            return self.shortcut(name == "and", command, piped);
        }
        let mut arguments = Vec::new();
        for argument in &command.arguments {
            arguments.push(self.operand(argument)?);
        }
        arguments.extend(piped);
        self.call(name, &arguments, &command.place)
    }

    /// `and` and `or` look at no more than they need to.
    fn shortcut(&mut self, all: bool, command: &Command, piped: Option<Value>) -> Result<Value> {
        let mut last = None;
        for argument in &command.arguments {
            let value = self.operand(argument)?;
            if value.is_true() != all {
                return Ok(value);
            }
            last = Some(value);
        }
        piped.or(last).ok_or_else(|| {
            let signature = format!("{} A B", if all { "and" } else { "or" });
            (Reason::Arguments { signature }, command.place.clone())
        })
    }

    fn operand(&mut self, operand: &Operand) -> Result<Value> {
        match operand {
            Operand::Value(value) => Ok(value.clone()),
            Operand::Dot => Ok(self.dot.clone()),
            Operand::Group(pipeline) => self.pipeline(pipeline),
            Operand::Call(name, place) => self.call(name, &[], place),
            Operand::Variable(name, place) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                known
                    .map(|(_, value)| value.clone())
                    .ok_or_else(|| (undefined(name), place.clone()))
            }
        }
    }

    fn call(&self, name: &str, arguments: &[Value], place: &Range<usize>) -> Result<Value> {
        let own = self.functions.signatures().iter().find(|known| name_of(known) == name);
        let (result, signature) = match own {
            Some(signature) => (self.functions.call(name, arguments), *signature),
            None => builtin::call(name, arguments),
        };
        result.map_err(|error| {
            let reason = match error {
                CallError::Arguments => Reason::Arguments { signature: signature.to_owned() },
                CallError::Failed { reason, hint } => Reason::Value { reason, hint },
            };
            (reason, place.clone())
        })
    }
}

fn undefined(name: &str) -> Reason {
    Reason::Unknown {
        word: format!("${name}"),
        meant: Some(if name == "PORT" { "port".to_owned() } else { format!("env \"{name}\"") }),
        known: vec!["variables that `$name := …` has made before".to_owned()],
    }
}
