"""Reference numbers for `assess`, by other means than the program's.

Polygons: seeded random stars, some with holes, some in two parts.
Set operations: shapely (GEOS). Areas: ellipsoidal sinusoidal projection (Snyder 1987, formula 30-8 ff.),
not the cylindrical one of the program. Pixels: rasterio (GDAL rasterise, pixel centres) on UTM.
Statistics: scipy.

Usage: python scripts/reference/assess.py OUT_DIR   (needs numpy, scipy, shapely >= 2, rasterio)
Writes assess_leads.geojson, assess_truth.geojson, assess.csv.
"""

import csv
import datetime
import json
import sys
from pathlib import Path

import numpy as np
from rasterio.features import rasterize
from rasterio.transform import from_origin
from rasterio.warp import transform_geom
from scipy.integrate import quad
from scipy.stats import binomtest
from shapely import transform
from shapely.geometry import mapping, shape
from shapely.ops import unary_union
from shapely.validation import make_valid

A, F = 6378137.0, 1 / 298.257223563
E2 = F * (2 - F)
LON0, LAT0 = 113.2, 42.1


def meridian(latitude):
    return quad(lambda p: A * (1 - E2) / (1 - E2 * np.sin(p) ** 2) ** 1.5, np.radians(LAT0), latitude, epsabs=1e-9)[0]


def sinusoidal(points):
    out = np.empty_like(points)
    for i, (lon, lat) in enumerate(points):
        phi = np.radians(lat)
        out[i] = (A * np.radians(lon - LON0) * np.cos(phi) / np.sqrt(1 - E2 * np.sin(phi) ** 2), meridian(phi))
    return out


def star(rng, centre, radius):
    """A star-shaped ring around a place in metres, in degrees, 7 decimals."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(5, 14)))
    radii = radius * rng.uniform(0.6, 1.3, angles.size)
    ring = [
        [
            round(LON0 + (centre[0] + r * np.cos(a)) / (111320 * np.cos(np.radians(LAT0))), 7),
            round(LAT0 + (centre[1] + r * np.sin(a)) / 111132, 7),
        ]
        for a, r in zip(angles, radii)
    ]
    return ring + ring[:1]


def outline(rng, centre, radius):
    rings = [star(rng, centre, radius)]
    if rng.random() < 0.2:
        rings.append(star(rng, centre, radius * 0.2)[::-1])
    polygons = [rings]
    if rng.random() < 0.2:
        polygons.append([star(rng, (centre[0] + 3 * radius, centre[1]), radius * 0.7)])
    geometry = {"type": "MultiPolygon", "coordinates": polygons} if len(polygons) > 1 else {"type": "Polygon", "coordinates": rings}
    return geometry if shape(geometry).is_valid else outline(rng, centre, radius)


def make(seed):
    rng = np.random.default_rng(seed)
    day = datetime.date(2021, 3, 1)
    truths, leads = [], []
    for i in range(60):
        centre, radius = rng.uniform(-6000, 6000, 2), rng.uniform(30, 180)
        kind = rng.choice(["change", "decoy", "ignore"], p=[0.7, 0.15, 0.15])
        onset = day + datetime.timedelta(int(rng.integers(0, 200)))
        properties = {"is_change": bool(kind != "decoy"), "ignore": bool(kind == "ignore"), "year": int(rng.choice([2020, 2021]))}
        if rng.random() < 0.8:
            properties["onset"] = onset.isoformat()
        truths.append({"type": "Feature", "properties": properties, "geometry": outline(rng, centre, radius)})
        for _ in range(int(rng.choice([0, 1, 2], p=[0.3, 0.5, 0.2]))):
            off = centre + rng.normal(0, radius * 0.5, 2)
            seen = onset + datetime.timedelta(int(rng.integers(0, 40)))
            leads.append({"type": "Feature", "properties": {"id": f"lead-{len(leads)}", "first_seen": seen.isoformat()},
                          "geometry": outline(rng, off, radius * rng.uniform(0.5, 1.4))})
    for _ in range(8):
        leads.append({"type": "Feature", "properties": {"id": f"lead-{len(leads)}"},
                      "geometry": outline(rng, rng.uniform(-6000, 6000, 2), rng.uniform(30, 120))})
    return leads, truths


def area_ratios(leads, truths, lead_shapes, truth_shapes, role, hit):
    changes = [i for i, r in enumerate(role) if r == "change"]
    ignored = [truth_shapes[i] for i, r in enumerate(role) if r == "ignored"]
    edges = [(i, j) for i in changes for j in range(len(leads))
             if truth_shapes[i].intersection(lead_shapes[j]).area >= 0.01 * min(truth_shapes[i].area, lead_shapes[j].area)
             and truth_shapes[i].intersection(lead_shapes[j]).area > 0]
    seen, ratios = set(), []
    for first in changes:
        if first in seen:
            continue
        group_t, group_l, grown = {first}, set(), True
        while grown:
            more_l = {j for i, j in edges if i in group_t}
            more_t = {i for i, j in edges if j in more_l} | group_t
            grown = (more_t, more_l) != (group_t, group_l)
            group_t, group_l = more_t, more_l
        seen |= group_t
        if any(hit[i] for i in group_t):
            t = unary_union([truth_shapes[i] for i in group_t])
            l = unary_union([lead_shapes[j] for j in group_l])
            ratios.append((l.area - l.intersection(unary_union(ignored).difference(t)).area) / t.area)
    return ratios, edges


def pixels(leads, truths, role, size=10, epsg=32649):
    utm = lambda fs: [transform_geom("EPSG:4326", f"EPSG:{epsg}", f["geometry"]) for f in fs]
    sets = [utm(leads)] + [utm([t for t, r in zip(truths, role) if r == k]) for k in ("change", "ignored")]
    bounds = np.array([shape(g).bounds for s in sets if s for g in s])
    west, north = np.floor(bounds[:, 0].min() / size) * size, np.ceil(bounds[:, 3].max() / size) * size
    rows, cols = int((north - bounds[:, 1].min()) / size) + 1, int((bounds[:, 2].max() - west) / size) + 1
    masks = [rasterize(s, (rows, cols), transform=from_origin(west, north, size, size)).astype(bool) if s else np.zeros((rows, cols), bool) for s in sets]
    lead, change, ignored = masks
    keep = ~(ignored & ~change)
    return int((lead & change).sum()), int((lead & ~change & keep).sum()), int((change & ~lead).sum())


def assess(name, leads, truths, year=None):
    role = []
    for t in truths:
        p = t["properties"]
        if p["ignore"]:
            role.append("ignored")
        elif not p["is_change"]:
            role.append("decoy")
        else:
            role.append("change" if year in (None, p["year"]) else "ignored")
    on_plane = lambda fs: [make_valid(transform(shape(f["geometry"]), sinusoidal)) for f in fs]
    lead_shapes, truth_shapes = on_plane(leads), on_plane(truths)
    union = lambda wanted: unary_union([s for s, r in zip(truth_shapes, role) if r == wanted])
    all_leads, changes, ignored = unary_union(lead_shapes), union("change"), union("ignored")
    covered = [s.intersection(all_leads).area / s.area for s in truth_shapes]
    on_truth = [s.intersection(changes).area / s.area for s in lead_shapes]
    on_ignored = [s.intersection(ignored).area / s.area for s in lead_shapes]
    hit = [c >= 0.3 for c in covered]
    verdict = ["true" if t >= 0.3 else "ignored" if i >= 0.3 else "false" for t, i in zip(on_truth, on_ignored)]
    ratios, edges = area_ratios(leads, truths, lead_shapes, truth_shapes, role, hit)
    delays = []
    for i, t in enumerate(truths):
        seen = [leads[j]["properties"].get("first_seen") for k, j in edges if k == i]
        seen = [s for s in seen if s]
        if role[i] == "change" and hit[i] and "onset" in t["properties"] and seen:
            delays.append((datetime.date.fromisoformat(min(seen)) - datetime.date.fromisoformat(t["properties"]["onset"])).days)
    n, hits = role.count("change"), sum(h for h, r in zip(hit, role) if r == "change")
    good, bad = verdict.count("true"), verdict.count("false")
    recall, precision = binomtest(hits, n).proportion_ci(method="wilson"), binomtest(good, good + bad).proportion_ci(method="wilson")
    both, lead_only, truth_only = pixels(leads, truths, role)
    rows = {
        "truths": n, "hits": hits, "recall_low": recall.low, "recall_high": recall.high,
        "true_leads": good, "false_leads": bad, "ignored_leads": verdict.count("ignored"),
        "precision_low": precision.low, "precision_high": precision.high,
        "decoys": role.count("decoy"), "decoys_hit": sum(h for h, r in zip(hit, role) if r == "decoy"),
        "ratio_count": len(ratios), "ratio_median": np.median(ratios),
        "ratio_lower": np.quantile(ratios, 0.25), "ratio_upper": np.quantile(ratios, 0.75),
        "delay_count": len(delays), "delay_median": np.median(delays),
        "pixels_both": both, "pixels_lead_only": lead_only, "pixels_truth_only": truth_only,
    }
    rows |= {f"covered_{i + 1}": c for i, c in enumerate(covered) if role[i] != "ignored"}
    rows |= {f"truth_m2_{i + 1}": s.area for i, s in enumerate(truth_shapes) if role[i] != "ignored"}
    rows |= {f"on_truth_{leads[j]['properties']['id']}": v for j, v in enumerate(on_truth)}
    rows |= {f"on_ignored_{leads[j]['properties']['id']}": v for j, v in enumerate(on_ignored)}
    return [(name, key, f"{float(value):.6f}") for key, value in rows.items()]


def main(out):
    leads, truths = make(seed=20260101)
    for name, features in (("assess_leads", leads), ("assess_truth", truths)):
        text = json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":"))
        (out / f"{name}.geojson").write_text(text.replace('{"type":"Feature",', '\n{"type":"Feature",') + "\n")
    with open(out / "assess.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "name", "value"])
        writer.writerows(assess("all", leads, truths))
        writer.writerows(assess("year=2021", leads, truths, 2021))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
