"""Instructions per pixel of each kernel, counted by valgrind's callgrind, and held against a record.

Usage: callgrind.py KERNELS RECORD [--record | --check] [NAME...]
Ends with 1 when --check finds a kernel that needs more than 5 % more than the record says, and names it. A count
belongs to a machine's vector registers (valgrind shows AVX2 to a program, never AVX-512), a compiler and a GDAL:
where one of them differs from the record's, the comparison is made and the difference is named.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import kept

MOST = 1.05
AT_ONCE = 2


def count(kernels: str, name: str) -> tuple[str, float, str]:
    """Name, instructions per pixel, and the vector registers that the program saw."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", "--collect-atstart=no",
                   "--toggle-collect=kernels::measured*", kernels, "run", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        raise SystemExit(f"callgrind: {name}: expected a count, found\n{done.stderr[-2000:]}")
    _, pixels, registers = done.stdout.split()
    return name, int(found[1]) / int(pixels), registers


def compare(found: dict[str, float], record: dict[str, float]) -> list[str]:
    """Prints both beside each other; the kernels that need too much more."""
    slower = []
    rows = []
    for name, instructions in found.items():
        before = record.get(name)
        change = f"{100 * (instructions / before - 1):+.1f} %" if before else "new"
        rows.append([name, f"{before:.1f}" if before else "-", f"{instructions:.1f}", change])
        if before and instructions > MOST * before:
            slower.append(f"{name} needs {instructions:.1f} instructions a pixel, {change} against {before:.1f}")
        if not before:
            slower.append(f"{name} is not in the record; run scripts/bench callgrind --record {name}")
    kept.table(["kernel", "record", "now", "change"], rows)
    return slower


def main() -> None:
    """Counts, then prints, checks or records."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernels")
    parser.add_argument("record_file", type=Path)
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--record", action="store_true")
    way.add_argument("--check", action="store_true")
    parser.add_argument("names", nargs="*")
    asked = parser.parse_intermixed_args()
    listed = subprocess.run([asked.kernels, "list"], capture_output=True, text=True, check=True).stdout
    all_names = [line.split("\t")[0] for line in listed.splitlines()]
    unknown = [name for name in asked.names if name not in all_names]
    if unknown:
        raise SystemExit(f"callgrind: no kernel {', '.join(unknown)}; there are {', '.join(all_names)}")
    with ThreadPoolExecutor(AT_ONCE) as workers:
        counts = list(workers.map(lambda name: count(asked.kernels, name), asked.names or all_names))
    found = {name: round(instructions, 2) for name, instructions, _ in counts}
    old: dict[str, Any] = json.loads(asked.record_file.read_text()) if asked.record_file.exists() else {}
    taken = {**kept.taken(), "valgrind": kept.said_by("valgrind", "--version"), "registers": counts[0][2]}
    del taken["load_at_start"]
    before = {name: entry["instructions_per_pixel"] for name, entry in old.get("kernels", {}).items()}
    slower = compare(found, before)
    for what in ("rustc", "gdal", "valgrind", "registers"):
        if old and old["taken"][what] != taken[what]:
            print(f"note: {what} is {taken[what]}, the record's was {old['taken'][what]}")
    if asked.record:
        about = dict(line.split("\t") for line in listed.splitlines())
        new = {name: {"instructions_per_pixel": found.get(name, before.get(name)), "about": about[name]}
               for name in all_names if name in found or name in before}
        asked.record_file.write_text(json.dumps({"taken": taken, "kernels": new}, indent=1) + "\n")
        print(f"recorded in {asked.record_file}")
    elif asked.check and slower:
        print("\n".join(f"callgrind: {line}" for line in slower), file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
