//! What a run may know from runs before: the edges of the look-back, and where scenes lie.
//!
//! In:  the same look-back, by the digests of its files. Out: the same displacements without reading it again.
//! Law: a memory of another look-back, grid or program is of no use and is forgotten; a scene is known by what its files hold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::detect::displacement::{Displacement, Reference, Untold};
use crate::grid::{Grid, Window};
use crate::publish::digest::{self, Digests};
use crate::run::RunError;
use crate::run::shards::job;
use crate::scene::Scene;

/// Edges of the look-back in the windows of a run, and what was found of scenes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Memory {
    /// SHA-256 of everything that the edges depend on.
    of: String,
    /// By window and band.
    pub(super) references: Vec<[Reference; 2]>,
    /// By what a scene is known by.
    found: BTreeMap<String, Result<Displacement, Untold>>,
}

/// What this run asks a memory, scene by scene.
pub(super) struct Asked<'a> {
    memory: &'a mut Memory,
    of: String,
    scenes: Vec<String>,
}

impl<'a> Asked<'a> {
    /// Forgets what is of no use for these scenes.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn of(
        memory: &'a mut Memory,
        digests: &Digests,
        (scenes, look_back): (&[Scene], &[bool]),
        (grid, area): (&Grid, Window),
    ) -> Result<Self, RunError> {
        let scenes: Vec<String> =
            scenes.iter().map(|scene| known_by(scene, digests)).collect::<Result<_, _>>()?;
        let past = scenes.iter().zip(look_back).filter(|(_, is)| **is).map(|(scene, _)| scene.as_str());
        let past: Vec<&str> = past.collect();
        let words = format!("{}\n{grid}\n{area}\n{}", job::program(), past.join("\n"));
        let of = digest::of_bytes(words.as_bytes());
        if memory.of != of {
            *memory = Memory::default();
        }
        Ok(Self { memory, of, scenes })
    }

    /// Edges of the look-back by window, where they are known.
    pub(super) fn references(&self) -> Option<&[[Reference; 2]]> {
        (self.memory.of == self.of).then_some(self.memory.references.as_slice())
    }

    /// What is known of each scene.
    pub(super) fn found(&self) -> Vec<Option<Result<Displacement, Untold>>> {
        self.scenes.iter().map(|scene| self.memory.found.get(scene).copied()).collect()
    }

    /// Keeps what this run found of its scenes; what it did not ask about is forgotten.
    pub(super) fn keep(self, references: Vec<[Reference; 2]>, found: &[Result<Displacement, Untold>]) {
        let found = self.scenes.into_iter().zip(found.iter().copied()).collect();
        *self.memory = Memory { of: self.of, references, found };
    }
}

/// What a scene is known by: its files, and what the numbers in them mean.
fn known_by(scene: &Scene, digests: &Digests) -> Result<String, RunError> {
    let mut words = vec![scene.id.clone()];
    for (band, file) in &scene.bands {
        let (_, sha256) = digests.of(&file.path)?;
        words.push(format!("{band} {sha256} {:?}", (file.number, &file.grid, file.nodata)));
    }
    Ok(digest::of_bytes(words.join("\n").as_bytes()))
}
