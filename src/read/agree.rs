//! Scenes that were found, made comparable: each acquisition once, one CRS, numbers whose meanings go together.
//!
//! In:  candidates. Out: scenes by date and id; what gave way to a later processing is listed.
//! Law: sensors may differ where each one's reflectance is known; where one side is unknown, nothing is mixed. Scenes that lie
//!      on another level than the rest are refused, a few of many are set aside and listed (`level`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::read::discover::Candidate;
use crate::read::{ReadError, acquisition, level};
use crate::scene::{Band, BandFile, Scene};

/// Sorts scenes and makes sure that they can be compared: one CRS, numbers that go together, each id once.
///
/// # Errors
/// `Duplicate`, `MixedCrs`, `MixedScaling`, `Scaling`.
pub(crate) fn agree(
    candidates: Vec<Candidate>,
    skipped: &mut Vec<(PathBuf, String)>,
) -> Result<Vec<Scene>, ReadError> {
    let (mut candidates, given_way) = acquisition::latest(candidates);
    skipped.extend(
        given_way
            .into_iter()
            .map(|(candidate, reason)| (candidate.path, format!("scene '{}' {reason}", candidate.scene.id))),
    );
    candidates
        .sort_by(|a, b| (a.scene.date, &a.scene.id, &a.path).cmp(&(b.scene.date, &b.scene.id, &b.path)));
    once(&candidates)?;
    one_crs(&candidates)?;
    if let Some(first) = candidates.first()
        && let Some(other) = candidates.iter().find(|candidate| !candidate.kind.goes_with(first.kind))
    {
        return Err(ReadError::MixedScaling {
            first: first.path.clone(),
            first_kind: first.kind.words().to_owned(),
            second: other.path.clone(),
            second_kind: other.kind.words().to_owned(),
        });
    }
    candidates.iter_mut().for_each(|candidate| narrow_for_broad(&mut candidate.scene));
    let aside = level::check(&candidates)?;
    candidates.retain(|candidate| {
        let id = &candidate.scene.id;
        let odd = aside.get(id).map(|why| (candidate.path.clone(), format!("scene '{id}' {why}")));
        let is_odd = odd.is_some();
        skipped.extend(odd);
        !is_odd
    });
    Ok(candidates.into_iter().map(|candidate| candidate.scene).collect())
}

fn once(candidates: &[Candidate]) -> Result<(), ReadError> {
    let mut ids: BTreeMap<&str, &Path> = BTreeMap::new();
    for candidate in candidates {
        if let Some(first) = ids.insert(&candidate.scene.id, &candidate.path) {
            let (first, second) = (first.to_owned(), candidate.path.clone());
            return Err(ReadError::Duplicate { id: candidate.scene.id.clone(), first, second });
        }
    }
    Ok(())
}

fn one_crs(candidates: &[Candidate]) -> Result<(), ReadError> {
    let mut files = candidates.iter().flat_map(|candidate| candidate.scene.bands.values());
    let Some(reference) = files.next() else { return Ok(()) };
    let differs = |file: &&BandFile| file.grid.crs != reference.grid.crs;
    files.find(differs).map_or(Ok(()), |file| {
        Err(ReadError::MixedCrs {
            first: reference.path.clone(),
            first_crs: reference.grid.crs,
            second: file.path.clone(),
            second_crs: file.grid.crs,
        })
    })
}

/// Landsat 8 and 9 and HLS L30 have the narrow near infrared alone: it stands for the broad one, from which it differs by
/// less than one sensor from the next.
fn narrow_for_broad(scene: &mut Scene) {
    if let (false, Some(narrow)) = (scene.has(Band::Nir), scene.bands.get(&Band::Nir08).cloned()) {
        scene.bands.insert(Band::Nir, narrow);
        scene.scaling.push_str("; nir08 stands for nir, which the sensor does not have");
    }
}
