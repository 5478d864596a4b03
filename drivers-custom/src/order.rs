//! Tells whether the `ORDER BY` of a query decides between any two of its rows. If it does not, the same data gives
//! another file each time.

use std::collections::BTreeSet;

use driver_api::{Error, Session};
use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArgumentClause, FunctionArguments, GroupByExpr, Ident, Join,
    JoinConstraint, JoinOperator, ObjectName, OrderByKind, Query, Select, SelectItem, SetExpr, Statement,
    TableFactor, Value,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

/// Aggregates that put their values in a row, in the order in which they come.
const LISTS: [&str; 7] =
    ["array_agg", "group_concat", "json_agg", "json_group_array", "jsonb_agg", "string_agg", "xmlagg"];
/// Other aggregates: without `GROUP BY`, they give one row.
const AGGREGATES: [&str; 7] = ["avg", "bool_and", "bool_or", "count", "max", "min", "sum"];

/// A column: the alias of its table, and its name.
type Column = (String, String);

/// Returns what the order of a query lacks, and what to add.
///
/// The order is complete if it has all columns of the result, since rows that are equal may change places, or if it
/// decides on one row of each table: by the columns of a unique key, or by columns that are equal to such.
pub(crate) fn problem(session: &mut Session<'_>, sql: &str) -> Result<Option<String>, Error> {
    let query = match parsed(sql) {
        Ok(query) => query,
        Err(problem) => return Ok(Some(problem)),
    };
    if let Some(list) = unordered_list(&query) {
        return Ok(Some(format!("{list} needs an order of its own: write {list}(… ORDER BY …)")));
    }
    let order = Order::of(&query);
    let SetExpr::Select(select) = &*query.body else {
        let problem = || "order a UNION by all of its columns: ORDER BY 1, 2, …".to_owned();
        return Ok((!order.has_all_numbers(&query)).then(problem));
    };
    let mut known = Known::new(session, select)?;
    known.add(&order.columns(select));
    if is_one_row(select) || order.has_all_outputs(select, &known) {
        return Ok(None);
    }
    if let GroupByExpr::Expressions(groups, _) = &select.group_by
        && !groups.is_empty()
    {
        let missing = groups.iter().find(|group| !order.has(group) && !known.has(group));
        return Ok(missing.map(|group| format!("add {group} to ORDER BY: it tells the groups apart")));
    }
    if select.distinct.is_some() {
        return Ok(Some(
            "add all columns of the result to ORDER BY, since the query has DISTINCT".to_owned(),
        ));
    }
    Ok(known.missing())
}

fn parsed(sql: &str) -> Result<Query, String> {
    let statements = Parser::parse_sql(&PostgreSqlDialect {}, sql).map_err(|error| {
        format!("confgend can't read the query, to see that its order is complete: {error}")
    })?;
    match <[Statement; 1]>::try_from(statements) {
        Ok([Statement::Query(query)]) => Ok(*query),
        _ => Err("the query is no single SELECT".to_owned()),
    }
}

/// The expressions of `ORDER BY`.
struct Order(Vec<Expr>);

impl Order {
    fn of(query: &Query) -> Order {
        let expressions = query.order_by.as_ref().map(|order| match &order.kind {
            OrderByKind::Expressions(expressions) => {
                expressions.iter().map(|it| bare(&it.expr).clone()).collect()
            }
            OrderByKind::All(_) => Vec::new(),
        });
        Order(expressions.unwrap_or_default())
    }

    fn has(&self, expression: &Expr) -> bool {
        self.0.contains(bare(expression))
    }

    /// Whether the order has the column of the result at this place, by its number, its name or its expression.
    fn has_output(&self, place: usize, name: Option<&Ident>, expression: &Expr) -> bool {
        self.has(expression)
            || self.0.iter().any(|it| number(it) == Some(place + 1))
            || name.is_some_and(|name| self.0.iter().any(|it| identifier(it) == Some(text(name))))
    }

    fn has_all_outputs(&self, select: &Select, known: &Known) -> bool {
        select.projection.iter().enumerate().all(|(place, item)| match output(item) {
            Some((name, expression)) => {
                matches!(bare(expression), Expr::Value(_))
                    || known.has(expression)
                    || self.has_output(place, name, expression)
            }
            None => false,
        })
    }

    /// Whether the order has the numbers of all columns, as that of a `UNION` has.
    fn has_all_numbers(&self, query: &Query) -> bool {
        let mut body = &query.body;
        while let SetExpr::SetOperation { left, .. } = &**body {
            body = left;
        }
        let SetExpr::Select(select) = &**body else { return false };
        select.projection.iter().enumerate().all(|(place, item)| {
            output(item).is_some_and(|(name, expression)| {
                let name = name.map(text).or_else(|| column(expression).map(|(_, name)| name));
                let by_name = |it: &Expr| identifier(it).is_some() && identifier(it) == name;
                self.0.iter().any(|it| number(it) == Some(place + 1) || by_name(it))
            })
        })
    }

    /// Returns the columns in the order, those behind a number or the name of a column of the result, too.
    fn columns(&self, select: &Select) -> Vec<Column> {
        let outputs: Vec<_> = select.projection.iter().map(output).collect();
        let resolve = |expression: &Expr| {
            if let Some(place) = number(expression) {
                return outputs.get(place - 1)?.and_then(|(_, expression)| column(expression));
            }
            let (alias, name) = column(expression)?;
            if !alias.is_empty() {
                return Some((alias, name));
            }
            let named = outputs.iter().flatten().find(|(output, expression)| {
                output.map(text).or_else(|| column(expression).map(|(_, name)| name)) == Some(name.clone())
            });
            named.map_or(Some((alias, name)), |(_, expression)| column(expression))
        };
        self.0.iter().filter_map(resolve).collect()
    }
}

/// A table of the query.
struct Table {
    alias: String,
    /// Its unique keys. A subquery has none that are known.
    keys: Vec<Vec<String>>,
}

/// The columns whose values are the same in all rows that the order does not tell apart.
struct Known {
    tables: Vec<Table>,
    /// Conditions that two columns are equal. The second is known once the first is.
    equal: Vec<(Column, Column)>,
    columns: BTreeSet<Column>,
    /// The tables of which one row is known.
    rows: BTreeSet<String>,
}

impl Known {
    fn new(session: &mut Session<'_>, select: &Select) -> Result<Known, Error> {
        let mut known =
            Known { tables: Vec::new(), equal: Vec::new(), columns: BTreeSet::new(), rows: BTreeSet::new() };
        for from in &select.from {
            known.table(session, &from.relation)?;
            for join in &from.joins {
                known.join(session, join)?;
            }
        }
        if let Some(condition) = &select.selection {
            known.condition(condition, None);
        }
        Ok(known)
    }

    fn table(&mut self, session: &mut Session<'_>, table: &TableFactor) -> Result<(), Error> {
        let (name, alias) = match table {
            TableFactor::Table { name, alias, .. } => (last(name), alias.as_ref()),
            TableFactor::Derived { alias, .. } => (None, alias.as_ref()),
            _ => (None, None),
        };
        let alias = alias.map(|alias| text(&alias.name)).or_else(|| name.clone()).unwrap_or_default();
        let keys = name.map_or(Ok(Vec::new()), |name| session.unique_keys(&name))?;
        self.tables.push(Table { alias, keys });
        Ok(())
    }

    fn join(&mut self, session: &mut Session<'_>, join: &Join) -> Result<(), Error> {
        let (constraint, is_optional) = match &join.join_operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => (Some(constraint), false),
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => (Some(constraint), true),
            _ => (None, true),
        };
        self.table(session, &join.relation)?;
        let Some(Table { alias, .. }) = self.tables.last() else { return Ok(()) };
        let alias = alias.clone();
        match constraint {
            Some(JoinConstraint::On(condition)) => {
                self.condition(condition, is_optional.then_some(alias.as_str()));
            }
            Some(JoinConstraint::Using(names)) => {
                let before: Vec<String> = self.tables.iter().map(|table| table.alias.clone()).collect();
                for name in names.iter().filter_map(last) {
                    for other in before.iter().filter(|other| **other != alias) {
                        self.equal.push(((other.clone(), name.clone()), (alias.clone(), name.clone())));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Collects the equalities of a condition. That of an outer join says something about the columns of the joined table
    /// alone.
    fn condition(&mut self, condition: &Expr, only: Option<&str>) {
        match condition {
            Expr::Nested(inner) => self.condition(inner, only),
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                self.condition(left, only);
                self.condition(right, only);
            }
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
                for (from, to) in [(left, right), (right, left)] {
                    let Some(to) = column(to).map(|column| self.qualified(column)) else { continue };
                    if only.is_some_and(|alias| alias != to.0) {
                        continue;
                    }
                    match (column(from), bare(from)) {
                        (Some(from), _) => self.equal.push((self.qualified(from), to)),
                        (None, Expr::Value(_)) => drop(self.columns.insert(to)),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Returns a column with the alias of the only table, if it has none.
    fn qualified(&self, (alias, name): Column) -> Column {
        match (alias.as_str(), self.tables.as_slice()) {
            ("", [only]) => (only.alias.clone(), name),
            _ => (alias, name),
        }
    }

    /// Adds columns, and all that follows from them.
    fn add(&mut self, columns: &[Column]) {
        for column in columns {
            let column = self.qualified(column.clone());
            self.columns.insert(column);
        }
        loop {
            let before = (self.columns.len(), self.rows.len());
            for Table { alias, keys, .. } in &self.tables {
                let has = |name: &String| self.columns.contains(&(alias.clone(), name.clone()));
                if keys.iter().any(|key| key.iter().all(has)) {
                    self.rows.insert(alias.clone());
                }
            }
            for (from, to) in &self.equal {
                if self.columns.contains(from) || self.rows.contains(&from.0) {
                    self.columns.insert(to.clone());
                }
            }
            if before == (self.columns.len(), self.rows.len()) {
                return;
            }
        }
    }

    fn has(&self, expression: &Expr) -> bool {
        column(expression)
            .map(|column| self.qualified(column))
            .is_some_and(|column| self.rows.contains(&column.0) || self.columns.contains(&column))
    }

    /// Says which columns complete the order.
    fn missing(mut self) -> Option<String> {
        let mut columns = Vec::new();
        while let Some(table) = self.tables.iter().find(|table| !self.rows.contains(&table.alias)) {
            let alias = table.alias.clone();
            let unknown = |key: &Vec<String>| -> Vec<Column> {
                let columns = key.iter().map(|name| (alias.clone(), name.clone()));
                columns.filter(|column| !self.columns.contains(column)).collect()
            };
            let Some(key) = table.keys.iter().map(unknown).min_by_key(Vec::len) else {
                let problem = "two rows may come in any order: confgend knows no unique key of";
                return Some(format!("{problem} {alias}; add all columns of the result to ORDER BY"));
            };
            self.add(&key);
            columns.extend(key.iter().map(|(alias, name)| format!("{alias}.{name}")));
        }
        let columns = columns.join(", ");
        (!columns.is_empty()).then(|| format!("two rows may come in any order: add {columns} to ORDER BY"))
    }
}

/// Returns the name and the expression of a column of the result.
fn output(item: &SelectItem) -> Option<(Option<&Ident>, &Expr)> {
    match item {
        SelectItem::UnnamedExpr(expression) => Some((None, expression)),
        SelectItem::ExprWithAlias { expr, alias } => Some((Some(alias), expr)),
        _ => None,
    }
}

/// Returns the expression without what does not change the order of equal values. (A cast may make values equal that
/// are not, but of a column of a key it does not.)
fn bare(expression: &Expr) -> &Expr {
    match expression {
        Expr::Collate { expr, .. } | Expr::Cast { expr, .. } => bare(expr),
        Expr::Nested(inner) => bare(inner),
        other => other,
    }
}

fn number(expression: &Expr) -> Option<usize> {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) => number.parse().ok().filter(|number| *number > 0),
            _ => None,
        },
        _ => None,
    }
}

fn identifier(expression: &Expr) -> Option<String> {
    match bare(expression) {
        Expr::Identifier(name) => Some(text(name)),
        _ => None,
    }
}

/// Returns the column that an expression is, without an alias if it has none.
fn column(expression: &Expr) -> Option<Column> {
    match bare(expression) {
        Expr::Identifier(name) => Some((String::new(), text(name))),
        Expr::CompoundIdentifier(names) => match names.as_slice() {
            [.., table, name] => Some((text(table), text(name))),
            _ => None,
        },
        _ => None,
    }
}

/// Returns a name as the database knows it.
fn text(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

fn last(name: &ObjectName) -> Option<String> {
    name.0.last().and_then(|part| part.as_ident()).map(text)
}

fn is_one_row(select: &Select) -> bool {
    let is_aggregate = |item: &SelectItem| {
        output(item)
            .and_then(|(_, expression)| function(expression))
            .is_some_and(|(name, _)| AGGREGATES.contains(&name.as_str()) || LISTS.contains(&name.as_str()))
    };
    let has_groups = !matches!(&select.group_by, GroupByExpr::Expressions(groups, _) if groups.is_empty());
    select.from.is_empty() || !has_groups && select.projection.iter().any(is_aggregate)
}

/// Returns the name of an aggregate that lists values in no order.
fn unordered_list(query: &Query) -> Option<String> {
    let SetExpr::Select(select) = &*query.body else { return None };
    select.projection.iter().filter_map(output).filter_map(|(_, expression)| function(expression)).find_map(
        |(name, function)| {
            let FunctionArguments::List(arguments) = &function.args else { return None };
            let is_ordered =
                arguments.clauses.iter().any(|clause| matches!(clause, FunctionArgumentClause::OrderBy(_)));
            (LISTS.contains(&name.as_str()) && !is_ordered).then_some(name)
        },
    )
}

/// Returns the function that an expression calls, also within `COALESCE`.
fn function(expression: &Expr) -> Option<(String, &Function)> {
    let Expr::Function(function) = bare(expression) else { return None };
    Some((last(&function.name)?, function))
}

#[cfg(test)]
mod tests {
    use fixtures::Scratch;

    use super::*;

    fn checked(sql: &str) -> String {
        let problem = Scratch::new(&[]).in_session(|session| problem(session, sql).unwrap());
        problem.unwrap_or_else(|| "complete".to_owned())
    }

    #[test]
    fn an_order_decides_between_any_two_rows() {
        let join = "SELECT u.uuid, l.context FROM userfeatures AS u JOIN user_line AS ul ON ul.user_id = u.id
            JOIN linefeatures AS l ON l.id = ul.line_id";
        let complete = [
            "SELECT name FROM moh ORDER BY uuid".to_owned(),
            "SELECT name FROM moh ORDER BY name".to_owned(),
            "SELECT m.uuid AS id, m.label FROM moh AS m ORDER BY id".to_owned(),
            "SELECT uuid, label FROM moh ORDER BY 1".to_owned(),
            "SELECT m.label FROM moh m WHERE m.uuid = 'x'".to_owned(),
            "SELECT label, mode FROM moh WHERE uuid = 'x'".to_owned(),
            "SELECT CAST(uuid AS TEXT) AS u, label FROM moh ORDER BY u COLLATE \"C\"".to_owned(),
            format!("{join} ORDER BY u.id, l.id"),
            format!("{join} ORDER BY ul.user_id, ul.line_id"),
            format!("{join} ORDER BY 1, 2"),
            "SELECT v.mailbox, u.uuid FROM voicemail v LEFT JOIN userfeatures u ON u.id = v.uniqueid
                ORDER BY v.uniqueid"
                .to_owned(),
            "SELECT count(*) AS n FROM moh".to_owned(),
            "SELECT mode, count(*) AS n FROM moh GROUP BY mode ORDER BY mode".to_owned(),
            "SELECT DISTINCT mode FROM moh ORDER BY mode".to_owned(),
            "SELECT name FROM moh UNION SELECT name FROM queue ORDER BY name".to_owned(),
        ];
        for sql in complete {
            assert_eq!(checked(&sql), "complete", "{sql}");
        }
    }

    #[test]
    fn a_lack_of_order_names_columns() {
        let table = [
            ("SELECT name FROM moh", "add moh.uuid to ORDER BY"),
            ("SELECT name, label FROM moh AS m ORDER BY m.label", "add m.uuid to ORDER BY"),
            (
                "SELECT u.uuid, l.context FROM userfeatures u JOIN user_line ul ON ul.user_id = u.id
                    JOIN linefeatures l ON l.id = ul.line_id ORDER BY u.id",
                "two rows may come in any order: add ul.line_id to ORDER BY",
            ),
            (
                "SELECT v.mailbox, u.uuid FROM voicemail v LEFT JOIN userfeatures u ON u.id = v.uniqueid
                    ORDER BY u.id",
                "add v.uniqueid to ORDER BY",
            ),
            ("SELECT a.n FROM (SELECT name AS n FROM moh) AS a", "no unique key of a; add all columns"),
            (
                "SELECT mode, count(*) FROM moh GROUP BY mode",
                "add mode to ORDER BY: it tells the groups apart",
            ),
            ("SELECT DISTINCT mode FROM moh", "add all columns of the result to ORDER BY"),
            ("SELECT name FROM moh UNION SELECT name FROM queue", "order a UNION by all of its columns"),
            ("SELECT string_agg(name, ',') FROM moh", "string_agg needs an order of its own"),
            ("SELEC name", "confgend can't read the query"),
        ];
        for (sql, expected) in table {
            assert!(checked(sql).contains(expected), "{sql}: {}", checked(sql));
        }
    }
}
