//! How things are drawn: fills, hatches, lines and points, and the colour of each sub-model.
//!
//! Law: over imagery an outline says more than a fill: what is below stays visible. Lengths are millimetres on the map.

use crate::report::qgis::xml::{Element, option, options, typed};

/// A colour: red, green, blue, and how dense, each 0 to 255.
pub type Colour = (u8, u8, u8, u8);

/// No colour.
pub const CLEAR: Colour = (0, 0, 0, 0);
/// White below an outline, so that it shows on dark and on bright ground.
pub const CASING: Colour = (255, 255, 255, 210);

/// Colours of the sub-models: one for a kind of change, whatever class of land it befalls.
const COLOURS: &[(&[&str], Colour)] = &[
    // Ploughed, reclaimed, levelled.
    (&["G1", "L2", "W1", "F5"], (255, 221, 0, 255)),
    // Dug.
    (&["G2", "F6"], (255, 0, 197, 255)),
    // Built.
    (&["G3", "F1", "L1", "W2"], (230, 0, 38, 255)),
    // Solar and wind.
    (&["G4"], (0, 92, 230, 255)),
    // Tracks.
    (&["G5"], (0, 224, 224, 255)),
    // Stripped, dumped, felled.
    (&["G6", "L3"], (255, 128, 0, 255)),
    // Ponds and drained ground.
    (&["F3", "W3", "W4"], (0, 168, 255, 255)),
    // Trees on farmland, ground that comes back.
    (&["F2", "R1"], (85, 255, 0, 255)),
    // Sheds.
    (&["F4"], (169, 0, 230, 255)),
    // Warnings: nothing was taken, something wears out.
    (&["G7", "F7"], (178, 153, 116, 255)),
];

/// The colour of a sub-model.
pub fn of_model(id: &str) -> Colour {
    COLOURS.iter().find(|(ids, _)| ids.contains(&id)).map_or((255, 255, 255, 255), |(_, colour)| *colour)
}

/// The colour less dense.
pub fn dense((red, green, blue, _): Colour, alpha: u8) -> Colour {
    (red, green, blue, alpha)
}

/// A colour as QGIS writes it.
pub fn written((red, green, blue, alpha): Colour) -> String {
    format!("{red},{green},{blue},{alpha}")
}

/// A symbol of layers, lowest first.
pub fn symbol(kind: &'static str, name: impl ToString, layers: impl IntoIterator<Item = Element>) -> Element {
    Element::new("symbol")
        .with("name", name)
        .with("type", kind)
        .with("alpha", 1)
        .with("clip_to_extent", 1)
        .with("force_rhr", 0)
        .children(layers)
}

fn layer(class: &'static str, settings: Vec<Element>, inside: Vec<Element>) -> Element {
    Element::new("layer")
        .with("class", class)
        .with("enabled", 1)
        .with("locked", 0)
        .with("pass", 0)
        .child(options(settings))
        .children(inside)
}

/// A plain fill with an outline. `style` of the outline: `solid`, `dash`, `dot`, `no`.
pub fn fill(colour: Colour, outline: Colour, width: f64, style: &str) -> Element {
    fill_by(colour, outline, width, style, None)
}

/// The same, the colour of its outline by an expression over the columns.
pub fn fill_by(
    colour: Colour,
    outline: Colour,
    width: f64,
    style: &str,
    expression: Option<&str>,
) -> Element {
    let settings = vec![
        option("color", written(colour)),
        option("joinstyle", "round"),
        option("outline_color", written(outline)),
        option("outline_style", style),
        option("outline_width", width),
        option("outline_width_unit", "MM"),
        option("style", if colour.3 == 0 { "no" } else { "solid" }),
    ];
    let by = expression.map(|expression| by_expression("outlineColor", expression));
    layer("SimpleFill", settings, by.into_iter().collect())
}

/// What a setting is by an expression over the columns.
pub fn by_expression(setting: &'static str, expression: &str) -> Element {
    let property = Element::new("Option").with("name", setting).with("type", "Map").children([
        typed("active", "bool", "true"),
        option("expression", expression),
        typed("type", "int", 3),
    ]);
    let properties = Element::new("Option").with("name", "properties").with("type", "Map").child(property);
    Element::new("data_defined_properties").child(options([
        option("name", ""),
        properties,
        option("type", "collection"),
    ]))
}

/// Parallel lines, degrees anticlockwise from east, `distance` from each other.
pub fn hatch(colour: Colour, angle: f64, distance: f64, width: f64) -> Element {
    let settings = vec![
        option("angle", angle),
        option("distance", distance),
        option("distance_unit", "MM"),
        option("line_width", width),
        option("line_width_unit", "MM"),
    ];
    layer("LinePatternFill", settings, vec![symbol("line", "@0@0", [line(colour, width, "solid")])])
}

/// A line.
pub fn line(colour: Colour, width: f64, style: &str) -> Element {
    let settings = vec![
        option("line_color", written(colour)),
        option("line_style", style),
        option("line_width", width),
        option("line_width_unit", "MM"),
        option("capstyle", "flat"),
        option("joinstyle", "round"),
    ];
    layer("SimpleLine", settings, Vec::new())
}

/// A sign of a shape that QGIS knows: `circle`, `diamond`, `cross2`.
pub fn marker(shape: &str, colour: Colour, outline: Colour, size: f64) -> Element {
    let settings = vec![
        option("name", shape),
        option("color", written(colour)),
        option("outline_color", written(outline)),
        option("outline_width", 0.3),
        option("outline_width_unit", "MM"),
        option("size", size),
        option("size_unit", "MM"),
    ];
    layer("SimpleMarker", settings, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_sub_model_has_a_colour() {
        for model in crate::submodel::all().unwrap() {
            assert_ne!(of_model(&model.id), (255, 255, 255, 255), "{}", model.id);
        }
    }
}
