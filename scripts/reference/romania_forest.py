"""Crops the Romanian Sentinel-2 cube of nrt 0.2.1 and derives where forest was cut in 2017 and 2018.

Scenes: 60 x 60 px at 10 m of the dates to 2018-12-31 with at least 5 % of clear pixels (SCL 4 or 5).
Truth: June to September medians of red and NDVI over clear pixels, year by year, each less its own median over
the crop (which is forest); a pixel is cut in the first year in which red has risen by 0.008 and NDVI has fallen
by 0.03 against the median of the years before (2016 on; 2015 has one clear summer scene); groups of at least
5 pixels that share edges. Checked by eye against the yearly medians. Not an official reference.

Usage: /usr/bin/python3 scripts/reference/romania_forest.py NRT_DATA_DIR OUT_DIR   (needs python3-gdal)
"""

import datetime
import sys
from pathlib import Path

import numpy as np
from osgeo import gdal, ogr, osr

ROW, COL, SIZE = 24, 4, 60
LAST = datetime.date(2018, 12, 31)
CLEAR, LEAST_CLEAR = (4, 5), 0.05
RED_RISE, NDVI_FALL, LEAST_PIXELS = 0.008, 0.03, 5
BANDS = [("B02", "B2"), ("B03", "B3"), ("B04", "B4"), ("B08", "B8"), ("B8A", "B8A"), ("B11", "B11"), ("SCL", "SCL")]


def cube(folder):
    """Crop of every band by name, (time, row, column) at 10 m; dates; geotransform."""
    fine = gdal.OpenEx(str(folder / "sentinel2_cube_subset_romania_10m.nc"), gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    coarse = gdal.OpenEx(str(folder / "sentinel2_cube_subset_romania_20m.nc"), gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    read = lambda group, name: group.OpenMDArray(name).ReadAsArray()
    rows, cols = slice(ROW, ROW + SIZE), slice(COL, COL + SIZE)
    bands = {}
    for name, source in BANDS:
        if source in ("B8A", "B11"):
            # Each 20 m pixel becomes four: nothing is interpolated.
            values = read(coarse, source).repeat(2, axis=1).repeat(2, axis=2)
        else:
            values = read(fine, source)
        bands[name] = values[:, rows, cols]
    dates = [datetime.date(2015, 8, 1) + datetime.timedelta(int(day)) for day in read(fine, "time")]
    x, y = read(fine, "x"), read(fine, "y")
    return bands, dates, (x[COL] - 5, 10, 0, y[ROW] + 5, 0, -10)


def reference_system(epsg):
    system = osr.SpatialReference()
    system.ImportFromEPSG(epsg)
    system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return system


def write_scenes(bands, dates, transform, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.tif"):
        old.unlink()
    for index, date in enumerate(dates):
        clear = np.isin(bands["SCL"][index], CLEAR).mean()
        if date > LAST or clear < LEAST_CLEAR:
            continue
        path = folder / f"S2_{date:%Y%m%d}.tif"
        options = ["COMPRESS=DEFLATE", "PREDICTOR=2", "ZLEVEL=9", "INTERLEAVE=BAND", f"BLOCKYSIZE={SIZE}"]
        raster = gdal.GetDriverByName("GTiff").Create(str(path), SIZE, SIZE, len(BANDS), gdal.GDT_UInt16, options)
        raster.SetGeoTransform(transform)
        raster.SetSpatialRef(reference_system(3035))
        raster.SetMetadataItem("ACQUISITION_DATE", date.isoformat())
        raster.SetMetadataItem("SCALE", "reflectance=DN/10000")
        for number, (name, _) in enumerate(BANDS, start=1):
            band = raster.GetRasterBand(number)
            band.SetDescription(name)
            band.SetNoDataValue(0)
            band.WriteArray(bands[name][index])
        raster = None


def summer_medians(bands, dates, year):
    """Red and NDVI of a summer, less their medians over the crop."""
    chosen = [i for i, date in enumerate(dates) if date.year == year and 6 <= date.month <= 9]
    red, nir = (bands[name][chosen] / 10000.0 for name in ("B04", "B08"))
    clear = np.isin(bands["SCL"][chosen], CLEAR) & (red > 0)
    ndvi = (nir - red) / np.where(nir + red > 0, nir + red, 1)
    medians = [np.nanmedian(np.where(clear, values, np.nan), axis=0) for values in (red, ndvi)]
    return [values - np.nanmedian(values) for values in medians]


def cut_years(bands, dates):
    summers = {year: summer_medians(bands, dates, year) for year in (2016, 2017, 2018)}
    result = np.zeros((SIZE, SIZE), np.uint16)
    for year in (2017, 2018):
        before = [np.median([summers[y][k] for y in summers if y < year], axis=0) for k in (0, 1)]
        cut = (summers[year][0] - before[0] > RED_RISE) & (before[1] - summers[year][1] > NDVI_FALL)
        result[cut & (result == 0)] = year
    return result


def write_layer(path, name, polygons, fields):
    """Polygons in EPSG:3035 with attributes, as RFC 7946 GeoJSON."""
    memory = gdal.GetDriverByName("Memory").Create("", 0, 0, 0, gdal.GDT_Unknown)
    layer = memory.CreateLayer(name, reference_system(3035), ogr.wkbPolygon)
    for field, kind in fields:
        layer.CreateField(ogr.FieldDefn(field, kind))
    for geometry, values in polygons:
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(geometry)
        for (field, _), value in zip(fields, values):
            feature.SetField(field, value)
        layer.CreateFeature(feature)
    path.unlink(missing_ok=True)
    gdal.VectorTranslate(str(path), memory, format="GeoJSON", layerCreationOptions=["RFC7946=YES"], reproject=True, dstSRS="EPSG:4326")


def write_truth(years, transform, path):
    raster = gdal.GetDriverByName("MEM").Create("", SIZE, SIZE, 1, gdal.GDT_UInt16)
    raster.SetGeoTransform(transform)
    raster.SetSpatialRef(reference_system(3035))
    raster.GetRasterBand(1).WriteArray(years)
    memory = ogr.GetDriverByName("Memory").CreateDataSource("p")
    layer = memory.CreateLayer("p", reference_system(3035), ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("year", ogr.OFTInteger))
    gdal.Polygonize(raster.GetRasterBand(1), raster.GetRasterBand(1), layer, 0)
    polygons = [(f.GetGeometryRef().Clone(), (f.GetField("year"), round(f.GetGeometryRef().GetArea(), 1))) for f in layer]
    polygons = [p for p in polygons if p[1][1] >= LEAST_PIXELS * 100]
    polygons.sort(key=lambda p: (p[1][0], -p[0].GetEnvelope()[3], p[0].GetEnvelope()[0]))
    write_layer(path, "truth", polygons, [("cut_year", ogr.OFTInteger), ("area_m2", ogr.OFTReal)])


def write_redline(transform, path):
    """The crop less a rim of one pixel."""
    west, north, inner = transform[0] + 10, transform[3] - 10, (SIZE - 2) * 10
    ring = [(west, north), (west, north - inner), (west + inner, north - inner), (west + inner, north), (west, north)]
    geometry = ogr.CreateGeometryFromWkt("POLYGON((" + ",".join(f"{x} {y}" for x, y in ring) + "))")
    fields = [("id", ogr.OFTString), ("name", ogr.OFTString), ("class", ogr.OFTString)]
    write_layer(path, "redline_forest", [(geometry, ("forest-1", "sample forest zone", "forest"))], fields)


def main(source, out):
    gdal.UseExceptions()
    out.mkdir(parents=True, exist_ok=True)
    bands, dates, transform = cube(source)
    write_scenes(bands, dates, transform, out / "scenes")
    write_truth(cut_years(bands, dates), transform, out / "truth.geojson")
    write_redline(transform, out / "redline_forest.geojson")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
