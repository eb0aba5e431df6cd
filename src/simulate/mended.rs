//! What became of converted ground once somebody was told to put it right: restored, or one of the ways in which it is not.
//!
//! In:  a patch, a day. Out: `Look` from the day on which the ground was levelled; the years in which it is steppe again.
//! Law: only where a world asks for it; the truth says in which years a place is as the steppe around it from its first
//! day to its last.
//! Source: the ways of R1 in `reference/mission.md` 4.2 ("one green flush is not recovery") and the relapse that people look
//! for when they go back; courses assumed: a meadow that is sown again closes within one season or two.

use super::ground::GREEN;
use super::look::{Day, Look, crop};
use super::noise::{Draw, ramp};
use super::parcel::{Kind, Patch};
use crate::date::{Date, days_between};

/// What people did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aftermath {
    /// Sown; closed after one season.
    OneSeason,
    /// Sown; closed after two seasons.
    TwoSeasons,
    /// Left bare, green for some weeks of each later summer.
    Flush,
    /// Left bare.
    Bare,
    /// Closed after one season, ploughed again two springs later.
    Relapse,
    /// Sown to irrigated maize.
    Maize,
}

impl Aftermath {
    /// All of them; conversions take them by turns.
    pub const ALL: [Aftermath; 6] = [
        Aftermath::OneSeason,
        Aftermath::Bare,
        Aftermath::TwoSeasons,
        Aftermath::Flush,
        Aftermath::Relapse,
        Aftermath::Maize,
    ];

    /// Name as the truth file writes it.
    pub fn name(self) -> &'static str {
        match self {
            Aftermath::OneSeason => "one_season",
            Aftermath::TwoSeasons => "two_seasons",
            Aftermath::Flush => "flush",
            Aftermath::Bare => "bare",
            Aftermath::Relapse => "relapse",
            Aftermath::Maize => "maize",
        }
    }

    /// Years after the change in which the place is steppe from the first day to the last.
    fn restored_after(self) -> &'static [i16] {
        match self {
            Aftermath::OneSeason => &[2, 3],
            Aftermath::TwoSeasons => &[3],
            Aftermath::Relapse => &[2],
            Aftermath::Flush | Aftermath::Bare | Aftermath::Maize => &[],
        }
    }
}

/// What became of a patch, from which day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mended {
    /// The way.
    pub way: Aftermath,
    /// The day on which the ground was levelled, in the autumn of the change.
    pub on: Date,
}

/// Years after the change that a world must have for every way to run its course.
pub const YEARS: usize = 3;

/// Day of the year in the second spring on which a relapse begins: 10 April.
const PLOUGHED_AGAIN: f32 = 100.0;

impl Mended {
    /// The way of the conversion of that number among them, which began on a day.
    pub fn of(index: usize, seed: u64, begun: Date) -> Self {
        let mut draw = Draw::new(seed, "mended", index as u64, 0);
        let first = Date::constant(2000, 10, 12).with().year(begun.year()).build().unwrap_or(begun);
        let on = first.saturating_add(jiff::Span::new().days(draw.below(21) as i32));
        Self { way: Aftermath::ALL[index % Aftermath::ALL.len()], on }
    }

    /// Years in which the place is as the steppe around it.
    pub fn restored_years(self) -> Vec<i16> {
        self.way.restored_after().iter().map(|after| self.on.year() + after).collect()
    }

    /// How the place looks on a day after it was levelled.
    pub fn look(self, patch: &Patch, day: Day) -> Look {
        let mut draw = Draw::new(day.seed, "mended soil", patch.number as u64, 0);
        // As tilled ground: two of three show pale subsoil (`look::Course`).
        let tone = if draw.chance(0.67) { draw.between(1.04, 1.20) } else { draw.between(0.80, 0.93) } as f32;
        let bare = |amount: f32, green: f32| Look {
            amount,
            grow: 2.0,
            soil: (0.97 * (1.0 - green), tone),
            add: GREEN.map(|value| value * green),
            blotch: ([0.0; 6], 0.0),
        };
        let years = day.date.year() - self.on.year();
        let today = f32::from(day.date.day_of_year());
        // What is left of bare ground after one season, and how far a season of growth has come on this day.
        let (rest, grown) = (draw.between(0.0, 0.08) as f32, ramp(today, 125.0, 250.0));
        let closing = |season: i16| match years.cmp(&season) {
            std::cmp::Ordering::Less => 0.0,
            std::cmp::Ordering::Equal => grown,
            std::cmp::Ordering::Greater => 1.0,
        };
        match self.way {
            Aftermath::Bare => bare(0.98, 0.0),
            Aftermath::Flush => {
                let rain =
                    if years >= 2 { ramp(today, 178.0, 192.0) * ramp(today, 240.0, 222.0) } else { 0.0 };
                bare(0.98, draw.between(0.25, 0.45) as f32 * rain)
            }
            Aftermath::OneSeason => bare(0.98 - (0.98 - rest) * closing(1), 0.0),
            Aftermath::TwoSeasons => bare(0.98 - 0.5 * closing(1) - (0.48 - rest) * closing(2), 0.0),
            Aftermath::Relapse if years >= 3 && today >= PLOUGHED_AGAIN => bare(0.98, 0.0),
            Aftermath::Relapse => bare(0.98 - (0.98 - rest) * closing(1), 0.0),
            Aftermath::Maize => {
                crop((Kind::Irrigated, patch.number), day, days_between(self.on, day.date) as f32)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::look::look;
    use crate::simulate::shape::Shape;

    /// Share of the steppe that is replaced, on a day of a year after the change.
    fn replaced(way: Aftermath, years: i16, month: i8) -> f32 {
        let mended = Mended { way, on: Date::constant(2023, 10, 20) };
        let shape = Shape::circle((10.0, 10.0), 5.0);
        let cells = shape.cells(20, 20);
        let onset = Date::constant(2023, 4, 12);
        let patch = Patch { kind: Kind::Rainfed, number: 3, shape, onset, cells, mended: Some(mended) };
        let date = Date::constant(2023 + years, month, 10);
        look(&patch, Day { seed: 1, date, year: 4 + years as usize, water: 1.0, green: 0.5 }).amount
    }

    #[test]
    fn in_the_years_that_the_truth_calls_restored_little_is_left_of_the_change() {
        for way in Aftermath::ALL {
            let mended = Mended { way, on: Date::constant(2023, 10, 20) };
            for years in 1..=YEARS as i16 {
                let most = (3..=11).map(|month| replaced(way, years, month)).fold(0.0, f32::max);
                let is_restored = mended.restored_years().contains(&(2023 + years));
                assert_eq!(most < 0.1, is_restored, "{way:?} {years}: {most}");
            }
        }
    }

    #[test]
    fn before_it_was_levelled_a_place_is_the_field_that_it_was() {
        assert!(replaced(Aftermath::OneSeason, 0, 8) > 0.9);
    }
}
