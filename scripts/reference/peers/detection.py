"""What every detector returns: rasters of one grid."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Detection:
    """`found` pixels; `score` (larger is surer); `first` and `alarm` as day ordinals, 0 where unknown.

    `first` is the first view of the run of views that made the alarm, `alarm` the view that made it.
    """

    found: np.ndarray
    score: np.ndarray
    first: np.ndarray
    alarm: np.ndarray


class Refused(Exception):
    """A detector that cannot be run on a case, with its reason."""


def median_after(z, start, clear):
    """Median |z| (time, row, column) over the clear views from index `start` on, 0 without one."""
    later = clear & (np.arange(len(z))[:, None, None] >= start[None])
    held = np.where(later, np.abs(z), np.nan)
    result = np.zeros(start.shape, np.float32)
    some = later.any(axis=0)
    result[some] = np.nanmedian(held[:, some], axis=0)
    return result
