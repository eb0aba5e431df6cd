"""The simple job that every peer does: where grass of the first date has gone, as polygons inside the red lines.

NDVI of 0.30 at least before, 0.15 less after, both dates clear by SCL, inside a red line; groups of fewer than 25 px left
out; polygons with geodesic area, GeoJSON in longitude and latitude. That is far less than Steppewatch does of a pair
(co-registration, six maps, patches, confidence, pictures, GeoPackage): the ratio says what the difference costs.
"""

from pathlib import Path
from typing import Any

import geopandas
import numpy as np
from pyproj import Geod
from rasterio import features
from shapely.geometry import shape

BEFORE, AFTER = "S2_20220715", "S2_20230718"
NEEDED = [f"{date}_{band}" for date in (BEFORE, AFTER) for band in ("B04", "B08", "SCL")]
LEAST_NDVI, LEAST_LOSS, SIEVE = 0.30, 0.15, 25
CLEAR = (4, 5, 6, 7)
STRIP = 512


def ndvi(red: Any, nir: Any) -> Any:
    """Of raw numbers, in single precision."""
    near = nir.astype("f4")
    return (near - red) / (near + red + 1e-6)


def lost(red0: Any, nir0: Any, scl0: Any, red1: Any, nir1: Any, scl1: Any, inside: Any) -> Any:
    """1 where the rule holds; arrays of one shape, numpy or dask."""
    before = ndvi(red0, nir0)
    clear = (scl0 >= CLEAR[0]) & (scl0 <= CLEAR[-1]) & (scl1 >= CLEAR[0]) & (scl1 <= CLEAR[-1])
    return ((before >= LEAST_NDVI) & (ndvi(red1, nir1) - before <= -LEAST_LOSS) & clear & (inside > 0)).astype("u1")


def burnt(lines: Path, rows: int, cols: int, transform: Any) -> np.ndarray[Any, Any]:
    """1 inside a red line."""
    layer = geopandas.read_file(lines)
    inside: np.ndarray[Any, Any] = features.rasterize(
        ((line, 1) for line in layer.geometry), (rows, cols), transform=transform, dtype="uint8")
    return inside


def finish(mask: np.ndarray[Any, Any], transform: Any, crs: Any, out: Path) -> None:
    """Sieve, polygons, area, file."""
    sieved = features.sieve(mask, SIEVE, connectivity=4)
    shapes = [shape(one) for one, _ in features.shapes(sieved, mask=sieved > 0, transform=transform)]
    leads = geopandas.GeoDataFrame(geometry=shapes, crs=crs).to_crs(4326)
    earth = Geod(ellps="WGS84")
    leads["area_m2"] = [abs(earth.geometry_area_perimeter(one)[0]) for one in leads.geometry]
    leads.to_file(out, driver="GeoJSON")
