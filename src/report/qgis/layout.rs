//! Pages to print: items of a layout at places in millimetres from the upper left corner.
//!
//! Law: words in a label that come from a record are inert (`xml::inert`); the only expressions are those written here.

use crate::report::qgis::view::{Extent, round_step};
use crate::report::qgis::xml::{Element, option, options, typed};

/// Left, top, width, height in millimetres.
pub type Frame = (f64, f64, f64, f64);

/// A page with its items.
pub struct Layout {
    name: String,
    items: Vec<Element>,
    page: (f64, f64),
    atlas: Option<Element>,
}

/// A map on a page.
pub struct Map<'a> {
    /// Where it stands.
    pub frame: Frame,
    /// What it shows.
    pub extent: Extent,
    /// The choice of layers that it shows.
    pub theme: &'a str,
    /// Metres between the lines of its grid; none where there is none.
    pub grid: Option<f64>,
    /// Whether it goes from lead to lead.
    pub follows: bool,
}

/// How words are set.
#[derive(Clone, Copy)]
pub struct Type {
    /// Points.
    pub size: f64,
    /// Whether they are bold.
    pub is_bold: bool,
    /// 1 left, 4 in the middle, 2 right.
    pub align: u8,
}

/// Kinds of items as QGIS counts them.
const PAGE: u32 = 65_638;
const MAP: u32 = 65_639;
const PICTURE: u32 = 65_640;
const LABEL: u32 = 65_641;
const LEGEND: u32 = 65_642;
const SCALE_BAR: u32 = 65_646;

impl Layout {
    /// An empty page of a width and height.
    pub fn new(name: String, page: (f64, f64)) -> Self {
        Self { name, items: Vec::new(), page, atlas: None }
    }

    /// The identity of the item of a number: the same in every project.
    fn identity(number: usize) -> String {
        format!("{{00000000-0000-4000-8000-{number:012}}}")
    }

    fn item(&self, kind: u32, (left, top, width, height): Frame, has_frame: bool) -> Element {
        let identity = Self::identity(self.items.len() + 1);
        Element::new("LayoutItem")
            .with("type", kind)
            .with("uuid", &identity)
            .with("templateUuid", &identity)
            .with("position", format!("{left},{top},mm"))
            .with("positionOnPage", format!("{left},{top},mm"))
            .with("size", format!("{width},{height},mm"))
            .with("zValue", self.items.len() + 1)
            .with("frame", has_frame)
            .with("background", has_frame)
            .with("outlineWidthM", "0.2,mm")
            .with("opacity", 1)
            .with("visibility", 1)
    }

    /// Adds a map; other items point at it by the number returned.
    pub fn map(&mut self, map: &Map) -> usize {
        let (west, south, east, north) = map.extent;
        let extent = Element::new("Extent")
            .with("xmin", west)
            .with("ymin", south)
            .with("xmax", east)
            .with("ymax", north);
        let follows = Element::new("AtlasMap")
            .with("atlasDriven", u8::from(map.follows))
            .with("scalingMode", 2)
            .with("margin", 1.5);
        let item = self
            .item(MAP, map.frame, true)
            .with("id", format!("map{}", self.items.len() + 1))
            .with("followPreset", true)
            .with("followPresetName", map.theme)
            .with("keepLayerSet", false)
            .with("drawCanvasItems", true)
            .with("mapRotation", 0)
            .child(extent)
            .children(map.grid.map(grid))
            .child(follows);
        self.items.push(item);
        self.items.len()
    }

    /// The scale of a map, in words.
    pub fn scale_of(map: usize) -> String {
        format!("[% concat('1 : ', format_number(item_variables('map{map}')['map_scale'], 0)) %]")
    }

    /// Adds words. What a record says goes through `inert` first.
    pub fn label(&mut self, frame: Frame, words: &str, set: Type) {
        let weight = if set.is_bold { 75 } else { 50 };
        let font = Element::new("LabelFont")
            .with("style", "")
            .with("description", format!("Sans Serif,{},-1,5,{weight},0,0,0,0,0", set.size));
        let item = self
            .item(LABEL, frame, false)
            .with("labelText", words)
            .with("htmlState", 0)
            .with("halign", set.align)
            .with("valign", 32)
            .with("marginX", 0)
            .with("marginY", 0)
            .child(font)
            .child(
                Element::new("FontColor")
                    .with("red", 30)
                    .with("green", 30)
                    .with("blue", 30)
                    .with("alpha", 255),
            );
        self.items.push(item);
    }

    /// Adds a legend of these layers: id and title.
    pub fn legend(&mut self, frame: Frame, map: usize, layers: &[(String, String)]) {
        let leaf = |(id, title): &(String, String)| {
            Element::new("layer-tree-layer")
                .with("id", id)
                .with("name", title)
                .with("checked", "Qt::Checked")
                .with("expanded", 1)
        };
        let font = |name: &str, size: f64, weight: u32, top: f64| {
            let font = Element::new("styleFont")
                .with("style", "")
                .with("description", format!("Sans Serif,{size},-1,5,{weight},0,0,0,0,0"));
            Element::new("style")
                .with("name", name)
                .with("marginTop", top)
                .with("marginLeft", if name == "symbolLabel" { 2 } else { 0 })
                .with("alignment", 1)
                .child(font)
        };
        let styles = [
            ("title", 11.0, 75, 0.0),
            ("group", 9.0, 75, 2.5),
            ("subgroup", 9.0, 75, 2.5),
            ("symbol", 8.0, 50, 1.2),
            ("symbolLabel", 8.0, 50, 1.0),
        ];
        let styles = styles.map(|(name, size, weight, top)| font(name, size, weight, top));
        let item = self
            .item(LEGEND, frame, false)
            .with("map_uuid", Self::identity(map))
            .with("resizeToContents", 1)
            .with("symbolWidth", 8)
            .with("symbolHeight", 4)
            .with("boxSpace", 0)
            .with("columnCount", 1)
            .with("columnSpace", 2)
            .with("legendFilterByMap", 0)
            .with("title", "")
            .with("titleAlignment", 1)
            .with("wmsLegendWidth", 50)
            .with("wmsLegendHeight", 25)
            .child(Element::new("styles").children(styles))
            .child(Element::new("layer-tree-group").children(layers.iter().map(leaf)));
        self.items.push(item);
    }

    /// Adds a scale bar in metres or kilometres, for a map that shows so many metres on a millimetre.
    pub fn scale_bar(&mut self, frame: Frame, map: usize, metres_per_millimetre: f64) {
        let step = round_step(frame.2 * 0.36 * metres_per_millimetre);
        let (unit, label, metres) = if step >= 1000.0 { ("km", "km", 1000.0) } else { ("meters", "m", 1.0) };
        let text = Element::new("text-style")
            .with("fontSize", 8)
            .with("fontSizeUnit", "Point")
            .with("fontWeight", 50)
            .with("textColor", "30,30,30,255")
            .with("textOpacity", 1);
        let item = self
            .item(SCALE_BAR, frame, false)
            .with("mapUuid", Self::identity(map))
            .with("style", "Single Box")
            .with("unitType", unit)
            .with("unitLabel", label)
            .with("numMapUnitsPerScaleBarUnit", 1)
            .with("numUnitsPerSegment", step / metres)
            .with("numSegments", 2)
            .with("numSegmentsLeft", 0)
            .with("segmentSizeMode", 0)
            .with("height", 2)
            .with("boxContentSpace", 1)
            .with("labelBarSpace", 1.5)
            .with("alignment", 0)
            .child(text);
        self.items.push(item);
    }

    /// Adds a picture that turns with a map.
    pub fn north(&mut self, frame: Frame, map: usize, file: &str) {
        let item = self
            .item(PICTURE, frame, false)
            .with("file", file)
            .with("mode", 0)
            .with("mapUuid", Self::identity(map))
            .with("northMode", 0)
            .with("resizeMode", 0)
            .with("anchorPoint", 4);
        self.items.push(item);
    }

    /// Adds a picture whose file an expression names.
    pub fn picture(&mut self, frame: Frame, expression: &str) {
        let source = Element::new("Option").with("name", "dataDefinedSource").with("type", "Map").children([
            typed("active", "bool", "true"),
            option("expression", expression),
            typed("type", "int", 3),
        ]);
        let properties = Element::new("Option").with("name", "properties").with("type", "Map").child(source);
        let by = options([option("name", ""), properties, option("type", "collection")]);
        let object = Element::new("LayoutObject").child(Element::new("dataDefinedProperties").child(by));
        let item = self
            .item(PICTURE, frame, false)
            .with("file", "")
            .with("mode", 1)
            .with("resizeMode", 0)
            .with("anchorPoint", 0)
            .child(object);
        self.items.push(item);
    }

    /// Makes a page for each row of a layer, by an order; `name` is an expression for the name of the page.
    pub fn for_each(&mut self, layer: &str, order: &str, name: &str) {
        let atlas = Element::new("Atlas")
            .with("enabled", 1)
            .with("coverageLayer", layer)
            .with("hideCoverage", 0)
            .with("sortFeatures", 1)
            .with("sortKey", order)
            .with("sortAscending", 1)
            .with("filterFeatures", 0)
            .with("pageNameExpression", name)
            .with("filenamePattern", "'lead_' || lpad(to_string(@atlas_featurenumber), 4, '0')");
        self.atlas = Some(atlas);
    }

    /// The layout as an element of a project.
    pub fn element(self) -> Element {
        let (width, height) = self.page;
        let page = Element::new("LayoutItem")
            .with("type", PAGE)
            .with("uuid", Self::identity(0))
            .with("templateUuid", Self::identity(0))
            .with("position", "0,0,mm")
            .with("positionOnPage", "0,0,mm")
            .with("size", format!("{width},{height},mm"))
            .with("zValue", 0)
            .with("visibility", 1);
        let pages = Element::new("PageCollection").child(page);
        Element::new("Layout")
            .with("name", self.name)
            .with("units", "mm")
            .with("printResolution", 200)
            .child(
                Element::new("Snapper").with("snapToItems", 1).with("snapToGuides", 1).with("tolerance", 5),
            )
            .child(pages)
            .children(self.items.into_iter().rev())
            .children(self.atlas)
    }
}

/// Crosses at round coordinates, and the coordinates around the map.
fn grid(step: f64) -> Element {
    let text = Element::new("text-style")
        .with("fontSize", 6.5)
        .with("fontSizeUnit", "Point")
        .with("fontWeight", 50)
        .with("textColor", "30,30,30,255")
        .with("textOpacity", 1);
    let line = Element::new("lineStyle").child(crate::report::qgis::symbol::symbol(
        "line",
        "",
        [crate::report::qgis::symbol::line((255, 255, 255, 200), 0.2, "solid")],
    ));
    Element::new("ComposerMapGrid")
        .with("name", "grid")
        .with("uuid", "{00000000-0000-4000-8000-000000009999}")
        .with("show", 1)
        .with("gridStyle", 1)
        .with("crossLength", 3)
        .with("intervalX", step)
        .with("intervalY", step)
        .with("unit", 0)
        .with("showAnnotation", 1)
        .with("annotationFormat", 0)
        .with("annotationPrecision", 0)
        .with("frameAnnotationDistance", 1)
        .with("leftAnnotationDirection", 1)
        .with("rightAnnotationDirection", 1)
        .with("gridFrameStyle", 3)
        .with("gridFrameWidth", 1.2)
        .with("gridFrameSideFlags", 15)
        .with("gridFramePenThickness", 0.2)
        .with("gridFramePenColor", "30,30,30,255")
        .with("topAnnotationDisplay", 0)
        .with("rightAnnotationDisplay", 3)
        .with("leftAnnotationPosition", 1)
        .with("bottomAnnotationPosition", 1)
        .with("topAnnotationPosition", 1)
        .with("rightAnnotationPosition", 1)
        .child(line)
        .child(text)
}
