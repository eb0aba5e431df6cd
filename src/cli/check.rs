//! `check`: everything except pixels: what will be read, what is wrong.

use anyhow::Result;
use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::scan::Asked;
use crate::cli::show;
use crate::read::beside;
use crate::run::inputs;
use crate::scene::{Band, Scene};

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    asked: Asked,
}

/// A scene in one line: bands, what it is of, how numbers become reflectance and who says so, what says where it is clear.
fn of_scene(scene: &Scene) -> String {
    let names = |bands: &mut dyn Iterator<Item = Band>| bands.map(Band::name).collect::<Vec<_>>().join(" ");
    let bands = names(&mut scene.bands.keys().copied().filter(|band| !band.is_classes()));
    let masks = names(&mut scene.masks());
    let masks = if masks.is_empty() { "no mask".to_owned() } else { format!("mask {masks}") };
    let of = [scene.product.as_str(), scene.sensor.as_str()].into_iter().filter(|word| !word.is_empty());
    let of: Vec<&str> = of.collect();
    let of = if of.is_empty() { String::new() } else { format!("  {}", of.join(", ")) };
    format!("  {} {}{of}  {bands}  {masks}  ({})", scene.date, scene.id, scene.scaling)
}

impl Check {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let plan = self.asked.plan(Some("check writes nothing".as_ref()))?;
        let inputs = inputs::gather(&plan)?;
        let mut lines = vec![
            format!("grid       {}", inputs.grid),
            format!("scenes     {} on {} days", inputs.scenes.len(), inputs.views.len()),
        ];
        for scene in &inputs.scenes {
            lines.push(of_scene(scene));
        }
        lines.extend(inputs.registration.summary().map(|said| format!("lie        {said}")));
        lines.extend(
            inputs
                .registration
                .scenes
                .iter()
                .map(|scene| format!("  {} {}  {}", scene.date, scene.id, scene.words())),
        );
        let unused =
            |scene: &Scene| format!("  {} {}  not used: lies in neither period", scene.date, scene.id);
        lines.extend(inputs.unused.iter().map(unused));
        lines.extend(inputs.skipped.iter().map(|(path, why)| format!("  skipped {}: {why}", path.display())));
        lines.push(format!("red lines  {}", inputs.redlines.redlines.len()));
        for line in &inputs.redlines.redlines {
            let layer = &inputs.redlines.layers[line.layer];
            let repair =
                line.repair.as_deref().map_or(String::new(), |repair| format!("; repaired: {repair}"));
            lines.push(format!(
                "  {} {} ({}) from {} in EPSG:{}{repair}",
                line.id,
                line.name,
                line.class.name(),
                layer.file,
                layer.epsg
            ));
        }
        for role in crate::redline::Role::ALL {
            let places = inputs.context.places.iter().filter(|place| place.role == role).count();
            let said = if inputs.context.has(role) { places.to_string() } else { "not supplied".to_owned() };
            lines.push(format!("{:<10} {said}", role.name()));
        }
        let models: Vec<&str> = inputs.models.iter().map(|model| model.id.as_str()).collect();
        let features: Vec<&str> = inputs.features.iter().map(|feature| feature.name()).collect();
        lines.push(format!("sub-models {}", models.join(" ")));
        lines.push(format!("features   {}", features.join(" ")));
        lines.push(format!("look-back  {}", inputs.question.baseline));
        lines.push(format!("target     {}", inputs.question.target));
        lines
            .push(format!("mode       {}", if inputs.is_pair { "pair of dates" } else { "series of dates" }));
        let notes = inputs.notes.iter().cloned().chain(beside::told(&inputs.beside));
        lines.extend(notes.map(|note| format!("note       {note}")));
        show::data(&lines.join("\n"));
        Ok(Exit::Complete)
    }
}
