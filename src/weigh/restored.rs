//! Whether ground that was changed is like its look-alikes again: the look-again of a lead.
//!
//! In:  the lead's pixels through time against what its look-back, before the change, lets expect of them on each day.
//! Out: `Recovery`: restored, not restored or cannot tell, with the numbers it stands on, view by view.
//! Law: restored needs a whole growing season, each part of it seen; one green flush is none. The band has two sides: maize
//! above grass is out of it. What was not seen is never restored; one hazy view changes no answer.
//! Source: R1 of `reference/mission.md` 4.2 ("return to neighbour band for one full growing season or more; one green flush is
//! not recovery").

mod ground;
mod season;
mod tally;

use crate::baseline::Series;
use crate::baseline::regression::median;
use crate::date::{Date, Period};
use crate::reason::UntoldReason;
use crate::submodel::{Feature, Season};
use crate::weigh::closer::LEAST_SEEN_SHARE;

pub use ground::Rectified;
pub use season::{GrowingSeason, NAMES, PARTS};
pub use tally::{Count, Fate, Tally, compared};

/// Half the width of the neighbours' band for one view of a pixel, in robust sigma of each feature.
///
/// Conditions: simulated steppe (seeds 600 to 603, all ground that stayed bare or became a field stays out; `scripts/bench-look-again`
/// has other seeds), and real meadow and felled forest of the same script. The spread behind it is that of
/// `baseline::regression`, which widens where the look-alikes leave what they showed before.
pub const BAND: f32 = 3.5;

/// Share of a lead's whole ground that must be back for it to be restored; more than the rest apart makes it not restored.
///
/// Our choice: a fifth is about what the rim of the smallest lead takes (9 px of 10 m, mixed with what lies beside).
pub const RESTORED_SHARE: f64 = 0.8;

/// Fewest views of a part of the season that must show a pixel in the band. Our choice: two, so that one view that is clear
/// by mistake is not enough; the gates of reclaimed grassland ask for two to four.
pub const LEAST_INSIDE: usize = 2;

/// Share of the views of a part that may show a pixel out of the band; one always may: haze that no mask saw. On real meadow
/// that nobody changed, with half a year of look-back, up to a third of dense views of single pixels are (mown, wet, hazy).
pub const MOST_OUT_SHARE: f32 = 1.0 / 3.0;

/// How far, in sigma of a feature, the ground as a whole may lie from its look-alikes in a part of the season: the median of
/// the clear views of the medians of its pixels. A field half closed is hidden in the spread of its pixels, and not in that of
/// their middle.
pub const GROUND_BAND: f32 = 1.25;

/// So many views in a row out of the band are no haze: three, as the gates of reclaimed grassland ask.
pub const LONGEST_RUN: usize = 3;

/// Share of look-alikes that changed themselves from which they are no measure: where more than half did, the control keeps
/// them all (`baseline::control`).
pub const MOST_LEFT_OUT: f32 = 0.5;

/// What is asked of some ground.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Features of the series.
    pub features: &'a [Feature],
    /// Dates of the views.
    pub dates: &'a [Date],
    /// Which views are look-back: before the change.
    pub look_back: &'a [bool],
    /// Places of the views that are told of, ascending.
    pub views: &'a [usize],
    /// The days that may speak for recovery: after the change, from when the ground was put right.
    pub days: Option<Period>,
    /// When plants grow.
    pub growing: Season,
    /// The season that is judged.
    pub season: Option<GrowingSeason>,
    /// Fewest clear look-back views, and fewest of them while plants grow.
    pub least_history: (usize, usize),
}

impl Asked<'_> {
    /// Whether a day is judged: plants grow, the season has begun, and the day may speak for recovery.
    fn is_judged(&self, date: Date) -> bool {
        self.season.is_some_and(|season| season.days.from <= date)
            && self.days.is_some_and(|days| days.contains(date))
            && self.growing.contains(date)
    }

    /// Places of the views that are judged.
    pub fn judged(&self) -> Vec<usize> {
        self.views.iter().copied().filter(|view| self.is_judged(self.dates[*view])).collect()
    }

    /// The part of the judged season in which a view speaks.
    fn part_of(&self, date: Date) -> Option<usize> {
        self.season.filter(|_| self.is_judged(date)).and_then(|season| season.part_of(date))
    }
}

/// What a look-again says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// Back among its look-alikes through a whole growing season.
    Restored,
    /// Still, or again, apart from them.
    NotRestored,
    /// Too little was seen.
    CannotTell,
}

impl Answer {
    /// The code that files hold.
    pub fn code(self) -> &'static str {
        match self {
            Answer::Restored => "restored",
            Answer::NotRestored => "not_restored",
            Answer::CannotTell => "cannot_tell",
        }
    }

    /// In English and Chinese.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Answer::Restored => ("restored", "已恢复"),
            Answer::NotRestored => ("not restored", "未恢复"),
            Answer::CannotTell => ("cannot tell", "无法判断"),
        }
    }
}

/// What one view shows of some ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Place among the views.
    pub view: usize,
    /// Its day.
    pub date: Date,
    /// Share of the ground that was seen and could be compared, 0 to 1.
    pub seen: f64,
    /// Share of what was seen that lay in the band, 0 to 1.
    pub inside: f64,
    /// Median z by feature; NaN where nothing was seen.
    pub z: Vec<f32>,
    /// Whether plants grow on that day.
    pub grows: bool,
    /// Whether it is judged: while plants grow, from the first day of the season on.
    pub is_judged: bool,
    /// Part of the judged season that it lies in.
    pub part: Option<usize>,
}

impl Observation {
    /// Whether enough of the ground was seen.
    pub fn is_clear(&self) -> bool {
        self.seen >= f64::from(LEAST_SEEN_SHARE)
    }

    /// Whether most of what was seen was out of the band.
    pub fn is_out(&self) -> bool {
        self.is_clear() && self.inside < 0.5
    }

    /// The same as files tell it.
    pub fn state(&self) -> &'static str {
        match (self.is_clear(), self.is_out()) {
            (false, _) => "not_seen",
            (true, true) => "out_of_band",
            (true, false) => "in_band",
        }
    }
}

/// A run of views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// How many.
    pub views: usize,
    /// Days of the first and the last.
    pub days: Period,
}

/// One part of the season.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its days.
    pub days: Period,
    /// Clear views.
    pub views: usize,
    /// Share of the ground back in it, 0 to 1.
    pub back: f64,
    /// Share apart.
    pub apart: f64,
    /// Where the ground as a whole lies, by feature, in sigma: the median of its clear views; NaN without any.
    pub z: Vec<f32>,
}

impl Part {
    /// The feature in which the ground as a whole lies farthest from its look-alikes, and how far.
    fn farthest(&self) -> Option<(usize, f32)> {
        let z = self.z.iter().copied().enumerate().filter(|(_, z)| z.is_finite());
        z.reduce(|farthest, one| if one.1.abs() > farthest.1.abs() { one } else { farthest })
    }

    /// Whether the ground as a whole lies too far on one side.
    fn is_aside(&self) -> bool {
        self.farthest().is_some_and(|(_, z)| z.abs() > GROUND_BAND)
    }
}

/// What a look-again found.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovery {
    /// The answer.
    pub answer: Answer,
    /// Why it could not be told, with numbers.
    pub untold: Option<(UntoldReason, String)>,
    /// The season that was judged.
    pub season: Option<GrowingSeason>,
    /// Share of the ground back in the band through the season, 0 to 1.
    pub back: f64,
    /// Share out of it in some part of the season.
    pub apart: f64,
    /// Part by part; empty without a season.
    pub parts: Vec<Part>,
    /// Views of the days that were looked at, in order.
    pub observations: Vec<Observation>,
    /// The longest run of clear views in the growing season, from the season that was judged on, that show most of the
    /// ground out of the band.
    pub longest_out: Option<Run>,
    /// Clear look-back views: the median of the pixels.
    pub look_back_views: usize,
    /// Share of look-alikes that changed themselves: the mean of the pixels.
    pub left_out: f32,
}

/// Whether a view of a pixel lies in the band: every feature does.
pub fn in_band(features: &[Feature], series: &Series, index: usize) -> bool {
    (0..features.len()).all(|feature| tally::is_inside(series.z[feature][index]))
}

impl Recovery {
    /// Draws the conclusion. `outside` pixels of the ground lie where no scene does.
    pub fn conclude(tally: Tally, asked: &Asked, outside: usize) -> Self {
        let all = (tally.pixels + outside).max(1) as f64;
        let share = |pixels: usize| pixels as f64 / all;
        let observations = observations(&tally, asked, all);
        let clear = |part: usize| -> Vec<&Observation> {
            observations.iter().filter(|seen| seen.part == Some(part) && seen.is_clear()).collect()
        };
        let season = asked.season;
        let part = |(index, days): (usize, Period)| {
            let (count, clear) = (tally.parts[index], clear(index));
            let middle = |feature: usize| middle(clear.iter().map(|seen| seen.z[feature]).collect());
            let z = (0..asked.features.len()).map(middle).collect();
            Part { days, views: clear.len(), back: share(count.back), apart: share(count.apart), z }
        };
        let parts: Vec<Part> = season.iter().flat_map(|season| season.parts).enumerate().map(part).collect();
        let mean = tally.left_out.iter().sum::<f32>() / tally.left_out.len().max(1) as f32;
        let mut history = tally.history;
        history.sort_unstable();
        let mut recovery = Self {
            answer: Answer::CannotTell,
            untold: None,
            season,
            back: share(tally.whole.back),
            apart: share(tally.whole.apart),
            parts,
            longest_out: longest_out(&observations, asked),
            observations,
            look_back_views: history.get(history.len() / 2).copied().unwrap_or(0),
            left_out: mean,
        };
        recovery.answer = recovery.answered();
        if recovery.answer == Answer::CannotTell {
            recovery.untold =
                Some(recovery.why_untold(asked.features, share(outside), share(tally.without_history)));
        }
        recovery
    }

    fn answered(&self) -> Answer {
        let is_whole = self.season.is_some_and(|season| season.is_whole);
        if self.left_out > MOST_LEFT_OUT {
            Answer::CannotTell
        } else if is_whole && self.back >= RESTORED_SHARE {
            if self.parts.iter().any(Part::is_aside) { Answer::CannotTell } else { Answer::Restored }
        } else if self.apart > 1.0 - RESTORED_SHARE {
            Answer::NotRestored
        } else {
            Answer::CannotTell
        }
    }

    /// The first of the reasons that holds, with what was found.
    fn why_untold(&self, features: &[Feature], outside: f64, without_history: f64) -> (UntoldReason, String) {
        let percent = |share: f64| format!("{:.0} %", 100.0 * share);
        let room = 1.0 - RESTORED_SHARE;
        let Some(season) = self.season else {
            let words = "no growing season lies in the days that may be looked at".to_owned();
            return (UntoldReason::NoFullSeason, words);
        };
        if outside > room {
            let words = format!("{} of the ground lies outside the scenes", percent(outside));
            return (UntoldReason::OutsideScenes, words);
        }
        if without_history > room {
            let words = format!(
                "{} of the ground has too few clear views before the change",
                percent(without_history)
            );
            return (UntoldReason::TooFewBaselineViews, words);
        }
        if self.left_out > MOST_LEFT_OUT {
            let share = percent(f64::from(self.left_out));
            let words = format!(
                "{share} of its look-alikes have changed themselves: nothing is left to compare it with"
            );
            return (UntoldReason::NeighboursChanged, words);
        }
        if !season.is_whole {
            let words =
                format!("the growing season {} is not all among the days that may be looked at", season.days);
            return (UntoldReason::NoFullSeason, words);
        }
        if let Some((place, part)) =
            self.parts.iter().enumerate().find(|(_, part)| self.back >= RESTORED_SHARE && part.is_aside())
        {
            let (feature, z) = part.farthest().unwrap_or((0, f32::NAN));
            let words = format!(
                "{} of the ground is in the band, but as a whole it lies {z:+.1} sigma aside in {} at {} ({}): thinner, greener or \
                 another soil",
                percent(self.back),
                features[feature].name(),
                NAMES[place].0,
                part.days
            );
            return (UntoldReason::OnOneSide, words);
        }
        let told = |part: &Part| part.back + part.apart;
        let least =
            (0..PARTS).min_by(|a, b| told(&self.parts[*a]).total_cmp(&told(&self.parts[*b]))).unwrap_or(0);
        let Part { days, views, .. } = &self.parts[least];
        let share = percent(1.0 - told(&self.parts[least]));
        let words = format!(
            "{share} of the ground was too seldom clear at {} ({days}, {views} clear views; a pixel needs {LEAST_INSIDE} that agree)",
            NAMES[least].0
        );
        (UntoldReason::TooFewClearViews, words)
    }

    /// Day of the last clear view that was judged.
    pub fn last_judged(&self) -> Option<Date> {
        self.observations.iter().rev().find(|seen| seen.is_judged && seen.is_clear()).map(|seen| seen.date)
    }

    /// Clear views of the season.
    pub fn clear_views(&self) -> impl Iterator<Item = &Observation> {
        self.observations.iter().filter(|seen| seen.part.is_some() && seen.is_clear())
    }
}

/// The median; NaN of nothing.
fn middle(mut values: Vec<f32>) -> f32 {
    if values.is_empty() { f32::NAN } else { median(&mut values) }
}

fn observations(tally: &Tally, asked: &Asked, all: f64) -> Vec<Observation> {
    let one = |(view, looked): (&usize, &tally::Looked)| {
        let Count { back, apart } = looked.count;
        let date = asked.dates[*view];
        Observation {
            view: *view,
            date,
            seen: (back + apart) as f64 / all,
            inside: back as f64 / (back + apart).max(1) as f64,
            z: looked.z.iter().map(|z| middle(z.clone())).collect(),
            grows: asked.growing.contains(date),
            is_judged: asked.is_judged(date),
            part: asked.part_of(date),
        }
    };
    asked.views.iter().zip(&tally.views).map(one).collect()
}

/// The longest run out of the band among clear views in the growing season, from the judged season on; the first of equals.
fn longest_out(observations: &[Observation], asked: &Asked) -> Option<Run> {
    let counts = |seen: &&Observation| seen.is_clear() && asked.is_judged(seen.date);
    let clear: Vec<&Observation> = observations.iter().filter(counts).collect();
    let runs = clear.chunk_by(|a, b| a.is_out() == b.is_out()).filter(|run| run[0].is_out());
    let run = |run: &[&Observation]| Run {
        views: run.len(),
        days: Period { from: run[0].date, to: run[run.len() - 1].date },
    };
    runs.map(run).reduce(|longest, run| if run.views > longest.views { run } else { longest })
}

#[cfg(test)]
mod tests;
