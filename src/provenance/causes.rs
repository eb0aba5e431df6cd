//! Why two results may differ: what their manifests say that they stand on.
//!
//! In:  two manifests. Out: every difference, the likeliest cause first: inputs, parameters, rules, program, libraries, machine.
//! Law: no cause is named that the manifests do not show.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::provenance::compare::short;
use crate::provenance::{Manifest, Stated};

/// Everything on which two results stand and that is not the same.
pub fn causes(one: &Manifest, other: &Manifest) -> Vec<String> {
    let mut told = inputs(&one.inputs, &other.inputs);
    for (what, at) in [
        ("parameter", "/result/plan/decided"),
        ("rule", "/result/plan/rules_sha256"),
        ("program", "/generator"),
        ("library", "/result/libraries"),
        ("machine", "/run/environment"),
    ] {
        let nothing = Value::Null;
        let value = |manifest: &'_ Manifest| manifest.value.pointer(at).unwrap_or(&nothing).clone();
        told.extend(changes(what, &value(one), &value(other)));
    }
    told
}

/// Input files by role and name.
fn inputs(one: &[Stated], other: &[Stated]) -> Vec<String> {
    type Digests<'a> = BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>;
    fn by_name(inputs: &[Stated]) -> Digests<'_> {
        let mut all = Digests::new();
        for input in inputs {
            all.entry((&input.role, &input.file)).or_default().insert(&input.sha256);
        }
        all
    }
    let (before, after) = (by_name(one), by_name(other));
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let told = names.into_iter().filter_map(|name| match (before.get(name), after.get(name)) {
        (Some(a), Some(b)) if a == b => None,
        (Some(_), Some(_)) => Some(format!("input {} {}: other bytes", name.0, name.1)),
        (Some(_), None) => Some(format!("input {} {}: not read this time", name.0, name.1)),
        _ => Some(format!("input {} {}: not read by the run", name.0, name.1)),
    });
    told.collect()
}

/// Keys of an object whose values differ.
fn changes(what: &str, one: &Value, other: &Value) -> Vec<String> {
    let nothing = serde_json::Map::new();
    let (a, b) = (one.as_object().unwrap_or(&nothing), other.as_object().unwrap_or(&nothing));
    let said = |value: &Value| match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => short(text),
        other => short(&other.to_string()),
    };
    // What only one of two programs tells is no difference between the runs.
    let both = a.iter().filter_map(|(name, before)| Some((name, before, b.get(name)?)));
    let differ = both.filter(|(_, before, after)| before != after);
    differ.map(|(name, a, b)| format!("{what} {name}: {} became {}", said(a), said(b))).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    fn manifest(gdal: &str, sha256: &str, host: &str) -> Manifest {
        let value = json!({
            "generator": {"version": "0.1.0"},
            "result": {
                "plan": {"decided": {"fdr": null}}, "outputs": [], "libraries": {"GDAL": gdal},
                "inputs": [{"role": "scene", "file": "a.tif", "size_bytes": 1, "sha256": sha256}],
            },
            "run": {"host": host, "environment": {"os": "x", host: 1}},
        });
        Manifest::of(Path::new("x"), value.to_string().into_bytes()).unwrap()
    }

    #[test]
    fn what_differs_is_named_and_what_does_not_is_not() {
        let told = causes(&manifest("3.6.2", "aa", "here"), &manifest("3.10.3", "bb", "there"));
        assert_eq!(told, ["input scene a.tif: other bytes", "library GDAL: 3.6.2 became 3.10.3"]);
        assert!(causes(&manifest("1", "aa", "here"), &manifest("1", "aa", "there")).is_empty());
    }
}
