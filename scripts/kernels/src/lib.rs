//! The hot kernels of Steppewatch on made-up ground that is the same every time.
//!
//! In:  nothing but the library. Out: pieces of work, each over a known number of pixels; what one costs is measured by
//! `benches/kernels.rs` (criterion, time) and by `main.rs` under callgrind (instructions).
//! Law: the same machine and compiler execute the same instructions every time; nothing here asks a clock or draws.

pub mod asked;
pub mod ground;
pub mod normal;
pub mod pair;
pub mod parts;
pub mod scene;
pub mod views;

/// A piece of work that can be repeated.
pub struct Kernel {
    /// Pixels that one call works on.
    pub pixels: usize,
    /// The call.
    pub work: Box<dyn FnMut()>,
}

impl Kernel {
    /// Work over so many pixels; its result is not optimised away.
    pub fn new<T>(pixels: usize, mut work: impl FnMut() -> T + 'static) -> Self {
        let work = Box::new(move || {
            std::hint::black_box(work());
        });
        Self { pixels, work }
    }
}

/// A kernel by name, what one of its pixels is, and how to set it up.
pub struct Named {
    /// Name on the command line and in the record.
    pub name: &'static str,
    /// What a call does, and what counts as a pixel.
    pub about: &'static str,
    /// Builds its input.
    pub build: fn() -> Kernel,
}

/// Every kernel in the order in which a pixel meets it.
pub const ALL: &[Named] = &[
    Named {
        name: "read",
        about: "window of a DEFLATE file with predictor 2; a pixel of one band",
        build: scene::read,
    },
    Named {
        name: "mask",
        about: "SCL to clear flags, spread by 2 px; a pixel of one view",
        build: views::mask,
    },
    Named { name: "scale", about: "raw numbers to reflectance; a pixel of one band", build: views::scale },
    Named {
        name: "indices",
        about: "NDVI, NDMI, BSI and brightness; a pixel of one view",
        build: views::indices,
    },
    Named { name: "lay", about: "four features into a stack; a pixel of one view", build: views::lay },
    Named { name: "screen", about: "spikes in time forgotten; a pixel of 60 views", build: views::screened },
    Named {
        name: "control",
        about: "same-date medians of a cell; a pixel of 60 views",
        build: normal::control,
    },
    Named {
        name: "learn",
        about: "a cell learned, strata to spreads; a pixel of 60 views",
        build: normal::learn,
    },
    Named {
        name: "fit",
        about: "control and regression of each pixel; a pixel of 60 views",
        build: normal::fit,
    },
    Named {
        name: "evidence",
        about: "one sub-model asks; a pixel of 12 target views",
        build: asked::evidence,
    },
    Named {
        name: "gate",
        about: "the gates of one sub-model; a pixel of 12 target views",
        build: asked::gate,
    },
    Named { name: "filter", about: "median of 3 x 3; a pixel", build: parts::filter },
    Named { name: "label", about: "components by runs; a pixel", build: parts::label },
    Named {
        name: "contour",
        about: "component tree and outlines; a pixel of a component",
        build: parts::contour,
    },
    Named {
        name: "coverage",
        about: "shares of one red line of 20,000 vertices; a pixel of its window",
        build: ground::coverage,
    },
    Named {
        name: "touched",
        about: "forty red lines in a tile; a pixel of the tile",
        build: ground::touched,
    },
    Named { name: "pair-learn", about: "what is normal between two dates; a pixel", build: pair::learned },
    Named { name: "pair-evidence", about: "the six maps and their fusion; a pixel", build: pair::shown },
];

/// Runs a kernel once. Callgrind counts what happens in here and nothing else.
#[inline(never)]
pub fn measured(work: &mut dyn FnMut()) {
    work();
}

/// The vector registers that `pulp` chose on this machine, as the library does.
pub fn dispatch() -> String {
    format!("{:?}", pulp::Arch::new()).split('(').next().unwrap_or_default().to_owned()
}
