//! A lead against permits, decided cases, land use and burn scars: kept aside, outgrown, or only noted.
//!
//! In:  a lead and the context layers. One engine for every role.
//! Out: what it shares with each place, what covers it, what lies outside (the excess), and the reason if it is no lead.
//! Law: only what is in force, dated and of a known kind takes a patch out; everything else is noted.

use geo::MultiPolygon;

use crate::date::Date;
use crate::lead::{Area, ContextOverlap, Excess, Lead};
use crate::reason::AsideReason;
use crate::redline::context::{Context, Place, Role, Stated};
use crate::submodel::SubModel;
use crate::units::{SquareMetres, rounded};
use crate::weigh::lawful::{Lawful, Says};
use crate::weigh::overlap::{Indexed, geodesic_area};

/// Share of a patch inside what covers it from which a remainder under the smallest lead is a matter of its rim.
const MOSTLY_INSIDE: f64 = 0.5;

/// Share of a patch inside what covers it from which the patch is said to outgrow it. Less is a neighbour whose
/// border the outline touches: half a pixel along one side of a field of 10 mu is 6 % of it. Our choice.
const LEAST_APPROVED: f64 = 0.1;

/// Share of a patch inside a burn scar from which the fire explains it. Scars are drawn from pixels of 10 to 500 m,
/// so the rim is no measure. Our choice.
const MOSTLY_BURNT: f64 = 0.8;

/// What the context says of a lead.
#[derive(Debug, Default)]
pub struct Judged {
    /// Every place that it shares ground with, by role and then by size.
    pub touched: Vec<ContextOverlap>,
    /// Why it is no lead, if so.
    pub aside: Option<(AsideReason, String)>,
    /// What lies outside what covers it, if it outgrows that.
    pub excess: Option<Excess>,
    /// Ground to which area limits apply: the excess, or `None` for the whole outline.
    pub counted: Option<MultiPolygon<f64>>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Context layers, ready to be asked.
pub struct Desk<'a> {
    context: &'a Context,
    indexed: Indexed<'a>,
    lawful: Lawful,
    /// Metres by which borders are not known better: of the outline, and of the layers.
    border_m: f64,
}

/// A place that a lead shares ground with.
struct Met<'a> {
    place: usize,
    at: &'a Place,
    shared: SquareMetres,
    in_force: Option<bool>,
    covers: bool,
}

impl<'a> Desk<'a> {
    /// Readies context layers. `border_m` is how far an outline may lie outside what changed, in metres.
    ///
    /// # Errors
    /// What is wrong with the shipped rules, in words.
    pub fn new(context: &'a Context, border_m: f64) -> Result<Self, String> {
        let indexed = Indexed::new(context.places.iter().map(|place| &place.polygons));
        Ok(Self { context, indexed, lawful: Lawful::shipped()?, border_m })
    }

    /// Asks every layer about a lead. `look_back_end` is the last day on which the place was as it had been.
    pub fn judge(&self, lead: &Lead, model: &SubModel, look_back_end: Date) -> Judged {
        let mut judged = Judged::default();
        let mut met = Vec::new();
        for (place, shared) in self.indexed.overlaps(&lead.outline) {
            let at = &self.context.places[place];
            let in_force = (at.role == Role::Permit).then(|| at.in_force_on(lead.first_seen)).flatten();
            let standing = self.standing(at, lead, look_back_end);
            let covers = standing.is_ok();
            let note = standing.unwrap_or_else(|why| why);
            if !note.is_empty() {
                judged.notes.push(format!("{}: {note}; {:.0} m2 shared", said(at), shared.0));
            }
            met.push(Met { place, at, shared, in_force, covers });
        }
        met.sort_by(|a, b| {
            (a.at.role.cmp(&b.at.role)).then(b.shared.0.total_cmp(&a.shared.0)).then(a.place.cmp(&b.place))
        });
        self.burnt(lead, &met, &mut judged);
        self.covered(lead, model, &met, &mut judged);
        judged.touched = met.iter().map(|met| self.published(met)).collect();
        judged
    }

    /// Whether a place may take the lead out, with what must be known of that; else why not. In words, empty where there
    /// is no news.
    fn standing(&self, place: &Place, lead: &Lead, look_back_end: Date) -> Result<String, String> {
        let yes = Ok(String::new());
        let (model, seen) = (lead.model.as_str(), lead.first_seen);
        match place.role {
            Role::Permit => {
                match place.in_force_on(seen) {
                    Some(true) => {}
                    Some(false) => return Err(format!("not in force on {seen}")),
                    None => return Err(format!("whether it was in force on {seen} is unknown")),
                }
                match self.lawful.of_permit(&place.kind, model) {
                    Says::Covers(beside) if beside.is_empty() => yes,
                    Says::Covers(beside) => Ok(format!(
                        "kind '{}' names '{beside}' too, which does not cover {model}",
                        place.kind
                    )),
                    Says::Another(kind) => Err(format!("a permit of kind '{kind}' does not cover {model}")),
                    Says::Unknown => Err(format!("kind '{}' is not known to cover {model}", place.kind)),
                }
            }
            Role::Case => match place.from {
                Stated::Day(decided) if decided < seen => {
                    Err(format!("it was decided before the change was seen on {seen}"))
                }
                Stated::Day(_) => yes,
                _ => Err("the day of the decision is unknown".to_owned()),
            },
            Role::LandUse => {
                if !self.lawful.is_existing(&place.kind, model) {
                    return Err(String::new());
                }
                match place.from {
                    Stated::Day(surveyed) if surveyed >= seen => {
                        Err(format!("the survey is not older than the change, seen on {seen}"))
                    }
                    _ => yes,
                }
            }
            Role::Burn => match place.from {
                _ if !self.lawful.looks_burnt(model) => Err(format!("a fire does not look like {model}")),
                Stated::Day(day) if look_back_end <= day && day <= lead.after => yes,
                Stated::Day(_) => {
                    Err(format!("no fire between {look_back_end} and {}, the after picture", lead.after))
                }
                _ => Err("the day of the fire is unknown".to_owned()),
            },
        }
    }

    /// A patch mostly inside a scar of the time between is a fire.
    fn burnt(&self, lead: &Lead, met: &[Met], judged: &mut Judged) {
        let scars: Vec<&Met> = met.iter().filter(|met| met.covers && met.at.role == Role::Burn).collect();
        let Some(largest) = scars.first() else { return };
        let places: Vec<usize> = scars.iter().map(|met| met.place).collect();
        let burnt = self.indexed.shared(&lead.outline, &places);
        let share = burnt.0 / geodesic_area(&lead.outline).0.max(1e-9);
        if share >= MOSTLY_BURNT {
            let detail = format!(
                "{:.0} % of the patch, {:.0} m2, lies in {}",
                100.0 * share,
                burnt.0,
                said(largest.at)
            );
            judged.aside = Some((AsideReason::BurnScar, detail));
        } else {
            judged.notes.push(format!("{:.0} % of it lies in {}", 100.0 * share, said(largest.at)));
        }
    }

    /// Permits, cases and existing use together: what they leave over is a lead, or a matter of the rim.
    fn covered(&self, lead: &Lead, model: &SubModel, met: &[Met], judged: &mut Judged) {
        let covering: Vec<&Met> = met.iter().filter(|met| met.covers && met.at.role != Role::Burn).collect();
        let largest = covering.iter().max_by(|a, b| {
            (a.shared.0.total_cmp(&b.shared.0)).then(b.at.role.cmp(&a.at.role)).then(b.place.cmp(&a.place))
        });
        let (Some(largest), None) = (largest, &judged.aside) else { return };
        let places: Vec<usize> = covering.iter().map(|met| met.place).collect();
        let outside = self.indexed.outside(&lead.outline, &places, 0.0);
        // Differences of areas leave a nought that may be negative.
        let over = SquareMetres(geodesic_area(&outside).0.max(0.0) + 0.0);
        let whole = geodesic_area(&lead.outline);
        let inside = SquareMetres((whole.0 - over.0).max(0.0));
        let beyond = geodesic_area(&self.indexed.outside(&lead.outline, &places, self.border_m));
        let beyond = SquareMetres(beyond.0.max(0.0) + 0.0);
        let names: Vec<String> =
            covering.iter().map(|met| format!("{}, {:.0} m2", said(met.at), met.shared.0)).collect();
        let (names, least, border) = (names.join("; "), model.minimum_area_m2, self.border_m);
        if inside.0 >= MOSTLY_INSIDE * whole.0 && beyond.0 < least {
            let detail = format!(
                "{:.0} of {:.0} m2 lie inside ({names}); {:.0} m2 outside, of them {:.0} m2 more than {border:.0} m \
                 away, under {least:.0} m2",
                inside.0, whole.0, over.0, beyond.0
            );
            judged.aside = Some((reason(largest.at.role), detail));
        } else if lead.told_area().is_some() && inside.0 >= LEAST_APPROVED * whole.0 {
            let area = excess(&lead.area, inside, over);
            judged.notes.push(format!(
                "inside {:.0} m2 ({names}); outside {:.0} m2 ({:.0} to {:.0}): area limits are compared with what lies \
                 outside",
                inside.0, area.best.0, area.low.0, area.high.0
            ));
            let inside = SquareMetres(rounded(inside.0, 1));
            judged.excess = Some(Excess { role: largest.at.role, covered: inside, area });
            judged.counted = Some(outside);
        }
    }

    fn published(&self, met: &Met) -> ContextOverlap {
        let layer = &self.context.layers[met.at.layer];
        ContextOverlap {
            role: met.at.role,
            id: met.at.call().to_owned(),
            name: met.at.name.clone(),
            kind: met.at.kind.clone(),
            from: met.at.from,
            to: met.at.to,
            in_force: met.in_force,
            covers: met.covers,
            layer: layer.file.clone(),
            version: layer.version.clone(),
            overlap: SquareMetres(rounded(met.shared.0, 1)),
        }
    }
}

/// All error of the area is laid on what lies outside.
fn excess(area: &Area, inside: SquareMetres, over: SquareMetres) -> Area {
    let left = |value: SquareMetres| SquareMetres(rounded((value.0 - inside.0).max(0.0), 1));
    let best = SquareMetres(rounded(over.0, 1));
    let (low, high) = (left(area.low), left(area.high));
    Area { best, low: SquareMetres(low.0.min(best.0)), high: SquareMetres(high.0.max(best.0)) }
}

fn reason(role: Role) -> AsideReason {
    match role {
        Role::Permit => AsideReason::InsidePermit,
        Role::Case => AsideReason::DecidedCase,
        Role::LandUse => AsideReason::ExistingLandUse,
        Role::Burn => AsideReason::BurnScar,
    }
}

/// A place in words: what it is, its number, kind, name and dates.
fn said(place: &Place) -> String {
    let mut about: Vec<String> =
        [&place.kind, &place.name].into_iter().filter(|text| !text.is_empty()).cloned().collect();
    match (place.role, date(place.from), date(place.to)) {
        (Role::Permit, from, to) => about.push(format!("{from} to {to}")),
        (_, from, _) => about.push(from),
    }
    format!("{} {} ({})", place.role.word(), place.call(), about.join(", "))
}

fn date(stated: Stated) -> String {
    match stated {
        Stated::Day(day) => day.to_string(),
        Stated::Open => "without end".to_owned(),
        Stated::Nothing | Stated::Unreadable => "date unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests;
