//! Jinja2 constructs that `MiniJinja` does not have, as constructs that it has.
//!
//! `'%s' % x` becomes `(('%s')|__mod__(x))`, `[1]` becomes `([1]|__list__)`, a list that can be changed, and
//! `{'a': 1}` becomes `({'a': 1}|__dict__)`. The translation works on tokens, and adds no line, so that errors name the
//! line of the operator's text.

mod operand;

use std::borrow::Cow;
use std::ops::Range;

use minijinja::machinery::{Span, Token, tokenize};
use minijinja::syntax::SyntaxConfig;

use operand::Tokens;

/// The filter that computes `%`.
pub(super) const MOD: &str = "__mod__";

/// The filter that computes `a[b:c:d]`.
pub(super) const SLICE: &str = "__slice__";

/// The filter that makes a list of a literal.
pub(super) const LIST: &str = "__list__";

/// The filter that makes a dictionary of a literal.
pub(super) const DICT: &str = "__dict__";

/// The filter that gives a macro `varargs` and `kwargs`.
pub(super) const VARIADIC: &str = "__variadic__";

/// Returns the text of a template for `MiniJinja`. A text that has no tokens is returned as it is: the parser says why.
pub(super) fn translate(source: &str) -> Cow<'_, str> {
    Edits::of(source).applied_to(source)
}

/// Returns the part of a template's text that an [error](minijinja::Error::range) of an [`Engine`](super::Engine) is
/// about: the engine renders a translation of the text.
pub fn original_range(source: &str, range: Range<usize>) -> Range<usize> {
    let edits = Edits::of(source);
    let place = |offset| edits.original(offset).min(source.len());
    let start = place(range.start);
    start..place(range.end).max(start)
}

/// Returns the tokens between the marks of each block.
pub(super) fn blocks<'t, 's>(
    tokens: &'t [(Token<'s>, Span)],
) -> impl Iterator<Item = &'t [(Token<'s>, Span)]> {
    let is_mark = |(token, _): &(Token<'_>, Span)| {
        matches!(
            token,
            Token::VariableStart
                | Token::VariableEnd
                | Token::BlockStart
                | Token::BlockEnd
                | Token::TemplateData(_)
        )
    };
    tokens.split(is_mark).filter(|block| !block.is_empty())
}

/// Where an edit stands among those at the same place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    /// Behind an operand; the inner one comes first.
    AfterLiteral,
    AfterOperation,
    InPlace,
    Before,
}

/// Texts that replace parts of the source, mostly empty ones.
#[derive(Default)]
struct Edits(Vec<(usize, Order, usize, Cow<'static, str>)>);

impl Edits {
    /// Finds what to translate, in the order of the text.
    fn of(source: &str) -> Edits {
        let tokens: Result<Vec<_>, _> = tokenize(source, false, SyntaxConfig::default()).collect();
        let mut edits = Edits::default();
        let Ok(tokens) = tokens else { return edits };
        for block in blocks(&tokens) {
            edits.expressions(source, &Tokens::new(block));
        }
        edits.macros(&tokens);
        edits.0.sort_by_key(|(start, order, ..)| (*start, *order));
        edits
    }

    /// Returns the place in the source that a place in the translation comes from.
    fn original(&self, offset: usize) -> usize {
        let (mut source, mut translation) = (0, 0);
        for (start, _, end, new) in &self.0 {
            let place = translation + start.saturating_sub(source);
            if offset < place {
                break;
            }
            if offset < place + new.len() {
                return *start;
            }
            (source, translation) = (*end, place + new.len());
        }
        source + offset.saturating_sub(translation)
    }

    fn insert(&mut self, place: u32, order: Order, text: impl Into<Cow<'static, str>>) {
        self.0.push((place as usize, order, place as usize, text.into()));
    }

    fn replace(&mut self, start: u32, end: u32, text: impl Into<Cow<'static, str>>) {
        self.0.push((start as usize, Order::InPlace, end as usize, text.into()));
    }

    fn wrap(&mut self, from: Span, to: Span, order: Order, before: &'static str, after: String) {
        self.insert(from.start_offset, Order::Before, before);
        self.insert(to.end_offset, order, after);
    }

    fn expressions(&mut self, source: &str, tokens: &Tokens<'_, '_>) {
        for (index, (token, span)) in tokens.all().iter().enumerate() {
            match token {
                Token::Mod => self.modulo(tokens, index),
                Token::BracketOpen if tokens.begins_operand(index) => self.literal(tokens, index, LIST),
                Token::BracketOpen => self.slice(tokens, index),
                Token::BraceOpen => self.literal(tokens, index, DICT),
                Token::Plus if tokens.begins_operand(index) => {
                    self.replace(span.start_offset, span.end_offset, "");
                }
                Token::String(_) => self.wide_escapes(source, *span),
                _ => {}
            }
        }
    }

    fn modulo(&mut self, tokens: &Tokens<'_, '_>, index: usize) {
        let Some((left, right)) = tokens.factors_around(index) else { return };
        let span = tokens.span(index);
        self.wrap(tokens.span(left), tokens.span(right), Order::AfterOperation, "((", "))".to_owned());
        self.replace(span.start_offset, span.end_offset, format!(")|{MOD}("));
    }

    fn literal(&mut self, tokens: &Tokens<'_, '_>, open: usize, filter: &str) {
        if let Some(close) = tokens.partner(open) {
            let after = format!("|{filter})");
            self.wrap(tokens.span(open), tokens.span(close), Order::AfterLiteral, "(", after);
        }
    }

    /// `a[b:c]` becomes `(a|__slice__(b,c))`.
    fn slice(&mut self, tokens: &Tokens<'_, '_>, open: usize) {
        let (Some(start), Some(close)) = (tokens.value_start(open - 1), tokens.partner(open)) else { return };
        let colons = tokens.colons_between(open, close);
        if colons.is_empty() || colons.len() > 2 {
            return;
        }
        self.insert(tokens.span(start).start_offset, Order::Before, "(");
        let open_span = tokens.span(open);
        self.replace(open_span.start_offset, open_span.end_offset, format!("|{SLICE}("));
        let mut last = open;
        for colon in colons {
            let span = tokens.span(colon);
            self.replace(span.start_offset, span.end_offset, if colon == last + 1 { "none," } else { "," });
            last = colon;
        }
        let end = if close == last + 1 { "none))" } else { "))" };
        let span = tokens.span(close);
        self.replace(span.start_offset, span.end_offset, end);
    }

    /// `\U0001F600` in a string.
    fn wide_escapes(&mut self, source: &str, span: Span) {
        let start = span.start_offset as usize;
        let text = source.get(start..span.end_offset as usize).unwrap_or_default();
        let mut escaped = false;
        for (place, char) in text.char_indices() {
            if escaped && char == 'U' {
                let code = text.get(place + 1..place + 9).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                if let Some(char) = code.and_then(char::from_u32).filter(|char| !char.is_ascii()) {
                    let at = |offset: usize| u32::try_from(start + offset).unwrap_or(u32::MAX);
                    self.replace(at(place - 1), at(place + 9), char.to_string());
                }
            }
            escaped = !escaped && char == '\\';
        }
    }

    /// Gives macros that name `varargs` or `kwargs` these parameters, and a wrapper that fills them.
    fn macros(&mut self, tokens: &[(Token<'_>, Span)]) {
        let mut open: Vec<Macro> = Vec::new();
        for block in blocks(tokens) {
            if let [(Token::Ident("macro"), _), (Token::Ident(name), _), (Token::ParenOpen, _), ..] = block {
                open.push(Macro::new(name, &Tokens::new(block)));
                continue;
            }
            if let [(Token::Ident("endmacro"), _), ..] = block {
                let end = block.last().map_or(0, |(_, span)| span.end_offset);
                if let Some(declared) = open.pop().filter(|declared| declared.is_variadic) {
                    let separator = if declared.has_parameters { ", " } else { "" };
                    let parameters = format!("{separator}varargs=(), kwargs={{}}");
                    self.insert(declared.parameters_end, Order::AfterOperation, parameters);
                    let name = &declared.name;
                    let wrapped = format!(" %}}{{% set {name} = {name}|{VARIADIC}");
                    self.insert(end, Order::AfterOperation, wrapped);
                }
                continue;
            }
            if let Some(declared) = open.last_mut() {
                declared.is_variadic |= names_rest(block);
            }
        }
    }

    fn applied_to(self, source: &str) -> Cow<'_, str> {
        if self.0.is_empty() {
            return source.into();
        }
        let mut text = String::with_capacity(source.len() * 2);
        let mut done = 0;
        for (start, _, end, new) in &self.0 {
            text.push_str(source.get(done..*start).unwrap_or_default());
            text.push_str(new);
            done = *end;
        }
        text.push_str(source.get(done..).unwrap_or_default());
        text.into()
    }
}

/// A macro whose end was not reached yet.
struct Macro {
    name: String,
    /// The offset of the parenthesis behind the parameters.
    parameters_end: u32,
    has_parameters: bool,
    is_variadic: bool,
}

impl Macro {
    /// Reads `macro NAME(PARAMETERS)`.
    fn new(name: &str, tokens: &Tokens<'_, '_>) -> Macro {
        let close = tokens.partner(2).unwrap_or(2);
        let ends_with_comma = matches!(tokens.all()[close - 1].0, Token::Comma);
        let parameters_end = if ends_with_comma {
            tokens.span(close - 1).start_offset
        } else {
            tokens.span(close).start_offset
        };
        Macro { name: name.to_owned(), parameters_end, has_parameters: close > 3, is_variadic: false }
    }
}

/// Tells whether an expression names the arguments that have no parameter.
fn names_rest(block: &[(Token<'_>, Span)]) -> bool {
    let is_attribute = |index: usize| index > 0 && matches!(block[index - 1].0, Token::Dot);
    let mut names = block.iter().enumerate();
    names.any(|(index, (token, _))| {
        matches!(token, Token::Ident("varargs" | "kwargs")) && !is_attribute(index)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_becomes_a_filter_of_both_operands() {
        let table = [
            ("{{ 'a' % b }}", "{{ (('a' )|__mod__( b)) }}"),
            ("{{'a'%b}}", "{{(('a')|__mod__(b))}}"),
            (
                "{{ x + a.b[1](2) | f(3) % -b.c ** 2 ~ d }}",
                "{{ x + ((a.b[1](2) | f(3) )|__mod__( -b.c ** 2)) ~ d }}",
            ),
            ("{{ a * b % c % d }}", "{{ ((((a * b )|__mod__( c)) )|__mod__( d)) }}"),
            ("{{ -a % (b % c) }}", "{{ ((-a )|__mod__( (((b )|__mod__( c))))) }}"),
            (
                "{{ 'x' 'y' % (a, b) if not c % 2 }}",
                "{{ (('x' 'y' )|__mod__( (a, b))) if not ((c )|__mod__( 2)) }}",
            ),
            (
                "{% if a %}%{% set x = f(y=a % 2) %}{% endif %}",
                "{% if a %}%{% set x = f(y=((a )|__mod__( 2))) %}{% endif %}",
            ),
            ("{{ a - b % c - d }}", "{{ a - ((b )|__mod__( c)) - d }}"),
            ("{{ a % b is divisibleby 3 }}", "{{ ((a )|__mod__( b is divisibleby 3)) }}"),
        ];
        for (source, translated) in table {
            assert_eq!(translate(source), translated);
        }
    }

    #[test]
    fn literals_become_lists_and_dictionaries() {
        let table = [
            ("{{ [1][0] }}", "{{ ([1]|__list__)[0] }}"),
            (
                "{{ a[1:] + {'b': [2]}['b'] }}",
                "{{ (a|__slice__(1,none)) + ({'b': ([2]|__list__)}|__dict__)['b'] }}",
            ),
            ("{% for x in [a[1]] if [] %}", "{% for x in ([a[1]]|__list__) if ([]|__list__) %}"),
            ("{{ '%s'%[1] }}", "{{ (('%s')|__mod__(([1]|__list__))) }}"),
            (
                "{% raw %}{{ [1] % 2 }}{% endraw %}{# [1] % 2 #}",
                "{% raw %}{{ [1] % 2 }}{% endraw %}{# [1] % 2 #}",
            ),
        ];
        for (source, translated) in table {
            assert_eq!(translate(source), translated);
        }
    }

    #[test]
    fn a_macro_that_names_varargs_is_wrapped() {
        let table = [
            (
                "{% macro m(a, b=1) -%} {{ a }} {%- endmacro m -%}",
                "{% macro m(a, b=1) -%} {{ a }} {%- endmacro m -%}",
            ),
            (
                "{% macro m() -%} {{ varargs }} {%- endmacro m -%} x",
                "{% macro m(varargs=(), kwargs={}) -%} {{ varargs }} {%- endmacro m %}{% set m = m|__variadic__ -%} x",
            ),
            (
                "{% macro m(a,) %}{{ x.varargs }}{{ kwargs }}{% endmacro %}",
                "{% macro m(a, varargs=(), kwargs={},) %}{{ x.varargs }}{{ kwargs }}{% endmacro %}{% set m = m|__variadic__ %}",
            ),
        ];
        for (source, translated) in table {
            assert_eq!(translate(source), translated);
        }
    }

    #[test]
    fn a_place_in_the_translation_has_one_in_the_source() {
        let source = "é {{ a % [b[1:], {'c': 2}] }}{{ nonsense }}";
        let translated = translate(source);
        for part in ["a ", "b", "'c'", "nonsense"] {
            let start = translated.find(part).unwrap();
            let range = original_range(source, start..start + part.len());
            assert_eq!(&source[range], part);
        }
        let (start, end) = (translated.find("((").unwrap(), translated.rfind("))").unwrap() + 2);
        assert_eq!(&source[original_range(source, start..end)], "a % [b[1:], {'c': 2}]");
        assert_eq!(original_range(source, 0..10_000).end, source.len());
    }

    #[test]
    fn lines_keep_their_numbers_and_mistakes_their_text() {
        let source = "{{ [1,\n2] % {\n'a': 1\n} }}\n{{ '\\U0001F600' }}";
        let translated = translate(source);
        assert_eq!(translated.lines().count(), source.lines().count());
        assert!(translated.ends_with("{{ '😀' }}"), "{translated}");
        for mistake in
            ["{{ 'a", "{{ % 2 }}", "{{ 2 % }}", "{{ ( % ) }}", "{{ [1 % 2 }}", "{% macro m( %}{% endmacro %}"]
        {
            let _ = translate(mistake);
        }
    }
}
