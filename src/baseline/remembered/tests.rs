//! A cell that is remembered gives later views what a cell learned today gives them.

use proptest::prelude::*;

use super::*;
use crate::baseline::Series;
use crate::baseline::descriptor::Descriptors;
use crate::baseline::tests::drawn;
use crate::submodel::Feature;

/// The ground around the cell, at row 40 and column 80 of the grid; the cell begins 10 px into it.
const AROUND: Window = Window { row0: 40, col0: 80, rows: 40, cols: 50 };
const CELL: Window = Window { row0: 50, col0: 90, rows: 20, cols: 30 };

/// Ten views of the look-back and six after it.
const LOOK_BACK: usize = 10;
const VIEWS: usize = 16;

/// Four kinds of grass that follow the seasons, each in its own way; clouds come and go; a corner of the cell is bare from
/// the twelfth view on, and one pixel is never seen before the target period.
fn look(pixel: usize, view: usize) -> Option<[f32; 3]> {
    let (row, col) = (pixel / AROUND.cols, pixel % AROUND.cols);
    let noise = |salt: usize| ((pixel * 7919 + view * 104_729 + salt * 31) % 1000) as f32 / 1000.0 - 0.5;
    let is_cloud = (row / 4 + 3 * (col / 5) + 5 * view).is_multiple_of(7);
    if is_cloud || (pixel == 700 && view < LOOK_BACK) {
        return None;
    }
    let kind = (row / 20 + 2 * (col / 25)) as f32;
    let season = (view as f32 * 0.9).sin() * (0.05 + 0.02 * kind);
    let is_bare = view >= 12 && row < 22 && col < 24;
    let green = if is_bare { 0.12 } else { 0.3 + 0.08 * kind + season };
    Some([green + 0.03 * noise(1), 0.2 - 0.3 * green + 0.03 * noise(2), 0.25 - 0.2 * green + 0.02 * noise(3)])
}

fn stack(views: std::ops::Range<usize>) -> Stack {
    let features = [Feature::Ndvi, Feature::Bsi, Feature::Brightness];
    let whole = drawn(AROUND, VIEWS, features, look);
    let dates = whole.dates[views.clone()].to_vec();
    let mut part = drawn(AROUND, views.len(), features, |pixel, view| look(pixel, view + views.start));
    part.dates = dates;
    part
}

fn asked() -> Vec<u16> {
    (0..CELL.len() as u16).filter(|place| place % 5 != 2).collect()
}

/// The cell as it is kept, having gone through bytes.
fn kept() -> KeptCell {
    let before = stack(0..LOOK_BACK);
    let descriptors = Descriptors::of(&before, &[true; LOOK_BACK], &[AROUND]);
    let baseline = Baseline::learn(&before, &descriptors, &[true; LOOK_BACK], AROUND);
    let kept = KeptCell::of(baseline.as_ref(), &before, (CELL, AROUND), asked());
    let bytes = postcard::to_allocvec(&kept).unwrap();
    let again: KeptCell = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(again, kept);
    again
}

/// The values of some places in the later views, as one row.
fn later(places: &[usize]) -> Stack {
    let after = stack(LOOK_BACK..VIEWS);
    let row = Window { row0: 0, col0: 0, rows: 1, cols: places.len() };
    let mut stack = Stack::new(row, after.dates.clone(), after.features.clone());
    for (number, place) in places.iter().enumerate() {
        for view in 0..VIEWS - LOOK_BACK {
            let values: Vec<i16> = (0..3).map(|feature| after.at(*place, view, feature)).collect();
            stack.set(number, view, &values);
        }
    }
    stack
}

#[test]
fn later_views_of_a_remembered_cell_are_judged_as_if_it_were_learned_today() {
    let (kept, whole) = (kept(), stack(0..VIEWS));
    let look_back: Vec<bool> = (0..VIEWS).map(|view| view < LOOK_BACK).collect();
    let descriptors = Descriptors::of(&whole, &look_back, &[AROUND]);
    let learned = Baseline::learn(&whole, &descriptors, &look_back, AROUND).unwrap();
    let stack = later(&kept.places((CELL, AROUND)));
    let remembered = Remembered::new(&kept, &stack, (CELL, AROUND)).unwrap();
    let mut strip = remembered.strip();
    let numbers: Vec<usize> = (0..kept.asked.len()).collect();
    let mut compared = 0;
    for sixteen in numbers.chunks(LANES) {
        remembered.follow(sixteen, &mut strip);
        for (lane, number) in sixteen.iter().enumerate() {
            let place = usize::from(kept.asked[*number]);
            let pixel = whole.pixel_at(CELL.row0 + place / CELL.cols, CELL.col0 + place % CELL.cols);
            let today = learned.series_of(&[pixel]).remove(0);
            let mut then = Series::default();
            remembered.recall_range(lane, *number, &mut strip);
            strip.series(lane, &mut then);
            let from = today.views.partition_point(|view| *view < LOOK_BACK);
            let views: Vec<usize> = today.views[from..].iter().map(|view| view - LOOK_BACK).collect();
            assert_eq!(then.views, views);
            if views.is_empty() {
                continue;
            }
            let tail =
                |lines: &[Vec<f32>]| lines.iter().map(|line| line[from..].to_vec()).collect::<Vec<_>>();
            assert_eq!(then.observed, tail(&today.observed));
            assert_eq!(then.control, tail(&today.control));
            assert_eq!(then.expected, tail(&today.expected));
            assert_eq!(then.z, tail(&today.z));
            assert_eq!(then.history, today.history);
            compared += views.len();
        }
    }
    assert!(compared > 1000);
    let control = remembered.whole_control();
    for view in 0..VIEWS {
        assert_eq!(control.level(view, 1).to_bits(), learned.control().level(view, 1).to_bits());
    }
    let changed = |view: usize| view >= LOOK_BACK;
    assert_eq!(control.changed_together(changed), learned.control().changed_together(changed));
    assert!(control.changed_together(changed) > 0.0, "some donors stand on bare ground");
}

#[test]
fn a_cell_without_donors_is_kept_without_what_is_normal() {
    let before = stack(0..LOOK_BACK);
    let kept = KeptCell::of(None, &before, (CELL, AROUND), vec![0, 3]);
    assert_eq!(kept.places((CELL, AROUND)), [10 * 50 + 10, 10 * 50 + 13]);
    let stack = later(&kept.places((CELL, AROUND)));
    assert!(Remembered::new(&kept, &stack, (CELL, AROUND)).is_none());
}

proptest! {
    #[test]
    fn a_column_gives_back_its_numbers(numbers in prop::collection::vec(any::<u16>(), 0..50)) {
        prop_assert_eq!(Column::of(numbers.iter().copied()).numbers(), numbers);
    }
}
