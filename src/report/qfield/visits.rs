//! The layer of visits: a row for each lead, filled in on the spot.
//!
//! Law: its columns are those that `verify import` reads (`redlines/returned.toml`), its codes those of the ledger. A row
//!      without a verdict says that nobody has been there.

use serde_json::{Value, json};

use crate::publish::fields::Kind;
use crate::publish::gpkg_tables::{Column, Shape, Table};
use crate::report::Language;
use crate::report::material::{Item, Material};
use crate::report::qfield::by_verdict;
use crate::report::qgis::data::FOUND;
use crate::report::qgis::form::{Form, Page};
use crate::report::qgis::layer::{self, Drawn, Layer};
use crate::report::qgis::{self, style};

/// Columns: name, kind, name for people.
const COLUMNS: [(&str, Kind, &str); 11] = [
    ("lead", Kind::Text, "线索编号 lead id"),
    ("title", Kind::Text, "线索 lead"),
    ("rank", Kind::Whole, "排序 rank"),
    ("verdict", Kind::Text, "核查结论 what was found"),
    ("note", Kind::Text, "备注 note"),
    ("who", Kind::Text, "核查人 who was there"),
    ("visited_on", Kind::Day, "核查日期 day of the visit"),
    ("photo", Kind::Text, "照片 picture"),
    ("photo_2", Kind::Text, "照片二 second picture"),
    ("photo_3", Kind::Text, "照片三 third picture"),
    ("photo_4", Kind::Text, "照片四 fourth picture"),
];

const PHOTOS: [&str; 4] = ["photo", "photo_2", "photo_3", "photo_4"];
const OPEN: &[&str] =
    &["lead", "verdict", "note", "who", "visited_on", "photo", "photo_2", "photo_3", "photo_4"];

const PAGES: &[Page] = &[
    Page {
        title: ("核查", "Visit"),
        across: 1,
        columns: &["title", "verdict", "note", "who", "visited_on", "photo"],
    },
    Page { title: ("更多照片", "More pictures"), across: 1, columns: &["photo_2", "photo_3", "photo_4"] },
];

/// The lead of a place that somebody adds: the smallest of those that it lies in, as leads of two models may overlap, or
/// else the nearest.
const LEAD_OF_PLACE: &str = "coalesce(array_first(aggregate('steppewatch_leads', 'array_agg', \"id\", intersects($geometry, geometry(@parent)), order_by:=area($geometry))), array_first(overlay_nearest('steppewatch_leads', \"id\", limit:=1)))";
/// The day on which a verdict was given, unless somebody wrote another.
const DAY: &str = "if(\"verdict\" IS NULL, \"visited_on\", coalesce(\"visited_on\", to_date(now())))";

/// The rows: each lead, not visited yet.
pub fn table(material: &Material, language: Language) -> Table {
    let column = |(name, kind, alias): (&str, Kind, &str)| Column {
        name: name.to_owned(),
        kind,
        alias: alias.to_owned(),
        domain: (name == "verdict").then_some(&FOUND),
    };
    let row = |lead: &Item| {
        let mut values = vec![json!(lead.id), json!(qgis::title(lead, language))];
        values.push(lead.properties.get("rank").cloned().unwrap_or_default());
        values.resize(COLUMNS.len(), Value::Null);
        (values, Shape::Point(lead.point))
    };
    Table {
        name: "visits",
        title: language.words("核查记录", "Visits"),
        is_of_points: true,
        columns: COLUMNS.map(column).to_vec(),
        rows: material.leads.iter().map(row).collect(),
    }
}

/// Gives the leads a column with what they are called, to be chosen by.
pub fn with_titles(tables: &mut [Table], material: &Material, language: Language) {
    for table in tables.iter_mut().filter(|table| table.name == "leads") {
        let alias = "线索 lead".to_owned();
        table.columns.push(Column { name: "title".to_owned(), kind: Kind::Text, alias, domain: None });
        for ((values, _), lead) in table.rows.iter_mut().zip(&material.leads) {
            values.push(json!(qgis::title(lead, language)));
        }
    }
}

/// The layer.
pub fn layer(table: &Table, file: &str, language: Language) -> Layer {
    let form = Form {
        pages: PAGES,
        pictures: &PHOTOS,
        open: OPEN,
        hidden: &[],
        defaults: &[("lead", LEAD_OF_PLACE, false), ("visited_on", DAY, true)],
        name: "coalesce(\"title\", \"lead\")",
    };
    // An id may hold anything: a name of a file is made of its letters, digits and two signs.
    let naming = PHOTOS.map(|photo| {
        let name = format!(
            "'DCIM/' || regexp_replace(coalesce(\"lead\", 'visit'), '[^A-Za-z0-9_-]', '_') || '_{photo}_' || format_date(now(), 'yyyyMMddhhmmsszzz') || '.{{extension}}'"
        );
        (photo.to_owned(), json!(name))
    });
    let naming = Value::Object(naming.into_iter().collect()).to_string();
    let drawn = Drawn {
        renderer: by_verdict(language),
        labels: Some(style::point_labels()),
        tip: String::new(),
        form,
        scales: None,
        is_open: true,
        custom: vec![
            ("QFieldSync/action", "copy".to_owned()),
            ("QFieldSync/cloud_action", "offline".to_owned()),
            ("QFieldSync/attachment_naming", naming.clone()),
            ("QFieldSync/photo_naming", naming),
        ],
        about: qgis::about(language),
    };
    layer::vector(file, table, drawn, language)
}

/// What the team must know.
pub fn how_to(language: Language) -> String {
    language.words(
        "1. 在 QField 中打开本压缩包(导入项目)。\n\
         2. 点选紫色菱形,编辑,选择核查结论,拍照,保存。\n\
         3. 回来后把整个项目文件夹(含 data.gpkg 与 DCIM)复制到电脑,运行:steppewatch verify import data.gpkg --ledger 台账.gpkg --by 姓名。\n\
         4. 重新导入同名压缩包会覆盖手机上的文件夹,请先取回数据。\n",
        "1. Open this archive in QField (import project).\n\
         2. Tap a purple diamond, edit, choose what was found, take pictures, save.\n\
         3. Back home copy the whole folder of the project (data.gpkg and DCIM) to the computer and run: steppewatch verify import data.gpkg --ledger LEDGER.gpkg --by NAME.\n\
         4. Importing an archive of the same name again writes over the folder on the phone: bring the data home first.\n",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::returned::columns::Columns;
    use crate::report::qgis::data;

    #[test]
    fn verdicts_are_read_from_visits_and_from_no_other_layer() {
        let columns = Columns::shipped().unwrap();
        let names =
            |table: &Table| table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        let material = Material::default();
        assert_eq!(columns.check(&names(&table(&material, Language::Both))), Ok(()));
        for known in [&columns.who, &columns.day, &columns.note, &columns.photo] {
            assert!(Columns::has(&names(&table(&material, Language::Both)), known), "{known:?}");
        }
        for table in data::tables(&material, Language::Both) {
            assert!(!Columns::has(&names(&table), &columns.verdict), "{}", table.name);
        }
        for (name, _, _, _) in data::LEDGER {
            assert!(!Columns::has(&[name.to_owned()], &columns.verdict), "{name}");
        }
    }
}
