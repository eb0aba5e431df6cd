//! The time line of a lead: every view of its place, with what was used, what was dropped, and why.

use serde_json::{Value, json};

use crate::date::{Date, Period, days_between, parse_date};
use crate::report::Language;
use crate::report::material::{Item, Material, Seen};

/// Tones of the chart by name; the template knows their colours.
const BACK: &str = "back";
const INSIDE: &str = "in";
const OUTSIDE: &str = "out";
const UNUSED: &str = "unused";

/// The data of the time line.
pub fn of(lead: &Item, material: &Material, language: Language) -> Value {
    let used = lead.seen.iter().filter(|seen| seen.inside.is_some()).count();
    let dropped = lead.seen.len() - used;
    let counts = language.words(
        &format!("共 {} 次观测:采用 {used} 次,未采用 {dropped} 次(各注明原因)", lead.seen.len()),
        &format!("{} views: {used} used, {dropped} dropped, each with its reason", lead.seen.len()),
    );
    let named = lead.seen.iter().map(|seen| &seen.z).find(|z| !z.is_empty());
    let features: Vec<&str> = named.into_iter().flatten().map(|(feature, _)| feature.as_str()).collect();
    let features = features.join(", ");
    json!({
        "title": language.words("观测时间线", "Time line of views"),
        "none": language.words(
            "影像不在手边:未列观测。参与的景见运行清单 manifest.json",
            "the scenes are not at hand: no views are listed; the manifest of the run names the scenes",
        ),
        "counts": counts,
        "explained": language.words(
            "纵轴:该处落在同类像元同日波动带内的份额(100 % 为与周边一致)。圆点为采用的观测:灰为回溯期,蓝为带内,橙为带外;底部短线为未采用。",
            "Upward: share of the ground inside the band of its look-alikes on that day (100 %: like its neighbours). Dots are views that were used: grey in the look-back, blue inside the band, orange outside it; short strokes at the foot were not used.",
        ),
        "chart": chart(lead, material),
        "head": [
            language.words("日期", "day"), language.words("景", "scene"), language.words("带内份额", "in the band"),
            format!("z ({features}) · {}", language.words("或未采用的原因", "or why it was not used")),
        ],
        "rows": lead.seen.iter().map(|seen| row(seen, language)).collect::<Value>(),
    })
}

fn row(seen: &Seen, language: Language) -> Value {
    let share = seen.inside.map_or("-".to_owned(), |inside| format!("{:.0} %", 100.0 * inside));
    let words = match &seen.why_not {
        Some((chinese, english)) => language.words(chinese, english),
        None => seen.z.iter().map(|(_, z)| format!("{z:+.1}")).collect::<Vec<String>>().join("  "),
    };
    json!([seen.date.to_string(), seen.scenes, share, words, tone(seen)])
}

fn tone(seen: &Seen) -> &'static str {
    match seen.inside {
        None => UNUSED,
        Some(_) if seen.is_look_back => BACK,
        Some(inside) if inside < 0.5 => OUTSIDE,
        Some(_) => INSIDE,
    }
}

/// Places of the dots: shares of the width from the first to the last day.
fn chart(lead: &Item, material: &Material) -> Value {
    let days = lead.seen.iter().map(|seen| seen.date);
    let run = material.run.as_ref();
    let period = |text: &str| Period::parse(text).ok();
    let target = run.and_then(|run| period(&run.target));
    let ends = (days.clone().min(), days.max());
    let (Some(first), Some(last)) = ends else { return Value::Null };
    let (first, last) = (first.min(target.map_or(first, |target| target.from)), last);
    let length = f64::from(days_between(first, last).max(1));
    let place = |day: Date| f64::from(days_between(first, day)) / length;
    let years = (first.year()..=last.year() + 1).filter_map(|year| Date::new(year, 1, 1).ok());
    let marks = [
        ("before", lead.text("before")),
        ("first_seen", lead.text("first_seen")),
        ("after", lead.text("after")),
    ];
    json!({
        "dots": lead.seen.iter().map(|seen| json!({"at": place(seen.date), "share": seen.inside.unwrap_or(0.0), "tone": tone(seen)})).collect::<Value>(),
        "years": years.filter(|day| (first..=last).contains(day)).map(|day| json!({"at": place(day), "label": day.year().to_string()})).collect::<Value>(),
        "target": target.map(|target| place(target.from)),
        "marks": marks.iter().filter_map(|(name, day)| Some(json!({"at": place(parse_date(day)?).clamp(0.0, 1.0), "name": name, "day": day}))).collect::<Value>(),
    })
}
