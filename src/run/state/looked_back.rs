//! What was learned of the look-back, opened: its pieces by cell.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::grid::Window;
use crate::run::state::StateError;
use crate::run::state::chunks::{Chunks, PieceName};
use crate::run::state::learn::CELL_PIECE;
use crate::run::state::store::Store;

/// The files of a look-back by the first row of their cells.
pub struct LookBack {
    rows: BTreeMap<u32, (String, Chunks)>,
    folder: PathBuf,
}

impl LookBack {
    /// Opens the files that were learned.
    pub fn open(store: &Store, files: &BTreeMap<String, String>) -> Result<Self, StateError> {
        let mut rows = BTreeMap::new();
        for file in files.keys() {
            let path = store.path(file);
            let chunks = Chunks::open(&path).map_err(StateError::reading(&path))?;
            let first = chunks.names(CELL_PIECE).next().map(|(_, row, _)| row);
            // A row of cells in which nothing is asked has no piece.
            if let Some(row) = first {
                rows.insert(row, (file.clone(), chunks));
            }
        }
        Ok(Self { rows, folder: store.folder.clone() })
    }

    /// Whether anything is kept of a cell.
    pub fn holds(&self, cell: Window) -> bool {
        let name = (CELL_PIECE, cell.row0 as u32, cell.col0 as u32);
        self.rows.get(&name.1).is_some_and(|(_, chunks)| chunks.holds(name))
    }

    /// First row and column of every cell that is kept, in order.
    pub fn cells(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.rows.values().flat_map(|(_, chunks)| chunks.names(CELL_PIECE)).map(|(_, row, col)| (row, col))
    }

    /// A piece of a cell that is kept. One that is not there is a fault, and never a cell of which nothing is asked.
    pub fn read<T: DeserializeOwned>(&self, name: PieceName) -> Result<T, StateError> {
        let missing = |path: &Path| {
            let reason = format!("it has no piece {name:?}");
            StateError::Damaged { path: path.to_owned(), reason }
        };
        let (file, chunks) = self.rows.get(&name.1).ok_or_else(|| missing(&self.folder))?;
        let path = self.folder.join(file);
        chunks.read(name).map_err(StateError::reading(&path))?.ok_or_else(|| missing(&path))
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.rows.values().map(|(_, chunks)| chunks.size).sum()
    }
}
