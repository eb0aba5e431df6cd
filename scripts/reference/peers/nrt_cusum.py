"""Cumulative sums of NDVI residuals (nrt; as in bfast monitor)."""

from nrt.monitor.cusum import CuSum

import nrt_series

DEFAULTS = {"sensitivity": 0.05, "harmonic_order": 2, "trend": True}
GRID = [{"sensitivity": sensitivity, "harmonic_order": order, "trend": trend}
        for sensitivity in (0.05, 0.01, 0.001) for order, trend in ((2, True), (1, False))]


def detect(cube, **setting):
    """Fit: reverse-ordered CUSUM for a stable history, alpha 0.05 (nrt's defaults)."""
    monitor = CuSum(mask=nrt_series.zone_mask(cube), **setting)
    return nrt_series.run(cube, monitor, lambda fitted: fitted.sigma)
