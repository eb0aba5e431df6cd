"""Writes a pair of whole Sentinel-2 tiles from the pixels of a smaller labelled pair.

Usage: full_pair.py BEFORE.tif AFTER.tif FOLDER [SIDE]
The small scenes are repeated, every second copy mirrored so that edges meet, with seeded noise of 4 digital
numbers; both dates get the same places, so every change is there as often as the scene is repeated. Four bands
(blue, green, red, near infrared), unsigned 16 bit, blocks of 512, deflated. Needs GDAL for Python and numpy.
"""

import sys
from pathlib import Path

import numpy
from osgeo import gdal

BANDS = ["blue", "green", "red", "nir"]
CODES = {"B02": 0, "B03": 1, "B04": 2, "B08": 3, "blue": 0, "green": 1, "red": 2, "nir": 3}
STRIP = 512

gdal.UseExceptions()


def bands_of(dataset):
    """Band numbers of blue, green, red and near infrared by band description."""
    found = {}
    for number in range(1, dataset.RasterCount + 1):
        name = dataset.GetRasterBand(number).GetDescription().split(" ")[0]
        if name in CODES:
            found[CODES[name]] = number
    return [found[place] for place in range(4)]


def repeated(length, total):
    """Places in a small axis for every place of a long one, there and back again."""
    once = numpy.concatenate([numpy.arange(length), numpy.arange(length)[::-1]])
    return numpy.resize(once, total)


def write(source, folder, side, seed):
    small = gdal.Open(str(source))
    pixels = numpy.stack([small.GetRasterBand(number).ReadAsArray() for number in bands_of(small)])
    rows, cols = repeated(pixels.shape[1], side), repeated(pixels.shape[2], side)
    draw = numpy.random.default_rng(seed)
    options = ["TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "COMPRESS=DEFLATE", "INTERLEAVE=BAND"]
    target = folder / source.name
    whole = gdal.GetDriverByName("GTiff").Create(str(target), side, side, 4, gdal.GDT_UInt16, options)
    whole.SetProjection(small.GetProjection())
    west, width, _, north, _, height = small.GetGeoTransform()
    whole.SetGeoTransform((west, width, 0.0, north, 0.0, height))
    for place, name in enumerate(BANDS):
        whole.GetRasterBand(place + 1).SetDescription(name)
    for row in range(0, side, STRIP):
        part = rows[row : row + STRIP]
        for place in range(4):
            strip = pixels[place][numpy.ix_(part, cols)].astype(numpy.int32)
            strip += draw.integers(-4, 5, strip.shape)
            whole.GetRasterBand(place + 1).WriteArray(strip.clip(1, 65535).astype(numpy.uint16), 0, row)
    whole = None
    return small.GetProjection(), (west, north, west + side * width, north + side * height)


def main():
    before, after, folder = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    side = int(sys.argv[4]) if len(sys.argv) > 4 else 10980
    (folder / "scenes").mkdir(parents=True, exist_ok=True)
    for seed, source in enumerate([before, after]):
        projection, (west, south, east, north) = write(source, folder / "scenes", side, seed)
    reference = gdal.osr.SpatialReference(wkt=projection)
    code = reference.GetAuthorityCode(None)
    # The red line lies 3 km inside, so that nothing of it is unseen.
    low_x, high_x = min(west, east) + 3000, max(west, east) - 3000
    low_y, high_y = min(south, north) + 3000, max(south, north) - 3000
    ring = f"[[{low_x}, {low_y}], [{high_x}, {low_y}], [{high_x}, {high_y}], [{low_x}, {high_y}], [{low_x}, {low_y}]]"
    (folder / "box.geojson").write_text(
        '{"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::'
        f'{code}"}}}}, "features": [{{"type": "Feature", "properties": {{"id": "box", "name": "whole tile"}}, '
        f'"geometry": {{"type": "Polygon", "coordinates": [{ring}]}}}}]}}\n'
    )


if __name__ == "__main__":
    main()
