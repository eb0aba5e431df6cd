//! Which lead covers which change, and by how much.
//!
//! In:  leads and truth in degrees.
//! Out: shares of area, and the groups of leads and changes that belong together.
//! Law: overlapping leads count once, overlapping truth counts once; a shared edge is no overlap.

use geo::BooleanOps;

use super::HIT_SHARE;
use super::cases::{LeadCase, Role, TruthCase};
use super::plane::{Plane, Shape};

/// Least share of the smaller of two polygons that they must have in common to touch. Below it lie
/// the slivers that rounding and neighbouring pixels leave.
const TOUCH_SHARE: f64 = 0.01;

/// A lead and a change that have ground in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// Index of the lead.
    pub lead: usize,
    /// Index of the change.
    pub truth: usize,
}

/// Shares of area between leads and truth, by index.
#[derive(Debug, Clone)]
pub struct Matching {
    /// Leads on the plane.
    pub leads: Vec<Shape>,
    /// Truth on the plane.
    pub truths: Vec<Shape>,
    /// Share of each truth feature that the union of the leads covers, 0 to 1.
    pub covered: Vec<f64>,
    /// Share of each lead that lies on the union of the changes, 0 to 1.
    pub on_truth: Vec<f64>,
    /// Share of each lead that lies on the union of the ignored ground, 0 to 1.
    pub on_ignored: Vec<f64>,
    /// Leads and changes that touch, by lead.
    pub touches: Vec<Touch>,
    changes: Vec<usize>,
    ignored: Vec<usize>,
}

impl Matching {
    /// Compares every lead with every truth feature.
    pub fn of(leads: &[LeadCase], truths: &[TruthCase]) -> Self {
        let outlines =
            leads.iter().map(|lead| &lead.outline).chain(truths.iter().map(|truth| &truth.outline));
        let plane = Plane::around(outlines);
        let leads: Vec<_> = leads.iter().map(|lead| plane.shape(&lead.outline)).collect();
        let shapes: Vec<_> = truths.iter().map(|truth| plane.shape(&truth.outline)).collect();
        let with = |role| (0..truths.len()).filter(|&index| truths[index].role == role).collect::<Vec<_>>();
        let (changes, ignored) = (with(Role::Change), with(Role::Ignored));
        let all_leads: Vec<_> = (0..leads.len()).collect();
        let covered = shapes.iter().map(|truth| share_on(truth, &leads, &all_leads)).collect();
        let on = |chosen: &[usize]| leads.iter().map(|lead| share_on(lead, &shapes, chosen)).collect();
        let (on_truth, on_ignored) = (on(&changes), on(&ignored));
        let touches = touches(&leads, &shapes, &changes);
        Self { leads, truths: shapes, covered, on_truth, on_ignored, touches, changes, ignored }
    }

    /// Whether enough of a truth feature is covered.
    pub fn is_hit(&self, truth: usize) -> bool {
        self.covered[truth] >= HIT_SHARE
    }

    /// `true`, `false` or `ignored`.
    pub fn verdict(&self, lead: usize) -> &'static str {
        if self.on_truth[lead] >= HIT_SHARE {
            "true"
        } else if self.on_ignored[lead] >= HIT_SHARE {
            "ignored"
        } else {
            "false"
        }
    }

    /// Lead area over truth area of each group with a hit, by its first change. A lead that spans two
    /// changes, or two leads on one change, are compared as unions: neither is an error of area.
    pub fn area_ratios(&self) -> Vec<f64> {
        let groups = self.groups();
        let hit = groups.iter().filter(|(truths, _)| truths.iter().any(|&truth| self.is_hit(truth)));
        hit.map(|(truths, leads)| self.ratio(truths, leads)).collect()
    }

    fn ratio(&self, truths: &[usize], leads: &[usize]) -> f64 {
        let truth = Shape::union(truths.iter().map(|&index| &self.truths[index]));
        let lead = Shape::union(leads.iter().map(|&index| &self.leads[index]));
        let near = self.ignored.iter().map(|&index| &self.truths[index]);
        let ignored = Shape::union(near.filter(|shape| !shape.is_apart_from(&lead)));
        let beside = Shape::new(&ignored.polygons.difference(&truth.polygons));
        (lead.area - lead.shared(&beside)) / truth.area
    }

    /// Connected groups of (changes, leads), changes in ascending order.
    fn groups(&self) -> Vec<(Vec<usize>, Vec<usize>)> {
        let mut group_of: Vec<usize> = (0..self.truths.len() + self.leads.len()).collect();
        let lead_node = |lead: usize| self.truths.len() + lead;
        for touch in &self.touches {
            let (a, b) = (group_of[touch.truth], group_of[lead_node(touch.lead)]);
            let (keep, drop) = (a.min(b), a.max(b));
            group_of.iter_mut().filter(|group| **group == drop).for_each(|group| *group = keep);
        }
        let members = |first: usize| {
            let truths = self.changes.iter().copied().filter(|&truth| group_of[truth] == first).collect();
            let leads = (0..self.leads.len()).filter(|&lead| group_of[lead_node(lead)] == first).collect();
            (truths, leads)
        };
        let firsts = self.changes.iter().copied().filter(|&truth| group_of[truth] == truth);
        firsts.map(members).collect()
    }
}

/// Share of a shape that the union of the chosen others covers; 0 for a shape without area.
fn share_on(shape: &Shape, others: &[Shape], chosen: &[usize]) -> f64 {
    let near = chosen.iter().map(|&index| &others[index]).filter(|other| !shape.is_apart_from(other));
    let near: Vec<_> = near.collect();
    if near.is_empty() || shape.area <= 0.0 {
        return 0.0;
    }
    shape.shared(&Shape::union(near.into_iter())) / shape.area
}

fn touches(leads: &[Shape], truths: &[Shape], changes: &[usize]) -> Vec<Touch> {
    let pairs = (0..leads.len()).flat_map(|lead| changes.iter().map(move |&truth| Touch { lead, truth }));
    pairs
        .filter(|touch| {
            let (lead, truth) = (&leads[touch.lead], &truths[touch.truth]);
            let shared = lead.shared(truth);
            shared > 0.0 && shared >= TOUCH_SHARE * lead.area.min(truth.area)
        })
        .collect()
}
