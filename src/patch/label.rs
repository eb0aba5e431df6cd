//! Connected components by runs, streaming over rows: memory follows what is found, not the area.
//!
//! Law: 4-connected; numbered by their first pixel in row-major order.

use crate::grid::Window;

/// Pixels `from..to` of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Row.
    pub row: usize,
    /// First column.
    pub from: usize,
    /// Column after the last.
    pub to: usize,
}

/// A connected component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Its runs in row-major order.
    pub runs: Vec<Run>,
    /// Bounding window.
    pub window: Window,
    /// Largest stored value in it.
    pub peak: i16,
}

impl Component {
    /// Number of pixels.
    pub fn len(&self) -> usize {
        self.runs.iter().map(|run| run.to - run.from).sum()
    }

    /// Whether it has no pixel.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}

/// Collects rows of values into components of values at or above a level.
pub struct Labeller {
    level: i16,
    runs: Vec<(Run, i16)>,
    parents: Vec<usize>,
    previous: std::ops::Range<usize>,
}

impl Labeller {
    /// Components of `value >= level`.
    pub fn new(level: i16) -> Self {
        Self { level, runs: Vec::new(), parents: Vec::new(), previous: 0..0 }
    }

    /// Adds the next row, whose first value lies in column `col0`. Rows must come in order, each once.
    pub fn add_row(&mut self, row: usize, col0: usize, values: &[i16]) {
        let start = self.runs.len();
        let mut col = 0;
        while col < values.len() {
            if values[col] < self.level {
                col += 1;
                continue;
            }
            let from = col;
            let mut peak = i16::MIN;
            while col < values.len() && values[col] >= self.level {
                peak = peak.max(values[col]);
                col += 1;
            }
            self.parents.push(self.runs.len());
            self.runs.push((Run { row, from: col0 + from, to: col0 + col }, peak));
        }
        self.join(start);
        self.previous = start..self.runs.len();
    }

    fn join(&mut self, start: usize) {
        let mut above = self.previous.start;
        for below in start..self.runs.len() {
            let run = self.runs[below].0;
            while above < self.previous.end && self.runs[above].0.to <= run.from {
                above += 1;
            }
            let mut touching = above;
            while touching < self.previous.end && self.runs[touching].0.from < run.to {
                if self.runs[touching].0.row + 1 == run.row {
                    let (a, b) = (self.root(touching), self.root(below));
                    let (low, high) = (a.min(b), a.max(b));
                    self.parents[high] = low;
                }
                touching += 1;
            }
        }
    }

    fn root(&mut self, mut run: usize) -> usize {
        while self.parents[run] != run {
            self.parents[run] = self.parents[self.parents[run]];
            run = self.parents[run];
        }
        run
    }

    /// The components whose largest value is at least `peak`.
    pub fn finish(mut self, peak: i16) -> Vec<Component> {
        let mut peaks = vec![i16::MIN; self.runs.len()];
        for run in 0..self.runs.len() {
            let root = self.root(run);
            peaks[root] = peaks[root].max(self.runs[run].1);
        }
        let mut places = vec![usize::MAX; self.runs.len()];
        let mut components: Vec<Component> = Vec::new();
        for index in 0..self.runs.len() {
            let root = self.root(index);
            if peaks[root] < peak {
                continue;
            }
            if places[root] == usize::MAX {
                places[root] = components.len();
                let window = Window { row0: usize::MAX, col0: usize::MAX, rows: 0, cols: 0 };
                components.push(Component { runs: Vec::new(), window, peak: peaks[root] });
            }
            components[places[root]].runs.push(self.runs[index].0);
        }
        components.iter_mut().for_each(|component| component.window = bounds(&component.runs));
        components
    }
}

fn bounds(runs: &[Run]) -> Window {
    let row0 = runs.first().map_or(0, |run| run.row);
    let row_end = runs.last().map_or(0, |run| run.row + 1);
    let col0 = runs.iter().map(|run| run.from).min().unwrap_or(0);
    let col_end = runs.iter().map(|run| run.to).max().unwrap_or(0);
    Window { row0, col0, rows: row_end - row0, cols: col_end - col0 }
}

/// Components of a mask over a small window, as masks (row-major); 4- or 8-connected.
pub fn parts(mask: &[bool], rows: usize, cols: usize, diagonal: bool) -> Vec<Vec<usize>> {
    let mut seen = vec![false; mask.len()];
    let mut parts = Vec::new();
    for start in 0..mask.len() {
        if !mask[start] || seen[start] {
            continue;
        }
        seen[start] = true;
        let mut part = vec![start];
        let mut next = 0;
        while next < part.len() {
            for neighbour in neighbours(part[next], rows, cols, diagonal) {
                if mask[neighbour] && !seen[neighbour] {
                    seen[neighbour] = true;
                    part.push(neighbour);
                }
            }
            next += 1;
        }
        part.sort_unstable();
        parts.push(part);
    }
    parts
}

/// Neighbours of a pixel inside a window of `rows` by `cols`.
pub fn neighbours(pixel: usize, rows: usize, cols: usize, diagonal: bool) -> impl Iterator<Item = usize> {
    const STEPS: [(isize, isize); 8] = [(-1, 0), (0, -1), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)];
    let (row, col) = (pixel / cols, pixel % cols);
    STEPS.into_iter().take(if diagonal { 8 } else { 4 }).filter_map(move |(down, right)| {
        let (row, col) = (row.checked_add_signed(down)?, col.checked_add_signed(right)?);
        (row < rows && col < cols).then_some(row * cols + col)
    })
}

#[cfg(test)]
mod tests;
