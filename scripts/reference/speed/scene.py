"""Two dates of a made-up Sentinel-2 tile with changed parcels, and red lines on it; the same bytes every time.

Usage: scene.py FOLDER SIDE [LINES]
Writes under FOLDER: scenes/S2_DATE_BAND.tif (B02 B03 B04 B08 B11 B12 as 16-bit reflectance x 10000, SCL; tiles of 512,
DEFLATE, predictor 2), lines.geojson (LINES red lines, 400 unless said, one in twenty of 20,000 vertices, one in ten
with a hole), lines_many.geojson (100,000 small ones and one of a million vertices) and parcels.geojson (what changed).
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.features import rasterize
from rasterio.transform import Affine, from_origin
from rasterio.windows import Window

BANDS = ["B02", "B03", "B04", "B08", "B11", "B12"]
DATES = ["20220715", "20230718"]
GRASS = np.array([350, 650, 420, 3600, 2000, 1050], np.float32)
SOIL = np.array([1150, 1500, 1850, 2450, 3200, 2800], np.float32)
CLOUD = np.array([6000, 5900, 5800, 6200, 4400, 3400], np.float32)
EPSG, WEST, NORTH, PIXEL, STRIP = 32649, 500_000.0, 4_600_020.0, 10.0, 512
MANY = 100_000
MILLION = 1_000_000


def soft(draw: np.random.Generator, side: int, step: int) -> np.ndarray[Any, Any]:
    """Random numbers on a lattice of so many pixels, enough of them for the tile."""
    return draw.standard_normal((side // step + 2, side // step + 2)).astype(np.float32)


def between(lattice: np.ndarray[Any, Any], rows: np.ndarray[Any, Any], side: int, step: int) -> np.ndarray[Any, Any]:
    """The lattice, linear between its points, on some rows of the tile."""
    col = np.arange(side) / step
    i, j = (rows / step).astype(int), col.astype(int)
    down, right = (rows / step - i).astype(np.float32)[:, None], (col - j).astype(np.float32)
    by_row = lattice[i] * (1 - down) + lattice[i + 1] * down
    return by_row[:, j] * (1 - right) + by_row[:, j + 1] * right


def ring(draw: np.random.Generator, centre: tuple[float, float], reach: float, vertices: int) -> list[list[float]]:
    """A closed ring about a place in metres, rough at every scale, that never crosses itself."""
    turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    wave = np.arange(2, min(vertices // 3, 200) + 2)
    height = 0.5 * draw.standard_normal(len(wave)) / wave**1.2
    radius = np.ones(vertices)
    for number, amplitude, phase in zip(wave, height, draw.uniform(0, 2 * np.pi, len(wave)), strict=True):
        radius += amplitude * np.sin(number * turn + phase)
    radius = reach * np.clip(radius, 0.3, 1.35) / 1.35
    x, y = centre[0] + radius * np.cos(turn), centre[1] + radius * np.sin(turn)
    points: list[list[float]] = np.round(np.stack([x, y], 1), 3).tolist()
    return [*points, points[0]]


def lattice_places(draw: np.random.Generator, side: int, count: int) -> list[tuple[float, float, float]]:
    """So many places apart from each other: x, y, and how far each may reach, in metres."""
    across = int(np.ceil(np.sqrt(count)))
    step = side * PIXEL / across
    cells = draw.permutation(across * across)[:count]
    return [(WEST + (cell % across + 0.5) * step, NORTH - (cell // across + 0.5) * step, 0.48 * step) for cell in cells]


def feature(number: int, rings: list[list[list[float]]]) -> dict[str, Any]:
    """A GeoJSON feature."""
    geometry = {"type": "Polygon", "coordinates": rings}
    return {"type": "Feature", "properties": {"id": f"line-{number}", "name": f"line {number}"}, "geometry": geometry}


def write_lines(path: Path, features: list[dict[str, Any]], side: int) -> None:
    """A layer in the CRS of the tile. `grid` is for scripts/kernels; readers of GeoJSON pass it over."""
    crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{EPSG}"}}
    grid = {"rows": side, "cols": side, "origin_x": WEST, "origin_y": NORTH, "pixel": PIXEL}
    layer = {"type": "FeatureCollection", "crs": crs, "grid": grid, "features": features}
    path.write_text(json.dumps(layer), encoding="utf-8")


def red_lines(side: int, count: int) -> list[dict[str, Any]]:
    """Red lines of all sizes, some with a hole."""
    draw = np.random.default_rng(11)
    features = []
    for number, (x, y, reach) in enumerate(lattice_places(draw, side, count)):
        vertices = 20_000 if number % 20 == 0 else int(draw.integers(100, 4000 if number % 5 == 1 else 1000))
        rings = [ring(draw, (x, y), reach, vertices)]
        if number % 10 == 3:
            rings.append(ring(draw, (x, y), 0.2 * reach, 60)[::-1])
        features.append(feature(number, rings))
    return features


def many_lines(side: int) -> list[dict[str, Any]]:
    """A hundred thousand fields, one of them with a million vertices and nine times as wide as the others' lattice."""
    draw = np.random.default_rng(12)
    features = [feature(number, [ring(draw, (x, y), reach, 12)])
                for number, (x, y, reach) in enumerate(lattice_places(draw, side, MANY))]
    middle = (WEST + side * PIXEL / 2, NORTH - side * PIXEL / 2)
    features[0] = feature(0, [ring(draw, middle, side * PIXEL / 20, MILLION)])
    return features


def parcels(side: int, transform: Affine) -> tuple[np.ndarray[Any, Any], list[dict[str, Any]]]:
    """1 where the ground was dug over between the dates, and the parcels; 0.3 to 30 ha each."""
    draw = np.random.default_rng(13)
    places = lattice_places(draw, side, max(4, side * side // 80_000))
    features = []
    for number, (x, y, reach) in enumerate(places):
        size = min(reach, float(np.sqrt(np.exp(draw.uniform(np.log(0.3), np.log(30))) * 1e4 / 3)))
        features.append(feature(number, [ring(draw, (x, y), size, 40)]))
    shapes = [(one["geometry"], 1) for one in features]
    return rasterize(shapes, (side, side), transform=transform, dtype="uint8"), features


def write_date(folder: Path, date: int, side: int, changed: np.ndarray[Any, Any], transform: Affine) -> None:
    """Six bands and the classes of one date."""
    # The ground is the same on both dates; weather and noise are a date's own.
    same, own = np.random.default_rng(14), np.random.default_rng(15 + date)
    cover = [(step, soft(same, side, step)) for step in (900, 300, 90, 30, 10)]
    light = [(step, soft(same, side, step)) for step in (700, 60, 8)]
    weather = [(step, soft(own, side, step)) for step in (800, 200)]
    clouds = [(step, soft(own, side, step)) for step in (900, 250, 60)]
    layout = {"driver": "GTiff", "width": side, "height": side, "count": 1, "crs": f"EPSG:{EPSG}", "transform": transform,
              "tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "DEFLATE", "num_threads": 2, "nodata": 0}

    def open_file(band: str, kind: str) -> Any:
        return rasterio.open(folder / f"S2_{DATES[date]}_{band}.tif", "w", dtype=kind, predictor=2, **layout)

    def mixed(parts: list[tuple[int, Any]], rows: np.ndarray[Any, Any]) -> Any:
        return sum(between(grid, rows, side, step) * step**0.3 for step, grid in parts)

    files, classes = [open_file(band, "uint16") for band in BANDS], open_file("SCL", "uint8")
    for row0 in range(0, side, STRIP):
        rows = np.arange(row0, min(row0 + STRIP, side))
        dug = changed[rows].astype(bool)
        green = np.clip(0.5 + 0.05 * mixed(cover, rows), 0.05, 0.95)
        green = np.where(dug, 0.0 if date else np.maximum(green, 0.5), green + 0.01 * date * mixed(weather, rows))
        bright = 1 + 0.02 * mixed(light, rows)
        cloud = mixed(clouds, rows) > 16
        window = Window(0, row0, side, len(rows))
        seen = np.where(cloud, 9, np.where(green > 0.35, 4, 5)).astype(np.uint8)
        classes.write(seen, 1, window=window)
        for band, file in enumerate(files):
            value = (green * GRASS[band] + (1 - green) * SOIL[band]) * bright
            value = np.where(cloud, CLOUD[band], value)
            value += own.standard_normal(value.shape, dtype=np.float32) * (8 + 0.012 * value)
            file.write(np.clip(value, 1, 15_000).astype(np.uint16), 1, window=window)
    for file in [*files, classes]:
        file.close()


def main() -> None:
    """Writes everything that is not there."""
    folder, side = Path(sys.argv[1]), int(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 400
    transform = from_origin(WEST, NORTH, PIXEL, PIXEL)
    (folder / "scenes").mkdir(parents=True, exist_ok=True)
    changed, features = parcels(side, transform)
    write_lines(folder / "parcels.geojson", features, side)
    write_lines(folder / "lines.geojson", red_lines(side, count), side)
    write_lines(folder / "lines_many.geojson", many_lines(side), side)
    for date in range(len(DATES)):
        write_date(folder / "scenes", date, side, changed, transform)
    (folder / "whole").touch()


if __name__ == "__main__":
    main()
