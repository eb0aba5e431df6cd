//! Forms: which column is shown where, by which name, with which widget.
//!
//! In:  columns, groups of them, a language. Out: elements of a layer in a project.
//! Law: every column has a name for people in the language asked for, and codes are shown by their words. What stands in a
//!      column is shown as words; the only expressions are those written here.

use crate::publish::fields::{Domain, Kind};
use crate::publish::gpkg_tables::{Column, Table};
use crate::report::Language;
use crate::report::qgis::xml::{Element, option, options, typed};

/// A page of a form: its name, how many columns of widgets, the columns of the table in order.
pub struct Page {
    /// Chinese and English.
    pub title: (&'static str, &'static str),
    /// Widgets side by side.
    pub across: usize,
    /// Columns of the table.
    pub columns: &'static [&'static str],
}

/// How the form of a layer is made.
pub struct Form<'a> {
    /// Its pages; what no page names goes to a last one.
    pub pages: &'a [Page],
    /// Columns that hold pictures by their path beside the project.
    pub pictures: &'a [&'static str],
    /// Columns that a person fills in; every other one is to be read.
    pub open: &'a [&'static str],
    /// Columns that nobody reads in a table.
    pub hidden: &'a [&'static str],
    /// Columns with a value of their own: name, expression, whether it is set with every change.
    pub defaults: &'a [(&'static str, &'static str, bool)],
    /// What a row is called, as an expression.
    pub name: &'static str,
}

/// Everything of a layer that speaks of its columns.
pub fn elements(table: &Table, form: &Form, language: Language) -> Vec<Element> {
    let fields = || std::iter::once("fid").chain(table.columns.iter().map(|column| column.name.as_str()));
    let widgets = table.columns.iter().map(|column| {
        Element::new("field")
            .with("name", &column.name)
            .with("configurationFlags", "None")
            .child(widget(column, form, language))
    });
    let hidden =
        Element::new("field").with("name", "fid").child(Element::new("editWidget").with("type", "Hidden"));
    let aliases = table.columns.iter().enumerate().map(|(at, column)| {
        let alias = language.of_alias(&column.alias);
        Element::new("alias").with("index", at + 1).with("field", &column.name).with("name", alias)
    });
    let is_open = |name: &str| form.open.contains(&name);
    let editable = fields()
        .map(|name| Element::new("field").with("name", name).with("editable", u8::from(is_open(name))));
    let on_top = fields().map(|name| Element::new("field").with("name", name).with("labelOnTop", 1));
    vec![
        Element::new("fieldConfiguration").child(hidden).children(widgets),
        Element::new("aliases").children(aliases),
        defaults(table, form),
        Element::new("attributetableconfig")
            .with("sortExpression", "")
            .with("sortOrder", 0)
            .with("actionWidgetStyle", "dropDown")
            .child(shown(table, form)),
        Element::of("editorlayout", "tablayout"),
        pages(table, form, language),
        Element::new("editable").children(editable),
        Element::new("labelOnTop").children(on_top),
        Element::of("previewExpression", form.name),
    ]
}

fn defaults(table: &Table, form: &Form) -> Element {
    let of = |column: &Column| {
        let (_, expression, always) = form
            .defaults
            .iter()
            .find(|(name, _, _)| *name == column.name)
            .copied()
            .unwrap_or(("", "", false));
        Element::new("default")
            .with("field", &column.name)
            .with("expression", expression)
            .with("applyOnUpdate", u8::from(always))
    };
    Element::new("defaults").children(table.columns.iter().map(of))
}

/// Columns of the table of rows.
fn shown(table: &Table, form: &Form) -> Element {
    let column = |name: &str, is_hidden: bool| {
        Element::new("column")
            .with("type", "field")
            .with("name", name)
            .with("hidden", u8::from(is_hidden))
            .with("width", -1)
    };
    let is_hidden =
        |column: &Column| column.kind == Kind::Nested || form.hidden.contains(&column.name.as_str());
    let columns = table.columns.iter().map(|one| column(&one.name, is_hidden(one)));
    Element::new("columns").child(column("fid", true)).children(columns)
}

fn pages(table: &Table, form: &Form, language: Language) -> Element {
    let place = |name: &str| table.columns.iter().position(|column| column.name == name);
    let named = |name: &str| form.pages.iter().any(|page| page.columns.contains(&name));
    let page = |(chinese, english): (&str, &str), across: usize, names: Vec<&str>| {
        let fields = names.into_iter().filter_map(|name| Some((name, place(name)?)));
        let fields = fields.map(|(name, at)| {
            Element::new("attributeEditorField").with("name", name).with("index", at + 1).with("showLabel", 1)
        });
        Element::new("attributeEditorContainer")
            .with("name", language.words(chinese, english))
            .with("columnCount", across)
            .with("groupBox", 0)
            .with("showLabel", 1)
            .with("visibilityExpressionEnabled", 0)
            .with("visibilityExpression", "")
            .children(fields)
    };
    let rest: Vec<&str> =
        table.columns.iter().map(|column| column.name.as_str()).filter(|name| !named(name)).collect();
    let is_there = |one: &&Page| one.columns.iter().any(|name| place(name).is_some());
    let mut pages: Vec<Element> = form
        .pages
        .iter()
        .filter(is_there)
        .map(|one| page(one.title, one.across, one.columns.to_vec()))
        .collect();
    if !rest.is_empty() {
        pages.push(page(("其他", "More"), 1, rest));
    }
    Element::new("attributeEditorForm").children(pages)
}

/// How a column is shown and filled in.
fn widget(column: &Column, form: &Form, language: Language) -> Element {
    let (kind, settings) = match (column.domain, column.kind) {
        _ if form.pictures.contains(&column.name.as_str()) => {
            ("ExternalResource", picture(form.open.contains(&column.name.as_str())))
        }
        (Some(domain), _) => {
            ("ValueMap", vec![values(domain, form.open.contains(&column.name.as_str()), language)])
        }
        (None, Kind::Day) => ("DateTime", day()),
        (None, Kind::Nested) => ("TextEdit", text(true)),
        (None, Kind::Text) => ("TextEdit", text(is_long(&column.name))),
        _ => ("TextEdit", text(false)),
    };
    Element::new("editWidget").with("type", kind).child(Element::new("config").child(options(settings)))
}

/// Columns of sentences.
fn is_long(name: &str) -> bool {
    let ends = ["_text", "notes", "note", "disclaimer", "disclaimer_zh", "selection", "source", "reason"];
    ends.iter().any(|end| name.ends_with(end))
}

fn text(is_long: bool) -> Vec<Element> {
    vec![typed("IsMultiline", "bool", is_long), typed("UseHtml", "bool", false)]
}

fn day() -> Vec<Element> {
    vec![
        typed("allow_null", "bool", true),
        typed("calendar_popup", "bool", true),
        option("display_format", "yyyy-MM-dd"),
        option("field_format", "yyyy-MM-dd"),
        typed("field_iso_format", "bool", false),
    ]
}

/// A picture by its path from the project.
fn picture(is_open: bool) -> Vec<Element> {
    vec![
        typed("DocumentViewer", "int", 1),
        typed("DocumentViewerHeight", "int", 0),
        typed("DocumentViewerWidth", "int", 0),
        typed("FileWidget", "bool", is_open),
        typed("FileWidgetButton", "bool", is_open),
        option("FileWidgetFilter", ""),
        typed("RelativeStorage", "int", 1),
        typed("StorageMode", "int", 0),
        typed("UseLink", "bool", false),
    ]
}

/// Codes and their words; `is_open` where a person may leave it empty.
fn values(domain: &Domain, is_open: bool, language: Language) -> Element {
    let one = |words: &str, code: &str| {
        options([Element::new("Option").with("name", words).with("type", "QString").with("value", code)])
    };
    // QGIS takes this word for a value that is null.
    const NOTHING: &str = "{2839923C-8B7D-419E-B84B-CA2FE9B80EC7}";
    let nothing = is_open.then(|| one(&language.words("未核查", "not visited yet"), NOTHING));
    let all = domain.values.iter().map(|(code, words)| one(language.of_alias(words), code));
    Element::new("Option").with("name", "map").with("type", "List").children(nothing.into_iter().chain(all))
}
