"""What the four nrt monitors have in common: fit NDVI of the look-back, then one view after the other.

Package nrt 0.3.0 (EUPL-1.2), through its public classes only. A pixel's alarm is the day on which nrt writes a
break; nrt stops monitoring there. The score is ours: the median of |observed - predicted| over the spread of the
look-back, over the views from the alarm on (nrt has no score of its own).
"""

import datetime
import warnings

import numpy as np
import xarray as xr

from detection import Detection, Refused, median_after

BREAK = 3
EPOCH = datetime.date(1970, 1, 1).toordinal()


def array_of(cube, values, times):
    """An xarray of (time, y, x) as nrt wants it."""
    rows, cols = values.shape[1:]
    x = cube.transform.c + (np.arange(cols) + 0.5) * cube.transform.a
    y = cube.transform.f + (np.arange(rows) + 0.5) * cube.transform.e
    days = np.array([np.datetime64(cube.dates[index], "ns") for index in times])
    return xr.DataArray(values, dims=("time", "y", "x"), coords={"time": days, "y": y, "x": x})


def run(cube, monitor, spread, **fit):
    """Fits and monitors; `spread(monitor)` is the standard deviation of the look-back."""
    ndvi = cube.ndvi()
    past, now = np.flatnonzero(cube.baseline), np.flatnonzero(cube.target)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            monitor.fit(array_of(cube, ndvi[past], past), **fit)
        except Exception as error:
            raise Refused(f"fit: {str(error).splitlines()[0]}") from error
        sigma = np.asarray(spread(monitor), np.float32)
        z = np.full((len(now), *cube.zone.shape), np.nan, np.float32)
        for index, time in enumerate(now):
            moment = datetime.datetime.combine(cube.dates[time], datetime.time())
            z[index] = (ndvi[time] - monitor.predict(moment)) / np.where(sigma > 0, sigma, np.nan)
            monitor.monitor(array=ndvi[time], date=moment)
    found = monitor.mask == BREAK
    alarm = np.where(found, monitor.detection_date.astype(np.int64) + EPOCH, 0)
    days = np.array([cube.dates[time].toordinal() for time in now])
    start = np.searchsorted(days, alarm)
    score = median_after(np.nan_to_num(z), start, np.isfinite(z))
    return Detection(found, np.where(found, score, 0), alarm, alarm)


def zone_mask(cube):
    """nrt's mask: 1 is monitored."""
    return cube.zone.astype(np.uint8)
