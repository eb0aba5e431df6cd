"""What a scan costs in one process, as shards on the same processors, and by Dask.

Usage: shards_cost.py WORLD WORK SHARDS DASK      DASK is the path of steppewatch-dask, or empty
The program is STEPPEWATCH. Prints a table; ends with 1 when a merge differs from the scan in a byte.
"""

import filecmp
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def measured(what):
    """Seconds, processor seconds and largest resident set in MiB of a process, of everything that `what` starts."""
    report, write = os.pipe()
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            what()
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            os.write(write, json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]).encode())
        finally:
            os._exit(0)
    os.close(write)
    _, status = os.waitpid(child, 0)
    seconds, words = time.monotonic() - begun, os.read(report, 1000)
    os.close(report)
    if status or not words:
        sys.exit("shards_cost: a command failed; see above")
    return [seconds, *json.loads(words)]


def run(*command):
    ended = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if ended.returncode not in (0, 3):
        sys.exit(f"shards_cost: {command}: exit {ended.returncode}\n{ended.stderr}")


def differing(one, other):
    """Files that differ; the manifest without what belongs to the run."""
    names = {path.relative_to(folder) for folder in (one, other) for path in folder.rglob("*") if path.is_file()}
    result = []
    for name in sorted(names):
        pair = [folder / name for folder in (one, other)]
        if name.name == "manifest.json":
            texts = [{**json.loads(path.read_text()), "run": None} for path in pair]
            same = texts[0] == texts[1]
        else:
            same = all(path.is_file() for path in pair) and filecmp.cmp(*pair, shallow=False)
        if not same:
            result.append(str(name))
    return result


def main():
    world, work, shards, dask = Path(sys.argv[1]), Path(sys.argv[2]).absolute(), int(sys.argv[3]), sys.argv[4]
    program, cores = os.environ["STEPPEWATCH"], len(os.sched_getaffinity(0))
    flags = ["--scenes", world / "scenes", "--redlines", world / "redline_grassland.geojson"]
    job, by_dask = work / "job", work / "job-dask"
    for folder in (job, by_dask, work / "scan"):
        shutil.rmtree(folder, ignore_errors=True)

    def side_by_side():
        def one(number):
            run(program, "shard", job, number, "--threads", 1)

        with ThreadPoolExecutor(cores) as pool:
            list(pool.map(one, range(shards)))

    rows = {"scan": measured(lambda: run(program, "scan", *flags, "--threads", cores, "--out", work / "scan"))}
    rows["plan"] = measured(lambda: run(program, "plan", *flags, "--shards", shards, "--out", job))
    rows["shards"] = measured(side_by_side)
    rows["merge"] = measured(lambda: run(program, "merge", job, "--threads", cores))
    parts = [rows["plan"], rows["shards"], rows["merge"]]
    rows["together"] = [sum(part[0] for part in parts), sum(part[1] for part in parts), max(part[2] for part in parts)]
    outs = [job / "out"]
    if dask:
        run(program, "plan", *flags, "--shards", shards, "--out", by_dask)
        rows["by Dask"] = measured(lambda: run(dask, by_dask, "--workers", cores, "--program", program))
        outs.append(by_dask / "out")
    print(f"{shards} shards, {cores} processors, {world}")
    print(f"{'':10} {'seconds':>9} {'of scan':>8} {'processor s':>12} {'of scan':>8} {'peak MiB':>9}")
    scan = rows["scan"]
    for name, (seconds, processor, memory) in rows.items():
        ratios = (seconds / scan[0], processor / scan[1])
        print(f"{name:10} {seconds:9.1f} {ratios[0]:8.2f} {processor:12.1f} {ratios[1]:8.2f} {memory:9.0f}")
    parts = sum(path.stat().st_size for path in (job / "parts").iterdir())
    print(f"parts: {parts / 1e6:.1f} MB")
    differ = [name for out in outs for name in differing(work / "scan", out)]
    print(f"bytes: {'the same' if not differ else 'differ in ' + ', '.join(differ)}")
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
