"""CCDC-like monitoring of NDVI (nrt; after Zhu and Woodcock 2014): consecutive residuals beyond 3 RMSE."""

import numpy as np
from nrt.monitor.ccdc import CCDC

import nrt_series

DEFAULTS = {"sensitivity": 3, "boundary": 3, "harmonic_order": 2, "trend": True}
GRID = [{"sensitivity": sensitivity, "boundary": boundary, "harmonic_order": 1, "trend": True}
        for sensitivity in (3, 5, 8) for boundary in (3, 5)]


def detect(cube, **setting):
    """Fit: stable history and RIRLS screening on green and short-wave infrared (nrt's defaults, which need the trend)."""
    monitor = CCDC(mask=nrt_series.zone_mask(cube), **setting)
    past = np.flatnonzero(cube.baseline)
    green, swir = (nrt_series.array_of(cube, cube.bands[name][past], past) for name in ("B03", "B11"))
    return nrt_series.run(cube, monitor, lambda fitted: fitted.rmse, green=green, swir=swir)
