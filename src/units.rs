//! Units that appear in results: areas in square metres and mu, lengths in metres.
//!
//! Law: a number leaves the program only with its unit in its type or in its field name.

use serde::Serialize;

/// Square metres in one mu (亩): 10 000 / 15.
///
/// Source: the statutory conversion of the People's Republic of China, 1 ha = 15 mu.
pub const SQUARE_METRES_PER_MU: f64 = 10_000.0 / 15.0;

/// An area in square metres. How it was measured is said by whoever holds it.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Default)]
#[serde(transparent)]
pub struct SquareMetres(pub f64);

impl SquareMetres {
    /// The same area in mu.
    ///
    /// ```
    /// use steppewatch::units::SquareMetres;
    /// assert!((SquareMetres(6_666.666_666).mu() - 10.0).abs() < 1e-6);
    /// ```
    pub fn mu(self) -> f64 {
        self.0 / SQUARE_METRES_PER_MU
    }

    /// An area given in mu.
    pub fn from_mu(mu: f64) -> Self {
        Self(mu * SQUARE_METRES_PER_MU)
    }
}

/// Rounds to a fixed number of decimals, so that a printed number is the same on every machine.
pub fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    let result = (value * scale).round() / scale;
    // Minus zero prints as "-0.0" and would make two equal results differ.
    if result == 0.0 { 0.0 } else { result }
}

/// A number as words carry it: a fixed number of decimals, and a nought without a sign.
///
/// ```
/// use steppewatch::units::fixed;
/// assert_eq!((fixed(-0.3, 0), fixed(-0.3, 1)), ("0".to_owned(), "-0.3".to_owned()));
/// ```
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(nought) if nought.bytes().all(|byte| b"0.".contains(&byte)) => nought.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rounds_to_nought_has_no_sign_and_other_numbers_keep_theirs() {
        for (value, decimals, text) in [
            (-0.4, 0, "0"),
            (-0.0, 2, "0.00"),
            (-0.004, 2, "0.00"),
            (-0.006, 2, "-0.01"),
            (-10.0, 0, "-10"),
            (0.5, 1, "0.5"),
        ] {
            assert_eq!(fixed(value, decimals), text);
        }
        assert_eq!(fixed(f64::NEG_INFINITY, 0), "-inf");
        assert!(rounded(-0.004, 2).is_sign_positive());
    }
}
