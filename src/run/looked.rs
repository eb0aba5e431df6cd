//! Closer looks that another process took, so that they need not be taken again.
//!
//! In:  looks with the patches that they were at. Out: the same looks, asked for by patch.
//! Law: a look depends on the patch and the inputs alone, so one at the same patch is the same look; a patch that differs
//!      in one bit (near the border of the part of the area that was looked at) is not known.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::baseline::control::Medians;
use crate::baseline::remembered::Normal;
use crate::grid::Window;
use crate::patch::Patch;
use crate::run::RunError;
use crate::weigh::closer::Closer;

/// Question, sub-model, and every bit of a patch.
type Key = (usize, usize, [u8; 32]);

/// A closer look, with what it was at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Taken {
    key: Key,
    /// The ground that was looked at.
    pub ground: Window,
    /// What was concluded; nothing where no season had enough views.
    closers: Vec<Closer>,
}

impl Taken {
    /// A look at a patch of one question and sub-model (places in the inputs).
    pub fn new(asked: (usize, usize), (patch, ground): (&Patch, Window), closers: Vec<Closer>) -> Self {
        Self { key: key(asked, patch), ground, closers }
    }

    /// Whether the look was for one of the questions beside that of the run.
    pub fn is_aside(&self) -> bool {
        self.key.0 > 0
    }

    /// The same look where views have other places; `None` where one is gone.
    pub fn with_views(mut self, place: impl Fn(usize) -> Option<usize>) -> Option<Self> {
        for closer in &mut self.closers {
            let views: Option<Vec<usize>> = closer.series.views.iter().map(|view| place(*view)).collect();
            closer.series.views = views?;
        }
        Some(self)
    }
}

/// What is normal in a cell, from an earlier day: where it is remembered, it need not be learned again for a look.
pub trait Memory: Sync {
    /// What is kept of a cell for a question, with the control of the views after the look-back; `None` where nothing is.
    fn recall(&self, question: usize, cell: Window) -> Result<Option<(Normal, Medians)>, RunError>;
}

/// Looks by patch.
#[derive(Default)]
pub struct Known<'a> {
    looks: BTreeMap<Key, Vec<Closer>>,
    memory: Option<&'a dyn Memory>,
    /// Looks of this run, where they are to be kept.
    used: Option<Vec<Taken>>,
}

impl<'a> Known<'a> {
    /// No look is known yet, and what a run looks at is kept.
    pub fn remembering(memory: &'a dyn Memory) -> Self {
        Self { used: Some(Vec::new()), memory: Some(memory), ..Self::default() }
    }

    /// What is kept of some cells, by question and cell; `None` where any of them must be learned.
    pub fn recall(&self, asked: &[(usize, Window)]) -> Result<Option<Vec<(Normal, Medians)>>, RunError> {
        let Some(memory) = self.memory else { return Ok(None) };
        asked.iter().map(|(question, cell)| memory.recall(*question, *cell)).collect()
    }

    /// Adds looks that were taken.
    pub fn add(&mut self, looks: Vec<Taken>) {
        self.looks.extend(looks.into_iter().map(|taken| (taken.key, taken.closers)));
    }

    /// Keeps what a look concluded, if looks are kept.
    pub fn keep(&mut self, asked: (usize, usize), at: (&Patch, Window), closers: &[Closer]) {
        if let Some(used) = &mut self.used {
            used.push(Taken::new(asked, at, closers.to_vec()));
        }
    }

    /// The looks of this run, where they were kept.
    pub fn used(self) -> Vec<Taken> {
        self.used.unwrap_or_default()
    }

    /// What a look at this patch concluded, if one was taken.
    pub fn take(&mut self, asked: (usize, usize), patch: &Patch) -> Option<Vec<Closer>> {
        if self.looks.is_empty() { None } else { self.looks.remove(&key(asked, patch)) }
    }
}

fn key((question, model): (usize, usize), patch: &Patch) -> Key {
    // A patch is numbers and lists of them: writing it into memory cannot fail.
    let bytes = postcard::to_allocvec(patch).unwrap_or_default();
    (question, model, Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use geo::{LineString, Polygon};

    use super::*;
    use crate::grid::{Pixel, Window};
    use crate::patch::shape;

    fn patch(core: f32) -> Patch {
        let outline = Polygon::new(LineString::from(vec![(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]), vec![]);
        Patch {
            window: Window { row0: 3, col0: 4, rows: 1, cols: 1 },
            pixels: vec![Pixel { row: 3, col: 4 }],
            shape: shape::of(&outline, &[1.0], 1.0),
            outline,
            core,
            ring: 0.5,
            area_px: (1.0, 0.5),
        }
    }

    #[test]
    fn a_look_is_known_by_every_bit_of_its_patch_and_by_what_was_asked() {
        let mut known = Known::default();
        let patch_there = patch(2.0);
        known.add(vec![Taken::new((0, 1), (&patch_there, patch_there.window), Vec::new())]);
        assert!(known.take((0, 1), &patch(f32::from_bits(2.0_f32.to_bits() + 1))).is_none());
        assert!(known.take((1, 1), &patch(2.0)).is_none() && known.take((0, 0), &patch(2.0)).is_none());
        assert!(known.take((0, 1), &patch(2.0)).is_some());
        assert!(known.take((0, 1), &patch(2.0)).is_none(), "a look is used once");
    }
}
