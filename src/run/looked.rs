//! Closer looks that another process took, so that they need not be taken again.
//!
//! In:  looks with the patches that they were at. Out: the same looks, asked for by patch.
//! Law: a look depends on the patch and the inputs alone, so one at the same patch is the same look; a patch that differs
//!      in one bit (near the border of the part of the area that was looked at) is not known.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::patch::Patch;
use crate::weigh::closer::Closer;

/// Question, sub-model, and every bit of a patch.
type Key = (usize, usize, [u8; 32]);

/// A closer look, with what it was at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Taken {
    key: Key,
    /// What was concluded; nothing where no season had enough views.
    closers: Vec<Closer>,
}

impl Taken {
    /// A look at a patch of one question and sub-model (places in the inputs).
    pub fn new(asked: (usize, usize), patch: &Patch, closers: Vec<Closer>) -> Self {
        Self { key: key(asked, patch), closers }
    }
}

/// Looks by patch.
#[derive(Debug, Default)]
pub struct Known(BTreeMap<Key, Vec<Closer>>);

impl Known {
    /// Adds looks that were taken.
    pub fn add(&mut self, looks: Vec<Taken>) {
        self.0.extend(looks.into_iter().map(|taken| (taken.key, taken.closers)));
    }

    /// What a look at this patch concluded, if one was taken.
    pub fn take(&mut self, asked: (usize, usize), patch: &Patch) -> Option<Vec<Closer>> {
        if self.0.is_empty() { None } else { self.0.remove(&key(asked, patch)) }
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
        known.add(vec![Taken::new((0, 1), &patch(2.0), Vec::new())]);
        assert!(known.take((0, 1), &patch(f32::from_bits(2.0_f32.to_bits() + 1))).is_none());
        assert!(known.take((1, 1), &patch(2.0)).is_none() && known.take((0, 0), &patch(2.0)).is_none());
        assert!(known.take((0, 1), &patch(2.0)).is_some());
        assert!(known.take((0, 1), &patch(2.0)).is_none(), "a look is used once");
    }
}
