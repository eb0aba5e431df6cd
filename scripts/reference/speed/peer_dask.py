"""Peer: the same rule on dask arrays, two threads.

Usage: peer_dask.py FOLDER LINES OUT
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import rasterio
from rasterio.windows import Window

import simple

CHUNK = 2048


def lazy(path: Path, rows: int, cols: int) -> Any:
    """A file as a dask array that reads each chunk when it is needed."""
    def read(block_info: Any = None) -> np.ndarray[Any, Any]:
        (row, row_end), (col, col_end) = block_info[None]["array-location"]
        with rasterio.open(path) as file:
            values: np.ndarray[Any, Any] = file.read(1, window=Window(col, row, col_end - col, row_end - row))
        return values

    with rasterio.open(path) as file:
        kind = file.dtypes[0]
    chunks = da.core.normalize_chunks(CHUNK, (rows, cols))
    return da.map_blocks(read, chunks=chunks, dtype=kind, meta=np.empty((0, 0), kind))


def main() -> None:
    """Builds the graph, computes, finishes."""
    folder, lines, out = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    dask.config.set(scheduler="threads", num_workers=2)
    with rasterio.open(folder / f"{simple.NEEDED[0]}.tif") as first:
        rows, cols, transform, crs = first.height, first.width, first.transform, first.crs
    inside = da.from_array(simple.burnt(lines, rows, cols, transform), chunks=CHUNK)
    arrays = [lazy(folder / f"{name}.tif", rows, cols) for name in simple.NEEDED]
    rule: Callable[..., Any] = simple.lost
    simple.finish(rule(*arrays, inside).compute(), transform, crs, out)


if __name__ == "__main__":
    main()
