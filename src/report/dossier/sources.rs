//! What a record stands on: scenes, layers, rules and programs with their digests, and the method in plain words.

use serde_json::{Value, json};

use crate::report::Language;
use crate::report::material::{Item, Material, Run};

/// Letters of a digest that a table shows; the manifest holds all of them.
const SHORT: usize = 16;

/// A digest as tables show it.
pub fn short(sha256: &str) -> String {
    sha256.get(..SHORT).map_or(String::new(), |start| format!("{start}…"))
}

fn inputs(run: Option<&Run>) -> impl Iterator<Item = &Value> {
    run.and_then(|run| run.result["inputs"].as_array()).into_iter().flatten()
}

/// Digest of an input of the run by role and name; empty where there is none.
pub fn digest_of(material: &Material, role: &str, file: &str) -> String {
    let is_it = |input: &&Value| input["role"] == role && input["file"] == file;
    let found = inputs(material.run.as_ref()).find(is_it);
    found.and_then(|input| input["sha256"].as_str()).unwrap_or_default().to_owned()
}

/// The table of sources: the scenes of both pictures, the layers, the rules, the run itself.
pub fn of(lead: &Item, material: &Material, language: Language) -> Value {
    let mut rows = Vec::new();
    let mut add = |what: String, name: &str, sha256: &str| rows.push(json!([what, name, sha256]));
    let run = material.run.as_ref();
    for (what, scene) in [
        (language.words("变化前的景", "scene before"), lead.text("scene_before")),
        (language.words("变化后的景", "scene after"), lead.text("scene_after")),
    ] {
        let of_scene = |input: &&Value| {
            let file = input["file"].as_str().unwrap_or_default();
            input["role"] == "scene"
                && !scene.is_empty()
                && (file.starts_with(scene) || scene.starts_with(file))
        };
        let files: Vec<&Value> = inputs(run).filter(of_scene).collect();
        if files.is_empty() {
            add(what.clone(), scene, "-");
        }
        for file in files {
            add(
                what.clone(),
                file["file"].as_str().unwrap_or_default(),
                file["sha256"].as_str().unwrap_or_default(),
            );
        }
    }
    for input in
        inputs(run).filter(|input| !["scene", "stac", "metadata"].iter().any(|role| input["role"] == *role))
    {
        add(
            role_words(input["role"].as_str().unwrap_or_default(), language),
            input["file"].as_str().unwrap_or_default(),
            input["sha256"].as_str().unwrap_or_default(),
        );
    }
    if let Some(run) = run {
        for (name, sha256) in run.result["plan"]["rules_sha256"].as_object().into_iter().flatten() {
            add(language.words("规则", "rules"), name, sha256.as_str().unwrap_or_default());
        }
        add(
            language.words("运行结果", "result of the run"),
            &format!("steppewatch {}", run.version),
            &run.id,
        );
        add(language.words("运行清单", "manifest of the run"), "manifest.json", &run.manifest_sha256);
    }
    let scenes = inputs(run).filter(|input| input["role"] == "scene").count();
    let all = language.words(
        &format!("全部 {scenes} 个影像文件及其 SHA-256 见 manifest.json"),
        &format!("all {scenes} files of scenes with their SHA-256 stand in manifest.json"),
    );
    json!({
        "title": language.words("来源与校验值", "Sources and digests"),
        "head": [language.words("内容", "what"), language.words("名称", "name"), "SHA-256"],
        "rows": rows,
        "note": if run.is_some() { all } else { language.words("未给出运行结果", "no run was given") },
    })
}

/// What an input is for.
fn role_words(role: &str, language: Language) -> String {
    match role {
        "redlines" => language.words("红线图层", "red lines"),
        "permits" => language.words("许可图层", "permits"),
        "landuse" => language.words("地类图层", "land use"),
        "cases" => language.words("已办案件", "decided cases"),
        "burns" => language.words("火烧迹地", "burn scars"),
        "verified" => language.words("已核查线索", "verified leads"),
        "plan" => language.words("计划", "plan"),
        other => other.to_owned(),
    }
}

/// The method in plain words, with the periods of this run.
pub fn method(material: &Material, language: Language) -> Value {
    let (baseline, target) =
        material.run.as_ref().map_or(("-", "-"), |run| (run.baseline.as_str(), run.target.as_str()));
    let texts = [
        (
            format!("每个像元与其自身在回溯期({baseline})的表现、以及同一天同类像元的表现相比较,因此季节、干旱和传感器的影响相互抵消。"),
            format!("Each pixel is compared with its own past in the look-back ({baseline}) and with pixels of the same kind on the same day, so that season, drought and sensor cancel."),
        ),
        (
            format!("监测期({target})内连续多次清晰观测均偏离才成为线索;云、阴影、积雪与无数据先行剔除,未观测到的地面计为缺测,不作“无变化”。"),
            format!("In the target period ({target}) several clear views in a row must depart before a lead is made. Cloud, shadow, snow and nodata are taken out first; ground that was not seen is a gap and never \"no change\"."),
        ),
        (
            "图斑边界取变化强度的半高线;面积按椭球面量算,给出下限、最佳估计与上限。与法定数额的比较只是算术。".to_owned(),
            "The outline runs where the change is half as strong as in its core; the area is measured on the ellipsoid and told with its low, best and high value. A comparison with a legal limit is arithmetic.".to_owned(),
        ),
        (
            "同样的输入与计划得到逐字节相同的结果;全部输入、参数、规则与输出的 SHA-256 见运行清单,可据此复现。".to_owned(),
            "The same inputs and plan give the same bytes; the manifest of the run holds the SHA-256 of every input, parameter, rule and output, so that it can be repeated.".to_owned(),
        ),
    ];
    json!({
        "title": language.words("方法", "Method"),
        "texts": texts.iter().map(|(chinese, english)| language.words(chinese, english)).collect::<Vec<String>>(),
    })
}
