//! Near-real-time persistence of a patch: an accumulator that asks for more than one view.
//!
//! C <- max(0, C + s - 1); provisional at 4, confirmed at 8 with three supporting views over 20 days;
//! halved for every 60 days without a view; ends after three views in a row against it.
//! Source: `reference/science.md` 6.3 (and why not DIST-ALERT's 15 days: clear views of dry steppe are
//! farther apart than that in dust season).

use serde::{Deserialize, Serialize};

use crate::date::{Date, days_between};

const DRIFT: f32 = 1.0;
const PROVISIONAL: f32 = 4.0;
const CONFIRMED: f32 = 8.0;
const SUPPORTING_VIEWS: usize = 3;
const LEAST_SPAN_DAYS: i32 = 20;
const HALF_LIFE_DAYS: f32 = 60.0;
const VIEWS_AGAINST: usize = 3;
/// One view adds no more than this: a missed cloud alone never confirms.
const MOST_STEP: f32 = 5.0;

/// What the accumulator saw.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Persistence {
    /// First supporting view of the episode that went farthest.
    pub first_seen: Option<Date>,
    /// When it became provisional.
    pub provisional_on: Option<Date>,
    /// When it was confirmed.
    pub confirmed_on: Option<Date>,
    /// Last supporting view.
    pub last_seen: Option<Date>,
    /// Largest value of the accumulator.
    pub peak: f32,
}

/// Runs the accumulator over (date, weighted z) in order of date.
pub fn accumulate(scores: &[(Date, f32)]) -> Persistence {
    let (mut best, mut episode) = (Persistence::default(), Persistence::default());
    let (mut sum, mut supporting, mut against) = (0.0_f32, 0_usize, 0_usize);
    let mut previous: Option<Date> = None;
    for &(date, score) in scores {
        if let Some(previous) = previous {
            sum *= 0.5_f32.powf((days_between(previous, date) as f32 / HALF_LIFE_DAYS).floor());
        }
        previous = Some(date);
        against = if score < 0.0 { against + 1 } else { 0 };
        sum = (sum + (score - DRIFT).min(MOST_STEP)).max(0.0);
        if against >= VIEWS_AGAINST || (sum == 0.0 && episode.provisional_on.is_none()) {
            best = farther(best, episode);
            (episode, sum, supporting) = (Persistence::default(), 0.0, 0);
            continue;
        }
        if score > DRIFT {
            supporting += 1;
            episode.first_seen.get_or_insert(date);
            episode.last_seen = Some(date);
        }
        let span = episode.first_seen.map_or(0, |first| days_between(first, date));
        episode.peak = episode.peak.max(sum);
        if sum >= PROVISIONAL {
            episode.provisional_on.get_or_insert(date);
        }
        if sum >= CONFIRMED && supporting >= SUPPORTING_VIEWS && span >= LEAST_SPAN_DAYS {
            episode.confirmed_on.get_or_insert(date);
        }
    }
    farther(best, episode)
}

/// The episode that went farther; the earlier one of equals.
fn farther(a: Persistence, b: Persistence) -> Persistence {
    let rank = |p: &Persistence| (p.confirmed_on.is_some(), p.provisional_on.is_some());
    if (rank(&b), b.peak) > (rank(&a), a.peak) { b } else { a }
}

#[cfg(test)]
mod tests;
