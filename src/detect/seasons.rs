//! The seasons in which a sub-model looks, and those in which a place was not seen.
//!
//! In:  a sub-model, the dates of the views, the target period; then the views of one place.
//! Out: bits: a slot (a season of a year) that the place was not seen in, no gate that could be passed, nothing
//! that could be named late in the period.
//! Law: a season that a place was not seen in is a gap, also where another season speaks for it; so is the end of
//! the period where too few views follow for a change to be named.

use crate::baseline::Series;
use crate::baseline::lanes::LANES;
use crate::date::{Date, Period, middle};
use crate::submodel::{Season, SubModel};

/// Set where no gate of the sub-model has views enough to be passed.
pub const NO_GATE: u16 = 1 << 15;

/// Set where a change in the second half of the last gate season has too few views to be named.
pub const LATE: u16 = 1 << 14;

/// Slots at most: each has a bit below `LATE`.
const MOST_SLOTS: usize = 14;

/// Views that a kind of evidence, or a gate, needs in some days of the target period.
#[derive(Debug, Clone)]
struct Needed {
    kind: usize,
    days: Period,
    views: Vec<bool>,
    least: usize,
}

impl Needed {
    fn scenes(&self) -> usize {
        self.views.iter().filter(|view| **view).count()
    }

    /// Bits of the lanes that saw views enough. `seen` is by view.
    fn seen_by(&self, seen: &[u16]) -> u16 {
        let asked = || seen.iter().zip(&self.views).filter(|(_, asked)| **asked).map(|(seen, _)| *seen);
        let has_enough = |lane: &usize| asked().filter(|seen| seen >> lane & 1 == 1).count() >= self.least;
        (0..LANES).filter(has_enough).fold(0, |bits, lane| bits | 1 << lane)
    }
}

/// Seasons that are told of together, as one bit.
#[derive(Debug, Clone)]
pub struct Slot {
    /// Name of the evidence kind, and the year where it is of one.
    pub name: String,
    /// First and last day.
    pub days: Period,
    needed: Vec<Needed>,
}

/// A season for which the scenes themselves are too few.
#[derive(Debug, Clone)]
pub struct Unseen {
    /// Name of the evidence kind, and its year or years.
    pub name: String,
    /// First and last day.
    pub days: Period,
    /// Days with scenes, and days needed.
    pub scenes: (usize, usize),
}

/// What a sub-model asks of the views of a target period.
#[derive(Debug, Clone)]
pub struct Seasons {
    /// Seasons with scenes enough, by bit.
    pub slots: Vec<Slot>,
    /// Seasons without.
    pub without_scenes: Vec<Unseen>,
    /// The days in which a change can be too late to be named.
    pub late_days: Option<Period>,
    gates: Vec<Needed>,
    late: Vec<Needed>,
}

impl Seasons {
    /// What a sub-model asks of views on these dates.
    pub fn of(model: &SubModel, dates: &[Date], target: Period) -> Self {
        let needed = |kind: usize, season: &Season, days: Period, least: usize| {
            let is_in = |date: &Date| days.contains(*date) && season.contains(*date);
            Needed { kind, days, views: dates.iter().map(is_in).collect(), least }
        };
        let (mut with, mut without_scenes) = (Vec::new(), Vec::new());
        for (kind, evidence) in model.evidence.iter().enumerate() {
            let (season, least) = (&evidence.season, evidence.minimum_views);
            let years = target.years().filter_map(|year| season.of_year(year)?.common(target));
            let mut years: Vec<Needed> = years.map(|days| needed(kind, season, days, least)).collect();
            if years.len() > 1 && years.iter().all(|year| year.scenes() < least) {
                let days = Period { from: years[0].days.from, to: years[years.len() - 1].days.to };
                years = vec![needed(kind, season, days, least)];
            }
            for year in years {
                if year.scenes() >= least {
                    with.push(year);
                } else {
                    let (name, scenes) = (called(&evidence.name, year.days), (year.scenes(), least));
                    without_scenes.push(Unseen { name, days: year.days, scenes });
                }
            }
        }
        let gates =
            model.gates.iter().map(|gate| needed(0, &gate.season, target, gate.consecutive)).collect();
        let late = model.gates.iter().filter_map(|gate| {
            let last = target.years().filter_map(|year| gate.season.of_year(year)?.common(target)).last()?;
            let half = Period { from: middle(last), to: last.to };
            Some(needed(0, &gate.season, half, gate.consecutive))
        });
        let late: Vec<Needed> = late.collect();
        let first = late.iter().map(|needed| needed.days.from).min();
        let late_days = first.zip(late.iter().map(|needed| needed.days.to).max());
        let late_days = late_days.map(|(from, to)| Period { from, to });
        Self { slots: slots(model, with), without_scenes, late_days, gates, late }
    }

    /// What sixteen places were not seen in. `seen` is by view: the bit of each lane that was seen in it.
    pub fn unseen(&self, seen: &[u16]) -> [u16; LANES] {
        let all =
            |needed: &[Needed]| needed.iter().fold(u16::MAX, |lanes, needed| lanes & needed.seen_by(seen));
        let any = |needed: &[Needed]| needed.iter().fold(0, |lanes, needed| lanes | needed.seen_by(seen));
        let slots = self.slots.iter().enumerate().map(|(bit, slot)| (1_u16 << bit, all(&slot.needed)));
        let told: Vec<(u16, u16)> =
            slots.chain([(NO_GATE, any(&self.gates)), (LATE, any(&self.late))]).collect();
        std::array::from_fn(|lane| {
            told.iter().filter(|(_, lanes)| lanes >> lane & 1 == 0).fold(0, |bits, (bit, _)| bits | bit)
        })
    }

    /// The slots of some bits.
    pub fn named(&self, bits: u16) -> impl Iterator<Item = &Slot> {
        self.slots.iter().enumerate().filter(move |(bit, _)| bits & (1 << bit) != 0).map(|(_, slot)| slot)
    }
}

/// A season by its kind and year, or years where they stand together.
fn called(kind: &str, days: Period) -> String {
    match (days.from.year(), days.to.year()) {
        (first, last) if first < last => format!("{kind} of {first} to {last}"),
        (year, _) => format!("{kind} of {year}"),
    }
}

/// One slot for each season of each year, or for each kind where those are too many.
fn slots(model: &SubModel, needed: Vec<Needed>) -> Vec<Slot> {
    let is_each = needed.len() <= MOST_SLOTS;
    let mut slots: Vec<Slot> = Vec::new();
    for needed in needed {
        let kind = &model.evidence[needed.kind].name;
        let days = needed.days;
        match slots.last_mut().filter(|slot| !is_each && slot.needed[0].kind == needed.kind) {
            Some(slot) => {
                slot.days.to = days.to;
                slot.needed.push(needed);
            }
            None => {
                let name = if is_each { called(kind, days) } else { kind.clone() };
                slots.push(Slot { name, days, needed: vec![needed] });
            }
        }
    }
    slots
}

/// Whether the views of all years of a target period count as one season, because no year alone has `enough`:
/// with one flight a year it is the years that say whether a change stays.
pub fn stand_together(
    series: &Series,
    dates: &[Date],
    season: &Season,
    target: Period,
    enough: usize,
) -> bool {
    let (mut year, mut views) = (i16::MIN, 0);
    for view in &series.views {
        let date = dates[*view];
        if target.contains(date) && season.contains(date) {
            views = if date.year() == year { views + 1 } else { 1 };
            year = date.year();
            if views >= enough {
                return false;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests;
