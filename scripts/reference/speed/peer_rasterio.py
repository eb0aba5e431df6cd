"""Peer: rasterio with numpy, or with a loop compiled by numba, strips on two threads.

Usage: peer_rasterio.py FOLDER LINES OUT numpy|numba
"""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.windows import Window

import simple


def compiled() -> Callable[..., Any]:
    """The rule as one loop over pixels, kept between runs."""
    import numba

    @numba.njit(cache=True, nogil=True)
    def loop(red0: Any, nir0: Any, scl0: Any, red1: Any, nir1: Any, scl1: Any, inside: Any) -> Any:
        found = np.zeros(inside.shape, np.uint8)
        for row in range(inside.shape[0]):
            for col in range(inside.shape[1]):
                if (inside[row, col] and 4 <= scl0[row, col] <= 7 and 4 <= scl1[row, col] <= 7):
                    a, b = np.float32(red0[row, col]), np.float32(nir0[row, col])
                    c, d = np.float32(red1[row, col]), np.float32(nir1[row, col])
                    before, after = (b - a) / (b + a + 1e-6), (d - c) / (d + c + 1e-6)
                    found[row, col] = before >= 0.30 and after - before <= -0.15
        return found

    return loop


def main() -> None:
    """Reads, applies the rule, finishes."""
    folder, lines, out, way = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    rule: Callable[..., Any] = compiled() if way == "numba" else simple.lost
    with rasterio.open(folder / f"{simple.NEEDED[0]}.tif") as first:
        rows, cols, transform, crs = first.height, first.width, first.transform, first.crs
    inside = simple.burnt(lines, rows, cols, transform)
    mask = np.empty((rows, cols), np.uint8)
    own = threading.local()

    def strip(row: int) -> None:
        if not hasattr(own, "files"):
            own.files = [rasterio.open(folder / f"{name}.tif") for name in simple.NEEDED]
        window = Window(0, row, cols, min(simple.STRIP, rows - row))
        part = slice(row, row + window.height)
        mask[part] = rule(*(file.read(1, window=window) for file in own.files), inside[part])

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(strip, range(0, rows, simple.STRIP)))
    simple.finish(mask, transform, crs, out)


if __name__ == "__main__":
    main()
