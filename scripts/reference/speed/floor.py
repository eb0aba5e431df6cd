"""The read floor: every pixel of some files, once, decoded by GDAL on two threads.

Usage: floor.py FILE...
"""

import sys

from osgeo import gdal

gdal.UseExceptions()
gdal.SetCacheMax(64 << 20)


def main() -> None:
    """Reads block row by block row, so that memory stays that of a strip."""
    for path in sys.argv[1:]:
        scene = gdal.OpenEx(path, open_options=["NUM_THREADS=2"])
        for number in range(1, scene.RasterCount + 1):
            band = scene.GetRasterBand(number)
            _, rows = band.GetBlockSize()
            for row in range(0, band.YSize, rows):
                band.ReadRaster(0, row, band.XSize, min(rows, band.YSize - row))


if __name__ == "__main__":
    main()
