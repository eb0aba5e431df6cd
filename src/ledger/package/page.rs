//! Pages of a package, for a browser and a printer: no script, nothing from outside, Chinese beside English.

use crate::ledger::Case;
use crate::ledger::event::{Event, Kind};
use crate::publish::fields::{self, DISCLAIMER, DISCLAIMER_ZH, Kind as Holds};
use crate::publish::markup::escaped;

const STYLE: &str = "body{font:14px/1.5 'Noto Sans SC','Microsoft YaHei',sans-serif;max-width:46em;margin:2em auto;padding:0 1em;color:#222}\
h1{font-size:1.4em}h2{font-size:1.1em;margin-top:1.6em}table{border-collapse:collapse;width:100%}\
td,th{border:1px solid #bbb;padding:.25em .5em;text-align:left;vertical-align:top}th{background:#f2f2ee;font-weight:600}\
img{width:49%}.facts td:first-child{width:15em}code{font-size:.85em;word-break:break-all}.sign td{height:3em}.note{color:#555;font-size:.9em}\
@media print{body{margin:0}a{color:inherit;text-decoration:none}}";

fn page(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"zh\"><head><meta charset=\"utf-8\">\
         <title>{title}</title><style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n{body}\
         <p class=\"note\">{DISCLAIMER_ZH}<br>{DISCLAIMER}</p>\n</body></html>\n"
    )
}

fn row(cells: &[String]) -> String {
    let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
    format!("<tr>{cells}</tr>\n")
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let head: String = head.iter().map(|cell| format!("<th>{cell}</th>")).collect();
    let rows: String = rows.map(|cells| row(&cells)).collect();
    format!("<table><tr>{head}</tr>\n{rows}</table>\n")
}

fn mu(case: &Case) -> String {
    case.number_of("area_mu").map_or(String::new(), |mu| format!("{mu:.2}"))
}

fn place(case: &Case) -> String {
    let degrees = |name: &str| case.number_of(name).map_or(String::new(), |degrees| format!("{degrees:.6}"));
    format!("{}, {}", degrees("lon_deg"), degrees("lat_deg"))
}

fn verdict(case: &Case) -> String {
    case.verdict().map_or(String::new(), |found| format!("{} {}", found.chinese(), found.english()))
}

/// The cover: what is handed over, on which state of the record.
pub fn cover(agency: &str, cases: &[&Case], (seq, hash): &(i64, String)) -> String {
    let line = |case: &&Case| {
        let name = fields::file_name(&case.id);
        let link = format!("<a href=\"records/{name}.html\">{}</a>", escaped(&case.id));
        let model = format!("{} {}", case.text("model_name_zh"), case.text("model"));
        vec![
            link,
            escaped(&model),
            mu(case),
            escaped(case.text("redline_name")),
            place(case),
            escaped(&verdict(case)),
        ]
    };
    let head = [
        "线索 Lead",
        "类型 Sub-model",
        "亩 mu",
        "红线 Red line",
        "经度, 纬度 (WGS 84)",
        "现场核查 Found on site, by people",
    ];
    let total: f64 = cases.iter().filter_map(|case| case.number_of("area_mu")).sum();
    let body = format!(
        "<p>移送单位 Agency: <b>{}</b><br>线索 Leads: <b>{}</b>, 合计 together {total:.2} 亩 mu</p>\n{}\
         <h2>文件 Files</h2>\n<p><a href=\"leads.geojson\">leads.geojson</a> (GIS), <a href=\"leads.csv\">leads.csv</a>, \
         records/, chips/, <a href=\"receipt.html\">回执 receipt.html</a>, manifest.json (SHA-256)</p>\n\
         <p class=\"note\">台账 Ledger head: <code>{seq}:{}</code></p>\n",
        escaped(agency),
        cases.len(),
        table(&head, cases.iter().map(line)),
        escaped(hash),
    );
    page("线索移送 Leads handed over", &body)
}

/// The receipt: to be signed and sent back.
pub fn receipt(agency: &str, cases: &[&Case], (seq, hash): &(i64, String)) -> String {
    let line =
        |case: &&Case| vec![escaped(&case.id), mu(case), escaped(case.text("redline_name")), String::new()];
    let head = ["线索 Lead", "亩 mu", "红线 Red line", "备注 Remark"];
    let blank = ["签收人 Received by", "日期 Date", "文号 Number", "盖章 Seal"];
    let body = format!(
        "<p>单位 Agency: <b>{}</b></p>\n<p>已收到下列线索共 {} 条。 The {} leads below were received.</p>\n{}\
         <h2>签收 Receipt</h2>\n<table class=\"sign\">{}</table>\n\
         <p class=\"note\">台账 Ledger head: <code>{seq}:{}</code></p>\n",
        escaped(agency),
        cases.len(),
        cases.len(),
        table(&head, cases.iter().map(line)),
        blank.map(|name| format!("<tr><th>{name}</th><td></td></tr>")).concat(),
        escaped(hash),
    );
    page("线索移送回执 Receipt", &body)
}

/// The record of a lead: pictures, what was seen, what people found and did.
pub fn record(case: &Case, events: &[&Event], chips: &[String]) -> String {
    let pictures = |chip: &String| format!("<img src=\"../{0}\" alt=\"{0}\">", escaped(chip));
    let pictures: String = chips.iter().map(pictures).collect();
    let seen = fields::LEAD.iter().filter(|field| field.kind != Holds::Nested).filter_map(|field| {
        let value = case.properties.get(field.name).filter(|value| !value.is_null())?;
        let text = value.as_str().map_or(value.to_string(), str::to_owned);
        let is_said_elsewhere = field.name.starts_with("disclaimer") || field.name.starts_with("chip_");
        (!is_said_elsewhere && !text.is_empty()).then(|| vec![escaped(field.alias), escaped(&text)])
    });
    let done = events.iter().map(|event| {
        let kind = Kind::ALL.iter().find(|kind| kind.code() == event.kind);
        let kind = kind.map_or(event.kind.clone(), |kind| format!("{} {}", kind.chinese(), kind.english()));
        let hash =
            format!("{} <code>{}</code>", event.seq, escaped(event.hash.get(..16).unwrap_or(&event.hash)));
        vec![escaped(&event.at_local), escaped(&kind), escaped(&event.actor), escaped(&event.reason), hash]
    });
    let body = format!(
        "<p>{}<br>状态 State: {} {} &#183; 核查 Verdict: {}</p>\n{pictures}\n<h2>影像所见 What was seen</h2>\n{}\
         <h2>经过 What was done</h2>\n{}",
        escaped(&format!("{} {}", case.text("model_name_zh"), case.text("model_name"))),
        case.state.chinese(),
        case.state.english(),
        escaped(&verdict(case)),
        table(&["项目 What", "内容 Value"], seen).replacen("<table>", "<table class=\"facts\">", 1),
        table(&["时间 When", "事项 What", "人员 Who", "说明 Why", "事件 Event"], done),
    );
    page(&format!("线索 Lead {}", case.id), &body)
}
