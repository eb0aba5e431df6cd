"""What COLD and S-CCD have in common: one call a pixel of pyxccd, breaks in the target period.

Package pyxccd 1.1.0 (its wheel's licence: see README.md), through its public functions only. Bands: green, red,
near infrared, SWIR1 and, where there, SWIR2, reflectance x 10000, as COLD uses them (no blue, no thermal);
cloud screening on green and SWIR1. The score is ours: the root mean square over the bands of the break's
magnitude over the model's RMSE.
"""

import numpy as np

from detection import Detection

BANDS = ("B03", "B04", "B08", "B11", "B12")
CLEAR, CLOUD = 0, 4
SWIR1_INDEX = 4  # position of B11 in BANDS, from 1; green is 1
LAMBDA = 20  # pyxccd's own value for reflectance x 10000


def run(cube, breaks_of, views):
    """`breaks_of(days, values, quality)` yields (day, score) of every break; `views` make an alarm."""
    names = [name for name in BANDS if name in cube.bands]
    last = np.flatnonzero(cube.target).max() + 1
    days = cube.ordinals().astype(np.int64)[:last]
    start, end = (int(days[index]) for index in (np.flatnonzero(cube.target)[0], last - 1))
    values = np.nan_to_num(cube.stack(names)[:, :last] * 1e4).round().astype(np.int64)
    clear = cube.clear[:last]
    used = cube.baseline[:last] | cube.target[:last]
    shape = cube.zone.shape
    result = Detection(np.zeros(shape, bool), np.zeros(shape, np.float32), np.zeros(shape, int), np.zeros(shape, int))
    for row, col in zip(*np.nonzero(cube.zone)):
        seen = clear[used, row, col]
        quality = np.where(seen, CLEAR, CLOUD).astype(np.int64)
        series = np.ascontiguousarray(values[:, used, row, col].T)
        for day, score in breaks_of(days[used], series, quality):
            if start <= day <= end:
                after = days[used][seen & (days[used] >= day)]
                result.found[row, col] = True
                result.score[row, col] = score
                result.first[row, col] = day
                result.alarm[row, col] = after[min(views, len(after)) - 1] if len(after) else day
                break
    return result


def strength(magnitudes, errors):
    """Root mean square of magnitude over RMSE."""
    errors = np.maximum(np.asarray(errors, float), 1.0)
    return float(np.sqrt(np.mean((np.asarray(magnitudes, float) / errors) ** 2)))
