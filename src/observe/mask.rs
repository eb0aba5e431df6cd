//! Which pixels of a view are clear.
//!
//! In:  Sentinel-2 scene classification (SCL) or a given mask, NaN = nodata.
//! Out: one flag a pixel, true = clear.
//! Source: SCL 4, 5, 6, 7 are clear; 0, 1, 3, 8, 9, 10, 11 are not and are dilated by 2 px
//! (`reference/time-series.md`: dilation was one of the four things that mattered).

use crate::scene::Band;

/// How far what is not clear reaches beyond its mask, in pixels of the plan's grid.
pub const DILATION: usize = 2;

/// Clear flags from a mask layer, before dilation.
pub fn clear(band: Band, layer: &[f32]) -> Vec<bool> {
    let is_clear = |value: &f32| match band {
        Band::Scl => (4.0..=7.0).contains(value),
        _ => *value == 0.0,
    };
    layer.iter().map(is_clear).collect()
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
    fn nodata_in_the_mask_is_not_clear() {
        assert_eq!(clear(Band::Scl, &[f32::NAN, 0.0, 5.0]), [false, false, true]);
        assert_eq!(clear(Band::Mask, &[f32::NAN, 0.0, 1.0]), [false, true, false]);
    }
}
