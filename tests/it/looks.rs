//! What covers and deeds look like from above: reflectance of five bands through the year.
//!
//! In:  cover, deed, day, vigour of the place. Out: B02 B03 B04 B08 B11, 0 to 1, without noise.
//! Law: a look depends on nothing but these; seasons are shares of leaf over ground, one for each of ten views a year.

/// What grows where nobody did anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    /// Steppe, green in July.
    Grass,
    /// Maize: bare until June, full in August, harvested in September.
    Crop,
    /// Sedge and reed over wet ground.
    Wetland,
    /// Broad-leaved forest.
    Forest,
}

/// What somebody, or nature, did to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Ploughed and left bare.
    Ploughed,
    /// Scraped to bright rubble.
    Mined,
    /// A field: bare in spring, a crop in summer, bare in autumn.
    Cropped,
    /// Roofs and concrete.
    Built,
    /// Photovoltaic panels with grass between and under them.
    Panels,
    /// Turf taken off; weeds come back thinly.
    Stripped,
    /// Grazed to about half of its cover, year after year.
    Degraded,
    /// Black for two months, then as it was.
    Burnt,
    /// Cut in July, as it was a month later.
    Mown,
    /// Open water.
    Pond,
    /// Under water in May and June, then a crop.
    Paddy,
    /// Plastic or metal roofs.
    Plastic,
    /// Plastic mulch until June, then a crop.
    Mulched,
    /// Trees in rows, green from April to October.
    Orchard,
    /// Winter wheat: green in spring, bare after July.
    WinterWheat,
    /// Weeds for one year, then a crop as before.
    FallowYear,
    /// Levelled, and bare from then on.
    Levelled,
    /// Weeds year after year.
    Abandoned,
    /// Wet no more: thin, dry grass.
    Drained,
    /// Dry for some weeks of autumn.
    DrawnDown,
    /// Under water in May and June of one year.
    Flooded,
    /// Black from July on for two months, then as it was.
    BurntInJuly,
    /// Filled up and paved.
    Filled,
    /// Felled; shrubs come back from the second year.
    Felled,
    /// Green for one summer, then bare again.
    Flush,
    /// Rubble before, grass since: what a rectified case looks like.
    Restored,
    /// Put right: what grew there before grows again.
    Regrown,
}

type Colours = [f64; 5];

/// Bare soil of a field or pasture.
pub const SOIL: Colours = [0.09, 0.12, 0.17, 0.22, 0.32];
const LEAF: Colours = [0.03, 0.07, 0.04, 0.45, 0.20];
const WET_LEAF: Colours = [0.03, 0.06, 0.035, 0.38, 0.12];
const MUD: Colours = [0.06, 0.07, 0.07, 0.08, 0.06];
const NEEDLE: Colours = [0.02, 0.04, 0.025, 0.36, 0.13];
const LITTER: Colours = [0.05, 0.07, 0.09, 0.16, 0.20];
const WATER: Colours = [0.05, 0.06, 0.04, 0.02, 0.01];
const CHAR: Colours = [0.03, 0.035, 0.04, 0.06, 0.09];
const RUBBLE: Colours = [0.20, 0.25, 0.31, 0.35, 0.43];
const CONCRETE: Colours = [0.20, 0.23, 0.26, 0.28, 0.31];
const PLASTIC: Colours = [0.36, 0.37, 0.38, 0.42, 0.30];
const PANEL: Colours = [0.06, 0.055, 0.055, 0.075, 0.09];
const TURNED: Colours = [0.09, 0.13, 0.21, 0.25, 0.37];

const CROP: [f64; 10] = [0.02, 0.02, 0.05, 0.40, 0.90, 0.95, 0.90, 0.60, 0.08, 0.04];
const WHEAT: [f64; 10] = [0.50, 0.70, 0.80, 0.55, 0.06, 0.05, 0.05, 0.05, 0.10, 0.20];
const ORCHARD: [f64; 10] = [0.38, 0.46, 0.55, 0.60, 0.64, 0.64, 0.64, 0.60, 0.52, 0.44];
const WEEDS: [f64; 10] = [0.14, 0.18, 0.24, 0.30, 0.34, 0.34, 0.32, 0.30, 0.26, 0.22];
const SEDGE: [f64; 10] = [0.25, 0.35, 0.50, 0.65, 0.75, 0.76, 0.74, 0.70, 0.60, 0.45];
const DRY: [f64; 10] = [0.10, 0.14, 0.22, 0.28, 0.28, 0.24, 0.20, 0.16, 0.12, 0.10];
const CANOPY: [f64; 10] = [0.35, 0.65, 0.88, 0.95, 0.97, 0.96, 0.95, 0.92, 0.82, 0.60];
const SHRUB: [f64; 10] = [0.15, 0.25, 0.35, 0.42, 0.45, 0.45, 0.43, 0.40, 0.34, 0.25];
const STEPPE: [f64; 10] = [0.03, 0.06, 0.14, 0.26, 0.34, 0.30, 0.26, 0.22, 0.14, 0.08];

/// One place on one day.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub cover: Cover,
    /// Which of the ten views of the year.
    pub view: usize,
    /// Full years since the deed, and views since it began.
    pub years: u32,
    /// Whether the deed has begun.
    pub begun: bool,
    /// How well things grow here this year, 0 to 1.
    pub vigour: f64,
    /// How green steppe is here and now, 0 to 1.
    pub green: f64,
}

impl Moment {
    /// The look where nothing was done.
    pub fn natural(&self) -> Colours {
        let good = 0.85 + 0.15 * self.vigour;
        match self.cover {
            Cover::Grass => steppe(self.green),
            Cover::Crop => mix(SOIL, LEAF, good * CROP[self.view]),
            Cover::Wetland => mix(MUD, WET_LEAF, good * SEDGE[self.view]),
            Cover::Forest => mix(LITTER, NEEDLE, CANOPY[self.view]),
        }
    }

    /// The look after a deed.
    pub fn after(&self, deed: Deed) -> Colours {
        let good = 0.85 + 0.15 * self.vigour;
        let grown = |ground: Colours, season: [f64; 10]| mix(ground, LEAF, good * season[self.view]);
        match deed {
            Deed::Regrown => self.natural(),
            Deed::Restored if self.begun => self.natural(),
            Deed::Restored | Deed::Mined => RUBBLE,
            Deed::Flush if self.begun && self.years == 0 => self.natural(),
            Deed::Flush => RUBBLE,
            Deed::Ploughed | Deed::Levelled => TURNED,
            Deed::Cropped => grown(TURNED, CROP),
            Deed::Built | Deed::Filled => CONCRETE,
            Deed::Panels => mix(PANEL, self.natural(), 0.25),
            Deed::Stripped => mix(TURNED, LEAF, 0.10 * STEPPE[self.view]),
            Deed::Degraded => steppe(0.45 * self.green),
            Deed::Burnt if self.years == 0 && self.view < 4 => CHAR,
            Deed::Mown if self.years == 0 && self.view == 4 => grown(SOIL, WEEDS),
            Deed::BurntInJuly if self.years == 0 && (4..=6).contains(&self.view) => CHAR,
            Deed::Flooded if self.years == 0 && (1..=3).contains(&self.view) => WATER,
            Deed::Burnt | Deed::Mown | Deed::BurntInJuly | Deed::Flooded => self.natural(),
            Deed::Pond => WATER,
            Deed::Paddy if (1..=3).contains(&self.view) => mix(WATER, LEAF, 0.1),
            Deed::Paddy => grown(SOIL, CROP),
            Deed::Plastic => PLASTIC,
            Deed::Mulched if self.view < 3 => mix(SOIL, PLASTIC, 0.7),
            Deed::Mulched => grown(SOIL, CROP),
            Deed::Orchard => grown(SOIL, ORCHARD),
            Deed::WinterWheat => grown(SOIL, WHEAT),
            Deed::FallowYear if self.years > 0 => self.natural(),
            Deed::FallowYear | Deed::Abandoned => grown(SOIL, WEEDS),
            Deed::Drained => grown(SOIL, DRY),
            Deed::DrawnDown if self.view >= 7 => grown(MUD, DRY),
            Deed::DrawnDown => self.natural(),
            Deed::Felled if self.years == 0 => mix(LITTER, SOIL, 0.7),
            Deed::Felled => mix(SOIL, LEAF, SHRUB[self.view]),
        }
    }
}

/// Steppe of some greenness.
fn steppe(green: f64) -> Colours {
    [0.075 - 0.03 * green, 0.10 - 0.02 * green, 0.16 - 0.11 * green, 0.21 + 0.16 * green, 0.30 - 0.12 * green]
}

/// So much of `over` on `ground`.
fn mix(ground: Colours, over: Colours, share: f64) -> Colours {
    std::array::from_fn(|band| ground[band] * (1.0 - share) + over[band] * share)
}
