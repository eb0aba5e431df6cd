"""The evidence of one more view, and the fit of the look-back, beside the monitors of nrt on the same stack in memory.

Usage: monitor.py KERNELS FOLDER [SIDE]
Writes a stack of NDVI, 20 views of the look-back and 6 of the next year, SIDE x SIDE px (1000), and gives the same numbers
to nrt (ordinary least squares, one harmonic, each monitor with its own defaults) and to `kernels monitor`. Processor
seconds of one process each; compilation, reading and imports are not in them. Ends with 1 when a bar is missed: the
update at least as fast as the best monitor, the fit twenty times as fast as the best fit.
"""

import datetime
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from nrt.monitor.cusum import CuSum
from nrt.monitor.ewma import EWMA
from nrt.monitor.iqr import IQR
from nrt.monitor.mosum import MoSum

import kept

HISTORY, LATER = 20, 6
FIT_BAR = 20.0
# How each monitor is fitted: the screening that its own class sets by default, or none where that needs other bands.
MONITORS: dict[str, tuple[Any, dict[str, Any]]] = {
    "EWMA": (EWMA, {"method": "OLS", "screen_outliers": "Shewhart"}),
    "CuSum": (CuSum, {"method": "OLS", "screen_outliers": None}),
    "MoSum": (MoSum, {"method": "OLS", "screen_outliers": None}),
    "IQR": (IQR, {"method": "OLS"}),
}


def days() -> list[datetime.date]:
    """Five days in each of four growing seasons, then six in the next."""
    def of_year(year: int, count: int) -> list[datetime.date]:
        return [datetime.date(year, 5, 5) + datetime.timedelta(25 * number) for number in range(count)]

    return [day for year in range(2020, 2024) for day in of_year(year, 5)] + of_year(2024, LATER)


def stack(side: int) -> np.ndarray[Any, Any]:
    """NDVI by view, row and column: steppe that follows the season, a tenth behind cloud, a corner dug over in the last year."""
    draw = np.random.default_rng(7)
    base = draw.uniform(0.15, 0.35, (side, side)).astype(np.float32)
    swing = draw.uniform(0.1, 0.25, (side, side)).astype(np.float32)
    views = []
    for number, day in enumerate(days()):
        season = np.float32(np.sin(np.pi * (day.timetuple().tm_yday - 90) / 200))
        view = base + swing * season + draw.normal(0, 0.02, (side, side)).astype(np.float32)
        if number > HISTORY:
            view[: side // 10, : side // 10] -= 0.2
        view[draw.random((side, side)) < 0.1] = np.nan
        views.append(np.clip(view, -1, 1))
    return np.stack(views)


def of_nrt(name: str, values: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Processor seconds of the fit and of one view (median over the later ones), after a first round that compiles."""
    kind, fit = MONITORS[name]
    side = values.shape[1]
    times = [np.datetime64(day, "ns") for day in days()]

    def array(part: int) -> xr.DataArray:
        places = np.arange(part) * 10.0
        coords = {"time": times[:HISTORY], "y": places[::-1], "x": places}
        return xr.DataArray(values[:HISTORY, :part, :part], dims=("time", "y", "x"), coords=coords)

    seconds, updates = 0.0, list[float]()
    for part in (60, side):
        monitor = kind(mask=np.ones((part, part), np.uint8), trend=False, harmonic_order=1)
        begun = time.process_time()
        monitor.fit(array(part), **fit)
        seconds = time.process_time() - begun
        updates = []
        for number in range(HISTORY, HISTORY + LATER):
            moment = datetime.datetime.combine(days()[number], datetime.time())
            begun = time.process_time()
            monitor.monitor(array=values[number, :part, :part], date=moment)
            updates.append(time.process_time() - begun)
    return seconds, float(np.median(updates))


def of_ours(kernels: str, file: Path, values: np.ndarray[Any, Any]) -> tuple[float, list[float]]:
    """Processor seconds of the fit, and of the evidence after the first, second ... later view."""
    values.astype("<f4").tofile(file)
    head = [str(values.shape[1]), str(values.shape[2]), str(HISTORY), *(day.isoformat() for day in days())]
    Path(f"{file}.txt").write_text(" ".join(head), encoding="utf-8")
    said = subprocess.run([kernels, "monitor", str(file)], capture_output=True, text=True, check=True).stdout
    lines = [line.split() for line in said.splitlines()]
    return float(lines[0][1]), [float(words[2]) for words in lines[1:]]


def rate(values: np.ndarray[Any, Any], seconds: float) -> float:
    """Mpx a second."""
    return float(values[0].size / seconds / 1e6)


def main() -> None:
    """Measures, prints, keeps."""
    warnings.simplefilter("ignore")
    kernels, folder = sys.argv[1], Path(sys.argv[2])
    side = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    folder.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {"taken": kept.taken(), "pixels": side * side, "look_back_views": HISTORY}
    values = stack(side)
    fit, updates = of_ours(kernels, folder / "stack.f32", values)
    nrt = {name: of_nrt(name, values) for name in MONITORS}
    ours = {"first view": updates[0], f"view {LATER} of the season": updates[-1]}
    rows = [[f"nrt {name}", f"{rate(values, fitted):.2f}", f"{rate(values, one):.1f}"] for name, (fitted, one) in nrt.items()]
    rows += [[f"steppewatch, {name}", f"{rate(values, fit):.2f}", f"{rate(values, one):.1f}"] for name, one in ours.items()]
    kept.table(["processor time, one feature", "fit Mpx/s", "one view Mpx/s"], rows)
    best_fit, best_view = min(one[0] for one in nrt.values()), min(one[1] for one in nrt.values())
    fit_ratio, view_ratio = best_fit / fit, best_view / float(np.median(updates))
    print(f"speed of the fit {fit_ratio:.2f} times the best of nrt (bar {FIT_BAR:.0f}), of a view (median of {LATER}) "
          f"{view_ratio:.2f} times its best monitor (bar 1)")
    figures["nrt"] = {name: {"fit_s": one[0], "view_s": one[1]} for name, one in nrt.items()}
    figures["steppewatch"] = {"fit_s": fit, "view_s": updates}
    figures["ratios"] = {"fit": fit_ratio, "view": view_ratio}
    kept.keep("monitor", figures)
    sys.exit(0 if fit_ratio >= FIT_BAR and view_ratio >= 1 else 1)


if __name__ == "__main__":
    main()
