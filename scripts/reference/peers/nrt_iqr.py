"""Consecutive NDVI residuals beyond the quartiles of the look-back (nrt)."""

from nrt.monitor.iqr import IQR

import nrt_series

DEFAULTS = {"sensitivity": 1.5, "boundary": 3, "harmonic_order": 3, "trend": True}
GRID = [{"sensitivity": sensitivity, "boundary": boundary, "harmonic_order": 1, "trend": False}
        for sensitivity in (1.5, 3.0, 6.0) for boundary in (3, 5)]
NORMAL_QUARTILES = 1.349  # distance of the quartiles of a normal distribution, in standard deviations


def detect(cube, **setting):
    """Fit: ordinary least squares (nrt's default)."""
    monitor = IQR(mask=nrt_series.zone_mask(cube), **setting)
    return nrt_series.run(cube, monitor, lambda fitted: (fitted.q75 - fitted.q25) / NORMAL_QUARTILES)
