//! The list of electronic data (电子数据清单) of a run: what Chinese rules ask to go along with data that may serve as evidence.
//!
//! In:  a manifest; SM3 digests where they were asked for. Out: the same facts as a page for paper (HTML, or PDF through
//!      `dossier`) and as a table (CSV).
//! Law: every fact is of the manifest; what people must fill in is left blank and never guessed. Nothing in it says what a
//!      place is in law. The same manifest gives the same bytes.
//! Source: 最高人民法院、最高人民检察院、公安部《关于办理刑事案件收集提取和审查判断电子数据若干问题的规定》(法发〔2016〕22号), articles 5
//!      and 14; 最高人民检察院《人民检察院办理网络犯罪案件规定》(2021), articles 30 to 32; 最高人民法院《关于民事诉讼证据的若干规定》(2019),
//!      article 93; GB/T 32905-2016 (SM3).

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use serde_json::{Value, json};

use crate::provenance::{Manifest, Stated};
use crate::publish::digest;
use crate::publish::markup::escaped;
use crate::publish::spreadsheet;
use crate::publish::staging::MANIFEST;
use crate::report::Language;
use crate::report::plain;

const STYLE: &str = "body{font:12px/1.45 'Noto Sans SC','Microsoft YaHei','SimSun',sans-serif;margin:1.5em;color:#111}\
h1{font-size:1.5em;text-align:center;margin:.2em 0 .6em}table{border-collapse:collapse;width:100%;margin-bottom:1em}\
td,th{border:1px solid #777;padding:.25em .45em;text-align:left;vertical-align:top}th{background:#f0f0ec;font-weight:600}\
.facts th{width:12em}.data td{font-size:.85em}.data .n{white-space:nowrap;text-align:right}code{font-size:.9em;word-break:break-all}\
.data code{font-size:.92em}.data td:nth-child(6),.data td:nth-child(7){min-width:19em}.sign td{height:3.2em;min-width:9em}.note{color:#444;font-size:.85em}thead{display:table-header-group}tr{break-inside:avoid}\
@page{size:A4 landscape;margin:14mm}@media print{body{margin:0}th{background:none}}";

/// The list, ready to be set on paper or in a table.
pub struct List {
    title: String,
    facts: Vec<(String, String)>,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    signs: Vec<String>,
    notes: Vec<String>,
}

/// SM3 digests of files by their SHA-256, where they were asked for.
pub type Sm3 = Option<BTreeMap<String, String>>;

impl List {
    /// The list of a run.
    pub fn of(manifest: &Manifest, sm3: &Sm3, language: Language) -> Self {
        let words = |chinese: &str, english: &str| language.words(chinese, english);
        let mut head = vec![
            words("序号", "no."),
            words("名称", "name"),
            words("类别", "category"),
            words("文件格式", "file format"),
            words("大小(字节)", "size (bytes)"),
            words("完整性校验值 SHA-256", "integrity check value SHA-256"),
        ];
        if sm3.is_some() {
            head.push(words("完整性校验值 SM3", "integrity check value SM3"));
        }
        head.push(words("来源", "source"));
        Self {
            title: words("电子数据清单", "List of electronic data"),
            facts: facts(manifest, sm3, language),
            head,
            rows: rows(manifest, sm3, language),
            signs: [
                ("制作人(一)", "made by (1)"),
                ("制作人(二)", "made by (2)"),
                ("持有人(提供人)", "holder (who provided it)"),
                ("见证人", "witness"),
                ("单位(盖章)", "office (seal)"),
                ("日期", "date"),
            ]
            .map(|(chinese, english)| words(chinese, english))
            .to_vec(),
            notes: notes(language),
        }
    }

    /// What the typesetter reads.
    pub fn data(&self) -> Value {
        json!({
            "title": self.title, "facts": self.facts, "head": self.head, "rows": self.rows, "signs": self.signs,
            "notes": self.notes,
        })
    }

    /// A page for a browser and a printer.
    pub fn html(&self) -> String {
        let fact = |(name, value): &(String, String)| {
            format!("<tr><th>{}</th><td>{}</td></tr>\n", escaped(name), escaped(value))
        };
        let cells = |row: &Vec<String>| -> String {
            let cell = |(at, cell): (usize, &String)| match at {
                0 | 4 => format!("<td class=\"n\">{}</td>", escaped(cell)),
                5 | 6 if is_digest(cell) => format!("<td><code>{}</code></td>", escaped(cell)),
                _ => format!("<td>{}</td>", escaped(cell)),
            };
            format!("<tr>{}</tr>\n", row.iter().enumerate().map(cell).collect::<String>())
        };
        let head: String = self.head.iter().map(|cell| format!("<th>{}</th>", escaped(cell))).collect();
        let signs = |of: &dyn Fn(&String) -> String| self.signs.iter().map(of).collect::<String>();
        format!(
            "<!doctype html>\n<html lang=\"zh\"><head><meta charset=\"utf-8\"><title>{0}</title><style>{STYLE}</style></head>\n<body>\n\
             <h1>{0}</h1>\n<table class=\"facts\">\n{1}</table>\n<table class=\"data\"><thead><tr>{head}</tr></thead>\n<tbody>\n{2}</tbody></table>\n\
             <table class=\"sign\"><tr>{3}</tr>\n<tr>{4}</tr></table>\n{5}</body></html>\n",
            escaped(&self.title),
            self.facts.iter().map(fact).collect::<String>(),
            self.rows.iter().map(cells).collect::<String>(),
            signs(&|name| format!("<th>{}</th>", escaped(name))),
            signs(&|_| "<td></td>".to_owned()),
            self.notes
                .iter()
                .map(|note| format!("<p class=\"note\">{}</p>\n", escaped(note)))
                .collect::<String>(),
        )
    }

    /// A table for a spreadsheet: each row of the list, with the facts of the run and the blanks behind it. It begins with the
    /// mark by which spreadsheets know UTF-8.
    pub fn csv(&self) -> String {
        let facts = self.facts.iter().map(|(name, _)| name.as_str());
        let head: Vec<&str> = self
            .head
            .iter()
            .map(String::as_str)
            .chain(facts)
            .chain(self.signs.iter().map(String::as_str))
            .collect();
        let mut text = format!("\u{feff}{}\r\n", spreadsheet::line(head));
        for row in &self.rows {
            let facts = self.facts.iter().map(|(_, value)| value.as_str());
            let cells = row.iter().map(String::as_str).chain(facts).chain(self.signs.iter().map(|_| ""));
            let cells: Vec<String> = cells.map(plain::line).collect();
            text.push_str(&spreadsheet::line(cells.iter().map(String::as_str)));
            text.push_str("\r\n");
        }
        text
    }
}

fn is_digest(cell: &str) -> bool {
    cell.len() == 64 && cell.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Cause, object, time, place, method, process and environment: what the rules ask beside the data themselves.
fn facts(manifest: &Manifest, sm3: &Sm3, language: Language) -> Vec<(String, String)> {
    let words = |chinese: &str, english: &str| language.words(chinese, english);
    let own = digest::of_bytes(&manifest.bytes);
    let second = match sm3 {
        Some(_) => format!("; SM3 {}", digest::sm3_of_bytes(&manifest.bytes)),
        None => String::new(),
    };
    let object = format!(
        "steppewatch {} {}; {MANIFEST} SHA-256 {own}{second}",
        manifest.kind.name(),
        manifest.text("result_sha256"),
    );
    let time = time(manifest.text("run/started"), manifest.text("run/ended"), language);
    let host = format!(
        "{} {}; {}",
        words("计算机", "machine"),
        manifest.text("run/host"),
        words("地址:", "address:")
    );
    vec![
        (words("事由", "cause"), String::new()),
        (words("对象", "object"), object),
        (words("时间(按计算机时钟)", "time (by the machine's clock)"), time),
        (words("地点", "place"), host),
        (words("方法", "method"), method(manifest, language)),
        (words("过程", "process"), process(manifest, language)),
        (words("环境(硬件和软件)", "environment (hardware and software)"), environment(manifest, language)),
    ]
}

/// From when to when, in Beijing's time and UTC; as the manifest writes it where it is no time.
fn time(started: &str, ended: &str, language: Language) -> String {
    let told = |text: &str, hours: i8| match text.parse::<Timestamp>() {
        Ok(at) => TimeZone::fixed(offset(hours)).to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => text.to_owned(),
    };
    let to = language.words("至", "to");
    let span = |hours: i8| format!("{} {to} {}", told(started, hours), told(ended, hours));
    format!("{} {}; UTC {}", language.words("北京时间", "Beijing time"), span(8), span(0))
}

/// By which program, rules and parameters.
fn method(manifest: &Manifest, language: Language) -> String {
    let program = format!("{} {}", manifest.text("generator/name"), manifest.text("generator/version"));
    let source = match manifest.text("generator/source_sha256") {
        "" => String::new(),
        source => format!("({} SHA-256 {source})", language.words("源代码", "source")),
    };
    let models = manifest.value["result"]["plan"]["decided"]["models"].as_array().into_iter().flatten();
    let models: Vec<&str> = models.filter_map(Value::as_str).collect();
    let text = language.words(
        "将每个像元与其自身回溯期及同日同类像元比较,得出线索;线索须经实地核查,不是鉴定意见。子模型:",
        "each pixel is compared with its own look-back and with its look-alikes of the same day; what departs is a lead, to be \
         checked on the ground, and no expert opinion. Sub-models:",
    );
    format!("{program} {source} {text} {}", models.join(", "))
}

/// What was run on what.
fn process(manifest: &Manifest, language: Language) -> String {
    let command = manifest.value["run"]["command"].as_array().into_iter().flatten();
    let command: Vec<&str> = command.filter_map(Value::as_str).collect();
    let decided = |name: &str| manifest.text(&format!("result/plan/decided/{name}")).to_owned();
    format!(
        "{} {}; {} {}; {} {}; {} {}; {} {}",
        language.words("回溯期", "look-back"),
        decided("baseline"),
        language.words("监测期", "target period"),
        decided("target"),
        language.words("输入文件", "input files"),
        manifest.inputs.len(),
        language.words("输出文件", "output files"),
        manifest.outputs.len(),
        language.words("命令:", "command:"),
        command.join(" "),
    )
}

fn environment(manifest: &Manifest, language: Language) -> String {
    let told = &manifest.value["run"]["environment"];
    let text = |name: &str| told[name].as_str().map(str::to_owned);
    let number = |name: &str| told[name].as_u64();
    let mut parts = Vec::new();
    parts.extend(text("processor").map(|name| match number("processors") {
        Some(count) => format!("{name} x {count}"),
        None => name,
    }));
    parts.extend(text("architecture"));
    parts.extend(
        number("memory_kb").map(|kb| format!("{} {} MB", language.words("内存", "memory"), kb / 1024)),
    );
    parts.extend(text("os"));
    parts.extend(text("kernel").map(|kernel| format!("Linux {kernel}")));
    parts.extend(manifest.libraries().into_iter().map(|(name, version)| format!("{name} {version}")));
    parts.join("; ")
}

fn rows(manifest: &Manifest, sm3: &Sm3, language: Language) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let made = language.words("本次运行生成", "made by this run");
    let own = Stated {
        role: String::new(),
        file: MANIFEST.to_owned(),
        size: manifest.bytes.len() as u64,
        sha256: digest::of_bytes(&manifest.bytes),
        features: None,
        scene: None,
        path: None,
    };
    let outputs = manifest.outputs.iter().chain([&own]).map(|output| (output, made.clone()));
    let source = |input: &Stated| {
        input.path.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let inputs = manifest.inputs.iter().map(|input| (input, source(input)));
    for (file, source) in inputs.chain(outputs) {
        let mut row = vec![
            (rows.len() + 1).to_string(),
            plain::line(&file.file),
            category(file, language),
            format(&file.file),
            file.size.to_string(),
            file.sha256.clone(),
        ];
        if let Some(sm3) = sm3 {
            let of_manifest = || {
                (file.file == MANIFEST && file.role.is_empty()).then(|| digest::sm3_of_bytes(&manifest.bytes))
            };
            row.push(sm3.get(&file.sha256).cloned().or_else(of_manifest).unwrap_or_else(|| "-".to_owned()));
        }
        row.push(plain::line(&source));
        rows.push(row);
    }
    rows
}

/// What a file is for.
fn category(file: &Stated, language: Language) -> String {
    let (chinese, english) = match (file.role.as_str(), file.file.as_str()) {
        ("scene", _) => ("卫星影像", "satellite imagery"),
        ("stac" | "metadata", _) => ("影像元数据", "metadata of imagery"),
        ("redlines", _) => ("生态保护红线图层", "red-line layer"),
        ("permits", _) => ("许可图层", "permit layer"),
        ("landuse", _) => ("土地利用图层", "land-use layer"),
        ("cases", _) => ("已办案件图层", "layer of decided cases"),
        ("burns", _) => ("火烧迹地图层", "layer of burn scars"),
        ("verified", _) => ("已核查线索", "verified leads"),
        ("plan", _) => ("运行计划", "plan of the run"),
        (_, MANIFEST) => ("运行清单", "manifest of the run"),
        (_, name) if name.starts_with("chips/") => ("线索前后时相图片", "picture of a lead, before or after"),
        (_, name) if name.ends_with(".qml") => ("图层样式", "style of a layer"),
        (_, name) if name.starts_with("leads") => ("线索图层", "layer of leads"),
        (_, name) if name.starts_with("gaps") => ("缺测图层", "layer of gaps"),
        (_, name) if name.starts_with("suppressed") => {
            ("未列为线索的图斑", "patches that did not become leads")
        }
        ("", _) => ("运行结果", "result of the run"),
        _ => ("输入数据", "input"),
    };
    language.words(chinese, english)
}

/// The format of a file, by its ending.
fn format(file: &str) -> String {
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    let known = match ending.as_str() {
        "tif" | "tiff" => "GeoTIFF",
        "jp2" => "JPEG 2000",
        "geojson" => "GeoJSON",
        "json" => "JSON",
        "gpkg" => "GeoPackage",
        "shp" | "shx" | "dbf" | "prj" | "cpg" => "Shapefile",
        "png" => "PNG",
        "jpg" | "jpeg" => "JPEG",
        "qml" => "QGIS QML",
        "csv" => "CSV",
        "toml" => "TOML",
        "xml" => "XML",
        _ => "",
    };
    match known {
        "" => plain::line(&ending),
        "Shapefile" => format!("Shapefile (.{ending})"),
        known => format!("{known} (.{ending})"),
    }
}

fn notes(language: Language) -> Vec<String> {
    vec![
        language.words(
            "本清单内容均取自运行清单 manifest.json;空白处由办案人员填写。完整性校验值可用 sha256sum、steppewatch manifest verify 复核;结果可用 \
             steppewatch manifest reproduce 重现。",
            "Everything here is taken from manifest.json; people fill in the blanks. Check values are checked with sha256sum or \
             steppewatch manifest verify; the result is reproduced with steppewatch manifest reproduce.",
        ),
        language.words(
            "依据:法发〔2016〕22号第五条、第十四条;《人民检察院办理网络犯罪案件规定》第三十至三十二条;《关于民事诉讼证据的若干规定》第九十三条;GB/T \
             32905-2016(SM3)。",
            "Rules: Fa Fa [2016] No. 22, articles 5 and 14; rules of the Supreme People's Procuratorate on handling network crime cases \
             (2021), articles 30 to 32; provisions on evidence in civil litigation (2019), article 93; GB/T 32905-2016 (SM3).",
        ),
        language.words(
            "遥感线索须经实地核查,不作定性,不是鉴定意见。",
            "A lead from imagery is to be checked on the ground; it is no finding and no expert opinion.",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn list(name: &str, with_sm3: bool) -> List {
        let line = |role: &str, file: &str| json!({"role": role, "file": file, "size_bytes": 3, "sha256": "a".repeat(64)});
        let value = json!({
            "generator": {"name": "steppewatch", "version": "0.1.0"}, "result_sha256": "ff",
            "result": {"plan": {"decided": {"models": ["G1"], "baseline": "a/b", "target": "c/d"}},
                       "inputs": [line("scene", name), line("redlines", "red.SHP")], "outputs": [line("", "leads.gpkg")],
                       "libraries": {"GDAL": "3.6.2"}},
            "run": {"started": "2026-01-01T00:00:00Z", "ended": "2026-01-01T00:01:00Z", "host": "vm", "command": ["steppewatch", "scan"],
                    "environment": {"os": "Debian", "processor": "CPU", "processors": 2, "memory_kb": 2048_u64},
                    "paths": ["/d/x.tif", "/d/red.SHP"]},
        });
        let manifest = Manifest::of(Path::new("x"), value.to_string().into_bytes()).unwrap();
        let sm3 = with_sm3.then(|| BTreeMap::from([("a".repeat(64), "b".repeat(64))]));
        List::of(&manifest, &sm3, Language::Both)
    }

    #[test]
    fn every_column_that_the_rules_ask_is_there_and_people_fill_in_the_blanks() {
        let (csv, html) = (list("x.tif", true).csv(), list("x.tif", true).html());
        for word in [
            "类别",
            "文件格式",
            "完整性校验值",
            "时间",
            "地点",
            "方法",
            "过程",
            "环境",
            "持有人",
            "见证人",
            "盖章",
            "SM3",
            "事由",
        ] {
            assert!(csv.contains(word) && html.contains(word), "{word}");
        }
        for word in [
            "卫星影像",
            "GeoTIFF",
            "Shapefile (.shp)",
            "GeoPackage",
            "CPU x 2",
            "GDAL 3.6.2",
            &"b".repeat(64),
            "法发〔2016〕22号",
        ] {
            assert!(html.contains(word), "{word}: {html}");
        }
        let time =
            "北京时间 Beijing time 2026-01-01 08:00:00 至 to 2026-01-01 08:01:00; UTC 2026-01-01 00:00:00";
        assert!(html.contains(time), "{html}");
        assert_eq!(html.matches("<td></td>").count(), 6 + 1);
        assert_eq!(csv.lines().count(), 5);
        assert!(!list("x.tif", false).csv().contains(",SM3"));
    }

    #[test]
    fn hostile_names_stay_words() {
        let odd = list("=cmd|'/c x'!A1<script>\u{202e}\nb,\"", true);
        let (csv, html) = (odd.csv(), odd.html());
        assert!(!html.contains("<script>") && !html.contains('\u{202e}'));
        assert!(
            csv.contains("\"'=cmd|'/c x'!A1<script>\u{fffd} b,\"\"\"") && csv.lines().count() == 5,
            "{csv}"
        );
    }
}
