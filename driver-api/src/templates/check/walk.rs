//! The way through the tree of one template.

use std::collections::HashSet;

use minijinja::machinery::Span;
use minijinja::machinery::ast::{Call, Expr, Macro, Stmt};
use minijinja::value::ValueKind;
use minijinja::{Value, tests};

use super::names::{arguments, assigned, declared, mentions, optional, parts};
use super::{Checker, Source};

/// Filters and functions that Jinja2 has and a driver can't have, with the reason.
const REFUSED: [(&str, &str); 3] = [
    ("random", "the same data must give the same file"),
    ("lipsum", "the same data must give the same file"),
    ("urlize", "write the link yourself"),
];

/// Methods of Python's values that are not there.
const NO_METHODS: [&str; 8] =
    ["bit_length", "decode", "encode", "format_map", "fromkeys", "hex", "maketrans", "translate"];

/// Visits the statements and expressions of a template.
pub(super) struct Walk<'w, 'c, 't> {
    checker: &'w mut Checker<'c>,
    source: &'w Source<'w>,
    /// The names that are visible here, the innermost scope last.
    scopes: Vec<HashSet<&'t str>>,
    /// The names that the template tests for, so that it may use them.
    tested: HashSet<&'t str>,
    /// The names that nothing sets, with their places and messages.
    unset: Vec<(&'t str, Span, String)>,
}

impl<'w, 'c, 't> Walk<'w, 'c, 't> {
    /// Visits the tree of a template whose context has these variables.
    pub(super) fn visit(
        checker: &'w mut Checker<'c>,
        source: &'w Source<'w>,
        tree: &Stmt<'t>,
        variables: &[&'t str],
    ) {
        let mut walk =
            Walk { checker, source, scopes: Vec::new(), tested: HashSet::new(), unset: Vec::new() };
        walk.template(tree, variables);
        for (name, span, message) in std::mem::take(&mut walk.unset) {
            if !walk.tested.contains(name) {
                walk.report(span, &message);
            }
        }
    }

    fn template(&mut self, tree: &Stmt<'t>, variables: &[&'t str]) {
        let mut names: HashSet<&str> = variables.iter().copied().collect();
        names.insert("self");
        self.scopes.push(names);
        self.scoped([], std::slice::from_ref(tree));
    }

    fn scoped(&mut self, names: impl IntoIterator<Item = &'t str>, body: &[Stmt<'t>]) {
        let mut scope = declared(body);
        scope.extend(names);
        self.scopes.push(scope);
        self.statements(body);
        self.scopes.pop();
    }

    fn statements(&mut self, body: &[Stmt<'t>]) {
        for stmt in body {
            self.statement(stmt);
        }
    }

    fn statement(&mut self, stmt: &Stmt<'t>) {
        match stmt {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitRaw(_) => {}
            Stmt::EmitExpr(emit) => self.expr(&emit.expr),
            Stmt::Do(call) => self.call(&call.call),
            Stmt::IfCond(condition) => {
                self.expr(&condition.expr);
                self.statements(&condition.true_body);
                self.statements(&condition.false_body);
            }
            Stmt::ForLoop(repeat) => {
                self.expr(&repeat.iter);
                let mut names = HashSet::from(["loop"]);
                assigned(&repeat.target, &mut names);
                self.scopes.push(names.clone());
                repeat.filter_expr.iter().for_each(|expr| self.expr(expr));
                self.scopes.pop();
                self.scoped(names, &repeat.body);
                self.scoped([], &repeat.else_body);
            }
            Stmt::Set(set) => self.expr(&set.expr),
            Stmt::SetBlock(set) => {
                set.filter.iter().for_each(|filter| self.expr(filter));
                self.scoped([], &set.body);
            }
            Stmt::WithBlock(with) => {
                let mut names = HashSet::new();
                for (target, expr) in &with.assignments {
                    if mentions(expr, &names) {
                        let message = "in Jinja2, the names of one {% with %} don't see each other: nest two";
                        self.report(expr.span(), message);
                    } else {
                        self.expr(expr);
                    }
                    assigned(target, &mut names);
                }
                self.scoped(names, &with.body);
            }
            Stmt::FilterBlock(block) => {
                self.expr(&block.filter);
                self.scoped([], &block.body);
            }
            Stmt::AutoEscape(block) => {
                if matches!(&block.enabled, Expr::Const(enabled) if enabled.value.is_true()) {
                    self.report(block.span(), "autoescape escapes nothing here: use the filter e");
                }
                self.scoped([], &block.body);
            }
            Stmt::Block(block) => self.scoped(["super"], &block.body),
            Stmt::Macro(declared) => self.macro_of(declared),
            Stmt::CallBlock(block) => {
                self.call(&block.call);
                self.macro_of(&block.macro_decl);
            }
            Stmt::Extends(extends) => self.include(&extends.name, extends.span(), false),
            Stmt::Include(include) => {
                if self.text(include.span()).contains("without context") {
                    self.report(
                        include.span(),
                        "an included template sees all variables here, also without context",
                    );
                }
                self.include(&include.name, include.span(), include.ignore_missing);
            }
            Stmt::Import(import) => self.import(&import.expr, import.span(), &[]),
            Stmt::FromImport(import) => {
                let names: Vec<&Expr<'_>> = import.names.iter().map(|(name, _)| name).collect();
                self.import(&import.expr, import.span(), &names);
            }
        }
    }

    fn macro_of(&mut self, declared: &Macro<'t>) {
        let mut names = HashSet::new();
        declared.args.iter().for_each(|arg| assigned(arg, &mut names));
        for default in &declared.defaults {
            if mentions(default, &names) {
                self.report(
                    default.span(),
                    "a default can't use another parameter here: set it in the macro",
                );
            } else {
                self.expr(default);
            }
        }
        names.extend(["caller", "varargs", "kwargs"]);
        self.scoped(names, &declared.body);
    }

    /// Checks the templates that an include names. They see what is visible here.
    fn include(&mut self, name: &Expr<'t>, span: Span, ignores_missing: bool) {
        self.expr(name);
        let Some(names) = constant_names(name) else { return };
        let visible: Vec<&str> = self.scopes.iter().flatten().copied().collect();
        let mut found = false;
        for name in &names {
            found |= self.checker.included(name, &visible);
        }
        if !found && !ignores_missing {
            self.report(span, &missing(&names));
        }
    }

    /// Checks an imported template, which sees no variables, and that it has the names.
    fn import(&mut self, expr: &Expr<'t>, span: Span, names: &[&Expr<'t>]) {
        self.expr(expr);
        let Some(templates) = constant_names(expr) else { return };
        let with_context = self.text(span).contains("with context");
        let visible: Vec<&str> = self.scopes.iter().flatten().copied().collect();
        for template in &templates {
            if !self.checker.included(template, if with_context { &visible } else { &[] }) {
                self.report(span, &missing(std::slice::from_ref(template)));
                continue;
            }
            let exported = self.checker.exported(template).unwrap_or_default();
            for name in names {
                if let Expr::Var(name) = name
                    && !exported.iter().any(|exported| exported == name.id)
                {
                    self.report(name.span(), &format!("template {template:?} does not set {:?}", name.id));
                }
            }
        }
    }

    fn expr(&mut self, expr: &Expr<'t>) {
        match expr {
            Expr::Var(name) => self.name(name.id, name.span(), "nothing sets"),
            Expr::Call(call) => return self.call(call),
            Expr::Filter(filter) if !self.has_filter(filter.name) => {
                self.report(filter.span(), &unknown("filter", filter.name));
            }
            Expr::Test(test) if !self.has_test(test.name) => {
                self.report(test.span(), &unknown("test", test.name));
            }
            _ => {}
        }
        let optional = optional(expr);
        if matches!(expr, Expr::Test(_)) {
            self.tested.extend(optional);
        }
        let mut inner = Vec::new();
        parts(expr, &mut |part| inner.push(part));
        for part in inner {
            if !matches!(part, Expr::Var(name) if optional == Some(name.id)) {
                self.expr(part);
            }
        }
    }

    fn call(&mut self, call: &Call<'t>) {
        match &call.expr {
            Expr::Var(name) => self.name(name.id, name.span(), "there is no function"),
            Expr::GetAttr(attribute) => {
                if NO_METHODS.contains(&attribute.name) {
                    self.report(attribute.span(), &unknown("method", attribute.name));
                }
                if attribute.name == "format" && has_conversion(&attribute.expr) {
                    self.report(attribute.span(), "format has no conversions such as {!r}: use %r");
                }
                self.expr(&attribute.expr);
            }
            other => self.expr(other),
        }
        let mut inner = Vec::new();
        arguments(&call.args, &mut |arg| inner.push(arg));
        for arg in inner {
            self.expr(arg);
        }
    }

    fn name(&mut self, name: &'t str, span: Span, problem: &str) {
        let is_known = self.scopes.iter().any(|scope| scope.contains(name))
            || self.checker.environment.globals().any(|(global, _)| global == name);
        if !is_known {
            let reason = refusal(name).map_or_else(String::new, |reason| format!(": {reason}"));
            self.unset.push((name, span, format!("{problem} {name:?}{reason}")));
        }
    }

    fn has_filter(&self, name: &str) -> bool {
        tests::is_filter(&self.checker.environment.empty_state(), name)
    }

    fn has_test(&self, name: &str) -> bool {
        tests::is_test(&self.checker.environment.empty_state(), name)
    }

    fn text(&self, span: Span) -> &str {
        self.source.text.get(span.start_offset as usize..span.end_offset as usize).unwrap_or_default()
    }

    fn report(&mut self, span: Span, message: &str) {
        self.checker.report(self.source, span, message.to_owned());
    }
}

fn unknown(what: &str, name: &str) -> String {
    let reason = refusal(name).map_or_else(String::new, |reason| format!(": {reason}"));
    format!("there is no {what} {name:?}{reason}")
}

fn refusal(name: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, reason)| *reason)
}

fn missing(names: &[String]) -> String {
    format!(
        "there is no template {}",
        names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(" or ")
    )
}

/// Returns the template names of an expression that is a text or a list of texts. `None` for another expression.
fn constant_names(expr: &Expr<'_>) -> Option<Vec<String>> {
    let one = |value: &Value| value.as_str().map(str::to_owned);
    match expr {
        Expr::Const(constant) if constant.value.kind() == ValueKind::String => {
            Some(vec![one(&constant.value)?])
        }
        Expr::List(list) => list.items.iter().map(|item| constant_names(item)?.pop()).collect(),
        Expr::Tuple(tuple) => tuple.items.iter().map(|item| constant_names(item)?.pop()).collect(),
        _ => None,
    }
}

/// Tells whether an expression is a format with `!r` or `!s`.
fn has_conversion(expr: &Expr<'_>) -> bool {
    let Expr::Const(constant) = expr else { return false };
    let text = constant.value.as_str().unwrap_or_default();
    ["!r", "!s", "!a"].iter().any(|conversion| {
        text.match_indices(conversion).any(|(place, _)| text[place..][2..].starts_with([':', '}']))
    })
}
