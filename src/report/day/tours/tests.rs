//! Tours on drawn places: held against the best of all tours where there are few enough to try them all.

use super::*;

/// Places drawn on a square of 100 km, and what each is worth.
fn drawn(seed: u64, count: usize) -> (Vec<(f64, f64)>, Vec<i64>) {
    let mut chance = Chance(seed * 7919 + 13);
    let places = (0..=count).map(|_| (chance.below(1000) as f64 / 10.0, chance.below(1000) as f64 / 10.0));
    (places.collect(), (0..=count).map(|_| 100 + chance.below(900) as i64).collect())
}

/// Seconds at 40 km/h, a tenth slower towards the east: the way back is not as long as the way there.
fn seconds(places: &[(f64, f64)], from: usize, to: usize) -> i64 {
    let (a, b) = (places[from], places[to]);
    let slower = if b.0 > a.0 { 1.1 } else { 1.0 };
    ((a.0 - b.0).hypot(a.1 - b.1) * 90.0 * slower).round() as i64
}

/// The best of all tours: every choice of places for each team, in every order.
fn best(problem: &Problem, count: usize) -> Cost {
    // The shortest tour over each set of places, by dynamic programming over sets.
    let all = 1 << count;
    let mut reached = vec![vec![i64::MAX; count]; all];
    for set in 1..all {
        for last in (0..count).filter(|last| set >> last & 1 == 1) {
            let rest = set & !(1 << last);
            reached[set][last] = if rest == 0 {
                (problem.seconds)(0, last + 1)
            } else {
                let from = (0..count).filter(|from| rest >> from & 1 == 1);
                from.map(|from| reached[rest][from] + (problem.seconds)(from + 1, last + 1)).min().unwrap()
            };
        }
    }
    let length = |set: usize| {
        let home = (0..count).filter(|last| set >> last & 1 == 1);
        let drive = home.map(|last| reached[set][last] + (problem.seconds)(last + 1, 0)).min().unwrap_or(0);
        drive + problem.stop * i64::from(set.count_ones())
    };
    let worth =
        |set: usize| (0..count).filter(|at| set >> at & 1 == 1).map(|at| problem.worth[at + 1]).sum::<i64>();
    let lengths: Vec<i64> = (0..all).map(length).collect();
    let feasible: Vec<usize> = (0..all).filter(|set| lengths[*set] <= problem.limit).collect();
    let one = |set: usize| (-worth(set), 2 * lengths[set]);
    if problem.teams == 1 {
        return feasible.iter().map(|set| one(*set)).min().unwrap();
    }
    let two =
        |a: usize, b: usize| (-worth(a) - worth(b), lengths[a] + lengths[b] + lengths[a].max(lengths[b]));
    let pairs =
        feasible.iter().flat_map(|a| feasible.iter().filter(move |b| *a & **b == 0).map(move |b| (*a, *b)));
    pairs.map(|(a, b)| two(a, b)).min().unwrap()
}

#[test]
fn tours_over_eight_places_are_the_best_there_are_or_nearly() {
    let (mut cases, mut exact, mut lost, mut longer) = (0, 0, 0.0_f64, 0.0_f64);
    for teams in [1, 2] {
        for hours in [3, 6, 24] {
            for seed in 0..12 {
                let (places, worth) = drawn(seed, 8);
                let drive = |from, to| seconds(&places, from, to);
                let problem =
                    Problem { seconds: &drive, worth: &worth, stop: 1800, limit: hours * 3600, teams };
                let tours = problem.solve(&(1..=8).collect::<Vec<_>>());
                assert!(tours.iter().all(|tour| problem.fits(tour)), "{tours:?}");
                let (found, best) = (problem.cost(&tours), best(&problem, 8));
                assert!(found >= best, "better than the best: {found:?} {best:?}");
                cases += 1;
                exact += usize::from(found == best);
                // Worth is counted below nought: the best is the least.
                lost = lost.max((found.0 - best.0) as f64 / (-best.0).max(1) as f64);
                if found.0 == best.0 {
                    longer = longer.max(found.1 as f64 / (best.1 as f64).max(1.0) - 1.0);
                }
            }
        }
    }
    println!(
        "{exact} of {cases} exact; worth lost at most {:.2} %, longer at most {:.2} %",
        100.0 * lost,
        100.0 * longer
    );
    assert!(
        lost <= 0.02 && longer <= 0.02 && exact * 10 >= cases * 9,
        "{exact} of {cases}, {lost}, {longer}"
    );
}

#[test]
fn no_place_is_visited_twice_and_none_that_is_too_far() {
    let (mut places, worth) = drawn(3, 30);
    places[7] = (4_000.0, 4_000.0);
    let drive = |from, to| seconds(&places, from, to);
    let problem = Problem { seconds: &drive, worth: &worth, stop: 1800, limit: 8 * 3600, teams: 3 };
    let tours = problem.solve(&(1..=30).collect::<Vec<_>>());
    let mut visited: Vec<usize> = tours.concat();
    visited.sort_unstable();
    assert!(visited.windows(2).all(|pair| pair[0] < pair[1]) && !visited.contains(&7));
    assert_eq!(tours, problem.solve(&(1..=30).collect::<Vec<_>>()));
}

#[test]
fn two_teams_share_what_lies_on_both_sides() {
    let places = [(0.0, 0.0), (10.0, 0.0), (12.0, 0.0), (-10.0, 0.0), (-12.0, 0.0)];
    let drive = |from, to| seconds(&places, from, to);
    let problem = Problem { seconds: &drive, worth: &[0, 1, 1, 1, 1], stop: 600, limit: 8 * 3600, teams: 2 };
    let mut tours = problem.solve(&[1, 2, 3, 4]);
    tours.iter_mut().for_each(|tour| tour.sort_unstable());
    tours.sort();
    assert_eq!(tours, [[1, 2], [3, 4]]);
}
