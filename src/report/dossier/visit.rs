//! The page that goes along: what to write down on the ground.

use serde_json::{Value, json};

use crate::ledger::state::Verdict;
use crate::report::Language;
use crate::report::material::Item;

/// Its words.
pub fn of(lead: &Item, language: Language) -> Value {
    let verdicts: Vec<Value> = Verdict::ALL
        .iter()
        .map(|verdict| json!(language.words(verdict.chinese(), verdict.english())))
        .collect();
    let lines = [
        ("到场日期、时间", "day and time"),
        ("核查人员、单位", "who, of which office"),
        ("见证人、在场人员", "witnesses, people present"),
        ("现场坐标(手持设备)与坐标系", "position on the ground (device) and its datum"),
        ("现状与用途", "what is there, and what it is used for"),
        ("起始时间(询问、旁证)", "since when (asked, other evidence)"),
        ("批准文件(文号、机关、有效期)", "approvals (number, authority, validity)"),
        ("实测面积与方法", "area measured, and how"),
    ];
    let photos = [
        ("远景", "from afar"),
        ("近景", "close"),
        ("土壤剖面或地表", "soil or surface"),
        ("中心桩或参照物", "centre stake or landmark"),
        ("无人机正射", "drone, from above"),
        ("无人机斜视", "drone, oblique"),
    ];
    let pairs = |all: &[(&str, &str)]| -> Value {
        all.iter().map(|(chinese, english)| json!(language.words(chinese, english))).collect()
    };
    json!({
        "title": language.words("现场核查页", "Page for the visit"),
        "lead": format!("{} {}", lead.text("model"), lead.id),
        "lines": pairs(&lines),
        "verdict_title": language.words("核查结论(勾选一项)", "verdict (tick one)"),
        "verdicts": verdicts,
        "photos_title": language.words("照片(编号、方向)", "pictures (number, direction)"),
        "photos": pairs(&photos),
        "sketch": language.words("草图(标明北向)", "sketch (mark the north)"),
        "signatures": [language.words("核查人签名", "signed"), language.words("见证人签名", "witness"), language.words("日期", "date")],
        "import": language.words("核查结果用 steppewatch verify 记入台账", "the result goes into the ledger with steppewatch verify"),
    })
}
