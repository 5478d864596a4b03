//! The operands of an expression, as ranges of tokens.

use minijinja::machinery::{Span, Token};

/// The tokens of one block.
pub(super) struct Tokens<'t, 's> {
    tokens: &'t [(Token<'s>, Span)],
    /// For each bracket, the index of its partner.
    partners: Vec<Option<usize>>,
}

impl<'t, 's> Tokens<'t, 's> {
    pub(super) fn new(tokens: &'t [(Token<'s>, Span)]) -> Tokens<'t, 's> {
        let mut partners = vec![None; tokens.len()];
        let mut open = Vec::new();
        for (index, (token, _)) in tokens.iter().enumerate() {
            if is_opening(token) {
                open.push(index);
            }
            if let Some(partner) = is_closing(token).then(|| open.pop()).flatten() {
                partners[partner] = Some(index);
                partners[index] = Some(partner);
            }
        }
        Tokens { tokens, partners }
    }

    pub(super) fn all(&self) -> &'t [(Token<'s>, Span)] {
        self.tokens
    }

    pub(super) fn span(&self, index: usize) -> Span {
        self.tokens[index].1
    }

    /// Returns the index of the bracket that belongs to this one.
    pub(super) fn partner(&self, index: usize) -> Option<usize> {
        self.partners[index]
    }

    /// Tells whether an operand begins here: the token before it does not end one.
    pub(super) fn begins_operand(&self, index: usize) -> bool {
        index == 0 || !self.ends_operand(index - 1)
    }

    fn ends_operand(&self, index: usize) -> bool {
        match self.token(index) {
            Some(Token::Ident(word)) => {
                let is_keyword = matches!(*word, "and" | "or" | "not" | "in" | "is" | "if" | "else");
                // The first word of a block says which block it is: `{% if`, `{% for`.
                let is_name = matches!(self.token_before(index), Some(Token::Dot | Token::Pipe));
                is_name || !(is_keyword || (index == 0 && self.is_statement()))
            }
            Some(token) => is_closing(token) || is_constant(token),
            None => false,
        }
    }

    fn is_statement(&self) -> bool {
        let starts = matches!(
            self.token(0),
            Some(Token::Ident(
                "if" | "elif"
                    | "for"
                    | "set"
                    | "include"
                    | "import"
                    | "from"
                    | "extends"
                    | "call"
                    | "do"
                    | "with"
            ))
        );
        starts && self.tokens.len() > 1 && !matches!(self.token(1), Some(Token::Pipe | Token::Dot))
    }

    fn token(&self, index: usize) -> Option<&'t Token<'s>> {
        self.tokens.get(index).map(|(token, _)| token)
    }

    fn token_before(&self, index: usize) -> Option<&'t Token<'s>> {
        self.token(index.checked_sub(1)?)
    }

    /// Returns the first token of what stands left of a `%`, and the last token of what stands right of it.
    pub(super) fn factors_around(&self, index: usize) -> Option<(usize, usize)> {
        let left = index.checked_sub(1).filter(|last| self.ends_operand(*last))?;
        Some((self.product_start(left)?, self.factor_end(index + 1)?))
    }

    /// Returns the first token of a product, such as `-a * b`, whose last token is given.
    fn product_start(&self, last: usize) -> Option<usize> {
        let mut start = self.operand_start(last)?;
        loop {
            match self.token_before(start) {
                Some(Token::Minus | Token::Plus) if self.begins_operand(start - 1) => start -= 1,
                Some(Token::Mul | Token::Div | Token::FloorDiv | Token::Mod | Token::Pow)
                    if !self.begins_operand(start - 1) =>
                {
                    start = self.operand_start(start - 2)?;
                }
                _ => return Some(start),
            }
        }
    }

    /// Returns the first token of the value whose subscript follows its last token.
    pub(super) fn value_start(&self, last: usize) -> Option<usize> {
        self.operand_start(last)
    }

    /// Returns the colons between two brackets, without those of inner ones.
    pub(super) fn colons_between(&self, open: usize, close: usize) -> Vec<usize> {
        let mut colons = Vec::new();
        let mut index = open + 1;
        while index < close {
            match self.token(index) {
                Some(Token::Colon) => colons.push(index),
                Some(token) if is_opening(token) => index = self.partner(index).unwrap_or(index),
                _ => {}
            }
            index += 1;
        }
        colons
    }

    /// Returns the first token of an operand with its attributes, subscripts, calls, filters and tests.
    fn operand_start(&self, last: usize) -> Option<usize> {
        let mut start = last;
        loop {
            let token = self.token(start)?;
            if is_closing(token) {
                start = self.partner(start)?;
                if self.begins_operand(start) || matches!(token, Token::BraceClose) {
                    return Some(start);
                }
                start -= 1;
                continue;
            }
            start = match (token, self.token_before(start)) {
                (_, Some(Token::Dot | Token::Pipe)) | (Token::Ident(_), Some(Token::Ident("is"))) => {
                    start.checked_sub(2)?
                }
                (Token::Ident(_), Some(Token::Ident("not"))) if self.is_negated_test(start) => {
                    start.checked_sub(3)?
                }
                (Token::Str(_) | Token::String(_), Some(Token::Str(_) | Token::String(_))) => start - 1,
                _ => return Some(start),
            };
        }
    }

    /// Tells whether `is not` stands before the token.
    fn is_negated_test(&self, index: usize) -> bool {
        index > 2 && matches!(self.token(index - 2), Some(Token::Ident("is")))
    }

    /// Returns the last token of an operand with its sign, filters, tests and exponents.
    fn factor_end(&self, first: usize) -> Option<usize> {
        let mut start = first;
        while matches!(self.token(start)?, Token::Minus | Token::Plus) {
            start += 1;
        }
        let mut end = self.primary_end(start)?;
        loop {
            end = match (self.token(end + 1), self.token(end + 2)) {
                (Some(Token::Pipe), Some(Token::Ident(_))) => self.call_end(end + 2)?,
                (Some(Token::Ident("is")), Some(Token::Ident("not"))) => self.test_end(end + 3)?,
                (Some(Token::Ident("is")), Some(Token::Ident(_))) => self.test_end(end + 2)?,
                (Some(Token::Pow), Some(_)) => return self.factor_end(end + 2),
                _ => return Some(end),
            };
        }
    }

    /// Returns the last token of a value with its attributes, subscripts and calls.
    fn primary_end(&self, start: usize) -> Option<usize> {
        let token = self.token(start)?;
        let mut end = if is_opening(token) { self.partner(start)? } else { start };
        if !self.ends_operand(end) {
            return None;
        }
        while matches!(token, Token::Str(_) | Token::String(_))
            && matches!(self.token(end + 1), Some(Token::Str(_) | Token::String(_)))
        {
            end += 1;
        }
        loop {
            end = match self.token(end + 1) {
                Some(Token::Dot) if self.token(end + 2).is_some() => end + 2,
                Some(Token::BracketOpen | Token::ParenOpen) => self.partner(end + 1)?,
                _ => return Some(end),
            };
        }
    }

    /// Returns the last token of a filter's name with its arguments.
    fn call_end(&self, name: usize) -> Option<usize> {
        match self.token(name + 1) {
            Some(Token::ParenOpen) => self.partner(name + 1),
            Some(Token::Dot) if self.token(name + 2).is_some() => self.call_end(name + 2),
            _ => Some(name),
        }
    }

    /// Returns the last token of a test's name with its argument, which may have no parentheses.
    fn test_end(&self, name: usize) -> Option<usize> {
        self.token(name)?;
        match self.token(name + 1) {
            Some(Token::Ident("and" | "or" | "else" | "is" | "if" | "in" | "not")) => Some(name),
            Some(Token::Ident(_) | Token::BracketOpen | Token::BraceOpen) => self.primary_end(name + 1),
            Some(token) if is_constant(token) => self.primary_end(name + 1),
            _ => self.call_end(name),
        }
    }
}

fn is_opening(token: &Token<'_>) -> bool {
    matches!(token, Token::ParenOpen | Token::BracketOpen | Token::BraceOpen)
}

fn is_closing(token: &Token<'_>) -> bool {
    matches!(token, Token::ParenClose | Token::BracketClose | Token::BraceClose)
}

fn is_constant(token: &Token<'_>) -> bool {
    matches!(token, Token::Str(_) | Token::String(_) | Token::Int(_) | Token::Int128(_) | Token::Float(_))
}
