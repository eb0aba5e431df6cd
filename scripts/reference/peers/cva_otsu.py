"""Change vector analysis with Otsu's threshold: what anybody would try first.

Series: medians of a season over the look-back and over the last year of the target period. Pairs: the two dates.
Each band is standardised over the zone, each side by itself; the magnitude of the difference is cut by Otsu (1979).
`factor` multiplies the threshold. There is no day of change.
"""

import warnings

import numpy as np

from detection import Detection, Refused

SERIES_DEFAULTS = {"factor": 1.0, "months": (5, 9)}
SERIES_GRID = [{"factor": factor, "months": months} for factor in (1.0, 1.25, 1.5) for months in ((5, 9), (4, 10))]
PAIR_DEFAULTS = {"factor": 1.0, "visible": False}
PAIR_GRID = [{"factor": factor, "visible": visible} for factor in (1.0, 1.25, 1.5) for visible in (False, True)]
VISIBLE = ("B02", "B03", "B04")
ALL = VISIBLE + ("B08", "B11", "B12")


def otsu(values, bins=256):
    """Threshold that parts a sample into two with the largest variance between them."""
    counts, edges = np.histogram(values, bins)
    middles = (edges[:-1] + edges[1:]) / 2
    below, above = np.cumsum(counts), np.cumsum(counts[::-1])[::-1]
    mean_below = np.cumsum(counts * middles) / np.maximum(below, 1)
    mean_above = (np.cumsum((counts * middles)[::-1]) / np.maximum(above[::-1], 1))[::-1]
    between = below[:-1] * above[1:] * (mean_below[:-1] - mean_above[1:]) ** 2
    return float(edges[1:-1][np.argmax(between)])


def compare(before, after, zone, factor):
    """Detection from two stacks (band, row, column)."""
    known = zone & np.isfinite(before).all(axis=0) & np.isfinite(after).all(axis=0)
    if known.sum() < 100:
        raise Refused("under 100 pixels are seen on both sides")

    def standard(stack):
        inside = stack[:, known]
        return (stack - inside.mean(axis=1)[:, None, None]) / inside.std(axis=1)[:, None, None]

    size = np.sqrt(np.sum((standard(after) - standard(before)) ** 2, axis=0))
    limit = factor * otsu(size[known])
    found = known & (np.nan_to_num(size) > limit)
    nothing = np.zeros(zone.shape, int)
    return Detection(found, np.where(found, size / limit, 0).astype(np.float32), nothing, nothing)


def detect_series(cube, factor, months):
    """Season medians."""
    season = np.array([months[0] <= day.month <= months[1] for day in cube.dates])
    years = np.array([day.year for day in cube.dates])
    last = max(years[cube.target])
    sides = (cube.baseline & season, cube.target & season & (years == last))
    if not all(side.any() for side in sides):
        raise Refused("no view of the season on one side")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # all-NaN pixels stay NaN
        stack = cube.stack(ALL)
        before, after = (np.nanmedian(stack[:, side], axis=1) for side in sides)
    return compare(before, after, cube.zone, factor)


def detect_pair(cube, factor, visible):
    """First and last date."""
    stack = cube.stack(VISIBLE if visible else ALL)
    return compare(stack[:, 0], stack[:, -1], cube.zone, factor)
