"""The judged cases: scenes, red lines, truth, periods, and how scripts/bench-accuracy puts the question.

Nothing here is used for tuning; the training worlds of tune.py have other seeds.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

STEPPE_PERIODS = ("2019-01-01/2022-12-31", "2023-01-01/2023-12-31")
GRASS_PERIODS = ("2018-08-01/2019-03-31", "2019-04-01/2019-11-30")
PAIR_PERIODS = ("2015-01-01/2015-12-31", "2017-01-01/2018-12-31")
# Box around each pair, as in scripts/bench-pairs: west, south, east, north.
BOXES = {"rennes": (-1.688, 48.092, -1.619, 48.134), "pisa": (10.360, 43.673, 10.443, 43.760)}
TEN_MU_M2 = 6666


@dataclass
class Part:
    """One place: paths of its scenes, red lines and truth (none: nothing changed there)."""

    name: str
    scenes: Path
    redline: Path
    truth: Path | None


@dataclass
class Case:
    """One row group of the table."""

    name: str
    asked: str
    parts: list
    baseline: str
    target: str
    judge: list  # further words for `steppewatch assess`
    years: float | None = None
    scan: list = field(default_factory=list)  # further words for `steppewatch scan`
    pair: bool = False
    blocks: int = 0  # rows of a block, 0: all at once


def romania(data, work):
    at = data / "romania_forest_2015_2018"
    part = Part("romania", at / "scenes", at / "redline_forest.geojson", at / "reference_cuts.geojson")
    return Case("romania", "forest felled 2017-18, at least 0.1 ha", [part], "2015-01-01/2016-12-31",
                "2017-01-01/2018-12-31", ["--min-area", "1000", "--where", "cut_year=2017,2018"], 2.0,
                ["--class", "forest"])


def grass(data, name):
    at = data / f"worldcereal_be_2018_2019_{name}"
    truth = at / "truth.geojson" if name == "implants" else None
    asked = "four crop fields put into Belgian grass" if truth else "the same grass, nothing put in"
    return Case(name, asked, [Part(name, at / "scenes", at / "redline_grassland.geojson", truth)], *GRASS_PERIODS,
                [], 8 / 12, ["--class", "grassland", "--models", "G1"])


def pair(data, work, name):
    at = data / f"oscd_{name}"
    scenes, box = work / "pairs" / name / "scenes", work / "pairs" / name / "box.geojson"
    scenes.mkdir(parents=True, exist_ok=True)
    for path in at.glob("S2_L1C_*.tif"):
        if not (scenes / path.name).exists():
            (scenes / path.name).symlink_to(path.resolve())
    west, south, east, north = BOXES[name]
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    box.write_text(json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"id": "box"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}]}))
    return Case(name, "two dates, man-made change, judged by pixels", [Part(name, scenes, box, at / "label_change.geojson")],
                *PAIR_PERIODS, ["--pixels", "10"], None, ["--class", "redline"], pair=True)


def world(at):
    """A simulated world as a part."""
    return Part(at.name, at / "scenes", at / "redline_grassland.geojson", at / "truth.geojson")


def steppe(work, size, seeds):
    parts = [world(work / "worlds" / f"{size}-{seed}") for seed in seeds]
    asked = {"small": "crowded simulated steppe, four seeds", "large": "simulated steppe of 490 km2"}[size]
    return Case("steppe" if size == "small" else "steppe-large", asked + ", parcels of 10 mu or more", parts,
                *STEPPE_PERIODS, ["--min-area", str(TEN_MU_M2)], 1.0, blocks=0 if size == "small" else 256)


def case(name, data, work):
    """A case by name."""
    if name == "romania":
        return romania(data, work)
    if name in ("implants", "stable"):
        return grass(data, name)
    if name in BOXES:
        return pair(data, work, name)
    return steppe(work, "small", (200, 201, 202, 203)) if name == "steppe" else steppe(work, "large", (0,))


NAMES = ("romania", "implants", "stable", "rennes", "pisa", "steppe", "steppe-large")
REAL = ("romania", "implants", "stable", "rennes", "pisa")
