//! A day in the field: which team visits which leads, in which order, when it is there.
//!
//! In:  leads, what was asked (`Settings`), roads where an extract is given. Out: `day/plan.html` to print, `day/plan.csv`, a
//!      GPX a team.
//! Law: every number can be followed: the priority of a lead with its parts, the way with its kind, the times with the hour of
//!      setting out. What does not fit into the hours is listed as left over, never dropped. No calendar day is named: the
//!      plan is for whichever day it is used.

mod osm;
mod plan;
mod priority;
mod roads;
mod settings;
mod sheet;
mod sketch;
mod table;
mod tours;
mod travel;

use crate::publish::Staging;
use crate::report::visit;
use crate::report::{Asked, Material, ReportError, Use};

use plan::Plan;

pub use settings::{DETOUR, Settings};

/// Writes it into its folder. Returns what its reader must know, a line each.
///
/// # Errors
/// `Flag` where a flag or the extract cannot be used, and those of writing.
pub fn write(material: &Material, asked: &Asked, staging: &Staging) -> Result<Vec<String>, ReportError> {
    let settings = &asked.day;
    settings.checked()?;
    let (leads, done) = visit::to_visit(&material.leads);
    let plan = Plan::made(&leads, priority::last_day(material), settings)?;
    let folder = Use::Day.name();
    staging.write(&format!("{folder}/plan.html"), sheet::page(&plan, settings, asked.language).as_bytes())?;
    staging.write(&format!("{folder}/plan.csv"), table::csv(&plan).as_bytes())?;
    for tour in &plan.tours {
        let file = format!("{folder}/{}.gpx", plan.file(tour));
        staging.write(&file, table::gpx(&plan, tour, asked.language).as_bytes())?;
    }
    Ok(words(&plan, settings, done))
}

fn words(plan: &Plan, settings: &Settings, done: usize) -> Vec<String> {
    let visits: usize = plan.tours.iter().map(|tour| tour.visits.len()).sum();
    let ways = if settings.roads.is_some() {
        "by road"
    } else {
        "by the straight way times a factor (--roads for real ones)"
    };
    let mut words = vec![format!(
        "day: {visits} leads in {} tours of {} hours at most, {} left over; {ways}",
        plan.tours.len(),
        settings.hours,
        plan.left.len()
    )];
    if settings.start.is_none() {
        words.push(
            "day: no --start was given: tours begin and end in the middle of the leads, and the way there is not counted"
                .to_owned(),
        );
    }
    if plan.without_road > 0 {
        words.push(format!(
            "day: {} ways of the plan have no road in the extract and are straight ones",
            plan.without_road
        ));
    }
    if done > 0 {
        words.push(format!(
            "day: {done} leads were visited, or are closed, rejected or merged in the ledger, and are not planned"
        ));
    }
    words
}

#[cfg(test)]
mod tests;
