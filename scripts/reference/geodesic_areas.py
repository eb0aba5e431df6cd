"""Areas of 10,000 seeded polygons on the WGS 84 ellipsoid, by GeographicLib (C. Karney), for `weigh::overlap`.

The polygons are drawn by a hash, so that only their areas need to be kept: `tests/it/reference.rs` draws the same.
Stars of 3 to 12 corners, 10 m to 50 km across, between 85 S and 85 N; every other one is wound clockwise.

Usage: python scripts/reference/geodesic_areas.py OUT_DIR   (needs geographiclib)
Writes geodesic_areas.f64: square metres as 64-bit little-endian numbers, in order.
"""

import math
import struct
import sys
from pathlib import Path

from geographiclib.geodesic import Geodesic

COUNT = 10_000
MASK = (1 << 64) - 1
METRES_PER_DEGREE = 111_195.0


def mix(state):
    """One step of the SplitMix64 finaliser."""
    state = (state + 0x9E37_79B9_7F4A_7C15) & MASK
    state = ((state ^ (state >> 30)) * 0xBF58_476D_1CE4_E5B9) & MASK
    state = ((state ^ (state >> 27)) * 0x94D0_49BB_1331_11EB) & MASK
    return state ^ (state >> 31)


def draw(polygon, salt):
    """Even numbers from 0 to 1, without 1."""
    return (mix(polygon * 1000 + salt) >> 11) / (1 << 53)


def corners(polygon):
    lon, lat = 360.0 * draw(polygon, 0) - 180.0, 170.0 * draw(polygon, 1) - 85.0
    radius = 5.0 * 5000.0 ** draw(polygon, 2)
    count = 3 + int(10.0 * draw(polygon, 3))
    ring = []
    for corner in range(count):
        angle = 2.0 * math.pi * (corner + 0.8 * draw(polygon, 10 + corner)) / count
        reach = radius * (0.3 + 0.7 * draw(polygon, 100 + corner)) / METRES_PER_DEGREE
        ring.append((lon + reach * math.cos(angle) / math.cos(math.radians(lat)), lat + reach * math.sin(angle)))
    return ring[::-1] if polygon % 2 else ring


def area(ring):
    polygon = Geodesic.WGS84.Polygon()
    for lon, lat in ring:
        polygon.AddPoint(lat, lon)
    return abs(polygon.Compute()[2])


if __name__ == "__main__":
    areas = [area(corners(polygon)) for polygon in range(COUNT)]
    out = Path(sys.argv[1]) / "geodesic_areas.f64"
    out.write_bytes(struct.pack(f"<{COUNT}d", *areas))
    print(f"{out}: {COUNT} areas, {min(areas):.3g} to {max(areas):.3g} m2")
