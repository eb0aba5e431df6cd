//! A manifest as W3C PROV: files that were read, the scan, files that it wrote, and who answers for them.
//!
//! In:  a manifest of a run. Out: PROV-JSON.
//! Law: nothing is in it that the manifest does not say, but the name of a person that the caller gives.
//! Source: W3C, PROV-DM and PROV-O (2013); "The PROV-JSON Serialization" (W3C member submission, 2013).

use serde_json::{Map, Value, json};

use crate::provenance::{Manifest, Stated};

/// Where our own words are told; no program needs to look there.
const OWN: &str = "https://github.com/steppewatch/steppewatch/blob/main/src/provenance/prov.rs#";

/// The document, one JSON text.
pub fn document(manifest: &Manifest, operator: Option<&str>) -> String {
    let mut all = Map::new();
    all.insert("prefix".to_owned(), json!({"sw": OWN, "run": "urn:steppewatch:run:", "in": "urn:steppewatch:input:", "out": "urn:steppewatch:output:"}));
    let run = format!("run:{}", manifest.text("result_sha256"));
    let (mut entities, mut used, mut generated) = (Map::new(), Map::new(), Map::new());
    for (number, input) in manifest.inputs.iter().enumerate() {
        let id = format!("in:{}", number + 1);
        used.insert(
            format!("_:used{}", number + 1),
            json!({"prov:activity": run, "prov:entity": id, "prov:role": input.role}),
        );
        entities.insert(id, entity(input));
    }
    for (number, output) in manifest.outputs.iter().enumerate() {
        let id = format!("out:{}", number + 1);
        generated.insert(format!("_:made{}", number + 1), json!({"prov:entity": id, "prov:activity": run}));
        entities.insert(id, entity(output));
    }
    let plan = "run:plan";
    let decided = &manifest.value["result"]["plan"]["decided"];
    entities.insert(
        plan.to_owned(),
        json!({
            "prov:type": {"$": "prov:Plan", "type": "prov:QUALIFIED_NAME"},
            "prov:label": "parameters as resolved",
            "prov:value": decided.to_string(),
        }),
    );
    all.insert("entity".to_owned(), Value::Object(entities));
    all.insert("activity".to_owned(), json!({run.as_str(): activity(manifest)}));
    let mut agents = json!({"sw:program": program(manifest)});
    let mut associated =
        json!({"_:by": {"prov:activity": run, "prov:agent": "sw:program", "prov:plan": plan}});
    if let Some(name) = operator {
        agents["sw:operator"] =
            json!({"prov:type": {"$": "prov:Person", "type": "prov:QUALIFIED_NAME"}, "prov:label": name});
        associated["_:operated"] = json!({"prov:activity": run, "prov:agent": "sw:operator"});
        all.insert(
            "actedOnBehalfOf".to_owned(),
            json!({"_:for": {
                "prov:delegate": "sw:program", "prov:responsible": "sw:operator", "prov:activity": run,
            }}),
        );
    }
    all.insert("agent".to_owned(), agents);
    all.insert("used".to_owned(), Value::Object(used));
    all.insert("wasGeneratedBy".to_owned(), Value::Object(generated));
    all.insert("wasAssociatedWith".to_owned(), associated);
    all.retain(|_, part| part.as_object().is_some_and(|part| !part.is_empty()));
    format!("{:#}\n", Value::Object(all))
}

fn entity(file: &Stated) -> Value {
    let mut said = json!({
        "prov:label": file.file,
        "sw:sha256": file.sha256,
        "sw:size_bytes": {"$": file.size.to_string(), "type": "xsd:long"},
    });
    if let Some(scene) = &file.scene {
        said["sw:scene"] = json!(scene);
    }
    if let Some(features) = file.features {
        said["sw:features"] = json!({"$": features.to_string(), "type": "xsd:long"});
    }
    said
}

fn activity(manifest: &Manifest) -> Value {
    let mut said =
        json!({"prov:label": manifest.kind.name(), "sw:result_sha256": manifest.text("result_sha256")});
    for (key, at) in
        [("prov:startTime", "run/started"), ("prov:endTime", "run/ended"), ("sw:host", "run/host")]
    {
        if !manifest.text(at).is_empty() {
            said[key] = json!(manifest.text(at));
        }
    }
    said
}

fn program(manifest: &Manifest) -> Value {
    let mut said = json!({
        "prov:type": {"$": "prov:SoftwareAgent", "type": "prov:QUALIFIED_NAME"},
        "prov:label": format!("{} {}", manifest.text("generator/name"), manifest.text("generator/version")),
    });
    for (key, at) in [("sw:source_sha256", "generator/source_sha256"), ("sw:revision", "generator/revision")]
    {
        if !manifest.text(at).is_empty() {
            said[key] = json!(manifest.text(at));
        }
    }
    for (name, version) in manifest.libraries() {
        said[format!("sw:{}", name.replace('.', "_"))] = json!(version);
    }
    said
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn files_the_scan_and_the_program_are_linked_and_hostile_words_stay_words() {
        let line = |file: &str| json!({"role": "scene", "file": file, "size_bytes": 3, "sha256": "aa", "scene": "S"});
        let value = json!({
            "generator": {"name": "steppewatch", "version": "0.1.0"}, "result_sha256": "ff",
            "result": {"plan": {"decided": {"mode": "pair"}}, "inputs": [line("\"}</script>"), line("b.tif")],
                       "outputs": [line("leads.geojson")], "libraries": {"proj.db": "EPSG v10"}},
            "run": {"started": "2026-01-01T00:00:00Z", "ended": "2026-01-01T00:01:00Z"},
        });
        let manifest = Manifest::of(Path::new("x"), value.to_string().into_bytes()).unwrap();
        let read: Value = serde_json::from_str(&document(&manifest, Some("Li"))).unwrap();
        assert_eq!(read["entity"]["in:1"]["prov:label"], "\"}</script>");
        assert_eq!(
            read["used"]["_:used2"],
            json!({"prov:activity": "run:ff", "prov:entity": "in:2", "prov:role": "scene"})
        );
        assert_eq!(read["activity"]["run:ff"]["prov:startTime"], "2026-01-01T00:00:00Z");
        assert_eq!(read["agent"]["sw:program"]["sw:proj_db"], "EPSG v10");
        assert_eq!(read["actedOnBehalfOf"]["_:for"]["prov:responsible"], "sw:operator");
        assert!(
            serde_json::from_str::<Value>(&document(&manifest, None))
                .unwrap()
                .get("actedOnBehalfOf")
                .is_none()
        );
    }
}
