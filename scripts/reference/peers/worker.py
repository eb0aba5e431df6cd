"""Runs one peer on one place in a process of its own, so that its processor time can be counted whole.

Usage: worker.py CASE PART_INDEX PEER SETTING_JSON OUT   (data and work folders in BENCH_DATA, BENCH_WORK)
Writes OUT (leads as GeoJSON), or OUT with `.refused` and the reason.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import rasterio

import cases
import polygons
import roster
from cube import read_cube
from detection import Detection, Refused


def whole(case, part, peer, setting):
    """All rows at once, or in blocks that are put together before patches are made."""
    if not case.blocks:
        cube = read_cube(part.scenes, None if case.pair else part.redline, case.baseline, case.target)
        return peer.detect(cube, **setting), cube
    with rasterio.open(next(part.scenes.glob("*.tif"))) as source:
        height = source.height
    pieces = []
    for start in range(0, height, case.blocks):
        rows = (start, min(start + case.blocks, height))
        cube = read_cube(part.scenes, part.redline, case.baseline, case.target, rows=rows)
        piece = peer.detect(cube, **setting) if cube.zone.any() else empty(cube.zone.shape)
        pieces.append((piece, cube.zone))
        if start == 0:
            first = cube
    joined = [np.concatenate([getattr(piece, name) for piece, _ in pieces])
              for name in ("found", "score", "first", "alarm")]
    first.zone = np.concatenate([zone for _, zone in pieces])
    return Detection(*joined), first


def empty(shape):
    """Nothing found."""
    return Detection(np.zeros(shape, bool), np.zeros(shape, np.float32), np.zeros(shape, int), np.zeros(shape, int))


def main():
    name, index, peer_name, setting, out = sys.argv[1:]
    case = cases.case(name, Path(os.environ["BENCH_DATA"]), Path(os.environ["BENCH_WORK"]))
    setting = json.loads(setting)
    smooth = setting.pop("smooth", False)
    try:
        detection, cube = whole(case, case.parts[int(index)], roster.peer(peer_name), setting)
    except (Refused, ImportError) as reason:
        Path(out + ".refused").write_text(str(reason))
        return
    polygons.write(polygons.leads(detection, cube.zone, cube.transform, cube.crs, smooth), out)


if __name__ == "__main__":
    main()
