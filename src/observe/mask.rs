//! Which pixels of a view are clear.
//!
//! In:  Sentinel-2 scene classification (SCL), Landsat pixel quality, HLS Fmask or a given mask, NaN = nodata.
//! Out: one flag a pixel, true = clear.
//! Source: what each class and bit means stands at `Band::is_clear`; what is not clear is dilated by 2 px
//! (`reference/time-series.md`: dilation was one of the four things that mattered).

use crate::scene::{Band, FMASK_FILL};

/// How far what is not clear reaches beyond its mask, in pixels of the plan's grid.
pub const DILATION: usize = 2;

/// Why a pixel is not clear, as far as its mask tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unclear {
    /// Cloud, also thin, or what a given mask hides.
    Cloud,
    /// Shadow of a cloud.
    Shadow,
    /// Snow, nodata, a broken detector.
    Other,
}

/// What hides a pixel that is not clear.
pub fn unclear(band: Band, value: f32) -> Unclear {
    if value.is_nan() {
        return Unclear::Other;
    }
    let bits = value as u32;
    let any = |wanted: u32| bits & wanted != 0;
    match band {
        Band::Scl if (8..=10).contains(&bits) => Unclear::Cloud,
        Band::Scl if bits == 3 => Unclear::Shadow,
        Band::QaPixel if any(0b1110) && !any(1) => Unclear::Cloud,
        Band::QaPixel if any(0b1_0000) && !any(1) => Unclear::Shadow,
        Band::Fmask if any(0b110) && bits != FMASK_FILL => Unclear::Cloud,
        Band::Fmask if any(0b1000) && bits != FMASK_FILL => Unclear::Shadow,
        Band::Scl | Band::QaPixel | Band::Fmask => Unclear::Other,
        _ => Unclear::Cloud,
    }
}

/// Clear flags from a mask layer, before dilation.
pub fn clear(band: Band, layer: &[f32]) -> Vec<bool> {
    layer.iter().map(|value| band.is_clear(*value)).collect()
}

/// Clears only what has no unclear pixel within `reach` rows and columns (a square, inside the window).
pub fn erode(clear: &[bool], rows: usize, cols: usize, reach: usize) -> Vec<bool> {
    let along =
        |source: &[bool], line: usize, step: usize, count: usize, lines_step: usize, out: &mut [bool]| {
            let at = |index: usize| source[line * lines_step + index * step];
            for index in 0..count {
                let (from, to) = (index.saturating_sub(reach), (index + reach).min(count - 1));
                out[line * lines_step + index * step] = (from..=to).all(at);
            }
        };
    let mut by_row = vec![false; clear.len()];
    for row in 0..rows {
        along(clear, row, 1, cols, cols, &mut by_row);
    }
    let mut result = vec![false; clear.len()];
    for col in 0..cols {
        along(&by_row, col, cols, rows, 1, &mut result);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cloud_takes_two_pixels_of_its_surroundings_with_it() {
        let mut scl = vec![4.0_f32; 49];
        scl[24] = 9.0;
        let result = erode(&clear(Band::Scl, &scl), 7, 7, DILATION);
        assert_eq!(result.iter().filter(|clear| !**clear).count(), 25);
        assert!(result[0] && !result[8]);
    }

    #[test]
    fn of_the_twelve_classes_only_vegetation_soil_water_and_unclassified_are_clear() {
        let classes: Vec<f32> = (0..12_u8).map(f32::from).collect();
        let seen: Vec<usize> = (0..12).filter(|class| clear(Band::Scl, &classes)[*class]).collect();
        assert_eq!(seen, [4, 5, 6, 7]);
    }

    #[test]
    fn a_given_mask_is_clear_at_0_alone() {
        assert_eq!(clear(Band::Mask, &[0.0, 1.0, 4.0, 7.0, 255.0]), [true, false, false, false, false]);
    }

    #[test]
    fn bits_of_landsat_and_hls_say_what_is_clear() {
        // Clear land, clear water; fill, dilated cloud, cirrus, cloud, shadow, snow (values of real scenes).
        let qa = [21_824.0, 21_952.0, 1.0, 21_826.0, 54_596.0, 22_280.0, 23_888.0, 30_048.0];
        let seen = clear(Band::QaPixel, &qa);
        assert_eq!(seen, [true, true, false, false, false, false, false, false]);
        // Clear land with low and high aerosol, water; fill, cloud, beside cloud, shadow, snow.
        let fmask = [64.0, 192.0, 96.0, 255.0, 66.0, 68.0, 72.0, 80.0];
        assert_eq!(clear(Band::Fmask, &fmask), [true, true, true, false, false, false, false, false]);
        assert_eq!(unclear(Band::QaPixel, 22_280.0), Unclear::Cloud);
        assert_eq!(unclear(Band::QaPixel, 23_888.0), Unclear::Shadow);
        assert_eq!(unclear(Band::Fmask, 255.0), Unclear::Other);
        assert_eq!(unclear(Band::Fmask, 72.0), Unclear::Shadow);
    }

    #[test]
    fn nodata_in_the_mask_is_not_clear() {
        assert_eq!(clear(Band::Scl, &[f32::NAN, 0.0, 5.0]), [false, false, true]);
        assert_eq!(clear(Band::Mask, &[f32::NAN, 0.0, 1.0]), [false, true, false]);
        assert_eq!(clear(Band::QaPixel, &[f32::NAN, 64.0]), [false, true]);
        assert_eq!(clear(Band::Fmask, &[f32::NAN, 64.0]), [false, true]);
    }

    /// Rows and columns of what is not clear once clouds at some places of a 5 x 9 window have spread by one pixel.
    fn hidden(clouds: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let (rows, cols) = (5, 9);
        let mut flags = vec![true; rows * cols];
        clouds.iter().for_each(|(row, col)| flags[row * cols + col] = false);
        let kept = erode(&flags, rows, cols, 1);
        assert_eq!(kept.len(), rows * cols);
        (0..rows * cols).filter(|place| !kept[*place]).map(|place| (place / cols, place % cols)).collect()
    }

    #[test]
    fn a_cloud_spreads_to_its_eight_neighbours_whatever_the_shape_of_the_window() {
        let around = [(1, 5), (1, 6), (1, 7), (2, 5), (2, 6), (2, 7), (3, 5), (3, 6), (3, 7)];
        assert_eq!(hidden(&[(2, 6)]), around);
    }

    #[test]
    fn a_cloud_at_an_edge_does_not_come_round_to_the_other_side() {
        assert_eq!(hidden(&[(0, 8)]), [(0, 7), (0, 8), (1, 7), (1, 8)]);
        assert_eq!(hidden(&[(4, 0)]), [(3, 0), (3, 1), (4, 0), (4, 1)]);
    }

    #[test]
    fn a_window_without_cloud_stays_clear_and_one_of_cloud_stays_hidden() {
        assert_eq!(hidden(&[]), []);
        let all: Vec<(usize, usize)> = (0..45).map(|place| (place / 9, place % 9)).collect();
        assert_eq!(hidden(&all), all);
    }

    #[test]
    fn a_mask_that_does_not_spread_is_the_mask_itself() {
        let flags = [true, false, true, true, true, false];
        assert_eq!(erode(&flags, 2, 3, 0), flags);
    }

    #[test]
    fn a_spread_wider_than_the_window_hides_all_of_it() {
        let mut flags = vec![true; 12];
        flags[0] = false;
        assert_eq!(erode(&flags, 3, 4, 9), [false; 12]);
    }
}
