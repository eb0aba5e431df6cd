"""DIST-ALERT VEG: loss of vegetation cover below the lowest of the same season in three years.

Cover: DIST takes it from 100 nearest neighbours in a training library that is not published with it; here it is
120 * NDVI, 0 to 100 (the proxy of reference/science.md section 7). Four views of the look-back are needed.
"""

import numpy as np

import dist_views

DEFAULTS = {"low": 10, "high": 50, "confirm": 400, "half": 15}
GRID = [{"low": low, "high": 50, "confirm": confirm, "half": 30} for low in (5, 3, 1) for confirm in (400, 100)]
COVER_OF_NDVI, LEAST_VIEWS = 120.0, 4


def cover(ndvi):
    """Vegetation cover in whole per cent, NaN where not clear."""
    return np.clip(np.round(COVER_OF_NDVI * ndvi), 0, 100)


def loss(now, past):
    """Whole loss below the lowest of the look-back, and where it is known; `past` is (view, row, column)."""
    views = np.isfinite(past).sum(axis=0)
    lowest = np.min(np.where(np.isfinite(past), past, 101), axis=0)
    known = np.isfinite(now) & (views >= LEAST_VIEWS)
    return np.where(known, np.maximum(lowest - np.nan_to_num(now), 0), 0).astype(np.int64), known


def detect(cube, low, high, confirm, half):
    """Confirmed vegetation-loss alerts."""
    vegetation = cover(cube.ndvi())
    anomaly_of = lambda time, past: loss(vegetation[time], vegetation[past])
    return dist_views.run(cube, anomaly_of, low, high, confirm, half)
