//! Numbers on the plan's grid -> masked reflectance -> features, one view after another.
//!
//! In:  raw bands of one scene over a window (`read`), NaN where the file says nothing.
//! Out: `View` (features, row-major, NaN = not observed) and `Stack` (all views of a window).
//! Law: nodata is masked before any scale or offset; what is not clear is not observed.

pub mod feature;

pub mod mask;

pub mod screen;

pub mod stack;

pub use feature::{Reflectance, features};
pub use stack::{MISSING, Stack, quantised};
