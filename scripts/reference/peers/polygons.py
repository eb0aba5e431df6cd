"""One polygoniser for all peers: pixels -> connected patches -> leads as GeoJSON in degrees.

Patches share edges (4-neighbours), lie in the zone, and have at least 900 m2, the program's own least area
(redlines/submodels, minimum_area_m2). `smooth` takes the 3 x 3 majority first (a tuned setting may ask for it).
A lead's score is the median over its pixels, so are its days; `confidence` = score / (1 + score) keeps the order.
"""

import datetime
import json
from pathlib import Path

import numpy as np
from rasterio.features import shapes
from rasterio.warp import transform_geom
from scipy.ndimage import find_objects, label, uniform_filter

LEAST_AREA_M2 = 900.0


def majority(found):
    """3 x 3 majority of a mask; outside the raster nothing is found."""
    share = uniform_filter(found.astype(np.float32), 3, mode="constant")
    return share > 0.5


def patches(found, pixel_m2, least_m2=LEAST_AREA_M2):
    """Label image of the patches that are large enough, numbered from 1 without gaps, and their count."""
    labels, count = label(found)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    keep = sizes * pixel_m2 >= least_m2 - 1e-6
    keep[0] = False
    numbers = np.where(keep, np.cumsum(keep), 0)
    return numbers[labels], int(keep.sum())


def middle(values):
    """Lower median of the days above 0, as a date; none without one."""
    known = np.sort(values[values > 0])
    return datetime.date.fromordinal(int(known[(len(known) - 1) // 2])).isoformat() if len(known) else None


def leads(detection, zone, transform, crs, smooth=False):
    """GeoJSON features of a detection, surest first."""
    found = detection.found & zone
    found = majority(found) & zone if smooth else found
    labels, count = patches(found, abs(transform.a * transform.e))
    windows = find_objects(labels)
    outlines = {}
    for outline, number in shapes(labels.astype(np.int32), labels > 0, 4, transform):
        outlines[int(number)] = transform_geom(crs, "EPSG:4326", outline, precision=7)
    features = []
    for number in range(1, count + 1):
        window = windows[number - 1]
        inside = labels[window] == number
        # Pixels that the majority added were not found: they have no score of their own.
        own = inside & detection.found[window]
        own = own if own.any() else inside
        score = float(np.median(detection.score[window][own]))
        features.append({"type": "Feature", "geometry": outlines[number], "properties": {
            "id": f"P{number:05}", "score": round(score, 5), "confidence": round(score / (1 + max(score, 0)), 6),
            "first_seen": middle(detection.first[window][own]),
            "confirmed_on": middle(detection.alarm[window][own]),
            "pixels": int(inside.sum())}})
    return sorted(features, key=lambda feature: (-feature["properties"]["score"], feature["properties"]["id"]))


def write(features, path):
    """One FeatureCollection a file."""
    Path(path).write_text(json.dumps({"type": "FeatureCollection", "features": features}))
