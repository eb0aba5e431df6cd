//! The sheet of a day: a page to print, a tour a page, no script, nothing from outside.
//!
//! Law: what was assumed stands above the plan; the sum behind every priority stands beside the lead. A lead is a hypothesis:
//!      the sheet says what to look for, not what is there.

use crate::publish::fields::{DISCLAIMER, DISCLAIMER_ZH};
use crate::publish::markup::escaped;
use crate::report::Language;
use crate::report::day::plan::{Plan, Tour, Visit, clock};
use crate::report::day::priority::WEIGHTS;
use crate::report::day::roads::BESIDE_SPEED;
use crate::report::day::settings::Settings;
use crate::report::day::sketch::sketch;
use crate::report::degrees::{decimal, sexagesimal};
use crate::report::material::Item;
use crate::units::fixed;

const STYLE: &str = "body{font:13px/1.45 'Noto Sans SC','Microsoft YaHei',sans-serif;max-width:60em;margin:1.5em auto;padding:0 1em;color:#222}\
h1{font-size:1.4em}h2{font-size:1.15em;margin:1.4em 0 .4em}table{border-collapse:collapse;width:100%;margin:.5em 0}\
td,th{border:1px solid #bbb;padding:.25em .45em;text-align:left;vertical-align:top}th{background:#f2f2ee;font-weight:600}\
tr,svg{break-inside:avoid}svg{width:100%;max-width:640px;border:1px solid #bbb;font-family:inherit}.note,.why{color:#555;font-size:.9em}\
.number{white-space:nowrap}.stop{break-inside:avoid}.stop td{border-bottom:0}.why td{border-top:0}col.found{width:24%}@page{size:A4;margin:14mm}\
@media print{body{margin:0;max-width:none}.tour{break-before:page}}";

/// The page.
pub fn page(plan: &Plan, settings: &Settings, language: Language) -> String {
    let say = |chinese: &str, english: &str| language.words(chinese, english);
    let title = escaped(&say("外业核查日程", "Field day plan"));
    let tours: String = plan.tours.iter().map(|tour| one_tour(plan, tour, language)).collect();
    let code = if language == Language::English { "en" } else { "zh" };
    format!(
        "<!doctype html>\n<html lang=\"{code}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n{}{}{}{tours}\
         <p class=\"note\">{}</p>\n</body></html>\n",
        assumptions(plan, settings, language),
        overview(plan, language),
        left_over(plan, language),
        escaped(&say(DISCLAIMER_ZH, DISCLAIMER)),
    )
}

fn row(cells: &[String]) -> String {
    format!("<tr>{}</tr>\n", cells.iter().map(|cell| format!("<td>{cell}</td>")).collect::<String>())
}

fn table(head: &[String], rows: &str) -> String {
    let head: String = head.iter().map(|cell| format!("<th>{}</th>", escaped(cell))).collect();
    format!("<table><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table>\n")
}

/// What the plan stands on.
fn assumptions(plan: &Plan, settings: &Settings, language: Language) -> String {
    let say = |chinese: &str, english: &str| language.words(chinese, english);
    let start = match settings.start {
        Some(_) => String::new(),
        None => say(
            ";未给定起点,以线索的中心代替,从单位往返的路程未计入",
            "; no start was given: the middle of the leads stands for it, and the way there is not counted",
        ),
    };
    let out = clock(i64::from(settings.leave_at) * 60);
    let rows = [
        (say("起点和终点", "Start and end"), format!("{} (WGS 84){start}", decimal(plan.start))),
        (
            say("出发", "Setting out"),
            format!("{out}, {} {} h", say("每天最多", "each day at most"), settings.hours),
        ),
        (say("每处停留", "At each lead"), format!("{} min", settings.minutes_per_stop)),
        (say("组数 × 天数", "Teams × days"), format!("{} × {}", settings.teams, settings.days)),
        (say("路程", "Ways"), ways(settings, language)),
        (say("优先度权重", "Weights of priority"), weights(language)),
        (
            say("未排入", "What does not fit"),
            say(
                "排不下的列入“未排入”,不丢弃;--days 可多排几天",
                "is listed as left over, not dropped; --days plans more days",
            ),
        ),
        (
            say("手机地图", "Phone maps"),
            say(
                "坐标为 WGS 84;高德、腾讯用 GCJ-02,百度用 BD-09,直接输入会偏几百米,请用 GPX 或 --for phone 的副本",
                "coordinates are WGS 84; Amap and Tencent use GCJ-02, Baidu BD-09: typed in there they are hundreds of metres off; \
                 use the GPX or the copies of --for phone",
            ),
        ),
        (
            say("道路", "Roads"),
            say(
                "只走现有道路;不在草原上开辟便道",
                "keep to existing roads and tracks; do not drive over grassland",
            ),
        ),
    ];
    let rows: String = rows.iter().map(|(name, value)| row(&[escaped(name), escaped(value)])).collect();
    format!("<table><tbody>{rows}</tbody></table>\n")
}

/// How ways were measured.
fn ways(settings: &Settings, language: Language) -> String {
    let (detour, speed) = (settings.detour, settings.speed);
    match &settings.roads {
        Some(_) => language.words(
            &format!("路网(OpenStreetMap 摘录),车速按道路等级;道路至图斑一段按直线、{BESIDE_SPEED:.0} km/h(步行或便道)"),
            &format!(
                "by road (an extract of OpenStreetMap), speed by class; from the road to the lead straight, at {BESIDE_SPEED:.0} km/h \
                 (on foot or on a track)"
            ),
        ),
        None => language.words(
            &format!("直线距离 × {detour},{speed} km/h;未使用路网"),
            &format!("straight way × {detour}, {speed} km/h; no roads were used"),
        ),
    }
}

/// The weights of a priority.
fn weights(language: Language) -> String {
    let say = |chinese: &str, english: &str| language.words(chinese, english);
    let parts = [
        (say("置信度", "confidence"), WEIGHTS.confidence),
        (say("规模(与规则面积比较)", "size (against the limit)"), WEIGHTS.size),
        (say("扩大(台账历次面积)", "growth (areas in the ledger)"), WEIGHTS.growth),
        (
            say(
                "等待(首次发现至监测期末,一年为满)",
                "waiting (first seen to the end of the run, full after a year)",
            ),
            WEIGHTS.age,
        ),
    ];
    parts.map(|(name, weight)| format!("{name} {weight:.2}")).join(", ")
}

/// The tours, a line each.
fn overview(plan: &Plan, language: Language) -> String {
    let say = |chinese: &str, english: &str| language.words(chinese, english);
    let head = [
        say("天", "Day"),
        say("组", "Team"),
        say("线索数", "Leads"),
        say("路程", "Way"),
        say("行车", "Driving"),
        say("返回", "Back"),
        "GPX".to_owned(),
    ];
    let line = |tour: &Tour| {
        row(&[
            tour.day.to_string(),
            tour.team.to_string(),
            tour.visits.len().to_string(),
            format!("{} km", fixed(tour.metres() / 1000.0, 1)),
            minutes(tour.driving()),
            clock(tour.back),
            format!("{}.gpx", plan.file(tour)),
        ])
    };
    table(&head, &plan.tours.iter().map(line).collect::<String>())
}

/// One tour on a page of its own.
fn one_tour(plan: &Plan, tour: &Tour, language: Language) -> String {
    let say = |chinese: &str, english: &str| language.words(chinese, english);
    let head = [
        "#".to_owned(),
        say("到达–离开", "There"),
        say("线索,看什么", "Lead, what to look for"),
        say("位置", "Place"),
        say("路段", "Way"),
        say("所见", "Found"),
    ];
    let rows: String =
        tour.visits.iter().enumerate().map(|(order, visit)| stop(order + 1, visit, language)).collect();
    let head: String = head.iter().map(|cell| format!("<th>{}</th>", escaped(cell))).collect();
    let title = say(
        &format!("第 {} 天 第 {} 组", tour.day, tour.team),
        &format!("Day {}, team {}", tour.day, tour.team),
    );
    format!(
        "<section class=\"tour\"><h2>{}</h2>\n{}<table><colgroup><col><col><col><col><col><col class=\"found\"></colgroup>\
         <thead><tr>{head}</tr></thead>\n{rows}</table>\n<p>{} {}, {} km, {}</p></section>\n",
        escaped(&title),
        sketch(plan, tour),
        escaped(&say("返回起点", "Back at the start:")),
        clock(tour.back),
        fixed(tour.home.metres / 1000.0, 1),
        minutes(tour.home.seconds),
    )
}

/// A stop: what is needed on the way, and under it the sum behind its priority.
fn stop(order: usize, visit: &Visit, language: Language) -> String {
    let say = |chinese: &str, english: &str| language.words(chinese, english);
    let pick: &dyn Fn(&str, &str) -> String = &|chinese, english| language.words(chinese, english);
    let lead = visit.lead;
    let way = match visit.leg.beside {
        Some(beside) if beside >= 50.0 => {
            format!("{} km {}", fixed(beside / 1000.0, 1), say("无路", "beside roads"))
        }
        Some(_) => String::new(),
        None => say("直线估计", "straight, estimated"),
    };
    let cells = [
        format!("<b>{order}</b>"),
        format!("<span class=\"number\">{}</span><br>–{}", clock(visit.arrives), clock(visit.leaves)),
        format!(
            "<b>{}</b> {}<br>{}",
            escaped(&lead.id),
            escaped(&what(lead, language)),
            escaped(&size(lead, language)),
        ),
        format!(
            "WGS 84 <span class=\"number\">{}</span><br>CGCS2000 {}",
            decimal(lead.point),
            sexagesimal(lead.point)
                .split(' ')
                .map(|part| format!("<span class=\"number\">{part}</span> "))
                .collect::<String>()
        ),
        format!(
            "{} km<br>{}<br>{}",
            fixed(visit.leg.metres / 1000.0, 1),
            minutes(visit.leg.seconds),
            escaped(&way)
        ),
        String::new(),
    ];
    let why = format!(
        "<tr class=\"why\"><td></td><td colspan=\"5\">{} {}</td></tr>\n",
        escaped(&say("优先度", "Priority:")),
        escaped(&visit.priority.words(lead, pick)),
    );
    format!("<tbody class=\"stop\">{}{why}</tbody>\n", row(&cells).replacen("<tr>", "<tr class=\"stop\">", 1))
}

fn minutes(seconds: i64) -> String {
    format!("{} min", (seconds + 30) / 60)
}

/// What to look for.
fn what(lead: &Item, language: Language) -> String {
    let name = language.words(lead.text("model_name_zh"), lead.text("model_name"));
    let also = lead.text("also_models");
    let also =
        if also.is_empty() { String::new() } else { format!(" ({} {also})", language.words("或", "or")) };
    format!("{} {name}{also}", lead.text("model"))
}

fn size(lead: &Item, language: Language) -> String {
    let area = lead
        .number("area_mu")
        .map_or("-".to_owned(), |mu| format!("{} {}", fixed(mu, 2), language.words("亩", "mu")));
    let redline = lead.text("redline_name");
    if redline.is_empty() { area } else { format!("{area}; {redline}") }
}

/// What no tour visits.
fn left_over(plan: &Plan, language: Language) -> String {
    if plan.left.is_empty() {
        return String::new();
    }
    let say = |chinese: &str, english: &str| language.words(chinese, english);
    let pick: &dyn Fn(&str, &str) -> String = &|chinese, english| language.words(chinese, english);
    let line = |left: &crate::report::day::plan::Left| {
        let reason = match left.is_too_far {
            true => say("太远,一天往返不了", "too far for a day"),
            false => say("时间已满", "the hours are full"),
        };
        row(&[
            escaped(&left.lead.id),
            escaped(&what(left.lead, language)),
            decimal(left.lead.point),
            escaped(&left.priority.words(left.lead, pick)),
            escaped(&reason),
        ])
    };
    let head = [
        say("线索", "Lead"),
        say("看什么", "What to look for"),
        say("位置 (WGS 84)", "Place (WGS 84)"),
        say("优先度", "Priority"),
        say("原因", "Reason"),
    ];
    let rows: String = plan.left.iter().map(line).collect();
    format!("<h2>{}</h2>\n{}", escaped(&say("未排入", "Left over")), table(&head, &rows))
}
