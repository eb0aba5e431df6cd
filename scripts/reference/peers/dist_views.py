"""What DIST-VEG and DIST-GEN have in common: views of the same season in the three years before, then the state.

The look-back of a view is every clear view within `half` days of the same day in each of the previous three
years (published: 31 days, half = 15). The state starts empty with the target period. A pixel is found when it
is ever confirmed; the score is DIST's own confidence, its largest value.
"""

import numpy as np

from detection import Detection
from dist_state import AlertState

YEARS = 3


def same_season(dates, time, half):
    """Indices of the views within `half` days of the same day in each of the previous three years."""
    chosen = []
    for back in range(1, YEARS + 1):
        # 29 February falls on 28 February in other years.
        day = dates[time]
        centre = day.replace(year=day.year - back, day=min(day.day, 28) if day.month == 2 else day.day)
        chosen += [index for index, other in enumerate(dates) if abs((other - centre).days) <= half]
    return sorted(set(chosen))


def run(cube, anomaly_of, low, high, confirm, half):
    """`anomaly_of(time, past)` gives whole anomalies and where they are known, both (row, column)."""
    shape = cube.zone.shape
    state = AlertState(shape, low, high, confirm)
    result = Detection(np.zeros(shape, bool), np.zeros(shape, np.float32), np.zeros(shape, int), np.zeros(shape, int))
    for time in np.flatnonzero(cube.target):
        past = same_season(cube.dates, time, half)
        if not past:
            continue
        anomaly, seen = anomaly_of(time, past)
        seen &= cube.zone
        day = cube.dates[time].toordinal()
        state.update(day, anomaly, seen)
        sure = state.confirmed()
        fresh = sure & ~result.found
        result.first[fresh], result.alarm[fresh] = state.start[fresh], day
        result.found |= sure
        result.score = np.where(sure, np.maximum(result.score, state.confidence), result.score)
    return result
