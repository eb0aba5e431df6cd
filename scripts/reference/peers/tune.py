"""One tuned setting for each peer, on training worlds that no case uses: at most 12 settings, best F1.

Worlds: `steppewatch simulate --small` with the seeds below, every second row and column, every third for the two
that are slow. F1 is of leads, parcels of 10 mu or more. Pairs: the clearest summer scene of the last
look-back year and of the target year of the same worlds, all rows and columns.

Usage: tune.py PROGRAM PEER OUT   (work folder in BENCH_WORK)
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

import cases
import judge
import polygons
import roster
from cube import read_cube
from detection import Refused

SEEDS, STEP, SLOW_STEP = (104, 105), 2, 3


def training(work):
    """The training worlds as a case."""
    case = cases.steppe(work, "small", SEEDS)
    case.name = "training"
    return case


def summer_pair(cube):
    """Keeps the clearest July or August scene of 2022 and of 2023."""
    chosen = []
    for year in (2022, 2023):
        times = [t for t, day in enumerate(cube.dates) if day.year == year and day.month in (7, 8)]
        chosen.append(max(times, key=lambda t: cube.clear[t].mean()))
    cube.dates = [cube.dates[t] for t in chosen]
    cube.bands = {name: values[chosen] for name, values in cube.bands.items()}
    cube.clear, cube.baseline, cube.target = cube.clear[chosen], np.array([True, False]), np.array([False, True])
    return cube


def cubes(case, name):
    """The training worlds as the peer gets them."""
    pair = name in roster.PAIRS
    step = 1 if pair else SLOW_STEP if name in roster.SLOW else STEP
    for part in case.parts:
        cube = read_cube(part.scenes, part.redline, case.baseline, case.target, step=step)
        yield summer_pair(cube) if pair else cube


def f1(told):
    """Harmonic mean of precision and recall of leads."""
    precision, recall = told["precision"] or 0.0, told["recall"] or 0.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def main():
    program, name, out = sys.argv[1:]
    case = training(Path(os.environ["BENCH_WORK"]))
    worlds = list(cubes(case, name))
    peer = roster.peer(name)
    # What an interrupted run tried already is not tried again.
    notes = Path(out + ".tried")
    tried = json.loads(notes.read_text()) if notes.exists() else []
    for setting in peer.grid:
        if any(one["setting"].items() >= setting.items() for one in tried):
            continue
        began = time.process_time()
        try:
            found = [peer.detect(cube, **setting) for cube in worlds]
        except Refused as reason:
            print(f"tune {name}: skipped: {reason}", file=sys.stderr)
            return
        for smooth in (False, True):
            leads = [polygons.leads(one, cube.zone, cube.transform, cube.crs, smooth) for one, cube in zip(found, worlds)]
            told = judge.pool(case, [judge.assess(program, *both, case) for both in zip(leads, case.parts)])
            tried.append({"setting": setting | {"smooth": smooth}, "f1": f1(told),
                          "precision": told["precision"], "recall": told["recall"]})
            print(f"tune {name} {setting} smooth {smooth}: precision {told['precision']}, recall {told['recall']} "
                  f"({time.process_time() - began:.0f} s)", file=sys.stderr)
        notes.write_text(json.dumps(tried))
    # Of equals the first, which is nearest to the defaults.
    best = max(tried, key=lambda one: one["f1"])
    Path(out).write_text(json.dumps({"peer": name, "seeds": SEEDS, "best": best, "tried": tried}, indent=1))


if __name__ == "__main__":
    main()
