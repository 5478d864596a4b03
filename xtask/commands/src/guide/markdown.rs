//! Reads the steps of a guide from its fenced blocks of code.

use std::ops::Range;

use driver_api::Error;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// A guide, as a file in Markdown.
pub(super) struct Guide {
    /// The name of the file in messages.
    pub(super) name: String,
    pub(super) text: String,
}

/// One step of a guide.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// A text to save, by its path in the reader's current folder.
    File { path: String, text: String, line: usize },
    /// A command to type.
    Command(Command),
}

/// A command with the output that the guide shows.
#[derive(Debug, PartialEq)]
pub(super) struct Command {
    /// Without prompts. A continued command has several lines.
    pub(super) text: String,
    pub(super) line: usize,
    /// Whether it has to end with an exit code other than 0.
    pub(super) fails: bool,
    /// The lines below the command.
    pub(super) output: Vec<String>,
    /// The position of these lines in the guide.
    pub(super) range: Range<usize>,
    /// The text before each of them, if the block is in a list or a quotation.
    pub(super) indent: String,
}

impl Guide {
    pub(super) fn steps(&self) -> Result<Vec<Step>, Error> {
        let mut steps = Vec::new();
        let mut block = None;
        for (event, range) in Parser::new(&self.text).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    block = Some((info, range.start, Vec::new()));
                }
                Event::Text(_) => {
                    if let Some((_, _, lines)) = &mut block {
                        lines.extend(self.lines(range));
                    }
                }
                Event::End(TagEnd::CodeBlock) => {
                    if let Some((info, start, lines)) = block.take() {
                        self.read_block(&info, start, &lines, &mut steps)?;
                    }
                }
                _ => {}
            }
        }
        Ok(steps)
    }

    /// The location of a line, in the form that editors open.
    pub(super) fn location(&self, line: usize) -> String {
        format!("{}:{line}", self.name)
    }

    /// The lines in a part of the guide, without line breaks, each with its position.
    fn lines(&self, range: Range<usize>) -> impl Iterator<Item = Line<'_>> {
        let mut end = range.start;
        self.text[range].split_inclusive('\n').map(move |line| {
            let start = end;
            end += line.len();
            Line { text: line.trim_end_matches(['\n', '\r']), range: start..end }
        })
    }

    fn read_block(
        &self,
        info: &str,
        start: usize,
        lines: &[Line<'_>],
        steps: &mut Vec<Step>,
    ) -> Result<(), Error> {
        let line = self.line_number(start);
        let words: Vec<&str> = info.split_whitespace().collect();
        match words.as_slice() {
            ["console"] => steps.extend(self.commands(lines)?.into_iter().map(Step::Command)),
            ["console", "fails"] => {
                let mut commands = self.commands(lines)?;
                if let Some(last) = commands.last_mut() {
                    last.fails = true;
                }
                steps.extend(commands.into_iter().map(Step::Command));
            }
            [] | [_] => {}
            [language, path] if *language != "console" && is_path(path) => {
                let text = lines.iter().flat_map(|line| [line.text, "\n"]).collect();
                steps.push(Step::File { path: (*path).to_owned(), text, line });
            }
            _ => {
                let message = format!(
                    "a block can't begin with ```{info}; write \"fails\" or nothing after console, and after another \
                     language the relative path of a file, with a dot or a slash in it"
                );
                return Err(Error::driver(message).context(self.location(line)));
            }
        }
        Ok(())
    }

    fn commands(&self, lines: &[Line<'_>]) -> Result<Vec<Command>, Error> {
        let mut commands: Vec<Command> = Vec::new();
        for line in lines {
            let number = self.line_number(line.range.start);
            if let Some(text) = line.text.strip_prefix("$ ") {
                commands.push(Command {
                    text: text.to_owned(),
                    line: number,
                    fails: false,
                    output: Vec::new(),
                    range: line.range.end..line.range.end,
                    indent: self.before(line.range.start).to_owned(),
                });
                continue;
            }
            let Some(command) = commands.last_mut() else {
                let message = "a block of console has to begin with a command, after \"$ \"";
                return Err(Error::driver(message).context(self.location(number)));
            };
            match continuation(line.text).filter(|_| command.output.is_empty()) {
                Some(text) => {
                    command.text = format!("{}\n{text}", command.text);
                    command.range = line.range.end..line.range.end;
                }
                None => {
                    command.output.push(line.text.to_owned());
                    command.range.end = line.range.end;
                }
            }
        }
        Ok(commands)
    }

    fn line_number(&self, offset: usize) -> usize {
        self.text[..offset].matches('\n').count() + 1
    }

    /// The text of the line before this position.
    fn before(&self, offset: usize) -> &str {
        let start = self.text[..offset].rfind('\n').map_or(0, |it| it + 1);
        &self.text[start..offset]
    }
}

impl Command {
    /// The command in the form for messages.
    pub(super) fn title(&self) -> String {
        match self.text.split_once('\n') {
            Some((first, _)) => format!("$ {first} …"),
            None => format!("$ {}", self.text),
        }
    }

    /// The text of an output below the command. A line that the guide's syntax would read otherwise becomes `…`.
    pub(super) fn shown(&self, output: &[impl AsRef<str>]) -> String {
        let mut text = String::new();
        for (index, line) in output.iter().map(AsRef::as_ref).enumerate() {
            let is_continuation = index == 0 && continuation(line).is_some();
            let is_read_otherwise = line.starts_with("$ ") || line.starts_with("```") || is_continuation;
            let line = if is_read_otherwise { "…" } else { line };
            text += format!("{}{line}", self.indent).trim_end();
            text.push('\n');
        }
        text
    }
}

struct Line<'a> {
    text: &'a str,
    range: Range<usize>,
}

/// The rest of a line that continues the command above it. On an empty line, editors remove the blank after `>`.
fn continuation(line: &str) -> Option<&str> {
    line.strip_prefix("> ").or_else(|| (line == ">").then_some(""))
}

fn is_path(word: &str) -> bool {
    !word.starts_with('/') && word.contains(['.', '/'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guide(text: &str) -> Guide {
        Guide { name: "guide.md".to_owned(), text: text.to_owned() }
    }

    fn commands(text: &str) -> Vec<Command> {
        let steps = guide(text).steps().unwrap().into_iter();
        steps
            .map(|step| match step {
                Step::Command(command) => command,
                Step::File { .. } => panic!("{step:?}"),
            })
            .collect()
    }

    #[test]
    fn commands_have_the_output_below_them() {
        let text = "# Title\n\n```console\n$ cd a\n$ ls\nb\n\nc\n```\n\nText, `$ code`.\n\n```console fails\n$ true\n$ rm\nno\n```\n";
        let commands = commands(text);
        let read: Vec<_> =
            commands.iter().map(|it| (it.line, it.text.as_str(), it.output.join("|"), it.fails)).collect();
        let expected = [
            (4, "cd a", String::new(), false),
            (5, "ls", "b||c".to_owned(), false),
            (14, "true", String::new(), false),
            (15, "rm", "no".to_owned(), true),
        ];
        assert_eq!(read, expected);
        assert_eq!(&text[commands[1].range.clone()], "b\n\nc\n");
        assert_eq!(&text[commands[0].range.clone()], "");
    }

    #[test]
    fn a_command_goes_on_until_its_output() {
        let text = "```console\n$ cat <<E\n> one\n>\n> E\none\n> quoted\n```\n";
        let commands = commands(text);
        assert_eq!(commands[0].text, "cat <<E\none\n\nE");
        assert_eq!(commands[0].output, ["one", "> quoted"]);
        assert_eq!(&text[commands[0].range.clone()], "one\n> quoted\n");
    }

    #[test]
    fn files_have_their_path_behind_the_language() {
        let text = "```rust src/a.rs\nfn a() {\n}\n```\n\n1. Then\n\n   ```yaml conf.d/x.yml\n   a:\n\n     b: 1\n   ```\n\n```rust\nfn b() {}\n```\n";
        let file = |path: &str, text: &str, line| Step::File { path: path.into(), text: text.into(), line };
        let expected = [file("src/a.rs", "fn a() {\n}\n", 1), file("conf.d/x.yml", "a:\n\n  b: 1\n", 8)];
        assert_eq!(guide(text).steps().unwrap(), expected);
    }

    #[test]
    fn a_block_in_a_list_keeps_its_indentation() {
        let text = "1. Type\n\n   ```console\n   $ ls\n   a\n   ```\n";
        let command = &commands(text)[0];
        assert_eq!(&text[command.range.clone()], "   a\n");
        assert_eq!(command.shown(&["b", "", "c"]), "   b\n\n   c\n");
    }

    #[test]
    fn an_output_that_would_be_read_as_something_else_is_left_out() {
        let command = &commands("```console\n$ ls\n```\n")[0];
        assert_eq!(command.shown(&["> a", "> b", "$ c", "```", "d "]), "…\n> b\n…\n…\nd\n");
    }

    #[test]
    fn an_error_names_the_line_of_the_guide() {
        let error = |text: &str| guide(text).steps().unwrap_err().chain();
        assert_eq!(
            error("Hello\n\n```console\nls\n```\n"),
            "guide.md:4: a block of console has to begin with a command, after \"$ \""
        );
        for block in ["console src/a.rs", "rust ignore", "rust src/a.rs more", "rust /etc/passwd"] {
            let error = error(&format!("\n```{block}\n$ ls\n```\n"));
            assert!(
                error.starts_with(&format!("guide.md:2: a block can't begin with ```{block}; ")),
                "{error}"
            );
        }
    }
}
