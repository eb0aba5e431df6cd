"""The alert state of DIST-ALERT (OPERA, GLAD UMD), for vegetation loss and for spectral change alike.

A port from the published rules, not of the code: facts from gladumd/OPERA_DIST, v1/alert (03A, 03B) and the
product's description; checked in test_peers.py on sequences worked out by hand, and once on the released series
of OPERA-Cal-Val/DIST-Validation (README.md).

Rules (low and high are the thresholds of the anomaly; for the confidence an anomaly counts 100 at most):
- An anomaly >= low starts an alert or adds to it; `maximum` keeps the largest; `percent` is the share of
  anomalies among the views since the start, cut to a whole number after every view.
- Confidence starts as the first anomaly; then, with n anomalies and m other views before,
  mean' = (confidence / n^2 * (n + m) + anomaly) / (n + m + 1), confidence' = mean' * n'^2, whole, at most 32000.
- Confirmed from a confidence of `confirm` on (400 for vegetation, 1600 for spectra); high from a maximum of `high`
  on; before that first (one day) or provisional.
- The alert ends with the second view in a row without anomaly, with one 15 days or more after the last anomaly,
  or with one right after a single anomaly. A confirmed one is kept as finished, another forgotten.
- An alert older than 365 days is forgotten; a new anomaly after a finished one starts anew.
"""

import numpy as np

NONE, FIRST_LOW, PROVISIONAL_LOW, CONFIRMED_LOW = 0, 1, 2, 3
FIRST_HIGH, PROVISIONAL_HIGH, CONFIRMED_HIGH = 4, 5, 6
FINISHED_LOW, FINISHED_HIGH, NO_DATA = 7, 8, 255
MOST_ANOMALY, CAP, YEAR, MOST_COUNTED = 100, 32000, 365, 253
UNSET = 200  # percent without an alert


class AlertState:
    """State of many pixels; `update` takes one view."""

    def __init__(self, shape, low, high, confirm=400, gap_days=15):
        self.low, self.high, self.confirm, self.gap_days = low, high, confirm, gap_days
        self.status = np.full(shape, NO_DATA, np.int64)
        self.percent = np.full(shape, UNSET, np.int64)
        self.count, self.maximum, self.confidence, self.start, self.duration, self.last_view = (
            np.zeros(shape, np.int64) for _ in range(6))

    def _forget(self, where, percent=UNSET):
        self.status[where] = NONE
        self.percent[where] = percent
        for field in (self.count, self.maximum, self.confidence, self.start, self.duration):
            field[where] = 0

    def update(self, day, anomaly, seen):
        """One view: whole anomalies, and where they are known. `day` counts from any day before the first."""
        hit = seen & (anomaly >= self.low)
        finished = (self.status == FINISHED_LOW) | (self.status == FINISHED_HIGH)
        self._forget(seen & (((day - self.start > YEAR) & (self.start > 0)) | (finished & hit)))
        count, others = self.count.copy(), self._others()
        self._count(day, anomaly, hit, seen & ~hit, count, others)
        self._weigh(anomaly, hit, seen, count, others)
        self._decide(day, hit, seen)
        self.last_view[seen] = day

    def _others(self):
        alert = (self.percent > 0) & (self.percent <= 100)
        share = np.where(alert, self.percent, 100)
        return np.where(alert, np.trunc((100 - share) / share * self.count), 0).astype(np.int64)

    def _count(self, day, anomaly, hit, miss, count, others):
        begins = hit & ((self.status == NONE) | (self.status == NO_DATA))
        goes_on = hit & ~begins
        self.start[begins], self.percent[begins], self.count[begins] = day, 100, 1
        self.maximum[begins] = anomaly[begins]
        self.maximum[goes_on] = np.maximum(self.maximum, anomaly)[goes_on]
        more = goes_on & (self.count < MOST_COUNTED)
        self.count[more] += 1
        self.percent[more] = (self.count[more] * 100) // (self.count + others)[more]
        self.duration[hit] = day - self.start[hit] + 1
        thinner = miss & (self.percent > 0) & (self.percent <= 100) & (self.count <= MOST_COUNTED)
        self.percent[thinner] = (self.count[thinner] * 100) // (count + others + 1)[thinner]
        self._forget(miss & (self.status == NO_DATA))

    def _weigh(self, anomaly, hit, seen, count, others):
        running = seen & (self.confidence > 0) & (self.status <= CONFIRMED_HIGH)
        views = count + others
        anomaly = np.minimum(anomaly, MOST_ANOMALY)
        squared = np.maximum(count, 1) ** 2
        mean = (self.confidence / squared * views + anomaly) / (views + 1)
        grown = np.minimum(np.trunc(mean * self.count * self.count), CAP).astype(np.int64)
        fresh = seen & ~running & ((self.status == NONE) | (self.status == NO_DATA))
        self.confidence[running] = grown[running]
        self.confidence[fresh] = np.where(hit, anomaly, 0)[fresh]

    def _decide(self, day, hit, seen):
        last = self.start + self.duration - 1
        misses = (self.last_view > last).astype(int) + ~hit
        over = (misses == 2) | ((day - last >= self.gap_days) & (last > 0)) | ((self.count == 1) & ~hit)
        live = seen & ((self.status <= CONFIRMED_HIGH) | (self.status == NO_DATA))
        before = self.status.copy()
        ends, lives = live & over, live & ~over
        self.status[ends & (before == CONFIRMED_LOW)] = FINISHED_LOW
        self.status[ends & (before == CONFIRMED_HIGH)] = FINISHED_HIGH
        self._forget(ends & (before != CONFIRMED_LOW) & (before != CONFIRMED_HIGH), percent=0)
        sure = self.confidence >= self.confirm
        levels = ((self.maximum >= self.high, FIRST_HIGH), (self.maximum < self.high, FIRST_LOW))
        for level, first in levels:
            here = lives & level & (self.maximum >= self.low)
            self.status[here & sure] = first + 2
            self.status[here & ~sure & (self.duration == 1)] = first
            self.status[here & ~sure & (self.duration != 1) & (before != first + 2)] = first + 1
        self.status[lives & (self.maximum < self.low)] = NONE

    def confirmed(self):
        """Pixels with a confirmed alert that is still on."""
        return (self.status == CONFIRMED_LOW) | (self.status == CONFIRMED_HIGH)
