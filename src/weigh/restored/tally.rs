//! Counts over the pixels of some ground: how many are back, how many are apart, view by view.
//!
//! In:  pixels through time, one by one. Out: `Tally`, which adds up over control cells.
//! Law: what was not seen is counted as untold, neither back nor apart. Sums do not depend on the order of pixels.

use crate::baseline::Series;
use crate::submodel::Feature;
use crate::weigh::restored::season::PARTS;
use crate::weigh::restored::{Asked, BAND, LEAST_INSIDE, LONGEST_RUN, MOST_OUT_SHARE, in_band};

/// What the views of a pixel say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// In the band, but for a view that may be haze.
    Back,
    /// Out of it, more often than haze explains.
    Apart,
    /// Seen too seldom to say.
    Untold,
}

impl Fate {
    /// Of the views of one part of the season in order: whether each shows the pixel out of the band.
    pub fn of(is_out: &[bool]) -> Self {
        let out = is_out.iter().filter(|is_out| **is_out).count();
        let most_out = ((is_out.len() as f32 * MOST_OUT_SHARE) as usize).max(1);
        if out > most_out {
            Fate::Apart
        } else if is_out.len() - out >= LEAST_INSIDE {
            Fate::Back
        } else {
            Fate::Untold
        }
    }

    /// Of all parts together: apart where any is, back where all are.
    fn of_all(parts: &[Fate]) -> Self {
        if parts.contains(&Fate::Apart) {
            Fate::Apart
        } else if parts.iter().all(|part| *part == Fate::Back) {
            Fate::Back
        } else {
            Fate::Untold
        }
    }
}

/// How many pixels are back, and how many apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// In the band.
    pub back: usize,
    /// Out of it.
    pub apart: usize,
}

impl Count {
    fn add(&mut self, fate: Fate) {
        self.back += usize::from(fate == Fate::Back);
        self.apart += usize::from(fate == Fate::Apart);
    }
}

/// One view of some ground.
#[derive(Debug, Clone, Default)]
pub struct Looked {
    /// Pixels that were seen and could be compared, in the band and out of it.
    pub count: Count,
    /// Their z, by feature.
    pub z: Vec<Vec<f32>>,
}

/// Counts over some ground.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Pixels that were asked about.
    pub pixels: usize,
    /// Those of them whose look-back has too few views.
    pub without_history: usize,
    /// Over the whole season.
    pub whole: Count,
    /// Part by part of the season.
    pub parts: [Count; PARTS],
    /// By place in `Asked::views`.
    pub views: Vec<Looked>,
    /// Clear look-back views, pixel by pixel.
    pub history: Vec<usize>,
    /// Share of its look-alikes that changed themselves in the season, pixel by pixel.
    pub left_out: Vec<f32>,
}

impl Tally {
    /// Nothing counted yet, over as many views as are asked about.
    pub fn new(asked: &Asked) -> Self {
        let looked = Looked { count: Count::default(), z: vec![Vec::new(); asked.features.len()] };
        Self { views: vec![looked; asked.views.len()], ..Self::default() }
    }

    /// Pixels of which nothing is known.
    pub fn add_unknown(&mut self, pixels: usize) {
        self.pixels += pixels;
        self.without_history += pixels;
    }

    /// One pixel; `left_out` is the share of its look-alikes that changed themselves.
    pub fn add(&mut self, series: &Series, asked: &Asked, left_out: f32) {
        let history = series.views.iter().filter(|view| asked.look_back[**view]);
        let growing = history.clone().filter(|view| asked.growing.contains(asked.dates[**view])).count();
        let history = history.count();
        if history < asked.least_history.0 || growing < asked.least_history.1 {
            self.add_unknown(1);
            return;
        }
        self.pixels += 1;
        self.history.push(history);
        self.left_out.push(left_out);
        let mut judged: Vec<(Option<usize>, bool)> = Vec::new();
        for (index, view) in series.views.iter().enumerate() {
            let Ok(place) = asked.views.binary_search(view) else { continue };
            let is_out = !in_band(asked.features, series, index);
            self.views[place].count.add(if is_out { Fate::Apart } else { Fate::Back });
            for (values, z) in self.views[place].z.iter_mut().zip(&series.z) {
                values.push(z[index]);
            }
            let date = asked.dates[*view];
            if asked.is_judged(date) {
                judged.push((asked.part_of(date), is_out));
            }
        }
        self.judge(&judged);
    }

    /// What the views of a pixel from the season's first day on say; `None` as part is a view after the season.
    fn judge(&mut self, judged: &[(Option<usize>, bool)]) {
        let fates: [Fate; PARTS] = std::array::from_fn(|part| {
            let own = judged.iter().filter(|(own, _)| *own == Some(part));
            Fate::of(&own.map(|(_, is_out)| *is_out).collect::<Vec<bool>>())
        });
        for (count, fate) in self.parts.iter_mut().zip(fates) {
            count.add(fate);
        }
        let out: Vec<bool> = judged.iter().map(|(_, is_out)| *is_out).collect();
        let whole = if longest(&out) >= LONGEST_RUN { Fate::Apart } else { Fate::of_all(&fates) };
        self.whole.add(whole);
    }

    /// Adds what another cell counted.
    pub fn join(&mut self, other: Tally) {
        self.pixels += other.pixels;
        self.without_history += other.without_history;
        let sum = |own: &mut Count, other: Count| {
            own.back += other.back;
            own.apart += other.apart;
        };
        sum(&mut self.whole, other.whole);
        self.parts.iter_mut().zip(other.parts).for_each(|(own, other)| sum(own, other));
        for (own, other) in self.views.iter_mut().zip(other.views) {
            sum(&mut own.count, other.count);
            own.z.iter_mut().zip(other.z).for_each(|(own, other)| own.extend(other));
        }
        self.history.extend(other.history);
        self.left_out.extend(other.left_out);
    }
}

/// Length of the longest run of views out of the band.
pub fn longest(is_out: &[bool]) -> usize {
    is_out.split(|is_out| !is_out).map(<[bool]>::len).max().unwrap_or(0)
}

/// Features by which ground is compared, of those that the scenes give: green, soil, brightness.
pub fn compared(available: &[Feature]) -> Vec<Feature> {
    let wanted = [Feature::Ndvi, Feature::Bsi, Feature::Brightness];
    available.iter().copied().filter(|feature| wanted.contains(feature)).collect()
}

/// Whether a z lies in the band.
pub fn is_inside(z: f32) -> bool {
    z.abs() <= BAND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hazy_view_neither_takes_ground_back_nor_keeps_it_apart() {
        assert_eq!(Fate::of(&[true]), Fate::Untold);
        assert_eq!(Fate::of(&[false]), Fate::Untold);
        assert_eq!(Fate::of(&[true, false]), Fate::Untold);
        assert_eq!(Fate::of(&[false, false]), Fate::Back);
        assert_eq!(Fate::of(&[true, true]), Fate::Apart);
        assert_eq!(Fate::of(&[false, true, false]), Fate::Back);
        assert_eq!(Fate::of(&[true, false, true]), Fate::Apart);
        assert_eq!(Fate::of(&[]), Fate::Untold);
    }

    #[test]
    fn of_many_views_one_in_three_may_be_out() {
        let of = |out: usize, all: usize| Fate::of(&(0..all).map(|view| view < out).collect::<Vec<bool>>());
        assert_eq!((of(2, 8), of(3, 8), of(3, 9)), (Fate::Back, Fate::Apart, Fate::Back));
    }

    #[test]
    fn each_part_must_be_back_and_one_that_is_apart_decides() {
        use Fate::{Apart, Back, Untold};
        assert_eq!(Fate::of_all(&[Back, Back, Back]), Back);
        assert_eq!(Fate::of_all(&[Back, Untold, Back]), Untold);
        assert_eq!(Fate::of_all(&[Untold, Untold, Apart]), Apart);
    }

    #[test]
    fn three_views_in_a_row_out_of_the_band_are_no_haze_however_many_others_are_in_it() {
        let mut tally = Tally::default();
        let dense = |out: std::ops::Range<usize>| -> Vec<(Option<usize>, bool)> {
            (0..48).map(|view| (Some(view / 16), out.contains(&view))).collect()
        };
        tally.judge(&dense(4..6));
        assert_eq!(tally.whole, Count { back: 1, apart: 0 });
        tally.judge(&dense(4..7));
        assert_eq!(tally.whole, Count { back: 1, apart: 1 });
        // The season was quiet, and what comes after it is not.
        let mut after = dense(0..0);
        after.extend([(None, true); 3]);
        tally.judge(&after);
        assert_eq!(tally.whole, Count { back: 1, apart: 2 });
    }
}
