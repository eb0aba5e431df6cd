//! Which team visits what, in which order: an order-and-choose problem (team orienteering), solved by construction and
//! improvement.
//!
//! In:  seconds between places (0 is the start), how much each visit is worth, seconds at a stop, seconds of a day, teams.
//! Out: one tour a team; what is in none did not fit.
//! Law: first the worth of what is visited counts, then the seconds of all teams together and of the longest once more, so
//!      that work is shared where it costs little. The same numbers give the same tours: whole seconds, no clock, no chance.
//! Source: moves as in S. Lin (2-opt, 1965), I. Or (or-opt, 1976); ruin and recreate as in G. Schrimpf et al. (2000). How far
//!      it stays from the best is measured on small cases by a test that tries every tour.

/// What is to be planned.
pub struct Problem<'a> {
    /// Seconds from one place to another; place 0 is the start.
    pub seconds: &'a dyn Fn(usize, usize) -> i64,
    /// What each place is worth; that of the start is not used.
    pub worth: &'a [i64],
    /// Seconds at a place.
    pub stop: i64,
    /// Seconds of a tour at most.
    pub limit: i64,
    /// Tours.
    pub teams: usize,
}

/// Tours, one a team.
pub type Tours = Vec<Vec<usize>>;

/// How good tours are: more worth, then fewer seconds. The smaller, the better.
pub type Cost = (i64, i64);

/// Rounds of taking a part of the tours apart and putting it together again, for few places; many places get fewer.
const ROUNDS: usize = 240;
const FEWEST_ROUNDS: usize = 16;
const FEW_PLACES: usize = 12;

impl Problem<'_> {
    /// Seconds of a tour, the way home included.
    pub fn length(&self, tour: &[usize]) -> i64 {
        let Some((first, last)) = tour.first().zip(tour.last()) else { return 0 };
        let between: i64 = tour.windows(2).map(|pair| (self.seconds)(pair[0], pair[1])).sum();
        (self.seconds)(0, *first) + between + (self.seconds)(*last, 0) + self.stop * tour.len() as i64
    }

    /// How good tours are.
    pub fn cost(&self, tours: &[Vec<usize>]) -> Cost {
        let lengths = || tours.iter().map(|tour| self.length(tour));
        let worth: i64 = tours.iter().flatten().map(|place| self.worth[*place]).sum();
        (-worth, lengths().sum::<i64>() + lengths().max().unwrap_or(0))
    }

    fn fits(&self, tour: &[usize]) -> bool {
        self.length(tour) <= self.limit
    }

    /// Tours over places.
    pub fn solve(&self, places: &[usize]) -> Tours {
        let reachable: Vec<usize> = places.iter().copied().filter(|place| self.fits(&[*place])).collect();
        let mut best = self.improved(self.filled(vec![Vec::new(); self.teams], &reachable), &reachable);
        let mut cost = self.cost(&best);
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
        let rounds = (ROUNDS * FEW_PLACES / reachable.len().max(FEW_PLACES)).max(FEWEST_ROUNDS);
        for round in 0..rounds {
            // Now and then all of it is taken apart: what is best nearby may not be best.
            let tours =
                if round % 4 == 3 { vec![Vec::new(); self.teams] } else { self.ruined(&best, &mut chance) };
            let tours = self.refilled(tours, &reachable, &mut chance);
            let tours = self.improved(self.filled(tours, &reachable), &reachable);
            let found = self.cost(&tours);
            if found < cost {
                (best, cost) = (tours, found);
            }
        }
        best
    }

    /// Places put into tours one by one, always the one that gives most worth for its seconds, while any fits.
    fn filled(&self, mut tours: Tours, places: &[usize]) -> Tours {
        loop {
            let mut best: Option<(f64, usize, usize, usize)> = None;
            for place in left_out(&tours, places) {
                for (team, tour) in tours.iter().enumerate() {
                    let Some((more, at)) = self.cheapest(tour, place) else { continue };
                    let gain = (self.worth[place] + 1) as f64 / (more + self.stop).max(1) as f64;
                    if best.is_none_or(|(known, ..)| gain > known) {
                        best = Some((gain, place, team, at));
                    }
                }
            }
            let Some((_, place, team, at)) = best else { return tours };
            tours[team].insert(at, place);
        }
    }

    /// Some places put into tours in an order drawn by chance, each where it costs least.
    fn refilled(&self, mut tours: Tours, places: &[usize], chance: &mut Chance) -> Tours {
        let mut rest = left_out(&tours, places);
        for _ in 0..chance.below(rest.len() + 1) {
            let place = rest.swap_remove(chance.below(rest.len()));
            let team = chance.below(tours.len());
            if let Some((_, at)) = self.cheapest(&tours[team], place) {
                tours[team].insert(at, place);
            }
        }
        tours
    }

    /// Where in a tour a place costs least, and how many seconds more; none where it does not fit.
    fn cheapest(&self, tour: &[usize], place: usize) -> Option<(i64, usize)> {
        let length = self.length(tour);
        let at = |at: usize| at.checked_sub(1).map_or(0, |before| tour[before]);
        let after = |at: usize| tour.get(at).copied().unwrap_or(0);
        let drive = &self.seconds;
        let more = |spot: usize| {
            let (from, to) = (at(spot), after(spot));
            let was = if tour.is_empty() { 0 } else { drive(from, to) };
            drive(from, place) + drive(place, to) - was
        };
        let (more, spot) = (0..=tour.len()).map(|spot| (more(spot), spot)).min()?;
        (length + more + self.stop <= self.limit).then_some((more, spot))
    }

    /// Tours after every move that makes them better.
    fn improved(&self, mut tours: Tours, places: &[usize]) -> Tours {
        let mut cost = self.cost(&tours);
        while let Some((better, _)) = self.better(&tours, cost, places) {
            // What a shorter tour leaves room for goes in at once.
            tours = self.filled(better, places);
            cost = self.cost(&tours);
        }
        tours
    }

    /// The first better tours that a move gives.
    fn better(&self, tours: &Tours, cost: Cost, places: &[usize]) -> Option<(Tours, Cost)> {
        let is_better = |candidate: Tours| {
            let found = self.cost(&candidate);
            (found < cost && candidate.iter().all(|tour| self.fits(tour))).then_some((candidate, found))
        };
        for team in 0..tours.len() {
            let moved = turned(tours, team).chain(carried(tours, team)).chain(exchanged(tours, team));
            if let Some(better) = moved.into_iter().find_map(is_better) {
                return Some(better);
            }
        }
        // One out, another in: a place that was left out may be worth more.
        for out in tours.iter().flatten().copied() {
            let without: Tours = tours
                .iter()
                .map(|tour| tour.iter().copied().filter(|place| *place != out).collect())
                .collect();
            for into in left_out(tours, places) {
                for team in 0..tours.len() {
                    let Some((_, at)) = self.cheapest(&without[team], into) else { continue };
                    let mut candidate = without.clone();
                    candidate[team].insert(at, into);
                    if let Some(better) = is_better(candidate) {
                        return Some(better);
                    }
                }
            }
        }
        None
    }

    /// Tours without a part of their places, drawn by chance.
    fn ruined(&self, tours: &Tours, chance: &mut Chance) -> Tours {
        let mut ruined = tours.clone();
        for tour in &mut ruined {
            let length = tour.len();
            let (from, count) = (chance.below(length + 1), chance.below(length / 2 + 2));
            tour.drain(from.min(length)..(from + count).min(length));
        }
        ruined
    }
}

/// Places that are in no tour.
fn left_out(tours: &[Vec<usize>], places: &[usize]) -> Vec<usize> {
    let is_in = |place: &usize| tours.iter().any(|tour| tour.contains(place));
    places.iter().copied().filter(|place| !is_in(place)).collect()
}

/// A part of a tour the other way round.
fn turned(tours: &Tours, team: usize) -> impl Iterator<Item = Tours> {
    let length = tours[team].len();
    let pairs = (0..length).flat_map(move |from| (from + 2..=length).map(move |to| (from, to)));
    pairs.map(move |(from, to)| {
        let mut moved = tours.clone();
        moved[team][from..to].reverse();
        moved
    })
}

/// One to three places carried elsewhere, into any tour.
fn carried(tours: &Tours, team: usize) -> impl Iterator<Item = Tours> {
    let length = tours[team].len();
    let parts = (0..length).flat_map(move |from| (1..=3.min(length - from)).map(move |count| (from, count)));
    parts.flat_map(move |(from, count)| {
        let mut without = tours.clone();
        let part: Vec<usize> = without[team].drain(from..from + count).collect();
        let spots: Vec<(usize, usize)> = (0..without.len())
            .flat_map(|other| (0..=without[other].len()).map(move |at| (other, at)).collect::<Vec<_>>())
            .collect();
        spots.into_iter().map(move |(other, at)| {
            let mut moved = without.clone();
            moved[other].splice(at..at, part.iter().copied());
            moved
        })
    })
}

/// One place of a tour for one of another.
fn exchanged(tours: &Tours, team: usize) -> impl Iterator<Item = Tours> {
    let others = (team + 1..tours.len()).flat_map(move |other| {
        (0..tours[team].len())
            .flat_map(move |own| (0..tours[other].len()).map(move |place| (other, own, place)))
    });
    others.map(move |(other, own, place)| {
        let mut moved = tours.clone();
        (moved[team][own], moved[other][place]) = (tours[other][place], tours[team][own]);
        moved
    })
}

/// Numbers that look drawn and are the same on every machine (G. Marsaglia, Xorshift RNGs, 2003).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) as usize) % end.max(1)
    }
}

#[cfg(test)]
mod tests;
