"""Reference numbers for features and for a pixel's regression on its control, by numpy in 64-bit.

Usage: /usr/bin/python3 scripts/reference/regression.py fixtures/reference
Writes features.csv and regression.csv. Independent of the program: the formulas are those of the cards of
src/observe/feature.rs and src/baseline/regression.rs, written again with numpy; the seed is below.
"""

import csv
import pathlib
import sys

import numpy as np

SEED = 20260102
SLOPE_PRIOR_VIEWS = 8.0
SPREAD_PRIOR_VIEWS = 8.0
WINSOR = 3.0
MOST_Z = 8.0
MAD_TO_SIGMA = 1.4826


def features(blue, green, red, nir, swir):
    """NDVI, NDMI, BSI, brightness and NDWI of one pixel."""
    return (
        (nir - red) / (nir + red),
        (nir - swir) / (nir + swir),
        ((swir + red) - (nir + blue)) / ((swir + red) + (nir + blue)),
        (red + swir) / 2,
        (green - nir) / (green + nir),
    )


def median(values):
    """Of an even count the upper of the two, as the program's card says."""
    return np.sort(values)[len(values) // 2]


def fitted(x, m, history, prior, floor):
    """Expectation and z of every view, from the look-back views `history`."""
    hx, hm = x[history], m[history]
    n = len(history)
    middle = median(hx - hm)
    sigma = max(MAD_TO_SIGMA * median(np.abs(hx - hm - middle)), prior, floor)
    tamed = hm + middle + np.clip(hx - hm - middle, -WINSOR * sigma, WINSOR * sigma)
    squares = np.sum((hm - hm.mean()) ** 2)
    products = np.sum((hm - hm.mean()) * (tamed - tamed.mean()))
    weight = SLOPE_PRIOR_VIEWS * max(squares / n, floor**2)
    slope = np.clip((products + weight) / (squares + weight), 0, 3)
    expected = tamed.mean() + slope * (m - hm.mean())
    error = MAD_TO_SIGMA * median(np.abs(hx - expected[history]))
    variance = (SPREAD_PRIOR_VIEWS * prior**2 + n * error**2) / max(SPREAD_PRIOR_VIEWS + n - 2, 1)
    spread = max(np.sqrt(variance), floor)
    widening = np.sqrt(1 + 1 / n + (m - hm.mean()) ** 2 / (squares + weight))
    return expected, np.clip((x - expected) / (spread * widening), -MOST_Z, MOST_Z)


def main(folder):
    draw = np.random.default_rng(SEED)
    with open(folder / "features.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow("blue green red nir swir16 ndvi ndmi bsi brightness ndwi".split())
        for _ in range(20):
            colours = np.round(draw.uniform(0.02, 0.5, 5), 4)
            table.writerow([*(f"{c:.4f}" for c in colours), *(f"{v:.6f}" for v in features(*colours))])
    with open(folder / "regression.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow("case look_back_views prior floor view observed control expected z".split())
        for case in range(12):
            # Odd and even look-backs, an outlier in every third case, a drop at the end in every second.
            n, after = int(draw.integers(5, 24)), 4
            m = np.round(0.3 + 0.15 * draw.standard_normal(n + after), 4)
            x = np.round(0.05 + draw.uniform(0.6, 1.4) * m + 0.02 * draw.standard_normal(n + after), 4)
            if case % 3 == 0:
                x[2] = np.round(x[2] - 0.4, 4)
            if case % 2 == 0:
                x[n:] = np.round(x[n:] - 0.12, 4)
            prior, floor = np.round(draw.uniform(0.01, 0.05), 4), 0.015
            expected, z = fitted(x, m, np.arange(n), prior, floor)
            for view in range(n + after):
                row = [x[view], m[view]]
                table.writerow(
                    [case, n, f"{prior:.4f}", f"{floor:.4f}", view]
                    + [f"{value:.4f}" for value in row]
                    + [f"{expected[view]:.6f}", f"{z[view]:.5f}"]
                )


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
