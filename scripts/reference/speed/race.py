"""Whole processes beside the read floor: Steppewatch on two dates, and what else does the simple job, in one run.

Usage: race.py pair FOLDER STEPPEWATCH KERNELS PYTHON RUNS    scene.py wrote FOLDER; OTB_LAUNCHER, if there is one
       race.py linear FOLDER... STEPPEWATCH           the same scan on scenes of growing size
       race.py lines FOLDER STEPPEWATCH               400 red lines beside 100,000
       race.py series FOLDER STEPPEWATCH RUNS         first watch, night and scan of a simulated steppe

Wall and processor seconds are hyperfine's medians; peak memory and the exit code are of one run before them, which also
warms the page cache. Prints a table with ratios to the floor and keeps it. `lines` and `linear` end with 1 when a bar is
missed: 1.2 times the processor time; 1.1 times the time a pixel, and 1.25 times the memory, of the smallest; so does
`pair` when the simple job takes more than 1.1 times the read of its files.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import kept

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import cost  # noqa: E402  (the neighbour that measures memory)

LINES_BAR, LINEAR_BAR, MEMORY_BAR, SIMPLE_BAR = 1.2, 1.1, 1.25, 1.1
SIMPLE = "steppewatch, simple job"
# Found nothing, or found with gaps: both are whole runs.
WHOLE = (0, 3)
LIMIT = 3600


@dataclass
class Cost:
    """What one command takes."""

    seconds: float
    processor: float
    mebibytes: float
    code: int


def measured(command: list[str], runs: int, before: str = "") -> Cost:
    """One run for memory, then `runs` by hyperfine; `before` is done before each."""
    if before:
        subprocess.run(before, shell=True, check=True)
    seconds, processor, memory, code = cost.measured(["timeout", str(LIMIT), *command])
    if runs == 0 or code not in WHOLE:
        return Cost(seconds, processor, memory, code)
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        hyperfine = ["hyperfine", "--shell=none", "--style=none", "--ignore-failure", "--warmup=0", f"--runs={max(runs, 2)}",
                     f"--export-json={file.name}", *(["--prepare", before] if before else []), shlex.join(command)]
        subprocess.run(hyperfine, check=True, capture_output=True)
        result = json.loads(Path(file.name).read_text(encoding="utf-8"))["results"][0]
    return Cost(result["median"], result["user"] + result["system"], memory, code)


def scan(steppewatch: str, folder: Path, lines: str, *more: str) -> list[str]:
    """The scan of a pair."""
    return [steppewatch, "scan", "--scenes", str(folder / "scenes"), "--redlines", str(folder / lines),
            "--class", "redline", "--out", str(folder / "out"), *more]


def floor(folder: Path, names: str = "*.tif") -> list[str]:
    """GDAL reads the same files."""
    return ["/usr/bin/python3", str(HERE / "floor.py"), *sorted(map(str, (folder / "scenes").glob(names)))]


def pixels(folder: Path) -> int:
    """Pixels of a scene."""
    grid = json.loads(subprocess.run(["gdalinfo", "-json", str(min((folder / "scenes").glob("*.tif")))],
                                     capture_output=True, text=True, check=True).stdout)
    return int(grid["size"][0]) * int(grid["size"][1])


def size(folder: Path) -> int:
    """Bytes of all scenes."""
    return sum(file.stat().st_size for file in (folder / "scenes").glob("*.tif"))


def shown(rows: dict[str, Cost], floor_of: dict[str, str], count: int) -> None:
    """The table; each row beside its own floor."""
    cells = []
    for name, one in rows.items():
        base = rows[floor_of.get(name, name)]
        cells.append([name, f"{one.seconds:.2f}", f"{one.processor:.2f}", f"{one.mebibytes:.0f}",
                      f"{count / 1e6 / one.processor:.1f}", f"{one.seconds / base.seconds:.1f}",
                      f"{one.processor / base.processor:.1f}", str(one.code)])
    kept.table(["", "wall s", "processor s", "peak MiB", "Mpx per processor s", "x floor, wall", "x floor, processor",
                "exit"], cells)


def pair(folder: Path, steppewatch: str, kernels: str, python: str, runs: int) -> None:
    """Everything that does the job on two dates."""
    out, scenes, lines = folder / "peers", str(folder / "scenes"), str(folder / "lines.geojson")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    rio = [python, str(HERE / "peer_rasterio.py"), scenes, lines]
    commands = {
        "floor, 14 files": floor(folder),
        "floor, 6 files": ["/usr/bin/python3", str(HERE / "floor.py"), *needed(folder)],
        "steppewatch scan": scan(steppewatch, folder, "lines.geojson"),
        SIMPLE: [kernels, "simple", scenes, lines, str(out / "steppewatch.geojson")],
        "GDAL commands": [str(HERE / "peer-gdal"), scenes, lines, str(out / "gdal.geojson")],
        "rasterio + numpy": [*rio, str(out / "numpy.geojson"), "numpy"],
        "rasterio + numba": [*rio, str(out / "numba.geojson"), "numba"],
        "dask threads": [python, str(HERE / "peer_dask.py"), scenes, lines, str(out / "dask.geojson")],
    }
    if os.environ.get("OTB_LAUNCHER"):
        inside = prepared(folder, out)
        for name, way in (("OTB BandMathX, raster step", "math"), ("OTB MAD, raster step", "mad")):
            commands[name] = [str(HERE / "peer-otb"), scenes, str(inside), str(out / f"{way}.tif"), way]
    small = "floor, 6 files"
    floor_of = {name: small for name in commands if name not in ("floor, 14 files", "OTB MAD, raster step")}
    floor_of |= {"steppewatch scan": "floor, 14 files", "OTB MAD, raster step": "floor, 14 files"}
    rows = {}
    for name, command in commands.items():
        print(f"bench: {name}", file=sys.stderr)
        rows[name] = measured(command, 1 if name.startswith("OTB") else runs)
    count = pixels(folder)
    shown(rows, floor_of, count)
    found = {file.stem: json.loads(file.read_text())["features"] for file in sorted(out.glob("*.geojson"))}
    equal = {name: [len(some), round(sum(one["properties"]["area_m2"] for one in some) / 1e4, 1)]
             for name, some in found.items()}
    ratio = rows[SIMPLE].seconds / rows[small].seconds
    print(f"simple job by the rooms of Steppewatch: {ratio:.2f} times the read of its files (bar {SIMPLE_BAR})")
    print("polygons and ha of the simple job:", ", ".join(f"{name} {n}, {ha}" for name, (n, ha) in equal.items()))
    figures = {"taken": kept.taken(), "pixels": count, "bytes": size(folder), "runs": runs, "simple_job": equal,
               "rows": {name: asdict(one) for name, one in rows.items()}}
    kept.keep("pair", figures)
    if ratio > SIMPLE_BAR:
        raise SystemExit(1)


def needed(folder: Path) -> list[str]:
    """The six files of the simple job."""
    bands = ("B04", "B08", "SCL")
    return sorted(str(file) for band in bands for file in (folder / "scenes").glob(f"*_{band}.tif"))


def prepared(folder: Path, out: Path) -> Path:
    """Red lines burnt in, and the six bands of a date as one file: what Orfeo ToolBox wants, not timed."""
    inside = out / "inside.tif"
    first = next((folder / "scenes").glob("*_SCL.tif"))
    subprocess.run(["gdal_calc.py", "--quiet", "-A", str(first), f"--outfile={inside}", "--calc=A*0", "--type=Byte",
                    "--co=TILED=YES"], check=True)
    subprocess.run(["gdal_rasterize", "-q", "-burn", "1", str(folder / "lines.geojson"), str(inside)], check=True)
    for name, day in (("before", "20220715"), ("after", "20230718")):
        bands = sorted(map(str, (folder / "scenes").glob(f"S2_{day}_B*.tif")))
        subprocess.run(["gdalbuildvrt", "-q", "-separate", str(out / f"{name}.vrt"), *bands], check=True)
    return inside


def linear(folders: list[Path], steppewatch: str) -> None:
    """Time a pixel and memory as the scene grows."""
    rows, each = [], {}
    for folder in folders:
        one, count = measured(scan(steppewatch, folder, "lines.geojson"), 0), pixels(folder)
        each[folder.name] = {"pixels": count, **asdict(one)}
        rows.append((count, one))
        print(f"bench: {folder.name} done", file=sys.stderr)
    first = rows[0][1].processor / rows[0][0]
    kept.table(["Mpx", "wall s", "processor s", "µs a pixel", "x smallest", "peak MiB"], [
        [f"{count / 1e6:.1f}", f"{one.seconds:.1f}", f"{one.processor:.1f}", f"{1e6 * one.processor / count:.2f}",
         f"{one.processor / count / first:.2f}", f"{one.mebibytes:.0f}"] for count, one in rows])
    kept.keep("linear", {"taken": kept.taken(), "sizes": each})
    is_linear = all(one.processor / count <= LINEAR_BAR * first for count, one in rows)
    is_flat = all(one.mebibytes <= MEMORY_BAR * rows[0][1].mebibytes for _, one in rows)
    sys.exit(0 if is_linear and is_flat else 1)


def lines(folder: Path, steppewatch: str) -> None:
    """A hundred thousand red lines, one of them of a million vertices, beside four hundred."""
    few = measured(scan(steppewatch, folder, "lines.geojson"), 0)
    many = measured(scan(steppewatch, folder, "lines_many.geojson"), 0)
    shown({"400 red lines": few, "100,000 red lines": many}, {"100,000 red lines": "400 red lines"}, pixels(folder))
    ratio = many.processor / few.processor
    print(f"processor time {ratio:.2f} times (bar {LINES_BAR})" + (", stopped at the limit" if many.code == 124 else ""))
    kept.keep("lines", {"taken": kept.taken(), "few": asdict(few), "many": asdict(many), "ratio": ratio})
    sys.exit(0 if many.code in WHOLE and ratio <= LINES_BAR else 1)


def series(folder: Path, steppewatch: str, runs: int) -> None:
    """A simulated steppe of five years: scan, first watch, the night of one new scene, and reading the files."""
    periods = ["--baseline", "2019-01-01/2022-12-31", "--target", "2023-01-01/2023-12-31"]
    work = folder / "speed"
    shutil.rmtree(work, ignore_errors=True)
    (work / "scenes").mkdir(parents=True)
    scenes = sorted((folder / "scenes").glob("*.tif"))
    new = next(scene for scene in scenes if scene.stem.split("_")[-1] >= "20230715")
    for scene in scenes:
        if scene != new:
            os.link(scene, work / "scenes" / scene.name)
    words = ["--scenes", str(work / "scenes"), "--redlines", str(folder / "redline_grassland.geojson"), *periods]
    watch = [steppewatch, "watch", *words, "--out", str(work / "watched")]
    rows = {"first watch": measured(watch, 0)}
    os.link(new, work / "scenes" / new.name)
    rows["night of one scene"] = measured(watch, 0)
    report = json.loads(max((work / "watched.state" / "nights").iterdir()).read_text())
    rows["scan"] = measured([steppewatch, "scan", *words, "--out", str(work / "scanned")], runs)
    rows["floor, all scenes"] = measured(floor(folder), runs)
    rows["floor, one scene"] = measured(floor(folder, new.name), runs)
    floor_of = {name: "floor, all scenes" for name in ("first watch", "scan")} | {"night of one scene": "floor, one scene"}
    count = pixels(folder)
    shown(rows, floor_of, count)
    history = sum(1 for scene in scenes if scene.stem.split("_")[-1] < "2023")
    kept.keep("series", {"taken": kept.taken(), "pixels": count, "scenes": len(scenes), "look_back_scenes": history,
                         "bytes": size(folder), "state_bytes": report["state_bytes"], "state_pixels": report["cells"] * 128 * 128,
                         "rows": {name: asdict(one) for name, one in rows.items()}})


def main() -> None:
    """Which comparison."""
    what, words = sys.argv[1], sys.argv[2:]
    os.environ["COST"] = str(Path(words[0]) / "cost.txt")
    if what == "pair":
        pair(Path(words[0]), words[1], words[2], words[3], int(words[4]))
    elif what == "linear":
        linear([Path(word) for word in words[:-1]], words[-1])
    elif what == "lines":
        lines(Path(words[0]), words[1])
    elif what == "series":
        series(Path(words[0]), words[1], int(words[2]))
    else:
        raise SystemExit(f"race: expected pair, linear, lines or series, found {what}\n{__doc__}")


if __name__ == "__main__":
    main()
