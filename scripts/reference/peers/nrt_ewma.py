"""EWMA control chart on NDVI residuals (nrt; Brooks et al. 2014)."""

from nrt.monitor.ewma import EWMA

import nrt_series

DEFAULTS = {"sensitivity": 2, "harmonic_order": 2, "trend": True}
GRID = [{"sensitivity": sensitivity, "harmonic_order": order, "trend": trend}
        for sensitivity in (2, 5, 10) for order, trend in ((2, True), (1, False))]


def detect(cube, **setting):
    """Fit: ordinary least squares with Shewhart screening, L = 5 (nrt's defaults)."""
    monitor = EWMA(mask=nrt_series.zone_mask(cube), **setting)
    return nrt_series.run(cube, monitor, lambda fitted: fitted.sigma)
