//! Renderers and labels: leads by sub-model and confidence, red lines by class, context by what it is, gaps.
//!
//! In:  which codes occur. Out: elements of a layer in a project.
//! Law: rules and labels are written here over codes that the program knows; what a record says never becomes one.

use crate::publish::fields::{self, Domain};
use crate::reason::GapReason;
use crate::report::Language;
use crate::report::qgis::data::ROLE;
use crate::report::qgis::symbol::{
    CASING, CLEAR, Colour, dense, fill, fill_by, hatch, marker, of_model, symbol, written,
};
use crate::report::qgis::xml::{Element, literal};
use crate::submodel::{self, SubModel};

/// Scale (1 to this) beyond which leads are points.
pub const FAR: u32 = 60_000;

/// Keys of the two parts of the legend of leads.
pub const GROUPS: [&str; 2] = ["confidence", "models"];

/// Confidence from which an outline is drawn so wide (millimetres), with the words of the legend.
const WIDTHS: [(f64, f64, &str, &str); 3] = [
    (0.9, 0.8, "0.9 及以上", "0.9 or more"),
    (0.75, 0.5, "0.75 至 0.9", "0.75 to 0.9"),
    (0.0, 0.3, "低于 0.75", "less than 0.75"),
];

/// Sub-models of this version that some lead names.
pub fn models<'a>(named: impl Iterator<Item = &'a str>) -> Vec<SubModel> {
    let named: Vec<&str> = named.collect();
    // Without names of sub-models leads are drawn by what is left.
    let known = submodel::all().unwrap_or_default();
    known.into_iter().filter(|model| named.contains(&model.id.as_str())).collect()
}

/// What a sub-model is called in a legend.
pub fn called(model: &SubModel, language: Language) -> String {
    format!("{} {}", model.id, language.words(&model.name_zh, &model.name))
}

/// Outlines of leads: colour by sub-model, width by confidence.
pub fn leads(models: &[SubModel], has_other: bool, language: Language) -> Element {
    let mut symbols = Vec::new();
    let rule = |filter: &str, label: &str, at: usize| {
        Element::new("rule")
            .with("key", format!("rule{at}"))
            .with("filter", filter)
            .with("label", label)
            .with("symbol", at)
    };
    let colour = colour_of(models);
    let mut widths = Vec::new();
    let mut above: Option<f64> = None;
    for (least, width, chinese, english) in WIDTHS {
        let below =
            above.map_or(String::new(), |above| format!(" AND coalesce(\"confidence\", 0) < {above}"));
        let filter = format!("coalesce(\"confidence\", 0) >= {least}{below}");
        above = Some(least);
        widths.push(rule(&filter, &language.words(chinese, english), symbols.len()));
        let style = if least == 0.0 { "dash" } else { "solid" };
        symbols.push(vec![
            fill(CLEAR, CASING, width + 0.5, "solid"),
            fill_by(CLEAR, (90, 90, 90, 255), width, style, Some(&colour)),
        ]);
    }
    let mut kinds = Vec::new();
    for model in models {
        let filter = format!("\"model\" = {}", literal(&model.id));
        kinds.push(rule(&filter, &called(model, language), symbols.len()));
        symbols.push(vec![fill(dense(of_model(&model.id), 25), of_model(&model.id), 0.3, "solid")]);
    }
    if has_other {
        kinds.push(rule("ELSE", &language.words("其他", "other"), symbols.len()));
        symbols.push(vec![fill(CLEAR, of_model(""), 0.3, "solid")]);
    }
    let group = |key: &str, (chinese, english): (&str, &str), rules: Vec<Element>| {
        Element::new("rule").with("key", key).with("label", language.words(chinese, english)).children(rules)
    };
    let rules = Element::new("rules").with("key", "leads").children([
        group(GROUPS[0], ("置信度", "confidence"), widths),
        group(GROUPS[1], ("子模型", "sub-model"), kinds),
    ]);
    let symbols = symbols.into_iter().enumerate().map(|(at, layers)| symbol("fill", at, layers));
    renderer("RuleRenderer").child(rules).child(Element::new("symbols").children(symbols))
}

/// The colour of a lead's sub-model, as an expression.
fn colour_of(models: &[SubModel]) -> String {
    let one = |model: &SubModel| {
        format!("WHEN \"model\" = {} THEN {} ", literal(&model.id), literal(&written(of_model(&model.id))))
    };
    let cases: String = models.iter().map(one).collect();
    let other = literal(&written(of_model("")));
    if cases.is_empty() { other } else { format!("CASE {cases}ELSE {other} END") }
}

fn renderer(kind: &'static str) -> Element {
    Element::new("renderer-v2")
        .with("type", kind)
        .with("symbollevels", 0)
        .with("enableorderby", 0)
        .with("forceraster", 0)
}

/// Points of so many leads, by sub-model.
pub fn points(models: &[SubModel], (has_other, count): (bool, usize), language: Language) -> Element {
    // Thousands of signs must not hide the map.
    let size = if count > 1000 { 1.6 } else { 3.2 };
    let of = |id: &str| marker("circle", of_model(id), (40, 40, 40, 255), size);
    let mut kinds: Vec<(String, String, Vec<Element>)> =
        models.iter().map(|model| (model.id.clone(), called(model, language), vec![of(&model.id)])).collect();
    if has_other {
        kinds.push((String::new(), language.words("其他", "other"), vec![of("")]));
    }
    categories("model", "marker", kinds)
}

/// What is drawn for each value of a column; the empty value stands for every other one.
pub fn categories(column: &str, kind: &'static str, kinds: Vec<(String, String, Vec<Element>)>) -> Element {
    let category = |(at, (value, label, _)): (usize, &(String, String, Vec<Element>))| {
        Element::new("category")
            .with("value", value)
            .with("type", "string")
            .with("symbol", at)
            .with("label", label)
            .with("render", "true")
    };
    let listed = Element::new("categories").children(kinds.iter().enumerate().map(category));
    let symbols = kinds.into_iter().enumerate().map(|(at, (_, _, layers))| symbol(kind, at, layers));
    renderer("categorizedSymbol")
        .with("attr", column)
        .child(listed)
        .child(Element::new("symbols").children(symbols))
}

/// Values of a domain that occur, each with what is drawn for it.
fn by_domain(
    (column, domain, language): (&str, &Domain, Language),
    occur: &[&str],
    drawn: impl Fn(&str) -> Vec<Element>,
) -> Element {
    let occurs = |(code, _): &&(&str, &str)| occur.contains(code);
    let kind =
        |(code, words): &(&str, &str)| ((*code).to_owned(), language.of_alias(words).to_owned(), drawn(code));
    categories(column, "fill", domain.values.iter().filter(occurs).map(kind).collect())
}

/// Red lines by class: an outline that reads as a boundary, the ground free to be seen.
pub fn redlines(occur: &[&str], language: Language) -> Element {
    by_domain(("class", &fields::CLASS, language), occur, |class| {
        let colour: Colour = match class {
            "grassland" => (152, 230, 0, 255),
            "farmland" => (255, 211, 127, 255),
            "wetland" => (115, 223, 255, 255),
            "forest" => (56, 168, 0, 255),
            "case" => (197, 0, 255, 255),
            _ => (255, 85, 85, 255),
        };
        vec![fill(CLEAR, (30, 30, 30, 170), 0.9, "solid"), fill(CLEAR, colour, 0.45, "dash")]
    })
}

/// Context by what it is: hatched.
pub fn context(occur: &[&str], language: Language) -> Element {
    by_domain(("role", &ROLE, language), occur, |role| {
        let (colour, angle): (Colour, f64) = match role {
            "permits" => ((0, 197, 255, 255), 45.0),
            "cases" => ((197, 0, 255, 255), 135.0),
            "landuse" => ((255, 235, 175, 160), 0.0),
            _ => ((255, 85, 0, 255), 90.0),
        };
        vec![hatch(colour, angle, 2.2, 0.3), fill(CLEAR, colour, 0.5, "solid")]
    })
}

/// Gaps: ground of which nothing was seen is crossed out, so that nobody takes it for ground without a change; where only a
/// season was not seen it has an outline.
pub fn gaps(occur: &[&str], language: Language) -> Element {
    let of_season = [
        GapReason::TooFewLateViews,
        GapReason::SeasonNotSeen,
        GapReason::SeasonWithoutScenes,
        GapReason::SceneNotFetched,
        GapReason::SceneNotDecoded,
    ];
    let grey = (70, 70, 70, 220);
    by_domain(("reason", &fields::GAP_REASON, language), occur, |reason| {
        let outline = [fill(CLEAR, (255, 255, 255, 120), 0.5, "solid"), fill(CLEAR, grey, 0.3, "dot")];
        let is_of_season = of_season.iter().any(|one| one.code() == reason);
        let crossed = [hatch(grey, 45.0, 3.0, 0.2), hatch(grey, 135.0, 3.0, 0.2)];
        crossed.into_iter().filter(|_| !is_of_season).chain(outline).collect()
    })
}

/// Rank, sub-model and area beside an outline.
pub fn lead_labels(language: Language) -> Element {
    let mu = mu(language);
    let area = format!(
        "if(\"area_mu\" IS NULL, concat(round(\"length_m\"), ' m'), concat(round(\"area_mu\", 1), ' {mu}'))"
    );
    labels(&format!("concat('#', \"rank\", ' ', \"model\", '\\n', {area})"), 9.0, true)
}

/// The unit of area beside a number.
pub fn mu(language: Language) -> &'static str {
    if language == Language::English { "mu" } else { "亩" }
}

/// Rank beside a point.
pub fn point_labels() -> Element {
    labels("to_string(\"rank\")", 8.0, false)
}

fn labels(expression: &str, size: f64, is_area: bool) -> Element {
    let buffer = Element::new("text-buffer")
        .with("bufferDraw", 1)
        .with("bufferSize", 0.9)
        .with("bufferSizeUnits", "MM")
        .with("bufferColor", "255,255,255,235")
        .with("bufferOpacity", 1)
        .with("bufferJoinStyle", 128);
    let text = Element::new("text-style")
        .with("fieldName", expression)
        .with("isExpression", 1)
        .with("allowHtml", 0)
        .with("fontSize", size)
        .with("fontSizeUnit", "Point")
        .with("fontWeight", 75)
        .with("namedStyle", "Bold")
        .with("textColor", "40,0,0,255")
        .with("textOpacity", 1)
        .child(buffer);
    // Outside polygons, or around points: what is judged stays visible.
    let placement = Element::new("placement")
        .with("placement", if is_area { 8 } else { 6 })
        .with("dist", if is_area { 0.8 } else { 0.3 })
        .with("distUnits", "MM")
        .with("polygonPlacementFlags", 2)
        .with("priority", 5);
    let rendering = Element::new("rendering")
        .with("drawLabels", 1)
        .with("obstacle", 1)
        .with("scaleVisibility", 1)
        .with("scaleMin", if is_area { 0 } else { FAR })
        .with("scaleMax", if is_area { FAR } else { 100_000_000 })
        .with("fontMaxPixelSize", 10000);
    let settings = Element::new("settings").with("calloutType", "simple").child(text);
    let settings = settings
        .child(Element::new("text-format").with("multilineAlign", 0))
        .child(placement)
        .child(rendering);
    Element::new("labeling").with("type", "simple").child(settings)
}
