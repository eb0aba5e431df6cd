//! Why a view says nothing of a place.
//!
//! In:  a place that was looked at, a view that could not speak. Out: the reason, told by what each room made of the pixel in
//! the middle.

use geo::InteriorPoint;

use crate::baseline::RING;
use crate::grid::Window;
use crate::observe::{Stack, mask, screen};
use crate::read::Reader;
use crate::run::inputs::Inputs;
use crate::run::look_again::LookedAt;
use crate::run::trace::Place;
use crate::run::{RunError, tiles};
use crate::scene::{Band, Scene};

/// Why a view says nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Unseen {
    /// The scenes of the day do not reach it, or it lies beside all scenes.
    Outside,
    /// Not enough of the place, or of its look-alikes, was clear.
    TooLittle,
    /// The screen took it for cloud, shadow or snow.
    Spike,
    /// No value, or mostly cloud around.
    NoValue,
    /// The mask says so.
    NotClear(Band, f32),
    /// Next to what is not clear.
    NearUnclear,
}

impl Unseen {
    /// The reason in English and in Chinese.
    pub(crate) fn words(self) -> (String, String) {
        let (english, chinese) = match self {
            Self::Outside => ("outside the scenes", "不在影像范围内"),
            Self::TooLittle => {
                ("too little of it, or of its look-alikes, was clear", "该处或其同类像元清晰部分太少")
            }
            Self::Spike => (
                "brighter or darker than the views before and after it: cloud, shadow or snow",
                "比前后各次明显偏亮或偏暗:云、阴影或积雪",
            ),
            Self::NoValue => ("no value, or mostly cloud around", "无数值,或周围多为云"),
            Self::NotClear(band, number) => {
                let name = band.name();
                return (format!("not clear ({name} {number})"), format!("不清晰({name} {number})"));
            }
            Self::NearUnclear => {
                let reach = mask::DILATION;
                return (
                    format!("within {reach} px of what is not clear, or mostly cloud around"),
                    format!("距不清晰像元不足 {reach} 个像元,或周围多为云"),
                );
            }
        };
        (english.to_owned(), chinese.to_owned())
    }
}

/// What the rooms make of the views of a control cell, one after another.
pub(crate) struct Stacks {
    masked: Stack,
    screened: Stack,
}

impl Stacks {
    /// Reads the cell around a place.
    pub(crate) fn read(inputs: &Inputs, reader: &mut Reader, cell: Window) -> Result<Self, RunError> {
        let around = cell.grown(RING, inputs.grid.whole());
        let masked = tiles::observed(inputs, reader, around, 0..inputs.views.len())?;
        let mut screened = masked.clone();
        screen::screen(&mut screened, &inputs.question.look_back, tiles::reach(inputs));
        Ok(Self { masked, screened })
    }

    /// Why a view says nothing of a place in the cell.
    pub(crate) fn why(
        &self,
        inputs: &Inputs,
        reader: &mut Reader,
        (place, view): (&Place, usize),
    ) -> Result<Unseen, RunError> {
        let pixel = self.masked.pixel_at(place.pixel.row, place.pixel.col);
        if self.screened.is_seen(view, pixel) {
            return Ok(Unseen::TooLittle);
        }
        if self.masked.is_seen(view, pixel) {
            return Ok(Unseen::Spike);
        }
        let mut why = Unseen::Outside;
        for scene in inputs.views[view].scenes.iter().map(|scene| &inputs.scenes[*scene]) {
            if !scene.grid().is_some_and(|grid| grid.overlaps(&inputs.grid.of_window(place.here))) {
                continue;
            }
            why = Self::hidden(inputs, reader, scene, place)?;
        }
        Ok(why)
    }

    /// What the masks of a scene say of a place that it did not show.
    fn hidden(
        inputs: &Inputs,
        reader: &mut Reader,
        scene: &Scene,
        place: &Place,
    ) -> Result<Unseen, RunError> {
        let mut why = Unseen::NoValue;
        for band in scene.masks() {
            let layer: Vec<f32> =
                reader.window(scene, band, &inputs.grid, place.here)?.iter().copied().collect();
            why = match layer.first() {
                Some(number) if number.is_nan() => Unseen::Outside,
                Some(number) if !mask::clear(band, &layer)[0] => Unseen::NotClear(band, *number),
                _ => Unseen::NearUnclear,
            };
            if why != Unseen::NearUnclear {
                break;
            }
        }
        Ok(why)
    }
}

/// The pixel in the middle of the ground of a lead; `None` where it lies beside the scenes.
pub(crate) fn middle(inputs: &Inputs, one: &LookedAt) -> Option<Place> {
    let inner = one.lead.outline.interior_point()?;
    Place::find(inputs, inner.x(), inner.y()).ok()
}
