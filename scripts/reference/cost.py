"""What a scan of a folder with scenes/ costs beside reading its files once.

Usage: cost.py FOLDER STEPPEWATCH REDLINES [FLAGS OF SCAN...]
Prints a table; ends with 1 when the scan fails or its memory passes 1 GiB.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path


READ = """
import sys
from osgeo import gdal
gdal.UseExceptions()
for path in sys.argv[1:]:
    scene = gdal.Open(path)
    for band in range(scene.RasterCount):
        scene.GetRasterBand(band + 1).Checksum()
"""


def measured(command):
    """Seconds, processor seconds, peak memory in MiB and exit code of a command in a child of its own."""
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        with open(os.environ["COST"] + ".log", "wb") as log:
            code = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=log, check=False).returncode
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        Path(os.environ["COST"]).write_text(f"{used.ru_utime + used.ru_stime} {used.ru_maxrss / 1024} {code}")
        os._exit(0)
    os.waitpid(child, 0)
    processor, memory, code = Path(os.environ["COST"]).read_text().split()
    return time.monotonic() - begun, float(processor), float(memory), int(code)


def main():
    folder, steppewatch, redlines, flags = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
    os.environ["COST"] = str(folder / "cost.txt")
    scenes = sorted(str(path) for path in (folder / "scenes").glob("*.tif"))
    scan = [steppewatch, "scan", "--scenes", str(folder / "scenes"), "--redlines", redlines,
            "--out", str(folder / "out"), *flags]
    floor = measured([sys.executable, "-c", READ, *scenes])
    seconds, processor, memory, code = measured(scan)
    print(f"{'':10} {'seconds':>9} {'processor s':>12} {'peak MiB':>9}")
    print(f"{'read once':10} {floor[0]:9.1f} {floor[1]:12.1f} {floor[2]:9.0f}")
    print(f"{'scan':10} {seconds:9.1f} {processor:12.1f} {memory:9.0f}   exit {code}")
    print(f"{'ratio':10} {seconds / floor[0]:9.1f} {processor / floor[1]:12.1f}")
    sys.exit(0 if code in (0, 3) and memory <= 1024 else 1)


if __name__ == "__main__":
    main()
