//! The project file: layers in groups, map themes, bookmarks, layouts, what is shown first, and what readers must know.
//!
//! In:  layers and layouts. Out: XML of a `.qgs`.
//! Law: no macros, no actions, no path of this machine; the same project has the same bytes.
//! Source: what QGIS 3.22 writes and reads; elements that it does not need are left out.

use crate::grid::Crs;
use crate::report::Language;
use crate::report::qgis::layer::{self, Layer};
use crate::report::qgis::view::Extent;
use crate::report::qgis::xml::{Element, options};

/// What files of projects begin with. QGIS writes a document type besides and does not ask for it.
const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

/// A group of the tree.
pub struct Group {
    /// What people call it.
    pub title: String,
    /// Layers, topmost first.
    pub layers: Vec<Layer>,
    /// Whether only one of them is shown at a time.
    pub is_choice: bool,
}

/// A named choice of layers.
pub struct Theme {
    /// What people call it.
    pub title: String,
    /// Ids of its layers.
    pub layers: Vec<String>,
}

/// A place to go to.
pub struct Bookmark {
    /// What people call it.
    pub title: String,
    /// Where it lies, in the CRS of the project.
    pub extent: Extent,
}

/// A project.
pub struct Project {
    /// Its title.
    pub title: String,
    /// What readers must know.
    pub about: String,
    /// Whose words.
    pub language: Language,
    /// Its CRS.
    pub crs: Crs,
    /// What is shown first.
    pub extent: Extent,
    /// Its layers.
    pub groups: Vec<Group>,
    /// Named choices of layers.
    pub themes: Vec<Theme>,
    /// Places.
    pub bookmarks: Vec<Bookmark>,
    /// Pages to print.
    pub layouts: Vec<Element>,
}

impl Project {
    /// The file.
    pub fn document(&self) -> String {
        let layers = || self.groups.iter().flat_map(|group| &group.layers);
        let order = layers().map(|layer| Element::new("layer").with("id", &layer.id));
        let root = Element::new("qgis")
            .with("projectname", &self.title)
            .with("version", "3.22.0")
            .child(Element::new("homePath").with("path", ""))
            .child(Element::of("title", &self.title))
            .child(Element::new("autotransaction").with("active", 0))
            .child(Element::new("evaluateDefaultValues").with("active", 0))
            .child(Element::new("trust").with("active", 0))
            .child(layer::crs("projectCrs", self.crs))
            .child(self.tree())
            .child(Element::new("relations"))
            .child(self.canvas())
            .child(Element::new("projectlayers").children(layers().map(|layer| layer.element.clone())))
            .child(Element::new("layerorder").children(order))
            .child(self.properties())
            .child(Element::new("visibility-presets").children(self.themes.iter().map(theme)))
            .child(self.metadata())
            .child(Element::new("Layouts").children(self.layouts.iter().cloned()))
            .child(Element::new("Bookmarks").children(self.bookmarks()))
            .child(self.first_view());
        root.document(HEAD)
    }

    fn tree(&self) -> Element {
        let leaf = |layer: &Layer| {
            Element::new("layer-tree-layer")
                .with("id", &layer.id)
                .with("name", &layer.title)
                .with("providerKey", layer.provider)
                .with("source", &layer.source)
                .with("checked", checked(layer.is_shown))
                .with("expanded", u8::from(layer.is_unfolded))
                .children((!layer.unfolded.is_empty()).then(|| unfolded(&layer.unfolded)))
        };
        let group = |group: &Group| {
            let element = Element::new("layer-tree-group")
                .with("name", &group.title)
                .with("checked", checked(true))
                .with("expanded", 1);
            let shown = group.layers.iter().position(|layer| layer.is_shown);
            let element = match (group.is_choice, shown) {
                (true, Some(at)) => {
                    element.with("mutually-exclusive", 1).with("mutually-exclusive-child", at)
                }
                _ => element,
            };
            element.children(group.layers.iter().map(leaf))
        };
        Element::new("layer-tree-group").children(self.groups.iter().map(group))
    }

    fn canvas(&self) -> Element {
        let units = if self.crs.is_geographic() { "degrees" } else { "meters" };
        Element::new("mapcanvas")
            .with("name", "theMapCanvas")
            .with("annotationsVisible", 1)
            .child(Element::of("units", units))
            .child(corners("extent", self.extent))
            .child(Element::of("rotation", 0))
            .child(layer::crs("destinationsrs", self.crs))
    }

    fn properties(&self) -> Element {
        let property =
            |name: &'static str, kind: &str, value: &str| Element::of(name, value).with("type", kind);
        let group = |name: &'static str, inside: Vec<Element>| Element::new(name).children(inside);
        let enabled = || property("Enabled", "bool", "true");
        let place = |value: &str| property("Placement", "int", value);
        Element::new("properties").children([
            group("Paths", vec![property("Absolute", "bool", "false")]),
            group("SpatialRefSys", vec![property("ProjectionsEnabled", "int", "1")]),
            group("Measure", vec![property("Ellipsoid", "QString", "EPSG:7030")]),
            group(
                "Measurement",
                vec![property("AreaUnits", "QString", "m2"), property("DistanceUnits", "QString", "meters")],
            ),
            group(
                "PositionPrecision",
                vec![property("Automatic", "bool", "false"), property("DecimalPlaces", "int", "1")],
            ),
            group(
                "ScaleBar",
                vec![
                    enabled(),
                    place("0"),
                    property("PreferredSize", "int", "30"),
                    property("SnapToScale", "bool", "true"),
                ],
            ),
            group("NorthArrow", vec![enabled(), place("2"), property("Automatic", "bool", "true")]),
        ])
    }

    fn metadata(&self) -> Element {
        let language = if self.language == Language::English { "ENG" } else { "ZHO" };
        Element::new("projectMetadata")
            .child(Element::of("language", language))
            .child(Element::of("type", "dataset"))
            .child(Element::of("title", &self.title))
            .child(Element::of("abstract", &self.about))
            .child(Element::of("author", "steppewatch"))
    }

    fn bookmarks(&self) -> impl Iterator<Item = Element> {
        self.bookmarks.iter().enumerate().map(|(at, bookmark)| {
            let (west, south, east, north) = bookmark.extent;
            let ring =
                format!("{west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}");
            Element::new("Bookmark")
                .with("id", format!("steppewatch_{at}"))
                .with("name", &bookmark.title)
                .with("group", self.language.words("线索", "Leads"))
                .with("extent", format!("POLYGON(({ring}))"))
                .child(layer::crs("", self.crs))
        })
    }

    fn first_view(&self) -> Element {
        let (west, south, east, north) = self.extent;
        let extent = Element::new("DefaultViewExtent")
            .with("xmin", west)
            .with("ymin", south)
            .with("xmax", east)
            .with("ymax", north)
            .child(layer::crs("", self.crs));
        Element::new("ProjectViewSettings")
            .with("UseProjectScales", 0)
            .child(Element::new("Scales"))
            .child(extent)
    }
}

/// Parts of a legend that are unfolded.
fn unfolded(keys: &[&str]) -> Element {
    let key = |key: &&str| Element::new("Option").with("type", "QString").with("value", *key);
    let list = Element::new("Option").with("name", "expandedLegendNodes").with("type", "StringList");
    Element::new("customproperties").child(options([list.children(keys.iter().map(key))]))
}

fn checked(is_so: bool) -> &'static str {
    if is_so { "Qt::Checked" } else { "Qt::Unchecked" }
}

fn corners(name: &'static str, (west, south, east, north): Extent) -> Element {
    Element::new(name)
        .child(Element::of("xmin", west))
        .child(Element::of("ymin", south))
        .child(Element::of("xmax", east))
        .child(Element::of("ymax", north))
}

fn theme(theme: &Theme) -> Element {
    let layers = theme.layers.iter().map(|id| Element::new("layer").with("id", id).with("visible", 1));
    Element::new("visibility-preset").with("name", &theme.title).children(layers)
}
