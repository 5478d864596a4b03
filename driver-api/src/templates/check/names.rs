//! The names that a template sets, and those that it tests.

use std::collections::HashSet;

use minijinja::machinery::ast::{CallArg, Expr, Stmt};

/// Returns the names that are set in one scope: not those of loops and macros inside. Jinja2 has no scope for `if`.
pub(super) fn declared<'t>(body: &[Stmt<'t>]) -> HashSet<&'t str> {
    let mut names = HashSet::new();
    for stmt in body {
        declare(stmt, &mut names);
    }
    names
}

fn declare<'t>(stmt: &Stmt<'t>, names: &mut HashSet<&'t str>) {
    match stmt {
        Stmt::Template(template) => names.extend(declared(&template.children)),
        Stmt::IfCond(condition) => {
            names.extend(declared(&condition.true_body));
            names.extend(declared(&condition.false_body));
        }
        Stmt::Set(set) => assigned(&set.target, names),
        Stmt::SetBlock(set) => assigned(&set.target, names),
        Stmt::Macro(declared) => {
            names.insert(declared.name);
        }
        Stmt::Import(import) => assigned(&import.name, names),
        Stmt::FromImport(import) => {
            for (name, alias) in &import.names {
                assigned(alias.as_ref().unwrap_or(name), names);
            }
        }
        _ => {}
    }
}

/// Adds the names of the target of an assignment.
pub(super) fn assigned<'t>(target: &Expr<'t>, names: &mut HashSet<&'t str>) {
    match target {
        Expr::Var(name) => {
            names.insert(name.id);
        }
        Expr::List(list) => list.items.iter().for_each(|item| assigned(item, names)),
        Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| assigned(item, names)),
        _ => {}
    }
}

/// Calls a function with each expression directly inside another one.
pub(super) fn parts<'e, 't>(expr: &'e Expr<'t>, act: &mut dyn FnMut(&'e Expr<'t>)) {
    match expr {
        Expr::Var(_) | Expr::Const(_) => {}
        Expr::Slice(slice) => {
            act(&slice.expr);
            [&slice.start, &slice.stop, &slice.step].into_iter().flatten().for_each(act);
        }
        Expr::UnaryOp(operation) => act(&operation.expr),
        Expr::BinOp(operation) => {
            act(&operation.left);
            act(&operation.right);
        }
        Expr::Compare(compare) => {
            act(&compare.expr);
            compare.ops.iter().for_each(|operand| act(&operand.expr));
        }
        Expr::IfExpr(choice) => {
            act(&choice.test_expr);
            act(&choice.true_expr);
            choice.false_expr.iter().for_each(act);
        }
        Expr::Filter(filter) => {
            filter.expr.iter().for_each(&mut *act);
            arguments(&filter.args, act);
        }
        Expr::Test(test) => {
            act(&test.expr);
            arguments(&test.args, act);
        }
        Expr::GetAttr(attribute) => act(&attribute.expr),
        Expr::GetItem(item) => {
            act(&item.expr);
            act(&item.subscript_expr);
        }
        Expr::Call(call) => {
            act(&call.expr);
            arguments(&call.args, act);
        }
        Expr::List(list) => list.items.iter().for_each(act),
        Expr::Tuple(tuple) => tuple.items.iter().for_each(act),
        Expr::Map(map) => map.keys.iter().chain(&map.values).for_each(act),
    }
}

pub(super) fn arguments<'e, 't>(args: &'e [CallArg<'t>], act: &mut dyn FnMut(&'e Expr<'t>)) {
    for arg in args {
        let (CallArg::Pos(expr)
        | CallArg::Kwarg(_, expr)
        | CallArg::PosSplat(expr)
        | CallArg::KwargSplat(expr)) = arg;
        act(expr);
    }
}

/// Tells whether an expression names one of these.
pub(super) fn mentions(expr: &Expr<'_>, names: &HashSet<&str>) -> bool {
    if let Expr::Var(name) = expr {
        return names.contains(name.id);
    }
    let mut found = false;
    parts(expr, &mut |part| found |= mentions(part, names));
    found
}

/// Returns the name that a test such as `is defined` or a filter such as `default` expects to be missing.
pub(super) fn optional<'t>(expr: &Expr<'t>) -> Option<&'t str> {
    let inner = match expr {
        Expr::Test(test) if matches!(test.name, "defined" | "undefined") => Some(&test.expr),
        Expr::Filter(filter) if matches!(filter.name, "default" | "d") => filter.expr.as_ref(),
        _ => None,
    };
    match inner {
        Some(Expr::Var(name)) => Some(name.id),
        _ => None,
    }
}
