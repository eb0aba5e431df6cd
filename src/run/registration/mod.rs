//! Where every scene lies against the look-back, and what is done about it.
//!
//! In:  scenes, which of them are look-back, the grid, ground near red lines, what the plan asks for.
//! Out: `Registration`: scenes told one by one, read where they belong or as they lie, or set aside.
//! Law: where a scene lies depends on the look-back and on the scene alone: not on threads, tiles, nor on which scenes came
//! after it. A scene of which it cannot be told is read as it lies, and that is said.

pub mod doubt;

pub mod memory;

mod windows;

use serde_json::{Value, json};

use crate::date::Date;
use crate::detect::displacement::{Displacement, Untold};
use crate::grid::{Grid, Window};
use crate::plan::Register;
use crate::publish::digest::Digests;
use crate::run::RunError;
use crate::run::registration::memory::Memory;
use crate::scene::Scene;

/// Pixels from which a scene is told to lie beside the others, and read where it belongs: half a pixel is what a contour may
/// lie off what changed, and what the reliability catalogue warns of (case 53). Below it interpolation costs more than it
/// mends: put right from 0.15 pixels on, fields that did not change get a lead (`scripts/bench-accuracy fields`).
pub const LEAST_TOLD_PX: f64 = 0.5;

/// Pixels from which a scene is set aside: what lies so far off is not of this ground's shape any more (case 53).
pub const MOST_PX: f64 = 2.0;

/// How a scene of the plan's periods is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As its files say.
    AsItLies,
    /// As if it lay where it belongs.
    PutRight,
    /// Not at all.
    SetAside,
}

/// One scene.
#[derive(Debug, Clone)]
pub struct Registered {
    /// Its identity.
    pub id: String,
    /// Its day.
    pub date: Date,
    /// Where it lies, or why that cannot be told.
    pub found: Result<Displacement, Untold>,
    /// How it is read.
    pub reading: Reading,
}

/// All scenes of the periods, by date and id.
#[derive(Debug, Clone)]
pub struct Registration {
    /// What the plan asks for.
    pub asked: Register,
    /// Empty where nobody looked.
    pub scenes: Vec<Registered>,
    /// Scenes that are set aside, with the reason.
    pub aside: Vec<(Scene, String)>,
}

/// Looks where the scenes of a series lie, puts right or sets aside what the plan asks for, and leaves the others in `scenes`.
///
/// # Errors
/// Pixels that cannot be read.
pub fn register(
    scenes: &mut Vec<Scene>,
    is_look_back: impl Fn(&Scene) -> bool,
    (grid, area): (&Grid, Window),
    (asked, is_pair, threads): (Register, bool, usize),
    memory: Option<(&mut Memory, &Digests)>,
) -> Result<Registration, RunError> {
    let mut registration = Registration { asked, scenes: Vec::new(), aside: Vec::new() };
    if asked == Register::Off || is_pair {
        return Ok(registration);
    }
    let look_back: Vec<bool> = scenes.iter().map(is_look_back).collect();
    let ask = |(memory, digests)| memory::Asked::of(memory, digests, (scenes, &look_back), (grid, area));
    let remembered = memory.map(ask).transpose()?;
    let known = remembered.as_ref().map_or_else(|| vec![None; scenes.len()], memory::Asked::found);
    let before = (known.as_slice(), remembered.as_ref().and_then(memory::Asked::references));
    let (found, references) = windows::displacements((scenes, &look_back), (grid, area), before, threads)?;
    if let Some(remembered) = remembered {
        remembered.keep(references, &found);
    }
    for (mut scene, found) in std::mem::take(scenes).into_iter().zip(found) {
        let reading = reading(found, asked);
        let (id, date) = (scene.id.clone(), scene.date);
        if let (Reading::PutRight, Ok(found)) = (reading, found) {
            scene.displaced = (found.cols * grid.pixel_width, -found.rows * grid.pixel_height);
        }
        match (reading, found) {
            (Reading::SetAside, Ok(found)) => registration.aside.push((scene, too_far(&found))),
            _ => scenes.push(scene),
        }
        registration.scenes.push(Registered { id, date, found, reading });
    }
    Ok(registration)
}

fn reading(found: Result<Displacement, Untold>, asked: Register) -> Reading {
    match found {
        Ok(found) if found.length() - 2.0 * found.spread > MOST_PX => Reading::SetAside,
        Ok(found) if asked == Register::Correct && found.length() >= LEAST_TOLD_PX => Reading::PutRight,
        _ => Reading::AsItLies,
    }
}

fn too_far(found: &Displacement) -> String {
    format!(
        "lies {:.1} pixels off the look-back ({}), more than {MOST_PX}: use the product as it was orthorectified last, or \
         read it as it lies with --register off",
        found.length(),
        directions(found)
    )
}

/// Rows and columns in words.
pub fn directions(found: &Displacement) -> String {
    // Less than half a hundredth has no sign.
    let shown = |value: f64| (value * 100.0).round() / 100.0 + 0.0;
    format!("{:+.2} down, {:+.2} right", shown(found.rows), shown(found.cols))
}

impl Registered {
    /// In words, for a line about the scene.
    pub fn words(&self) -> String {
        let how = match self.reading {
            Reading::AsItLies => "",
            Reading::PutRight => ", put right",
            Reading::SetAside => ", set aside",
        };
        match &self.found {
            Ok(found) => format!("{} px off, +-{:.2}{how}", directions(found), found.spread),
            Err(untold) => format!("where it lies cannot be told: {}", untold.words()),
        }
    }

    fn as_json(&self) -> Value {
        let reading = match self.reading {
            Reading::AsItLies => "as it lies",
            Reading::PutRight => "put right",
            Reading::SetAside => "set aside",
        };
        match &self.found {
            Ok(found) => json!({
                "scene": self.id, "date": self.date.to_string(), "down_px": found.rows, "right_px": found.cols,
                "spread_px": found.spread, "correlation": found.correlation, "read": reading,
            }),
            Err(untold) => json!({
                "scene": self.id, "date": self.date.to_string(), "untold": untold.words(), "read": reading,
            }),
        }
    }
}

impl Registration {
    /// Scenes whose place is told.
    pub fn told(&self) -> impl Iterator<Item = (&Registered, &Displacement)> {
        self.scenes.iter().filter_map(|scene| Some((scene, scene.found.as_ref().ok()?)))
    }

    /// What a scene lies off where it is read, in pixels (down, right); nothing where that is not known.
    pub fn left_of(&self, id: &str) -> Option<(f64, f64)> {
        let (scene, found) = self.told().find(|(scene, _)| scene.id == id)?;
        let is_left = scene.reading == Reading::AsItLies;
        Some(if is_left { (found.rows, found.cols) } else { (0.0, 0.0) })
    }

    /// For the manifest.
    pub fn as_json(&self) -> Value {
        self.scenes.iter().map(Registered::as_json).collect()
    }

    /// In one sentence; `None` where nobody looked.
    pub fn summary(&self) -> Option<String> {
        if self.scenes.is_empty() {
            return None;
        }
        let all = self.scenes.len();
        let mut lengths: Vec<f64> = self.told().map(|(_, found)| found.length()).collect();
        if lengths.is_empty() {
            return Some(format!("where {all} scenes lie cannot be told"));
        }
        lengths.sort_by(f64::total_cmp);
        let put_right = self.scenes.iter().filter(|scene| scene.reading == Reading::PutRight).count();
        let how = if put_right > 0 { format!("; {put_right} put right") } else { String::new() };
        Some(format!(
            "where {} of {all} scenes lie is told: {:.2} px off the look-back in the middle, {:.2} px at most{how}",
            lengths.len(),
            lengths[lengths.len() / 2],
            lengths[lengths.len() - 1]
        ))
    }

    /// What the reader of the result must know.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let left = |(scene, found): &(&Registered, &Displacement)| {
            scene.reading == Reading::AsItLies && found.length() >= LEAST_TOLD_PX
        };
        let worst = self.told().filter(left).max_by(|a, b| a.1.length().total_cmp(&b.1.length()));
        if let Some((worst, found)) = worst {
            notes.push(format!(
                "{} of {} scenes lie {LEAST_TOLD_PX} pixels or more off the look-back (most: {} on {}, {:.1} px): edges may \
                 look changed; --register correct reads them where they belong",
                self.told().filter(left).count(),
                self.scenes.len(),
                worst.id,
                worst.date,
                found.length()
            ));
        }
        // Of scenes without clear ground nothing else can be expected; of those that show another pattern it can.
        let unlike = |scene: &&Registered| scene.found == Err(Untold::NoPattern);
        if let Some(first) = self.scenes.iter().find(unlike).filter(|_| self.told().next().is_some()) {
            notes.push(format!(
                "{} of {} scenes show no pattern that agrees with the look-back's within 3 pixels (first: {} on {}), as ground \
                 under snow, dust or water does, and a picture that lies further off: they are read as they lie",
                self.scenes.iter().filter(unlike).count(),
                self.scenes.len(),
                first.id,
                first.date
            ));
        }
        notes.extend(self.aside.iter().map(|(scene, why)| format!("scene {} {why}; set aside", scene.id)));
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(rows: f64, cols: f64) -> Result<Displacement, Untold> {
        Ok(Displacement { rows, cols, spread: 0.05, correlation: 0.6 })
    }

    #[test]
    fn what_lies_little_off_is_left_what_lies_far_off_is_set_aside() {
        use Register::{Check, Correct};
        assert_eq!(reading(at(0.4, 0.25), Correct), Reading::AsItLies);
        assert_eq!(reading(at(0.5, 0.5), Correct), Reading::PutRight);
        assert_eq!(reading(at(0.5, 0.5), Check), Reading::AsItLies);
        assert_eq!(reading(at(-1.6, 1.6), Check), Reading::SetAside);
        assert_eq!(reading(at(-1.6, 1.6), Correct), Reading::SetAside);
        // A spread of a twentieth leaves it open whether 2.05 is more than two.
        assert_eq!(reading(at(2.05, 0.0), Check), Reading::AsItLies);
        assert_eq!(reading(Err(Untold::NoPattern), Correct), Reading::AsItLies);
    }

    #[test]
    fn scenes_half_a_pixel_off_are_told_together_and_those_set_aside_one_by_one() {
        let date = Date::constant(2023, 5, 1);
        let scene = |id: &str, found| Registered {
            id: id.into(),
            date,
            found,
            reading: reading(found, Register::Check),
        };
        let scenes = vec![scene("a", at(0.1, 0.0)), scene("b", at(0.6, 0.0)), scene("c", at(0.0, -0.9))];
        let registration = Registration { asked: Register::Check, scenes, aside: Vec::new() };
        let [note] = registration.notes().try_into().unwrap();
        assert!(
            note.starts_with("2 of 3 scenes lie 0.5 pixels or more off")
                && note.contains("c on 2023-05-01, 0.9 px"),
            "{note}"
        );
        let said = registration.summary().unwrap();
        assert_eq!(
            said,
            "where 3 of 3 scenes lie is told: 0.60 px off the look-back in the middle, 0.90 px at most"
        );
    }
}
