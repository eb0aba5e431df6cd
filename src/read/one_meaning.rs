//! Whether the bands of one scene mean the same: one scale, one offset, one kind of number.
//!
//! In:  what metadata, items and files say of each band. Out: nothing, or what contradicts what, in words.
//! Law: all reflectance bands of the products that are read here share scale and offset; a band that differs was copied,
//!      listed or declared wrongly, and an index of two bands would show it as change. So it is refused, never averaged away.

use std::collections::BTreeMap;

use crate::read::probe::Numbers;
use crate::read::scaling::MOST_OFFSET;
use crate::scene::{Band, BandFile};

/// Scale and offset of a band.
pub(crate) type Meaning = (f64, f64);

/// Every reflectance band has the scale and offset of the first, and they make reflectance.
pub(crate) fn of_bands(bands: impl Iterator<Item = (Band, Meaning)>) -> Result<(), String> {
    let mut bands = bands.filter(|(band, _)| !band.is_classes());
    let Some((first, usual)) = bands.next() else { return Ok(()) };
    let (scale, offset) = usual;
    // NaN is above nothing and below nothing.
    if !(scale > 0.0 && scale.is_finite() && offset <= MOST_OFFSET) {
        return Err(format!(
            "scale {scale}, offset {offset} of band {first} make no reflectance: expected a scale above 0 and an offset that \
             adds no light"
        ));
    }
    match bands.find(|(_, other)| !is_same(*other, usual)) {
        None => Ok(()),
        Some((band, (own, added))) => Err(format!(
            "scale {own}, offset {added} of band {band}, but scale {scale}, offset {offset} of band {first}: expected one \
             meaning for all reflectance bands"
        )),
    }
}

/// The same of bands that are laid out.
pub(crate) fn of_files(bands: &BTreeMap<Band, BandFile>) -> Result<(), String> {
    of_bands(bands.iter().map(|(band, file)| (*band, (file.scale, file.offset))))
}

/// What a file declares of itself is what is said of it.
pub(crate) fn of_own(band: Band, own: Option<Meaning>, said: Meaning) -> Result<(), String> {
    match own.filter(|own| !band.is_classes() && !is_same(*own, said)) {
        None => Ok(()),
        Some((scale, offset)) => Err(format!(
            "band {band} declares scale {scale}, offset {offset} itself, but is to be read with scale {}, offset {}",
            said.0, said.1
        )),
    }
}

/// Numbers of all reflectance bands are of one kind, where nobody declares what they mean.
pub(crate) fn of_numbers(bands: impl Iterator<Item = (Band, Numbers)>) -> Result<(), String> {
    let mut bands = bands.filter(|(band, _)| !band.is_classes());
    let Some((first, usual)) = bands.next() else { return Ok(()) };
    match bands.find(|(_, numbers)| *numbers != usual) {
        None => Ok(()),
        Some((band, numbers)) => Err(format!(
            "band {band} holds {numbers:?}, but band {first} {usual:?}: expected one kind of number"
        )),
    }
}

fn is_same(a: Meaning, b: Meaning) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs();
    near(a.0, b.0) && near(a.1, b.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Meaning = (2.75e-5, -0.2);

    fn of(nir: Meaning) -> Result<(), String> {
        of_bands([(Band::Red, USUAL), (Band::Nir, nir), (Band::QaPixel, (1.0, 0.0))].into_iter())
    }

    #[test]
    fn one_band_of_another_meaning_is_told_with_both() {
        assert_eq!(of(USUAL), Ok(()));
        for nir in
            [(5.5e-5, -0.2), (0.0, -0.2), (f64::NAN, -0.2), (2.75e-5, 0.0), (2.75e-5, 0.2), (-2.75e-5, -0.2)]
        {
            let told = of(nir).unwrap_err();
            assert!(told.contains("of band nir, but scale 0.0000275, offset -0.2 of band red"), "{told}");
        }
    }

    #[test]
    fn what_makes_no_reflectance_is_told_also_where_all_bands_agree() {
        for usual in [(0.0, 0.0), (-1e-4, 0.0), (f64::NAN, 0.0), (1e-4, 0.1), (1e-4, f64::NAN)] {
            assert!(
                of_bands([(Band::Red, usual)].into_iter()).unwrap_err().contains("no reflectance"),
                "{usual:?}"
            );
        }
    }

    #[test]
    fn a_file_that_says_otherwise_and_mixed_numbers_are_told() {
        assert_eq!(of_own(Band::Nir, None, USUAL), Ok(()));
        assert_eq!(of_own(Band::Nir, Some(USUAL), USUAL), Ok(()));
        assert_eq!(of_own(Band::Fmask, Some((1e-4, 0.0)), (1.0, 0.0)), Ok(()));
        assert!(of_own(Band::Nir, Some((1e-4, 0.0)), USUAL).unwrap_err().contains("declares scale 0.0001"));
        let numbers = |nir| of_numbers([(Band::Red, Numbers::Integer16), (Band::Nir, nir)].into_iter());
        assert_eq!(numbers(Numbers::Integer16), Ok(()));
        assert!(numbers(Numbers::Byte).unwrap_err().contains("band nir holds Byte"));
    }
}
