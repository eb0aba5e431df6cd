//! The pages of the project: the region with all leads, and a sheet for each lead before and after.
//!
//! In:  layers, choices of layers, what is shown. Out: layouts.
//! Law: each page has title, legend, scale, north, grid, days, sources and the statement that a lead is to be checked.

use crate::grid::Crs;
use crate::report::Language;
use crate::report::material::{Material, Moment};
use crate::report::qgis::layer::Layer;
use crate::report::qgis::layout::{Frame, Layout, Map, Type};
use crate::report::qgis::project::Theme;
use crate::report::qgis::view::{Extent, fitted, round_step};
use crate::report::qgis::xml::{Element, inert, literal};
use crate::report::qgis::{NORTH, about, days, style};

/// The arrow that maps carry.
pub const NORTH_ARROW: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="40" height="60" viewBox="0 0 40 60"><path d="M20 14 L32 56 L20 47 Z" fill="#222"/><path d="M20 14 L8 56 L20 47 Z" fill="#fff" stroke="#222" stroke-width="1.2"/><path d="M15 11 V1 L25 11 V1" fill="none" stroke="#222" stroke-width="2"/></svg>
"##;

const TITLE: Type = Type { size: 20.0, is_bold: true, align: 1 };
const HEAD: Type = Type { size: 11.0, is_bold: true, align: 1 };
const TEXT: Type = Type { size: 8.5, is_bold: false, align: 1 };
const SMALL: Type = Type { size: 7.0, is_bold: false, align: 1 };

/// Sources that a page names at most, and letters of one of them.
const MOST_SOURCES: usize = 8;
const LONGEST_SOURCE: usize = 60;

/// Every page.
pub fn layouts(
    material: &Material,
    layers: &[Layer],
    themes: &[Theme],
    (extent, crs): (Extent, Crs),
    language: Language,
) -> Vec<Element> {
    let Some(first) = themes.first() else { return Vec::new() };
    let mut layouts = vec![overview(material, layers, first, (extent, crs), language)];
    if !material.leads.is_empty() {
        layouts.push(sheet(material, themes, (extent, crs), language));
    }
    layouts
}

/// Layers of a legend: those of vectors.
fn legend(layers: &[Layer]) -> Vec<(String, String)> {
    let is_told = |layer: &&Layer| layer.provider == "ogr" && !layer.id.ends_with("_lead_points");
    layers.iter().filter(is_told).map(|layer| (layer.id.clone(), layer.title.clone())).collect()
}

/// The region on A3.
fn overview(
    material: &Material,
    layers: &[Layer],
    theme: &Theme,
    (extent, crs): (Extent, Crs),
    language: Language,
) -> Element {
    let frame: Frame = (16.0, 30.0, 290.0, 240.0);
    let extent = fitted(extent, (frame.2, frame.3));
    let metres = (extent.2 - extent.0) / frame.2;
    let mut page = Layout::new(language.words("总览 A3", "Overview A3"), (420.0, 297.0));
    let map = page.map(&Map {
        frame,
        extent,
        theme: &theme.title,
        grid: Some(round_step(metres * frame.3 / 4.0)),
        follows: false,
    });
    page.label((16.0, 8.0, 290.0, 10.0), &language.words("线索分布图", "Leads"), TITLE);
    page.label((16.0, 19.0, 290.0, 6.0), &inert(&periods(material, language)), TEXT);
    page.north((386.0, 8.0, 12.0, 18.0), map, NORTH);
    page.legend((318.0, 30.0, 90.0, 120.0), map, &legend(layers));
    page.scale_bar((318.0, 176.0, 88.0, 12.0), map, metres);
    page.label((386.0, 176.0, 24.0, 6.0), &Layout::scale_of(map), SMALL);
    page.label((318.0, 192.0, 90.0, 78.0), &sources(material, crs, language), SMALL);
    page.label((16.0, 279.0, 390.0, 12.0), &about(language), SMALL);
    page.element()
}

/// A lead before and after, on A4, one page for each lead.
fn sheet(material: &Material, themes: &[Theme], (extent, crs): (Extent, Crs), language: Language) -> Element {
    let mut page = Layout::new(language.words("线索单 A4", "Lead sheets A4"), (297.0, 210.0));
    let frames: [Frame; 2] = [(12.0, 34.0, 134.0, 112.0), (151.0, 34.0, 134.0, 112.0)];
    let moments = [Moment::Before, Moment::After];
    page.label((12.0, 8.0, 250.0, 9.0), &heading(language), Type { size: 15.0, ..TITLE });
    page.label((12.0, 18.0, 250.0, 6.0), "[% \"id\" %]", TEXT);
    for (frame, moment) in frames.into_iter().zip(moments) {
        let theme = themes.iter().find(|theme| {
            theme.layers.iter().any(|id| *id == format!("steppewatch_{}_natural", moment.name()))
        });
        let theme = theme
            .or_else(|| themes.iter().find(|theme| theme.layers.iter().any(|id| id.contains(moment.name()))));
        let (word, column) = match moment {
            Moment::Before => (language.words("前时相", "before"), "before"),
            Moment::After => (language.words("后时相", "after"), "after"),
        };
        let day = material.picture(moment).map(days);
        let words = day.map_or(format!("{word} [% \"{column}\" %]"), |day| format!("{word} {day}"));
        page.label((frame.0, 27.0, frame.2, 6.0), &words, HEAD);
        match theme.filter(|_| material.picture(moment).is_some()) {
            Some(theme) => {
                let extent = fitted(extent, (frame.2, frame.3));
                let map = page.map(&Map { frame, extent, theme: &theme.title, grid: None, follows: true });
                if moment == Moment::After {
                    page.north((274.0, 8.0, 11.0, 17.0), map, NORTH);
                    page.scale_bar((frame.0, 147.0, 60.0, 10.0), map, 6.0);
                    page.label((frame.0 + 100.0, 149.0, 34.0, 6.0), &Layout::scale_of(map), SMALL);
                }
            }
            None => page.picture(
                frame,
                &format!("concat(@project_folder, '/', attribute(@atlas_feature, 'chip_{column}'))"),
            ),
        }
    }
    let [left, right] =
        facts(language).map(|words| words.replace(" mu ", &format!(" {} ", style::mu(language))));
    page.label((12.0, 152.0, 134.0, 42.0), &left, TEXT);
    page.label((151.0, 159.0, 134.0, 35.0), &right, TEXT);
    let place = language.words("坐标系", "CRS");
    page.label(
        (12.0, 197.0, 273.0, 9.0),
        &format!("{}  {place}: {}", about(language), called(crs, language)),
        SMALL,
    );
    page.for_each("steppewatch_leads", "\"rank\"", "concat('#', \"rank\", ' ', \"id\")");
    page.element()
}

/// A CRS with the name of its zone.
fn called(crs: Crs, language: Language) -> String {
    let zone = |(zone, meridian, _)| {
        let chinese = format!("CGCS2000 三度带第 {zone} 带, 中央经线 {meridian}°");
        language.words(&chinese, &format!("CGCS2000 3-degree zone {zone}"))
    };
    let zone = crs.of_zone().map_or(String::new(), |found| format!("{} ", zone(found)));
    format!("{zone}{crs}")
}

fn heading(language: Language) -> String {
    let name = match language {
        Language::Chinese => "[% \"model_name_zh\" %]",
        Language::English => "[% \"model_name\" %]",
        Language::Both => "[% \"model_name_zh\" %] [% \"model_name\" %]",
    };
    format!("#[% \"rank\" %]  [% \"model\" %]  {name}")
}

/// What is told of a lead, in two columns; expressions over its columns.
fn facts(language: Language) -> [String; 2] {
    let line = |(chinese, english): (&str, &str), value: &str| {
        format!("{}: {value}\n", language.words(chinese, english))
    };
    let left = [
        line(
            ("面积", "area"),
            "[% if(\"area_mu\" IS NULL, concat(\"length_m\", ' m'), concat(\"area_mu\", ' mu (', \"area_low_mu\", ' - ', \"area_high_mu\", '), ', \"area_m2\", ' m2')) %]",
        ),
        line(("置信度", "confidence"), "[% \"confidence\" %]  [% represent_value(\"status\") %]"),
        line(("经纬度", "longitude, latitude"), "[% \"lon_deg\" %], [% \"lat_deg\" %]"),
        line(("线索前后时相", "days of the lead, before and after"), "[% \"before\" %] / [% \"after\" %]"),
        line(
            ("线索影像", "scenes of the lead"),
            "[% left(concat(\"scene_before\", ' / ', \"scene_after\"), 110) %]",
        ),
        line(
            ("观测数值", "observed"),
            "[% regexp_replace(left(\"evidence_text\", 260), '; [^;]*$', ' …') %]",
        ),
    ];
    let (unknown, none) = (language.words("未提供图层", "no layer given"), language.words("无", "none"));
    let permit = format!(
        "[% CASE WHEN \"permit_count\" IS NULL THEN {} WHEN \"permit_count\" = 0 THEN {} ELSE left(concat(\"permit_id\", ' ', \"permit_kind\", '  ', represent_value(\"permit_in_force\")), 90) END %]",
        literal(&unknown),
        literal(&none),
    );
    let right = [
        line(
            ("红线", "red line"),
            "[% left(concat(\"redline_id\", ' ', \"redline_name\"), 80) %]  [% \"overlap_m2\" %] m2",
        ),
        line(("许可", "permit"), &permit),
        line(
            ("面积规则", "area rule"),
            "[% \"legal_rule\" %]  [% \"legal_limit_mu\" %] mu  [% represent_value(\"legal_verdict\") %]",
        ),
        line(("核查结论", "found on site"), "____________________________________"),
        line(("核查人 / 日期", "by / on"), "____________________ / ______________"),
    ];
    [left.concat(), right.concat()]
}

/// Look-back and target period.
fn periods(material: &Material, language: Language) -> String {
    let Some(run) = &material.run else { return String::new() };
    let words =
        |chinese: &str, english: &str, value: &str| format!("{} {value}", language.words(chinese, english));
    let after = material.picture(Moment::After).map(|picture| words("底图", "picture", &days(picture)));
    [
        Some(words("基期", "look-back", &run.baseline)),
        Some(words("监测期", "target period", &run.target)),
        after,
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join("    ")
}

/// What the page stands on.
fn sources(material: &Material, crs: Crs, language: Language) -> String {
    let mut lines = vec![format!("{}: {}", language.words("坐标系", "CRS"), called(crs, language))];
    if let Some(run) = &material.run {
        lines.push(format!(
            "{}: {} (steppewatch {})",
            language.words("运行", "run"),
            run.id.chars().take(16).collect::<String>(),
            run.version
        ));
    }
    for (moment, word) in
        [(Moment::Before, ("前时相影像", "scenes before")), (Moment::After, ("后时相影像", "scenes after"))]
    {
        if let Some(picture) = material.picture(moment) {
            lines.push(format!(
                "{}: {}",
                language.words(word.0, word.1),
                listed(picture.scenes.iter().map(String::as_str))
            ));
        }
    }
    let layer = |ground: &crate::report::material::Ground| {
        let of = [Some(ground.layer.as_str()), ground.authority.as_deref(), ground.version.as_deref()];
        of.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    let mut of_redlines: Vec<String> = material.redlines.iter().map(layer).collect();
    let mut of_context: Vec<String> = material.context.iter().map(layer).collect();
    for (names, word) in [
        (&mut of_redlines, ("红线图层", "red lines")),
        (&mut of_context, ("许可等图层", "permits and the like")),
    ] {
        names.sort_unstable();
        names.dedup();
        if !names.is_empty() {
            lines.push(format!(
                "{}: {}",
                language.words(word.0, word.1),
                listed(names.iter().map(String::as_str))
            ));
        }
    }
    lines.iter().map(|line| inert(line)).collect::<Vec<_>>().join("\n")
}

/// The first few names, each cut.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.map(|name| name.chars().take(LONGEST_SOURCE).collect()).collect();
    let more = names.len().saturating_sub(MOST_SOURCES);
    names.truncate(MOST_SOURCES);
    if more > 0 {
        names.push(format!("+{more}"));
    }
    names.join(", ")
}
