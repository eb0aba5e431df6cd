"""The peers by name: what runs them, their published defaults, and the grid of at most 6 x 2 settings for tuning.

Every grid is taken with and without the 3 x 3 majority of the polygoniser: 12 settings at most, the same budget
for each. Modules are loaded when asked for: one peer that is absent does not stop the others.
"""

import importlib
from dataclasses import dataclass

SERIES = ("CVA + Otsu", "DIST-VEG", "DIST-GEN", "nrt EWMA", "nrt CuSum", "nrt IQR", "nrt CCDC", "COLD", "S-CCD")
PAIRS = ("OTB MAD", "CVA + Otsu, pair")
SLOW = ("COLD", "S-CCD")  # about 1 ms a pixel each
MODULES = {
    "nrt EWMA": "nrt_ewma", "nrt CuSum": "nrt_cusum", "nrt IQR": "nrt_iqr", "nrt CCDC": "nrt_ccdc",
    "COLD": "xccd_cold", "S-CCD": "xccd_sccd", "DIST-VEG": "dist_veg", "DIST-GEN": "dist_gen",
    "CVA + Otsu": "cva_otsu", "CVA + Otsu, pair": "cva_otsu", "OTB MAD": "otb_mad",
}


@dataclass
class Peer:
    """One detector: `detect(cube, **setting)` -> Detection."""

    name: str
    detect: object
    defaults: dict
    grid: list


def peer(name):
    """Loads one peer."""
    module = importlib.import_module(MODULES[name])
    if name == "CVA + Otsu":
        return Peer(name, module.detect_series, module.SERIES_DEFAULTS, module.SERIES_GRID)
    if name == "CVA + Otsu, pair":
        return Peer(name, module.detect_pair, module.PAIR_DEFAULTS, module.PAIR_GRID)
    return Peer(name, module.detect, module.DEFAULTS, module.GRID)


def slug(name):
    """A name as a folder."""
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower())
