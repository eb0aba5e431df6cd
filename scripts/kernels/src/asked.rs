//! What a sub-model asks of pixels whose way through time is known.

use steppewatch::baseline::lanes::LANES;
use steppewatch::baseline::strip::Strip;
use steppewatch::baseline::{Baseline, Series};
use steppewatch::detect::ends::Ends;
use steppewatch::detect::evidence::Prepared;
use steppewatch::detect::gate as gates;
use steppewatch::submodel::{self, SubModel};

use crate::Kernel;
use crate::normal;
use crate::views;

/// Pixels asked.
const PIXELS: usize = 2048;

/// Reclaimed grassland: the sub-model that most red lines of a steppe ask.
pub fn model() -> &'static SubModel {
    let models = submodel::select(&["G1".to_owned()]).expect("expected sub-model G1 among the bundled ones");
    &Box::leak(models.into_boxed_slice())[0]
}

fn followed() -> (Baseline<'static>, Vec<Strip<'static>>) {
    let ground = normal::ground();
    let baseline = ground.baseline();
    let strip = |sixteen: &[usize]| {
        let mut strip = baseline.strip();
        baseline.follow(sixteen, &mut strip);
        strip
    };
    let strips = ground.cell()[..PIXELS].chunks(LANES).map(strip).collect();
    (baseline, strips)
}

/// Evidence of one sub-model in the season of the target year.
pub fn evidence() -> Kernel {
    let (baseline, strips) = followed();
    let prepared = Prepared::new(model(), &views::FEATURES, |a, b| baseline.correlation(a, b));
    let calendar = prepared.calendar(&views::dates(), &views::look_back(), views::target());
    let mut ends = Ends::default();
    Kernel::new(PIXELS, move || {
        for strip in &strips {
            let departures = strip.departures();
            let past = prepared.past(&departures, &calendar);
            std::hint::black_box(prepared.find(&departures, (past, &calendar), &mut ends));
        }
    })
}

/// The gates of one sub-model, and the series that they look at.
pub fn gate() -> Kernel {
    let (_, strips) = followed();
    let (model, dates, mut series) = (model(), views::dates(), Series::default());
    Kernel::new(PIXELS, move || {
        let mut passed = 0;
        for strip in &strips {
            for lane in 0..LANES {
                strip.series(lane, &mut series);
                let pass = gates::pass(model, &views::FEATURES, &series, &dates, views::target());
                passed += pass.map_or(0, |pass| pass.views);
            }
        }
        passed
    })
}
