//! The pages of a program and of its commands, from the definition of its command line.

use argh::{CommandInfoWithArgs, FlagInfo, FlagInfoKind, Optionality, PositionalInfo};
use roff::{Inline, bold, italic, roman};

use super::Page;
use super::page::Text;

/// Returns the page of a program, and one for each of its commands.
pub(super) fn pages(program: &CommandInfoWithArgs) -> Vec<Page> {
    let others = |own: &str| {
        let names = program.commands.iter().map(|command| format!("{}-{}", program.name, command.name));
        let names = [program.name.to_owned()].into_iter().chain(names).filter(|name| name != own);
        names.collect::<Vec<_>>()
    };
    let mut pages = vec![page(program.name, program.name, program, &others(program.name))];
    for command in &program.commands {
        let name = format!("{}-{}", program.name, command.name);
        let typed = format!("{} {}", program.name, command.name);
        pages.push(page(&name, &typed, &command.command, &[program.name.to_owned()]));
    }
    pages
}

fn page(name: &str, typed: &str, info: &CommandInfoWithArgs, others: &[String]) -> Page {
    let mut text = Text::new(name, 1, &summary(info.description));
    text.heading("SYNOPSIS");
    text.line(synopsis(typed, info));
    text.heading("DESCRIPTION");
    text.paragraph(info.description);
    for note in info.notes {
        text.paragraph(note);
    }
    if !info.commands.is_empty() {
        text.heading("COMMANDS");
        let mut commands: Vec<_> = info.commands.iter().collect();
        commands.sort_by_key(|command| command.name);
        for command in commands {
            text.item([bold(command.name)], command.command.description);
        }
    }
    let operands: Vec<&PositionalInfo<'_>> = info.positionals.iter().filter(|it| !it.hidden).collect();
    if !operands.is_empty() {
        text.heading("OPERANDS");
        for operand in operands {
            text.item([italic(operand.name)], &sentence(operand.description));
        }
    }
    text.heading("OPTIONS");
    for flag in info.flags.iter().filter(|flag| !flag.hidden) {
        text.item(option(flag), &sentence(flag.description));
    }
    ending(&mut text, info);
    let configuration = if name.starts_with("confgend") { "confgend.yml" } else { "wazo-confgen.conf" };
    let others = others.iter().map(|name| (name.as_str(), 1));
    let others: Vec<(&str, u8)> =
        others.chain([("wazo-confgen", 1), ("confgend", 1)]).chain([(configuration, 5)]).collect();
    let others: Vec<(&str, u8)> = others
        .iter()
        .enumerate()
        .filter(|(index, page)| page.0 != name && !others[..*index].contains(page))
        .map(|(_, page)| *page)
        .collect();
    text.see_also(&others);
    text.finish()
}

fn ending(text: &mut Text, info: &CommandInfoWithArgs) {
    if !info.error_codes.is_empty() {
        text.heading("EXIT STATUS");
        for code in info.error_codes {
            text.item([bold(code.code.to_string())], code.description);
        }
    }
    if !info.examples.is_empty() {
        text.heading("EXAMPLES");
        text.lines(info.examples.iter().copied());
    }
}

fn synopsis(typed: &str, info: &CommandInfoWithArgs) -> Vec<Inline> {
    let mut parts = vec![bold(typed)];
    for flag in info.flags.iter().filter(|flag| !flag.hidden && flag.long != "--help") {
        parts.push(roman(" ["));
        parts.extend(option(flag));
        parts.push(roman("]"));
    }
    for operand in info.positionals.iter().filter(|it| !it.hidden) {
        let (begin, end) = match operand.optionality {
            Optionality::Required => (" ", ""),
            Optionality::Optional => (" [", "]"),
            Optionality::Repeating | Optionality::Greedy => (" [", " …]"),
        };
        parts.extend([roman(begin), italic(operand.name), roman(end)]);
    }
    if !info.commands.is_empty() {
        parts.extend([roman(" "), italic("command"), roman(" …")]);
    }
    parts
}

fn option(flag: &FlagInfo<'_>) -> Vec<Inline> {
    let mut parts = Vec::new();
    if let Some(letter) = flag.short {
        parts.extend([bold(format!("-{letter}")), roman(", ")]);
    }
    parts.push(bold(flag.long));
    if let FlagInfoKind::Option { arg_name } = flag.kind {
        parts.extend([roman(" "), italic(arg_name)]);
    }
    parts
}

/// Returns the first sentence of a description, in the form of the other summaries on a system.
fn summary(description: &str) -> String {
    let text = description.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = [". ", ": ", "; "].iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
    let first = text[..end].trim_end_matches('.');
    let mut letters = first.chars();
    letters.next().map_or_else(String::new, |letter| letter.to_lowercase().chain(letters).collect())
}

/// Returns the description of an option as a sentence. In `--help`, it begins with a small letter.
fn sentence(description: &str) -> String {
    let mut letters = description.chars();
    let begin = letters.next().map_or_else(String::new, |letter| letter.to_uppercase().to_string());
    format!("{begin}{}.", letters.as_str().trim_end().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_all_that_help_shows() {
        let pages = pages(&dispatcher::command_line());
        let text = |name: &str| pages.iter().find(|page| page.name == name).unwrap().text.replace('\\', "");
        let check = text("confgend-check");
        for line in [
            "confgend-check - check what Asterisk makes of",
            "fB--denyfR fIwarningsfR",
            "With \"warnings\": warnings count as errors for the exit code.",
            ".SH \"EXIT STATUS\"",
            "No finding is an error.",
            "confgend check --asterisk /etc/asterisk",
            "fBconfgendfR(1), fBwazo-confgenfR(1), fBconfgend.ymlfR(5)",
        ] {
            assert!(check.contains(line), "{line} in\n{check}");
        }
        assert!(text("confgend").contains("fBconfgend-rollbackfR(1)"));
        let client = &super::pages(&client::command_line())[0].text.replace('\\', "");
        assert!(client.contains("fBconfgendfR(1), fBwazo-confgen.conffR(5)"), "{client}");
    }

    #[test]
    fn a_summary_is_the_first_sentence() {
        assert_eq!(summary("Show it, all of it: now. Or not."), "show it, all of it");
        assert_eq!(sentence("no\nmore"), "No\nmore.");
    }
}
