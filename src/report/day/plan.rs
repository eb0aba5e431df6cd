//! The plan: tours with their times, and what is left over.
//!
//! In:  leads, what was asked. Out: tours by day and team, leads left over by priority.
//! Law: days are filled one after the other; what fits into none is left over, with the reason.

use crate::date::Date;
use crate::report::ReportError;
use crate::report::day::priority::Priority;
use crate::report::day::settings::Settings;
use crate::report::day::tours::Problem;
use crate::report::day::travel::{Leg, Travel};
use crate::report::material::Item;

/// A plan.
pub struct Plan<'a> {
    /// Where tours begin and end, longitude and latitude.
    pub start: (f64, f64),
    /// Tours that visit something, by day and team.
    pub tours: Vec<Tour<'a>>,
    /// What is not visited, by priority.
    pub left: Vec<Left<'a>>,
    /// Ways of the plan for which no road was found, where roads were given.
    pub without_road: usize,
    is_one_day: bool,
}

/// One team on one day.
pub struct Tour<'a> {
    /// Which day, from 1.
    pub day: usize,
    /// Which team, from 1.
    pub team: usize,
    /// In order.
    pub visits: Vec<Visit<'a>>,
    /// The way back.
    pub home: Leg,
    /// When it is back, seconds after midnight.
    pub back: i64,
    /// Its line along roads, where roads are given.
    pub line: Vec<(f64, f64)>,
}

/// One stop.
pub struct Visit<'a> {
    /// The lead.
    pub lead: &'a Item,
    /// How urgent it is.
    pub priority: Priority,
    /// The way to it.
    pub leg: Leg,
    /// When the team is there, seconds after midnight.
    pub arrives: i64,
    /// When it goes on, seconds after midnight.
    pub leaves: i64,
}

/// A lead that no tour visits.
pub struct Left<'a> {
    /// The lead.
    pub lead: &'a Item,
    /// How urgent it is.
    pub priority: Priority,
    /// Whether it is too far for any day; else the days are full.
    pub is_too_far: bool,
}

impl Tour<'_> {
    /// Metres of the whole tour.
    pub fn metres(&self) -> f64 {
        self.legs().map(|leg| leg.metres).sum()
    }

    /// Seconds on the way.
    pub fn driving(&self) -> i64 {
        self.legs().map(|leg| leg.seconds).sum()
    }

    fn legs(&self) -> impl Iterator<Item = &Leg> {
        self.visits.iter().map(|visit| &visit.leg).chain([&self.home])
    }
}

impl<'a> Plan<'a> {
    /// Makes a plan.
    ///
    /// # Errors
    /// `Flag` where the extract cannot be read.
    pub fn made(
        leads: &[&'a Item],
        last_day: Option<Date>,
        settings: &Settings,
    ) -> Result<Self, ReportError> {
        let start = settings.start.unwrap_or_else(|| middle(leads));
        let places: Vec<(f64, f64)> =
            std::iter::once(start).chain(leads.iter().map(|lead| lead.point)).collect();
        let travel = Travel::between(&places, settings)?;
        let priorities: Vec<Priority> = leads.iter().map(|lead| Priority::of(lead, last_day)).collect();
        let worth: Vec<i64> =
            std::iter::once(0).chain(priorities.iter().map(|priority| priority.thousandths)).collect();
        let seconds = |from: usize, to: usize| travel.leg(from, to).seconds;
        let problem = Problem {
            seconds: &seconds,
            worth: &worth,
            stop: (settings.minutes_per_stop * 60.0).round() as i64,
            limit: (settings.hours * 3600.0).round() as i64,
            teams: settings.teams,
        };
        let mut rest: Vec<usize> = (1..places.len()).collect();
        let mut plan = Self {
            start,
            tours: Vec::new(),
            left: Vec::new(),
            without_road: 0,
            is_one_day: settings.days == 1,
        };
        for day in 1..=settings.days {
            for (team, tour) in problem.solve(&rest).iter().enumerate().filter(|(_, tour)| !tour.is_empty()) {
                rest.retain(|place| !tour.contains(place));
                let mut timed = timed(tour, leads, &priorities, &travel, settings);
                (timed.day, timed.team, timed.line) = (day, team + 1, travel.line(&places, tour));
                if settings.roads.is_some() {
                    plan.without_road += timed.legs().filter(|leg| leg.beside.is_none()).count();
                }
                plan.tours.push(timed);
            }
        }
        plan.left = rest
            .into_iter()
            .map(|place| {
                let is_too_far = problem.length(&[place]) > problem.limit;
                Left { lead: leads[place - 1], priority: priorities[place - 1].clone(), is_too_far }
            })
            .collect();
        // Equal ones stay in the order of rank.
        plan.left.sort_by_key(|left| -left.priority.thousandths);
        Ok(plan)
    }

    /// Name of the files of a tour.
    pub fn file(&self, tour: &Tour) -> String {
        if self.is_one_day {
            format!("team-{}", tour.team)
        } else {
            format!("day-{}-team-{}", tour.day, tour.team)
        }
    }
}

/// A tour with its times.
fn timed<'a>(
    tour: &[usize],
    leads: &[&'a Item],
    priorities: &[Priority],
    travel: &Travel,
    settings: &Settings,
) -> Tour<'a> {
    let mut clock = i64::from(settings.leave_at) * 60;
    let mut at = 0;
    let mut visits = Vec::with_capacity(tour.len());
    for place in tour.iter().copied() {
        let leg = travel.leg(at, place);
        let arrives = clock + leg.seconds;
        clock = arrives + (settings.minutes_per_stop * 60.0).round() as i64;
        let (lead, priority) = (leads[place - 1], priorities[place - 1].clone());
        visits.push(Visit { lead, priority, leg, arrives, leaves: clock });
        at = place;
    }
    let home = travel.leg(at, 0);
    Tour { day: 0, team: 0, visits, home, back: clock + home.seconds, line: Vec::new() }
}

/// The middle of the leads; (0, 0) where there is none.
fn middle(leads: &[&Item]) -> (f64, f64) {
    let count = leads.len().max(1) as f64;
    let sum = leads.iter().fold((0.0, 0.0), |sum, lead| (sum.0 + lead.point.0, sum.1 + lead.point.1));
    (sum.0 / count, sum.1 / count)
}

/// A time of day; what is after midnight says so.
pub fn clock(seconds: i64) -> String {
    let minutes = (seconds + 30) / 60;
    let (days, minutes) = (minutes / 1440, minutes % 1440);
    let later = if days > 0 { format!(" +{days}") } else { String::new() };
    format!("{:02}:{:02}{later}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::day::priority::tests::lead;
    use serde_json::json;

    fn leads(count: usize) -> Vec<Item> {
        let one = |number: usize| {
            let confidence = 0.5 + number as f64 / 100.0;
            let mut lead = lead(&format!("lead{number}"), json!({"confidence": confidence}));
            lead.point = (108.5 + 0.02 * number as f64, 41.5);
            lead
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn times_add_up_and_what_does_not_fit_is_left_over_by_priority() {
        let leads = leads(12);
        let leads: Vec<&Item> = leads.iter().collect();
        let settings = Settings { start: Some((108.5, 41.5)), hours: 3.0, ..Settings::default() };
        let plan = Plan::made(&leads, None, &settings).unwrap();
        let tour = &plan.tours[0];
        assert_eq!(tour.back - 8 * 3600 - 1800, tour.driving() + 1800 * tour.visits.len() as i64);
        assert!(tour.back <= (11 * 60 + 30) * 60 && tour.visits.len() >= 3, "{}", tour.visits.len());
        assert_eq!(tour.visits.len() + plan.left.len(), 12);
        assert!(plan.left.windows(2).all(|two| two[0].priority.thousandths >= two[1].priority.thousandths));
        assert!(plan.left.iter().all(|left| !left.is_too_far));
        assert_eq!(plan.file(tour), "team-1");
        // With more days nothing is left over.
        let plan = Plan::made(&leads, None, &Settings { days: 5, ..settings }).unwrap();
        assert!(plan.left.is_empty() && plan.tours.len() > 1 && plan.tours[1].day == 2);
        assert_eq!(plan.file(&plan.tours[1]), "day-2-team-1");
    }

    #[test]
    fn what_is_too_far_says_so_and_no_lead_makes_no_tour() {
        let far = leads(1);
        let far: Vec<&Item> = far.iter().collect();
        let settings = Settings { start: Some((100.0, 30.0)), ..Settings::default() };
        let plan = Plan::made(&far, None, &settings).unwrap();
        assert!(plan.tours.is_empty() && plan.left[0].is_too_far);
        assert!(Plan::made(&[], None, &Settings::default()).unwrap().tours.is_empty());
    }

    #[test]
    fn a_clock_goes_round() {
        assert_eq!([clock(8 * 3600 + 1830), clock(24 * 3600 + 60)], ["08:31", "00:01 +1"]);
    }
}
