"""Where a figure was taken: machine, versions, day; and the files in which figures are kept."""

import json
import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
RESULTS = ROOT / "scripts" / "bench-results"


def said_by(*command: str) -> str:
    """First line that a command says; empty where it is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return (done.stdout or done.stderr).strip().split("\n")[0]


def processor() -> str:
    """Name of the processor and number of cores."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    kind = next((f" family {line.split(':')[1].strip()}" for line in lines if line.startswith("cpu family")), "")
    return f"{names[0] if names else platform.machine()}{kind}, {os.cpu_count()} cores"


def taken() -> dict[str, Any]:
    """Day, machine and versions. `load` is that of the last minute: more than nothing means other work beside."""
    return {
        "day": datetime.now(timezone.utc).date().isoformat(),
        "processor": processor(),
        "rustc": said_by("rustc", "--version"),
        "gdal": said_by("gdalinfo", "--version"),
        "commit": said_by("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"),
        "load_at_start": round(os.getloadavg()[0], 1),
    }


def keep(what: str, figures: dict[str, Any]) -> Path:
    """Writes figures as DAY-WHAT.json beside the earlier ones."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{figures['taken']['day']}-{what}.json"
    path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(f"kept in {path.relative_to(ROOT)}")
    return path


def latest(what: str) -> dict[str, Any]:
    """The newest figures of a kind."""
    found = sorted(RESULTS.glob(f"????-??-??-{what}.json"))
    if not found:
        raise SystemExit(f"bench: expected figures of '{what}' in {RESULTS.name}, found none; run scripts/bench {what}")
    figures: dict[str, Any] = json.loads(found[-1].read_text(encoding="utf-8"))
    return figures


def table(head: list[str], rows: list[list[str]]) -> None:
    """Prints a markdown table: names to the left, numbers to the right."""
    print("| " + " | ".join(head) + " |")
    print("|" + "|".join(["---"] + ["---:"] * (len(head) - 1)) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
