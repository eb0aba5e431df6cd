"""What a night with one new scene costs beside the first scan, reading that scene, and reading the state.

Usage: nights.py FOLDER STEPPEWATCH
Prints a table; ends with 1 when a step fails or the night does not publish the bytes of the scan.
"""

import json
import os
import shutil
import sys
from pathlib import Path

from cost import READ, measured

PERIODS = ["--baseline", "2019-01-01/2022-12-31", "--target", "2023-01-01/2023-12-31"]
# In the middle of the season in which most sub-models look.
FROM = "20230715"


def main():
    folder, steppewatch = Path(sys.argv[1]), sys.argv[2]
    os.environ["COST"] = str(folder / "cost.txt")
    work = folder / "nights"
    shutil.rmtree(work, ignore_errors=True)
    (work / "scenes").mkdir(parents=True)
    scenes = sorted((folder / "scenes").glob("*.tif"))
    new = next(scene for scene in scenes if scene.stem.split("_")[-1] >= FROM)
    for scene in scenes:
        if scene != new:
            os.link(scene, work / "scenes" / scene.name)
    redlines = ["--redlines", str(folder / "redline_grassland.geojson"), *PERIODS]
    watch = [steppewatch, "watch", "--scenes", str(work / "scenes"), *redlines, "--out", str(work / "out")]
    steps = {"first watch": measured(watch)}
    os.link(new, work / "scenes" / new.name)
    steps["night, one scene"] = measured(watch)
    report = json.loads(max((work / "out.state" / "nights").iterdir()).read_text())
    steps["night, nothing"] = measured(watch)
    scan = [steppewatch, "scan", "--scenes", str(work / "scenes"), *redlines, "--out", str(work / "scan")]
    steps["scan"] = measured(scan)
    steps["read the scene"] = measured([sys.executable, "-c", READ, str(new)])
    steps["check the state"] = measured([steppewatch, "state", "verify", str(work / "out.state")])
    print(f"{'':18} {'seconds':>9} {'processor s':>12} {'peak MiB':>9}")
    for name, (seconds, processor, memory, code) in steps.items():
        print(f"{name:18} {seconds:9.2f} {processor:12.2f} {memory:9.0f}   exit {code}")
    night, whole = steps["night, one scene"], steps["scan"]
    print(f"a night of one scene is 1/{whole[0] / night[0]:.1f} of the scan in time, 1/{whole[1] / night[1]:.1f} in processor time")
    pixels = report["cells"] * 128 * 128
    sizes = {part: size / pixels for part, size in report["state_bytes"].items()}
    days = sum(1 for scene in scenes if scene.stem.split("_")[-1] >= "2023")
    print(f"state, bytes a pixel of {report['cells']} cells: look-back {sizes['look_back']:.1f}, "
          f"days {sizes['days']:.1f} ({sizes['days'] / days:.1f} a day), evidence {sizes['evidence']:.1f}")
    for name, seconds in report["stages"]:
        print(f"  {name:18} {seconds:7.2f} s")
    files = ["leads.geojson", "gaps.geojson", "suppressed.geojson"]
    same = all((work / "out" / name).read_bytes() == (work / "scan" / name).read_bytes() for name in files)
    print("the night publishes the bytes of the scan" if same else "the night does NOT publish the bytes of the scan")
    sys.exit(0 if same and all(step[3] in (0, 3) for step in steps.values()) else 1)


if __name__ == "__main__":
    main()
