"""Covered shares of red lines: Steppewatch beside exactextract and rasterstats on the same grid.

Usage: zonal.py KERNELS FOLDER
FOLDER as scene.py wrote it. Shares of every pixel that a line touches are held against those of exactextract, which
keeps them as 32-bit floats; time is processor time of one thread over all lines in memory (exactextract: `count`, the
sum of the shares, over a raster of ones). rasterstats takes a pixel whole or not at all. Ends with 1 when a share
differs by more than 1e-6 or exactextract is faster.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from rasterio.transform import from_origin
from rasterstats import zonal_stats

import kept

SHARE_BAR = 1e-6
PASSES = 3


def of_ours(kernels: str, lines: Path, out: Path, grid: dict[str, float], count: int) -> tuple[float, list[Any]]:
    """Processor seconds, and by line the cells that it covers with their shares."""
    said = subprocess.run([kernels, "coverage", str(lines), str(out)], capture_output=True, text=True, check=True).stdout
    data, at, found = out.read_bytes(), 0, []
    for _ in range(count):
        row0, col0, rows, cols = np.frombuffer(data, "<u4", 4, at).astype(np.int64)
        shares = np.frombuffer(data, "<f4", int(rows * cols), at + 16).reshape(rows, cols)
        at += 16 + 4 * int(rows * cols)
        down, right = np.nonzero(shares)
        found.append(((row0 + down) * int(grid["cols"]) + col0 + right, shares[down, right].astype(float)))
    return float(said.split()[1]), found


def difference(ours: tuple[Any, Any], cells: Any, shares: Any) -> float:
    """Largest difference of a line's shares over the cells of either."""
    both = np.union1d(ours[0], cells)
    spread = np.zeros((2, len(both)))
    spread[0, np.searchsorted(both, ours[0])] = ours[1]
    spread[1, np.searchsorted(both, cells)] = shares
    return float(np.abs(spread[0] - spread[1]).max(initial=0.0))


def main() -> None:
    """Measures, prints, keeps."""
    kernels, folder = sys.argv[1], Path(sys.argv[2])
    layer = json.loads((folder / "lines.geojson").read_text(encoding="utf-8"))
    grid, features = layer["grid"], layer["features"]
    for number, feature in enumerate(features):
        feature["properties"] = {"id": number}
    seconds, ours = of_ours(kernels, folder / "lines.geojson", folder / "shares", grid, len(features))
    side = int(grid["rows"])
    north, west, pixel = grid["origin_y"], grid["origin_x"], grid["pixel"]
    ones = np.ones((side, side), np.float32)
    raster = NumPyRasterSource(ones, west, north - side * pixel, west + side * pixel, north)
    extract_seconds = float("inf")
    for _ in range(PASSES):
        begun = time.process_time()
        exact_extract(raster, features, ["count"])
        extract_seconds = min(extract_seconds, time.process_time() - begun)
    theirs = exact_extract(raster, features, ["cell_id", "coverage"])
    apart = [difference(one, other["properties"]["cell_id"], other["properties"]["coverage"])
             for one, other in zip(ours, theirs, strict=True)]
    begun = time.process_time()
    whole = zonal_stats(features, ones, affine=from_origin(west, north, pixel, pixel), stats=["count"], nodata=-1)
    stats_seconds = time.process_time() - begun
    area = np.array([shares.sum() for _, shares in ours])
    off = float(np.abs(np.array([one["count"] for one in whole]) / area - 1).max())
    vertices = sum(len(ring) for feature in features for ring in feature["geometry"]["coordinates"])
    kept.table(["coverage of red lines", "processor s", "x steppewatch", "largest difference of a share"], [
        ["steppewatch", f"{seconds:.3f}", "1.0", "-"],
        ["exactextract", f"{extract_seconds:.3f}", f"{extract_seconds / seconds:.1f}", f"{max(apart):.1e}"],
        ["rasterstats (pixels whole)", f"{stats_seconds:.3f}", f"{stats_seconds / seconds:.1f}",
         f"area of a line off by {100 * off:.1f} % at most"]])
    print(f"{len(features)} lines, {vertices} vertices, {side} x {side} px; bars: difference {SHARE_BAR:.0e}, ratio 1")
    kept.keep("zonal", {"taken": kept.taken(), "lines": len(features), "vertices": vertices, "side": side,
                        "processor_s": {"steppewatch": seconds, "exactextract": extract_seconds, "rasterstats": stats_seconds},
                        "largest_difference": max(apart), "rasterstats_area_off": off})
    sys.exit(0 if max(apart) <= SHARE_BAR and extract_seconds >= seconds else 1)


if __name__ == "__main__":
    main()
