"""Multivariate alteration detection of Orfeo ToolBox 8.1.1 (Apache-2.0), called as a program, then chi-square.

The program gives one variate a band. Each is divided by its standard deviation over the zone (`robust`: by the
median absolute deviation); the sum of squares follows chi-square with as many degrees as bands where nothing
changed (Nielsen 2007), and `probability` cuts it. OTB itself sets no threshold: 0.99 is the usual first choice.
"""

import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import rasterio
from scipy.stats import chi2

from cva_otsu import ALL
from detection import Detection, Refused

DEFAULTS = {"probability": 0.99, "robust": False}
GRID = [{"probability": probability, "robust": robust}
        for probability in (0.99, 0.9999, 0.999999) for robust in (False, True)]
ROBUST = 1.4826  # standard deviations in a median absolute deviation of a normal distribution


def variates(cube):
    """The MAD variates (band, row, column) of the first and the last date."""
    launcher = os.environ.get("OTB_LAUNCHER", "")
    if not launcher:
        raise Refused(os.environ.get("OTB_REASON", "Orfeo ToolBox is not there"))
    stack = np.nan_to_num(cube.stack(ALL) * 1e4).astype(np.uint16)
    with tempfile.TemporaryDirectory() as folder:
        profile = {"driver": "GTiff", "dtype": "uint16", "count": len(stack), "height": stack.shape[2],
                   "width": stack.shape[3], "transform": cube.transform, "crs": cube.crs}
        paths = [Path(folder, name) for name in ("before.tif", "after.tif", "mad.tif")]
        for path, time in zip(paths, (0, -1)):
            with rasterio.open(path, "w", **profile) as target:
                target.write(stack[:, time])
        # The program's libraries are not Python's: they are given to it alone.
        libraries = os.environ.get("OTB_LIBRARIES", "")
        environment = os.environ | ({"LD_LIBRARY_PATH": libraries} if libraries else {})
        command = [launcher, "MultivariateAlterationDetector", "-in1", paths[0], "-in2", paths[1],
                   "-out", paths[2], "float"]
        done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True)
        if not paths[2].exists():
            raise Refused(f"OTB failed: {(done.stdout + done.stderr).strip()[-200:]}")
        with rasterio.open(paths[2]) as source:
            return source.read()


def detect(cube, probability, robust):
    """Pixels beyond the quantile."""
    mad = variates(cube)
    known = cube.zone & cube.clear[0] & cube.clear[-1]
    inside = mad[:, known]
    spread = inside.std(axis=1)
    if robust:
        spread = ROBUST * np.median(np.abs(inside - np.median(inside, axis=1)[:, None]), axis=1)
    total = np.sum((mad / spread[:, None, None]) ** 2, axis=0)
    found = known & (total > chi2.ppf(probability, len(mad)))
    nothing = np.zeros(cube.zone.shape, int)
    return Detection(found, np.where(found, total, 0).astype(np.float32), nothing, nothing)
