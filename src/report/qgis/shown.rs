//! The layers of a project over the tables of its GeoPackage: what each looks like, its form, its tip.
//!
//! In:  the material, its tables. Out: layers, topmost first.

use crate::publish::gpkg_tables::Table;
use crate::report::Language;
use crate::report::material::{Material, Moment, Picture};
use crate::report::qgis::form::{Form, Page};
use crate::report::qgis::layer::{self, Drawn, Layer};
use crate::report::qgis::xml::inert;
use crate::report::qgis::{about, data, picture_title, style, tip};

/// Pages of a lead's form.
const LEAD: &[Page] = &[
    Page {
        title: ("线索", "Lead"),
        across: 2,
        columns: &[
            "id",
            "rank",
            "model",
            "model_name_zh",
            "model_name",
            "tier",
            "status",
            "confidence",
            "likeness",
            "also_models",
            "before",
            "after",
            "first_seen",
            "last_seen",
            "confirmed_on",
            "observation_count",
            "lon_deg",
            "lat_deg",
            "evidence_text",
            "notes_text",
        ],
    },
    Page {
        title: ("影像", "Pictures"),
        across: 2,
        columns: &["chip_before", "chip_after", "scene_before", "scene_after"],
    },
    Page {
        title: ("面积与规则", "Area and rules"),
        across: 2,
        columns: &[
            "area_mu",
            "area_m2",
            "area_low_mu",
            "area_low_m2",
            "area_high_mu",
            "area_high_m2",
            "area_method",
            "length_m",
            "legal_rule",
            "legal_limit_mu",
            "legal_verdict",
            "legal_land",
            "legal_area_m2",
            "legal_in_force",
            "legal_source",
            "incident",
            "incident_lead_count",
            "incident_area_mu",
            "incident_rule",
            "incident_limit_mu",
            "incident_verdict",
        ],
    },
    Page {
        title: ("红线与许可", "Red lines and permits"),
        across: 2,
        columns: &[
            "redline_count",
            "redline_id",
            "redline_name",
            "redline_class",
            "redline_layer",
            "redline_version",
            "overlap_m2",
            "permits_supplied",
            "permit_count",
            "permit_id",
            "permit_kind",
            "permit_valid_from",
            "permit_valid_to",
            "permit_in_force",
            "permit_overlap_m2",
            "covered_m2",
            "excess_m2",
            "landuse_dlbm",
            "landuse_dlmc",
            "landuse_share",
        ],
    },
    Page {
        title: ("台账", "Ledger"),
        across: 2,
        columns: &[
            "ledger_state",
            "ledger_verdict",
            "ledger_visited_by",
            "ledger_visited_on",
            "ledger_assigned_to",
            "ledger_assigned_until",
            "ledger_agency",
            "ledger_due_on",
        ],
    },
];

/// Columns of a lead that the table of rows leaves to the form.
const LONG: &[&str] = &[
    "model_name",
    "model_dlbm",
    "tblx",
    "confidence_method",
    "selection",
    "conformal_p",
    "area_method",
    "legal_source",
    "evidence_text",
    "notes_text",
    "disclaimer",
    "disclaimer_zh",
    "chip_before",
    "chip_after",
    "redline_layer",
    "redline_version",
    "likeness",
    "also_models",
];

/// A form to be read.
pub fn to_read(name: &'static str) -> Form<'static> {
    Form { pages: &[], pictures: &[], open: &[], hidden: &[], defaults: &[], name }
}

/// What a lead is called.
pub const LEAD_NAME: &str = "concat('#', \"rank\", ' ', \"model\", ' ', \"id\")";

/// Layers over `file` beside the project; imagery lies `up` from there. Topmost first.
pub fn layers(
    material: &Material,
    tables: &[Table],
    (file, up): (&str, &str),
    language: Language,
) -> Vec<Layer> {
    let mut layers: Vec<Layer> =
        tables.iter().map(|table| of_table(material, table, file, language)).collect();
    for is_natural in [true, false] {
        for moment in [Moment::After, Moment::Before] {
            layers.extend(
                material.picture(moment).and_then(|picture| of_picture(picture, is_natural, up, language)),
            );
        }
    }
    if let Some(after) = layers.iter_mut().find(|layer| layer.provider == "gdal") {
        after.is_shown = true;
    }
    layers
}

/// A layer as it is read.
pub fn of_table(material: &Material, table: &Table, file: &str, language: Language) -> Layer {
    let models = style::models(material.leads.iter().map(|lead| lead.text("model")));
    let is_known = |id: &str| models.iter().any(|model| model.id == id);
    let has_other = material.leads.iter().any(|lead| !is_known(lead.text("model")));
    let chips = data::has_chips(material);
    let (renderer, labels, tip, scales) = match table.name {
        "lead_points" => (
            style::points(&models, (has_other, table.rows.len()), language),
            Some(style::point_labels()),
            tip::point(chips),
            Some((100_000_000, style::FAR)),
        ),
        "leads" => (
            style::leads(&models, has_other, language),
            Some(style::lead_labels(language)),
            tip::lead(chips, language),
            None,
        ),
        "redlines" => (style::redlines(&occurring(table, "class"), language), None, tip::ground(), None),
        "context" => (style::context(&occurring(table, "role"), language), None, tip::ground(), None),
        _ => (style::gaps(&occurring(table, "reason"), language), None, String::new(), None),
    };
    let form = match table.name {
        "leads" | "lead_points" => {
            Form { pages: LEAD, pictures: &["chip_before", "chip_after"], hidden: LONG, ..to_read(LEAD_NAME) }
        }
        "gaps" => to_read("\"reason\""),
        _ => to_read("concat(\"name\", ' ', \"id\")"),
    };
    let drawn = Drawn {
        renderer,
        labels,
        tip,
        form,
        scales,
        is_open: false,
        custom: Vec::new(),
        about: about(language),
    };
    let layer = layer::vector(file, table, drawn, language);
    if table.name != "leads" {
        return layer;
    }
    Layer { is_unfolded: true, unfolded: style::GROUPS.to_vec(), ..layer }
}

/// Values of a column.
fn occurring<'a>(table: &'a Table, name: &str) -> Vec<&'a str> {
    let at = table.columns.iter().position(|column| column.name == name);
    let value = |at: usize| table.rows.iter().filter_map(move |(values, _)| values.get(at)?.as_str());
    let mut values: Vec<&str> = at.into_iter().flat_map(value).collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// A picture in natural colours or in infrared; none where it has no natural colours.
fn of_picture(picture: &Picture, is_natural: bool, up: &str, language: Language) -> Option<Layer> {
    if is_natural && picture.natural == picture.infrared {
        return None;
    }
    let colours = if is_natural { "natural" } else { "infrared" };
    let bands = if is_natural { picture.natural } else { picture.infrared };
    let title = picture_title(picture, is_natural, language);
    let source = format!("{up}{}", picture.file);
    let id = format!("{}_{colours}", picture.moment.name());
    Some(layer::raster(&id, title, source, picture, bands, &inert(&picture.scenes.join(", "))))
}
