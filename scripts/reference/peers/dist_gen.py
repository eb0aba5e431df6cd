"""DIST-ALERT GEN: spectral distance (Mahalanobis) to the same season in three years.

Bands: red, near infrared, SWIR1, SWIR2 (without SWIR2 the other three). Seven views of the look-back are needed;
the distance is cut to a whole number, at most 32000; a covariance that cannot be inverted gives no anomaly.
Alerts start at 20, as in the released series.
"""

import numpy as np

import dist_views

DEFAULTS = {"low": 20, "high": 50, "confirm": 1600, "half": 15}
GRID = [{"low": low, "high": 50, "confirm": confirm, "half": 45} for low in (10, 6, 3) for confirm in (400, 100)]
BANDS, LEAST_VIEWS, MOST = ("B04", "B08", "B11", "B12"), 7, 32000
SINGULAR = 1e-12


def distance(now, past):
    """Whole Mahalanobis distance and where it is known; `now` is (band, pixel), `past` (view, band, pixel)."""
    clear = np.isfinite(past).all(axis=1)
    views = clear.sum(axis=0)
    held = np.where(clear[:, None], past, 0.0).astype(np.float64)
    mean = held.sum(axis=0) / np.maximum(views, 1)
    shifted = np.where(clear[:, None], held - mean, 0.0)
    covariance = np.einsum("vap,vbp->pab", shifted, shifted) / np.maximum(views - 1, 1)[:, None, None]
    known = np.isfinite(now).all(axis=0) & (views >= LEAST_VIEWS) & (np.abs(np.linalg.det(covariance)) > SINGULAR)
    result = np.zeros(now.shape[1], np.int64)
    away = (now - mean).T[known]
    solved = np.linalg.solve(covariance[known], away[..., None])[..., 0]
    squared = np.maximum(np.sum(away * solved, axis=1), 0)
    result[known] = np.minimum(np.sqrt(squared), MOST).astype(np.int64)
    return result, known


def detect(cube, low, high, confirm, half):
    """Confirmed spectral alerts."""
    values = np.moveaxis(cube.stack(BANDS) * 1e4, 0, 1)
    inside = cube.zone

    def anomaly_of(time, past):
        anomaly, seen = np.zeros(inside.shape, np.int64), np.zeros(inside.shape, bool)
        anomaly[inside], seen[inside] = distance(values[time][:, inside], values[past][:, :, inside])
        return anomaly, seen

    return dist_views.run(cube, anomaly_of, low, high, confirm, half)
