//! A window of one date as numbers, and where the pair's windows come from.
//!
//! Law: NaN means that nothing was observed; band order means nothing.

use ndarray::{Array3, Axis};

use crate::grid::{Grid, Window};
use crate::scene::Band;

/// Bands that the comparison uses, in the order it uses them.
const USED: [Band; 6] = [Band::Blue, Band::Green, Band::Red, Band::Nir, Band::Swir16, Band::Swir22];

/// Reflectance of one date over a window of the plan's grid.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Bands of `values`, in its order.
    pub bands: Vec<Band>,
    /// Reflectance (0 to about 1) by band, row and column; NaN where nothing was observed.
    pub values: Array3<f32>,
    /// Where the array lies on the plan's grid.
    pub window: Window,
}

/// Gives both dates of a pair over any windows.
pub trait PairSource {
    /// What reading can fail with.
    type Error: Send;

    /// What `of` makes of the dates before and after over each window, given its place among them, in their order; which is
    /// read when, and by how many at once, is the source's affair. The windows lie within the grid.
    fn over<T: Send>(
        &self,
        windows: &[Window],
        of: impl Fn(usize, &Stack, &Stack) -> T + Sync,
    ) -> Result<Vec<T>, Self::Error>;

    /// The plan's grid.
    fn grid(&self) -> &Grid;
}

/// The bands of both dates that the comparison uses, in wavelength order; `None` without red and near infrared.
pub fn shared_bands(before: &[Band], after: &[Band]) -> Option<Vec<Band>> {
    let bands: Vec<Band> =
        USED.into_iter().filter(|band| before.contains(band) && after.contains(band)).collect();
    (bands.contains(&Band::Red) && bands.contains(&Band::Nir)).then_some(bands)
}

impl Stack {
    /// The named bands in the given order; a band that is missing is NaN throughout.
    pub fn pick(&self, bands: &[Band]) -> Array3<f32> {
        let (_, rows, cols) = self.values.dim();
        let mut picked = Array3::from_elem((bands.len(), rows, cols), f32::NAN);
        for (place, band) in bands.iter().enumerate() {
            if let Some(index) = self.bands.iter().position(|own| own == band) {
                picked.index_axis_mut(Axis(0), place).assign(&self.values.index_axis(Axis(0), index));
            }
        }
        picked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use Band::{Blue, Green, Nir, Red, Swir16};

    #[test]
    fn shared_bands_are_those_of_both_dates_in_wavelength_order_and_need_red_and_near_infrared() {
        let shared = shared_bands(&[Nir, Blue, Red, Swir16], &[Red, Green, Nir, Blue]);
        assert_eq!(shared, Some(vec![Blue, Red, Nir]));
        assert_eq!(shared_bands(&[Nir, Blue], &[Nir, Blue, Red]), None);
        assert_eq!(shared_bands(&[Red, Blue], &[Red, Blue]), None);
    }

    #[test]
    fn bands_are_picked_by_name_and_a_missing_one_was_not_observed() {
        let window = Window { row0: 0, col0: 0, rows: 1, cols: 2 };
        let values = Array3::from_shape_fn((2, 1, 2), |(band, _, col)| (10 * band + col) as f32);
        let picked = Stack { bands: vec![Nir, Red], values, window }.pick(&[Red, Green, Nir]);
        let found: Vec<f32> = picked.iter().copied().collect();
        assert_eq!((found[..2].to_vec(), found[4..].to_vec()), (vec![10.0, 11.0], vec![0.0, 1.0]));
        assert!(found[2].is_nan() && found[3].is_nan());
    }
}
