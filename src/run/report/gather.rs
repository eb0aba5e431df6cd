//! A run's folder, a ledger and a plan -> the material of a report.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use geo::InteriorPoint;
use serde_json::Value;

use crate::ledger::found::{self, Found, RunFound};
use crate::ledger::{Case, Event, Ledger, LedgerError};
use crate::plan::{Plan, PlanFile, resolve};
use crate::publish::digest;
use crate::publish::geojson::GAPS;
use crate::publish::staging::{MANIFEST, Staging};
use crate::redline::Layer;
use crate::report::material::{Ground, Item, Material, Run};
use crate::report::{ReportError, Use};
use crate::run::inputs::Inputs;
use crate::run::look_again;
use crate::run::report::{Sources, closer, imagery, persons};
use crate::run::{Progress, RunError, fitted};

/// Everything that the uses asked for need, and what the user must know of it.
pub(super) fn gather(
    sources: &Sources,
    uses: &[Use],
    staging: &Staging,
    progress: &dyn Progress,
) -> Result<(Material, Vec<String>), RunError> {
    let (mut material, mut words) = (Material::default(), Vec::new());
    let folder = sources.run.as_deref();
    if let Some(out) = folder {
        of_run(out, &mut material)?;
    }
    if let Some(place) = &sources.ledger {
        let mut ledger = Ledger::open_to_read(place)?;
        let events = ledger.whole_events()?;
        of_ledger(ledger.book().cases.values(), &events, folder.is_some(), &mut material);
    }
    if let Some(unknown) = sources.only.iter().find(|id| material.leads.iter().all(|lead| lead.id != **id)) {
        return Err(LedgerError::NoSuchLead(unknown.clone()).into());
    }
    material.leads.retain(|lead| sources.only.is_empty() || sources.only.contains(&lead.id));
    if sources.is_public {
        persons::take_out(&mut material.leads);
        words.push("names are person-1, person-2 and so on, remarks are left out (--public)".to_owned());
    }
    for run in folder.into_iter().chain(sources.pictures.iter().map(PathBuf::as_path)) {
        pictures(run, &mut material.leads)?;
    }
    if let Some(told) = without_pictures(&material.leads) {
        words.push(told.clone());
        material.lacking.push(told);
    }
    if folder.is_some() && sources.ledger.is_some() {
        let known = material.leads.iter().filter(|lead| lead.case.is_some()).count();
        words.push(format!("{known} of {} leads stand in the ledger", material.leads.len()));
    }
    match at_hand(sources) {
        Ok((plan, inputs)) => {
            layers(&inputs, &mut material);
            if uses.iter().any(|one| one.looks_closer()) {
                closer::look((&plan, &inputs), &mut material.leads, progress)?;
            }
            if uses.iter().any(|one| one.shows_imagery()) {
                let (threads, _) = fitted(&plan, &inputs)?;
                material.imagery = imagery::pictures(&inputs, &material.leads, staging, (threads, progress))?;
            }
        }
        Err(reason) => {
            material.lacking.push(
                "scenes and layers are not at hand: no imagery of the region, no red lines, no time line of views"
                    .to_owned(),
            );
            // The reason names places on this machine, which no file may.
            words.push(format!(
                "scenes and layers are not at hand ({reason}): no imagery of the region, no red lines, no time line of views; \
                 `report --plan FILE` says where they lie now"
            ));
        }
    }
    Ok((material, words))
}

/// The leads, gaps and manifest of a run.
fn of_run(out: &Path, material: &mut Material) -> Result<(), RunError> {
    let found = RunFound::read(out)?;
    let path = out.join(MANIFEST);
    let wrong = |reason: String| LedgerError::Output { path: path.clone(), reason };
    let bytes = fs::read(&path).map_err(|error| wrong(error.to_string()))?;
    let manifest: Value = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
    let decided = &manifest["result"]["plan"]["decided"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    material.run = Some(Run {
        id: found.id.clone(),
        manifest_sha256: digest::of_bytes(&bytes),
        version: found.version.clone(),
        baseline: text(&decided["baseline"]),
        target: text(&decided["target"]),
        result: manifest["result"].clone(),
    });
    material.leads = found.leads.into_iter().map(item).collect();
    let gaps = fs::read_to_string(out.join(GAPS)).map_err(|error| wrong(error.to_string()))?;
    material.gaps = found::places(&out.join(GAPS), &gaps)?.into_iter().map(item).collect();
    Ok(())
}

fn item(found: Found) -> Item {
    let number = |name: &str| found.properties.get(name).and_then(Value::as_f64);
    let inside = || found.outline.interior_point().map(|point| (point.x(), point.y()));
    let point = number("lon_deg").zip(number("lat_deg")).or_else(inside).unwrap_or_default();
    Item::new(found.id, found.properties, found.outline, point)
}

/// What the ledger knows of each lead; without a run its cases are the leads, in the order in which they were found.
fn of_ledger<'a>(
    cases: impl Iterator<Item = &'a Case>,
    events: &[Event],
    has_run: bool,
    material: &mut Material,
) {
    let mut cases: Vec<&Case> = cases.collect();
    cases.sort_by_key(|case| case.number);
    if !has_run {
        let found = |case: &&Case| Found {
            id: case.id.clone(),
            properties: case.properties.clone(),
            outline: case.outline.clone(),
        };
        material.leads = cases.iter().map(found).map(item).collect();
    }
    let by_id: BTreeMap<&str, &Case> = cases.iter().map(|case| (case.id.as_str(), *case)).collect();
    for lead in &mut material.leads {
        if let Some(case) = by_id.get(lead.id.as_str()) {
            lead.events = case.events_of(events).cloned().collect();
            lead.case = Some((*case).clone());
        }
    }
}

/// Leads whose record names pictures that are not at hand, in words.
fn without_pictures(leads: &[Item]) -> Option<String> {
    let is_without = |lead: &&Item| lead.chips.is_none() && !lead.text("chip_before").is_empty();
    let without: Vec<&str> = leads.iter().filter(is_without).map(|lead| lead.id.as_str()).collect();
    (!without.is_empty()).then(|| {
        format!(
            "pictures of {} leads are gone, not those of their run, or of a run that was not given: {}",
            without.len(),
            without[..without.len().min(5)].join(", ")
        )
    })
}

/// Pictures of a run's folder, of leads that have none yet, as far as they are those of the run.
fn pictures(run: &Path, leads: &mut [Item]) -> Result<(), RunError> {
    let path = run.join(MANIFEST);
    let wrong = |reason: String| LedgerError::Output { path: path.clone(), reason };
    let bytes = fs::read(&path)
        .map_err(|error| wrong(format!("cannot be read ({error}); give the folder of a run")))?;
    let manifest: Value =
        serde_json::from_slice(&bytes).map_err(|error| wrong(format!("is no JSON ({error})")))?;
    let outputs = manifest["result"]["outputs"].as_array();
    let digests: BTreeMap<&str, &str> = outputs
        .into_iter()
        .flatten()
        .filter_map(|output| Some((output["file"].as_str()?, output["sha256"].as_str()?)))
        .collect();
    let is_as_listed = |file: &str| -> bool {
        let path = run.join(file);
        let found = digest::of_file(&path).map(|(_, sha256)| sha256);
        found.is_ok_and(|found| digests.get(file).is_some_and(|listed| **listed == found))
    };
    for lead in leads.iter_mut().filter(|lead| lead.chips.is_none()) {
        let files = ["chip_before", "chip_after"].map(|name| lead.text(name).to_owned());
        if files.iter().all(|file| !file.is_empty() && is_as_listed(file)) {
            lead.chips = Some(files.map(|file| run.join(file)));
        }
    }
    Ok(())
}

/// Scenes and layers of the plan that was given, else of the one that the run's manifest names.
fn at_hand(sources: &Sources) -> Result<(Plan, Inputs), String> {
    let plan = match (&sources.plan, sources.run.as_ref().or(sources.pictures.first())) {
        (Some(plan), _) => plan.clone(),
        (None, Some(run)) => planned(run)?,
        (None, None) => return Err("no run was given".to_owned()),
    };
    let inputs = look_again::gather(&plan).map_err(|error| error.to_string())?;
    Ok((plan, inputs))
}

/// The plan in a run's manifest.
pub(super) fn planned(run: &Path) -> Result<Plan, String> {
    let bytes = fs::read(run.join(MANIFEST)).map_err(|error| error.to_string())?;
    let manifest: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    let file: PlanFile = serde_json::from_value(manifest["run"]["plan"].clone())
        .map_err(|error| format!("the manifest of the run does not say where they lie: {error}"))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    resolve(file, cores).map_err(|error| error.to_string())
}

/// Red lines and context as the run saw them.
fn layers(inputs: &Inputs, material: &mut Material) {
    let of_layer = |layer: &Layer| {
        (layer.file.clone(), layer.authority.clone(), layer.version.clone(), layer.sha256.clone())
    };
    for line in &inputs.redlines.redlines {
        let (layer, authority, version, sha256) = of_layer(&inputs.redlines.layers[line.layer]);
        material.redlines.push(Ground {
            id: line.id.clone(),
            name: line.name.clone(),
            class: Some(line.class),
            role: None,
            kind: String::new(),
            from: None,
            to: None,
            layer,
            authority,
            version,
            sha256,
            outline: line.polygons.clone(),
        });
    }
    for place in &inputs.context.places {
        let (layer, authority, version, sha256) = of_layer(&inputs.context.layers[place.layer]);
        material.context.push(Ground {
            id: place.call().to_owned(),
            name: place.name.clone(),
            class: None,
            role: Some(place.role),
            kind: place.kind.clone(),
            from: place.from.day(),
            to: place.to.day(),
            layer,
            authority,
            version,
            sha256,
            outline: place.polygons.clone(),
        });
    }
}

impl From<ReportError> for RunError {
    fn from(error: ReportError) -> Self {
        Self::Report(Box::new(error))
    }
}
