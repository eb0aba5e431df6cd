"""One reader for all peers: a folder of scenes -> bands over time on one grid, clear pixels, the zone.

In:  GeoTIFF files of one grid with named bands (B02, B03, B04, B08, B11, ... and, if there, SCL), DN / 10000.
Out: `Cube`: reflectance as float32 (time, row, column), NaN where not clear.
Law: the mask is the program's: SCL 4 to 7 are clear, everything else takes 2 pixels (a square) with it
     (src/observe/mask.rs). Without SCL every pixel with data is clear. A pixel is in the zone if its centre is.
"""

import datetime
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.features import geometry_mask
from rasterio.warp import transform_geom
from rasterio.windows import Window
from scipy.ndimage import binary_dilation

CLEAR, REACH = (4, 7), 2
DATE = re.compile(r"(20\d{2})(\d{2})(\d{2})")


@dataclass
class Cube:
    """Scenes in order of date; `bands` by name, reflectance, NaN where not clear."""

    dates: list
    bands: dict
    clear: np.ndarray
    zone: np.ndarray
    transform: object
    crs: object
    baseline: np.ndarray
    target: np.ndarray
    paths: list

    def ordinals(self):
        """Days as proleptic ordinals."""
        return np.array([day.toordinal() for day in self.dates])

    def ndvi(self):
        """NDVI (time, row, column), NaN where not clear."""
        red, near = self.bands["B04"], self.bands["B08"]
        with np.errstate(invalid="ignore", divide="ignore"):
            value = (near - red) / (near + red)
        return np.where(np.isfinite(value), np.clip(value, -1, 1), np.nan).astype(np.float32)

    def stack(self, names):
        """The named bands that are there: (band, time, row, column)."""
        return np.stack([self.bands[name] for name in names if name in self.bands])


def period(text):
    """`FROM/TO` as two dates, both ends included."""
    return tuple(datetime.date.fromisoformat(day) for day in text.split("/"))


def clear_pixels(scl):
    """Clear flags (row, column) of one scene classification, with the program's dilation."""
    unclear = (scl < CLEAR[0]) | (scl > CLEAR[1])
    return ~binary_dilation(unclear, np.ones((2 * REACH + 1, 2 * REACH + 1), bool))


def zone_of(redline, shape, transform, crs):
    """Pixels whose centre lies in a GeoJSON layer (longitude, latitude); all of them without a layer."""
    if redline is None:
        return np.ones(shape, bool)
    features = json.loads(Path(redline).read_text())["features"]
    outlines = [transform_geom("EPSG:4326", crs, feature["geometry"]) for feature in features]
    return geometry_mask(outlines, shape, transform, invert=True)


WANTED = ("B02", "B03", "B04", "B08", "B11", "B12")


def read_scene(path, rows, step):
    """One file: bands (NaN where not clear) by name, clear pixels, and where it lies; rows FROM, TO of it."""
    with rasterio.open(path) as source:
        names, shape = source.descriptions, source.shape
        start, end = rows or (0, shape[0])
        # The mask reaches over the edges of the block.
        above, below = min(REACH, start), min(REACH, shape[0] - end)
        wide = Window(0, start - above, shape[1], end - start + above + below)
        inner = slice(above, above + end - start)
        layer = lambda name: source.read(names.index(name) + 1, window=wide)
        scl = layer("SCL") if "SCL" in names else np.full((wide.height, wide.width), CLEAR[0])
        clear = clear_pixels(scl)
        bands = {}
        for name in (name for name in WANTED if name in names):
            digital = layer(name)
            value = np.where(clear & (digital > 0), digital / np.float32(1e4), np.float32(np.nan))
            bands[name] = value[inner][::step, ::step]
        where = source.transform * Affine.translation(0, start)
        return bands, clear[inner][::step, ::step], (end - start, shape[1]), where, source.crs


def read_cube(scenes, redline, baseline, target, step=1, rows=None):
    """Reads a folder; `step` 2 takes every second row and column (tuning only), `rows` (FROM, TO) a block."""
    paths = sorted(Path(scenes).glob("*.tif"), key=lambda path: DATE.search(path.name).group())
    dates = [datetime.date(*map(int, DATE.search(path.name).groups())) for path in paths]
    layers, clears = {}, []
    for path in paths:
        values, clear, shape, transform, crs = read_scene(path, rows, step)
        for name, value in values.items():
            layers.setdefault(name, []).append(value)
        clears.append(clear)
    zone = zone_of(redline, shape, transform, crs)[::step, ::step]
    bands = {name: np.stack(values) for name, values in layers.items()}
    clear = np.stack(clears) & np.all([np.isfinite(value) for value in bands.values()], axis=0)
    within = lambda span: np.array([period(span)[0] <= day <= period(span)[1] for day in dates])
    return Cube(dates, bands, clear, zone, transform * Affine.scale(step), crs,
                within(baseline), within(target), paths)
