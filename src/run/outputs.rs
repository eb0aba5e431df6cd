//! What was found -> the output folder, whole or not at all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use ndarray::Array3;
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::bucket::address::is_address;
use crate::catalogue::record;
use crate::date::Date;
use crate::grid::crs::Transform;
use crate::grid::{Crs, Window};
use crate::law;
use crate::lead::Lead;
use crate::plan::{Decided, Plan};
use crate::publish::chip::{self, ChipInput, Colours, Moment};
use crate::publish::manifest::{self, Input, Manifest, Run, SceneUse, Skipped};
use crate::publish::staging::MANIFEST;
use crate::publish::{Outcome, Staging, digest, geojson, gpkg, style};
use crate::read::{self, Reader, Readers};
use crate::redline::named;
use crate::run::environment;
use crate::run::inputs::Inputs;
use crate::run::select::Selected;
use crate::run::{Found, Progress, RunError, workers};
use crate::scene::{Band, Scene};
use crate::submodel;
use crate::weigh::{calibration, confidence, lawful};

/// Leads that get pictures; the rest of a very long list is still in the layers.
pub(super) const MOST_CHIPS: usize = 500;

/// What the reader of a very long list must know of its pictures; nothing where every lead has them.
pub fn without_pictures(leads: usize) -> Option<String> {
    let rest = leads.checked_sub(MOST_CHIPS).filter(|rest| *rest > 0)?;
    Some(format!(
        "pictures are drawn of the first {MOST_CHIPS} leads by rank; {rest} more stand in the layers without"
    ))
}

/// Publishes a run into its staging folder and gives it its name.
pub fn publish(
    plan: &Plan,
    inputs: &Inputs,
    found: &Found,
    staging: Staging,
    (started, command): (Timestamp, Vec<String>),
    progress: &dyn Progress,
) -> Result<PathBuf, RunError> {
    let outcome = Outcome {
        leads: &found.records.leads,
        suppressed: &found.records.suppressed,
        gaps: &found.gaps,
        redlines: &inputs.redlines.redlines,
        layers: &inputs.redlines.layers,
    };
    let pool = workers(plan.threads)?;
    let layers = || rayon::join(|| geojson::write(&staging, &outcome), || gpkg::write(&staging, &outcome));
    let (lines, database) = pool.install(layers);
    lines.and(database)?;
    style::write(&staging)?;
    progress.stage("pictures", found.records.leads.len().min(MOST_CHIPS) as u64);
    staging.folder("chips")?;
    // Leads lie in order of rank.
    let shown = &found.records.leads[..found.records.leads.len().min(MOST_CHIPS)];
    let readers = Readers::default();
    let draw = |lead: &Lead| -> Result<(), RunError> {
        readers.with(|reader| chips(inputs, reader, lead, &staging))?;
        progress.step(1);
        Ok(())
    };
    pool.install(|| shown.par_iter().try_for_each(draw))?;
    let manifest = stated(plan, inputs, resolved(plan, inputs, found), (started, command))?;
    manifest::write(&staging, &manifest, &outcome)?;
    Ok(staging.commit()?)
}

/// What a manifest says of a run that ends now: what it read, what was `decided`, and when and how it was started.
///
/// # Errors
/// Where an input can no longer be read.
pub fn stated(
    plan: &Plan,
    inputs: &Inputs,
    decided: Value,
    (started, command): (Timestamp, Vec<String>),
) -> Result<Manifest, RunError> {
    Ok(Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        plan: decided,
        inputs: input_files(plan, inputs)?,
        scenes: scenes(inputs),
        skipped: inputs.skipped.iter().map(skipped).collect(),
        libraries: read::libraries(),
        run: Run {
            started: started.to_string(),
            ended: Timestamp::now().to_string(),
            host: std::fs::read_to_string("/etc/hostname").unwrap_or_default().trim().to_owned(),
            command,
            plan: here(plan),
            environment: environment::environment(plan),
            beside: inputs
                .beside
                .iter()
                .map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned())
                .collect(),
        },
    })
}

/// The plan with paths that hold from any folder of this machine.
fn here(plan: &Plan) -> Value {
    let mut file = plan.as_file();
    file.paths(|path| *path = lying(path));
    serde_json::to_value(file).unwrap_or_default()
}

/// Every scene that was found, with the reason where it was not used.
pub(super) fn scenes(inputs: &Inputs) -> Vec<SceneUse> {
    let scene = |scene: &Scene, unused: Option<String>| SceneUse {
        id: scene.id.clone(),
        date: scene.date,
        product: scene.product.clone(),
        sensor: scene.sensor.clone(),
        scaling: scene.scaling.clone(),
        masks: scene.masks().map(|band| band.name().to_owned()).collect(),
        unused,
    };
    let used = inputs.scenes.iter().map(|used| scene(used, None));
    let (baseline, target) = (inputs.question.baseline, inputs.question.target);
    let reason = format!("lies neither in the look-back {baseline} nor in the target period {target}");
    let aside = inputs.registration.aside.iter().map(|(aside, why)| scene(aside, Some(why.clone())));
    used.chain(aside).chain(inputs.unused.iter().map(|unused| scene(unused, Some(reason.clone())))).collect()
}

/// By its name alone: the folder is of this machine.
pub(super) fn skipped((path, reason): &(PathBuf, String)) -> Skipped {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Skipped { file, reason: reason.clone() }
}

pub(super) fn resolved(plan: &Plan, inputs: &Inputs, found: &Found) -> Value {
    let decided = Decided {
        baseline: inputs.question.baseline.to_string(),
        target: inputs.question.target.to_string(),
        mode: if inputs.is_pair { "pair" } else { "series" },
        models: inputs.models.iter().map(|model| model.id.clone()).collect(),
        features: inputs.features.iter().map(|feature| feature.name().to_owned()).collect(),
        grid: inputs.grid.to_string(),
        register: plan.register().name(),
        least_confidence: plan.least_confidence(inputs.is_pair),
        fdr: plan.fdr,
        class: plan.class.map(|class| class.name()),
        band_order: plan.band_order.iter().map(|band| band.name().to_owned()).collect(),
        layers: layers(plan),
    };
    let noise = found.noise.map(|noise| {
        json!({
            "leads_in_placebo_year": noise.leads,
            "placebo_year": noise.year.to_string(),
            "area_km2": crate::units::rounded(noise.area_km2, 3),
            "leads_per_100_km2_and_year": crate::units::rounded(noise.per_100_km2_and_year(), 4),
            "target_area_km2": crate::units::rounded(noise.target_km2, 3),
            "noise_fdr": noise.fdr().map(|share| crate::units::rounded(share, 4)),
        })
    });
    let verified = found.selected.as_ref().map(Selected::as_json);
    json!({
        "decided": decided, "noise": noise, "verified_fdr": verified, "notes": inputs.notes, "rules_sha256": rules(inputs),
        "registration": inputs.registration.as_json(),
    })
}

/// Every role with layers, and what outputs call them.
fn layers(plan: &Plan) -> BTreeMap<String, Vec<String>> {
    let own = [("redlines", plan.redlines.as_slice()), ("verified", plan.verified.as_slice())];
    let context = plan.context().map(|(role, paths)| (role.name(), paths));
    let given = own.into_iter().chain(context).filter(|(_, paths)| !paths.is_empty());
    given.map(|(role, paths)| (role.to_owned(), named::files(paths))).collect()
}

/// Every rule that ships with the program and decided here, by its digest: law, permits, land use, confidence, sub-models.
fn rules(inputs: &Inputs) -> BTreeMap<String, String> {
    let shipped = [
        ("rules.toml", law::TEXT),
        ("permits.toml", lawful::PERMITS),
        ("landuse.toml", lawful::LAND_USE),
        ("confidence.toml", confidence::SHIPPED),
        ("calibration.toml", calibration::SHIPPED),
    ];
    let is_used = |(file, _): &&(&str, &str)| {
        inputs.models.iter().any(|model| file.strip_suffix(".toml") == Some(model.id.as_str()))
    };
    let models =
        submodel::FILES.iter().filter(is_used).map(|(file, text)| (format!("submodels/{file}"), *text));
    let all = shipped.map(|(file, text)| (file.to_owned(), text)).into_iter().chain(models);
    all.map(|(file, text)| (file, digest::of_bytes(text.as_bytes()))).collect()
}

/// One digest of everything that a result depends on: files, what was decided, the program.
pub fn fingerprint(plan: &Plan, inputs: &Inputs) -> Result<String, RunError> {
    let files = input_files(plan, inputs)?;
    let words: Vec<String> =
        files.iter().map(|file| format!("{} {} {}", file.role, file.file, file.sha256)).collect();
    let decided = resolved(plan, inputs, &Found::default());
    let program = crate::run::shards::job::program();
    let skipped: Vec<String> =
        inputs.skipped.iter().map(|(path, reason)| format!("{path:?} {reason}")).collect();
    let all = format!("{program}\n{decided}\n{}\n{}", words.join("\n"), skipped.join("\n"));
    Ok(digest::of_bytes(all.as_bytes()))
}

/// Digest of the manifest in an output folder; `None` where it or any file that it lists is not there as it was written.
pub fn whole(out: &Path) -> Option<String> {
    let bytes = std::fs::read(out.join(MANIFEST)).ok()?;
    let manifest: Value = serde_json::from_slice(&bytes).ok()?;
    for output in manifest["result"]["outputs"].as_array()? {
        let (_, sha256) = digest::of_file(&out.join(output["file"].as_str()?)).ok()?;
        if output["sha256"].as_str()? != sha256 {
            return None;
        }
    }
    Some(digest::of_bytes(&bytes))
}

/// What a file is that says where scenes lie and what their numbers mean.
pub(super) fn role(path: &Path) -> &'static str {
    let is_json = path
        .extension()
        .is_some_and(|ending| !ending.eq_ignore_ascii_case("xml") && !ending.eq_ignore_ascii_case("txt"));
    if is_json { "stac" } else { "metadata" }
}

/// Every file that was read, once, with its hash.
pub(super) fn input_files(plan: &Plan, inputs: &Inputs) -> Result<Vec<Input>, RunError> {
    let of_bands = |scene: &'_ Scene| {
        let id = scene.id.clone();
        scene.bands.values().map(|band| (read::file(&band.path), id.clone())).collect::<Vec<_>>()
    };
    let scenes: BTreeMap<PathBuf, String> = inputs
        .registration
        .aside
        .iter()
        .map(|(scene, _)| scene)
        .chain(&inputs.scenes)
        .rev()
        .flat_map(of_bands)
        .collect();
    let scenes: Vec<(PathBuf, String)> = scenes.into_iter().collect();
    let sources = record::sources(&inputs.described);
    let of_scene = |(path, scene): &(PathBuf, String)| {
        let real = std::fs::canonicalize(path).ok();
        let (scene, source) = (Some(scene.clone()), real.and_then(|real| sources.get(&real)).cloned());
        Ok(Input { scene, source, ..Input::of_file("scene", path, &inputs.digests)? })
    };
    let files: Result<Vec<Input>, RunError> =
        workers(plan.threads)?.install(|| scenes.par_iter().map(of_scene).collect());
    let mut files = files?;
    for path in &inputs.described {
        files.push(Input::of_file(role(path), path, &inputs.digests)?);
    }
    let context = plan.context().map(|(role, paths)| (role.name(), paths));
    let own = [("redlines", plan.redlines.as_slice()), ("verified", plan.verified.as_slice())];
    for (role, paths) in own.into_iter().chain(context) {
        // As outputs call them: two layers may lie in files of one name.
        for (path, name) in paths.iter().zip(named::files(paths)) {
            let folder = name.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
            for part in named::parts(path) {
                let input = Input::of_file(role, &part, &inputs.digests)?;
                files.push(Input { file: format!("{folder}{}", input.file), ..input });
            }
        }
    }
    if let Some(path) = &plan.written {
        files.push(Input::of_file("plan", path, &inputs.digests)?);
    }
    for file in &mut files {
        file.path = lying(&file.path);
    }
    Ok(files)
}

/// A path that holds from any folder of this machine.
fn lying(path: &Path) -> PathBuf {
    if is_address(path) {
        path.to_owned()
    } else {
        std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
    }
}

fn chips(inputs: &Inputs, reader: &mut Reader, lead: &Lead, staging: &Staging) -> Result<(), RunError> {
    let window = chip::window(lead.window, inputs.grid.whole());
    let (bands, colours) = colours(inputs);
    let before = picture(inputs, reader, (lead.before, window), bands)?;
    let after = picture(inputs, reader, (lead.after, window), bands)?;
    let transform = Transform::new(Crs::LON_LAT, inputs.grid.crs)?;
    let moment = |pixels: &'_ Array3<f32>, date: Date| (pixels.clone(), date);
    let (before, after) = (moment(&before, lead.before), moment(&after, lead.after));
    let input = ChipInput {
        lead_id: &lead.id,
        model: &lead.model,
        before: Moment { pixels: before.0.view(), date: before.1, scene: &lead.scene_before },
        after: Moment { pixels: after.0.view(), date: after.1, scene: &lead.scene_after },
        grid: &inputs.grid.of_window(window),
        outline: &transform.polygons(&lead.outline)?,
        colours,
    };
    Ok(chip::write(staging, &input)?)
}

/// True colour where there is blue, else near infrared, red, green.
pub(super) fn colours(inputs: &Inputs) -> ([Band; 3], Colours) {
    let everywhere = |band: Band| inputs.scenes.iter().all(|scene| scene.has(band));
    if everywhere(Band::Blue) && everywhere(Band::Green) {
        ([Band::Red, Band::Green, Band::Blue], Colours::Natural)
    } else if everywhere(Band::Green) {
        ([Band::Nir, Band::Red, Band::Green], Colours::Infrared)
    } else {
        ([Band::Nir, Band::Red, Band::Red], Colours::Infrared)
    }
}

/// Reflectance of three bands on a day; scenes of the day laid over each other, the first on top.
pub(super) fn picture(
    inputs: &Inputs,
    reader: &mut Reader,
    (date, window): (Date, Window),
    bands: [Band; 3],
) -> Result<Array3<f32>, RunError> {
    let mut result = Array3::from_elem((3, window.rows, window.cols), f32::NAN);
    let view = inputs.views.iter().find(|view| view.date == date);
    for &scene in view.map_or(&[][..], |view| view.scenes.as_slice()).iter().rev() {
        let scene = &inputs.scenes[scene];
        for (plane, band) in bands.iter().enumerate() {
            let (scale, offset) = (scene.bands[band].scale as f32, scene.bands[band].offset as f32);
            let raw = reader.window(scene, *band, &inputs.grid, window)?;
            for ((row, col), number) in raw.indexed_iter() {
                if !number.is_nan() {
                    result[(plane, row, col)] = number * scale + offset;
                }
            }
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_longer_than_its_pictures_says_how_many_go_without() {
        assert_eq!((without_pictures(0), without_pictures(MOST_CHIPS)), (None, None));
        let said = without_pictures(MOST_CHIPS + 112).unwrap();
        assert!(said.contains("first 500 leads") && said.contains("112 more"), "{said}");
    }
}
