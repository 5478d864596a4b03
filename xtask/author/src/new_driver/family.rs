//! The source file in which a family lists its drivers: `src/lib.rs`.

use driver_api::Error;
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, ExprArray, ExprLit, File, Item, ItemMod, Lit};

use super::names::Names;

/// The list of a family in its source.
pub(crate) struct Family<'a> {
    source: &'a str,
    /// The modules in files of their own.
    modules: Vec<ItemMod>,
    /// The names of the modules inside of this file.
    inline: Vec<String>,
    /// The position for the first module.
    first_item: usize,
    list: ExprArray,
}

impl<'a> Family<'a> {
    /// Reads a source file that has a list like `pub static DRIVERS: &[Entry] = &[…]`.
    pub(crate) fn parse(source: &'a str) -> Result<Family<'a>, Error> {
        // Spans are counted from behind this mark.
        let source = source.trim_start_matches('\u{feff}');
        let file =
            syn::parse_str::<File>(source).map_err(|error| Error::driver("is not Rust").because(error))?;
        let first_item = file.items.first().map_or(source.len(), |item| start(item.span()));
        let (mut modules, mut inline) = (Vec::new(), Vec::new());
        let mut list = None;
        for item in file.items {
            match item {
                Item::Mod(module) if module.content.is_none() => modules.push(module),
                Item::Mod(module) => inline.push(module.ident.to_string()),
                Item::Static(item) if item.ident == "DRIVERS" => list = array(*item.expr),
                _ => {}
            }
        }
        let list = list.ok_or_else(|| {
            Error::driver("is not a family: it has no list `pub static DRIVERS: &[Entry] = &[…]`")
        })?;
        Ok(Family { source, modules, inline, first_item, list })
    }

    /// The names of the drivers of a namespace.
    pub(crate) fn drivers(&self, namespace: &str) -> Vec<String> {
        let keys = self.list.elems.iter().map(key);
        keys.filter(|(of, _)| of == namespace).map(|(_, name)| name).collect()
    }

    /// Whether a module has this name, in a file of any name.
    pub(crate) fn has_module(&self, name: &str) -> bool {
        self.modules.iter().any(|module| module.ident == name) || self.inline.iter().any(|it| it == name)
    }

    /// The source with a new module and a new entry, both in their order.
    pub(crate) fn with(&self, names: &Names, entry: &str) -> String {
        let mut source = self.source.to_owned();
        // Inserted from the end, so that the other position stays valid.
        let mut insertions = [self.entry(names, entry), self.module(&names.module)];
        insertions.sort_by_key(|(position, _)| *position);
        for (position, text) in insertions.iter().rev() {
            source.insert_str(*position, text);
        }
        source
    }

    fn entry(&self, names: &Names, entry: &str) -> (usize, String) {
        let new = (names.namespace.clone(), names.name.clone());
        let elements = &self.list.elems;
        if let Some(next) = elements.iter().find(|element| key(element) > new) {
            return (start(next.span()), format!("{entry},\n"));
        }
        let comma = if elements.is_empty() || elements.trailing_punct() { "" } else { "," };
        (end(self.list.span()) - 1, format!("{comma}{entry},\n"))
    }

    fn module(&self, name: &str) -> (usize, String) {
        let declaration = format!("mod {name};");
        if let Some(next) = self.modules.iter().find(|module| module.ident.to_string().as_str() > name) {
            return (start(next.span()), format!("{declaration}\n"));
        }
        match self.modules.last() {
            Some(last) => (end(last.span()), format!("\n{declaration}")),
            None => (self.first_item, format!("{declaration}\n\n")),
        }
    }
}

/// The array in `&[…]` or `[…]`.
fn array(expression: Expr) -> Option<ExprArray> {
    match expression {
        Expr::Array(array) => Some(array),
        Expr::Reference(reference) => array(*reference.expr),
        _ => None,
    }
}

/// The sort key of an entry: the namespace and the name in `Entry::new("…", "…", …)`, with or without methods that set
/// other properties. Both are empty for another expression.
fn key(entry: &Expr) -> (String, String) {
    let text = |argument: Option<&Expr>| match argument {
        Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => text.value(),
        _ => String::new(),
    };
    match entry {
        Expr::MethodCall(property) => key(&property.receiver),
        Expr::Call(call) if is_constructor(&call.func) => (text(call.args.get(0)), text(call.args.get(1))),
        _ => (String::new(), String::new()),
    }
}

/// Whether this is `Entry::new`, or `driver_api::Entry::new`.
fn is_constructor(function: &Expr) -> bool {
    let Expr::Path(function) = function else { return false };
    let mut segments = function.path.segments.iter().rev();
    ["new", "Entry"].iter().all(|word| segments.next().is_some_and(|segment| segment.ident == word))
}

fn start(span: Span) -> usize {
    span.byte_range().start
}

fn end(span: Span) -> usize {
    span.byte_range().end
}

#[cfg(test)]
mod tests {
    use driver_api::Namespace;

    use super::*;

    fn names(namespace: &str, name: &str) -> Names {
        Names::new(&namespace.parse::<Namespace>().unwrap(), name).unwrap()
    }

    fn with(source: &str, namespace: &str) -> String {
        Family::parse(source).unwrap().with(&names(namespace, "wazo"), "NEW")
    }

    #[test]
    fn modules_and_entries_keep_their_order() {
        let source = "//! É.\n\nmod b;\n#[cfg(feature = \"d\")]\nmod d;\n\nuse x::y;\n\n/// All.\npub static DRIVERS: &[Entry] = &[\n    \
            Entry::new(\"a.b.conf\", \"wazo\", b::build),\n    #[cfg(feature = \"d\")]\n    \
            Entry::new(\"a.d.conf\", \"wazo\", d::build)\n        .defaults(\"\")\n        .schema(X),\n];\n";
        let first =
            source.replace("mod b;", "mod a;\nmod b;").replace("Entry::new(\"a.b", "NEW,\nEntry::new(\"a.b");
        assert_eq!(with(source, "a.a.conf"), first);
        let middle = source
            .replace("#[cfg(feature = \"d\")]\nmod", "mod c;\n#[cfg(feature = \"d\")]\nmod")
            .replace("    #[cfg(feature = \"d\")]\n    E", "    NEW,\n#[cfg(feature = \"d\")]\n    E");
        assert_eq!(with(source, "a.c.conf"), middle);
        let last = source.replace("mod d;", "mod d;\nmod e;").replace("(X),\n];", "(X),\nNEW,\n];");
        assert_eq!(with(source, "a.e.conf"), last);
    }

    #[test]
    fn a_list_may_be_empty_or_without_last_comma() {
        let empty = "//! Ours.\n\nuse x;\npub static DRIVERS: &[Entry] = &[];\n";
        let one = "//! Ours.\n\nmod a;\n\nuse x;\npub static DRIVERS: &[Entry] = &[NEW,\n];\n";
        assert_eq!(with(empty, "a.a.conf"), one);
        let inline = "mod a;\nstatic DRIVERS: [Entry; 1] = [Entry::new(\"a.a.conf\", \"wazo\", a)];\n";
        let two =
            "mod a;\nmod b;\nstatic DRIVERS: [Entry; 1] = [Entry::new(\"a.a.conf\", \"wazo\", a),NEW,\n];\n";
        assert_eq!(with(inline, "a.b.conf"), two);
    }

    #[test]
    fn a_byte_order_mark_moves_nothing() {
        let source = "\u{feff}mod a;\nstatic DRIVERS: &[Entry] = &[];\n";
        assert_eq!(with(source, "a.b.conf"), "mod a;\nmod b;\nstatic DRIVERS: &[Entry] = &[NEW,\n];\n");
    }

    #[test]
    fn a_source_without_a_list_is_refused() {
        let error = |source: &str| Family::parse(source).err().unwrap().chain();
        assert!(error("fn main() {}").starts_with("is not a family"));
        assert!(error("static DRIVERS: &[Entry] = drivers();").starts_with("is not a family"));
        assert!(error("fn main( {}").starts_with("is not Rust: "));
        assert!(error("#!/bin/sh\nstatic DRIVERS: &[Entry] = &[];").starts_with("is not Rust: "));
    }

    #[test]
    fn modules_without_a_file_of_their_name_are_known() {
        let source = "#[path = \"x.rs\"] mod a; mod b { mod c {} } static DRIVERS: &[Entry] = &[];";
        let family = Family::parse(source).unwrap();
        assert_eq!(["a", "b", "c"].map(|name| family.has_module(name)), [true, true, false]);
    }

    #[test]
    fn the_drivers_of_a_namespace_are_listed() {
        let family = "static DRIVERS: &[Entry] = &[Entry::new(\"x.y\", \"a\", f).defaults(\"\"), other(), \
            driver_api::Entry::new(\"x.y\", \"b\", |_| Ok(Box::new(B)))];";
        let family = Family::parse(family).unwrap();
        assert_eq!(family.drivers("x.y"), ["a", "b"]);
        assert_eq!(family.drivers("x.z"), [""; 0]);
    }
}
