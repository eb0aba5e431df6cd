"""Leads whose fate is known, and what look-again says of them. Called by scripts/bench-look-again; needs the standard library only."""

import json
import math
import sys
from collections import Counter

SIDE_M = 60.0


def features(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)["features"]


def rings(geometry):
    """All rings of a polygon or multipolygon."""
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [ring for polygon in polygons for ring in polygon]


def holds(rings_of, point):
    """Whether an outline holds a point (even-odd rule)."""
    x, y = point
    inside = False
    for ring in rings_of:
        for (x1, y1), (x2, y2) in zip(ring, ring[1:]):
            if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
                inside = not inside
    return inside


def write(path, leads):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"type": "FeatureCollection", "features": leads}, file)


def lead(name, model, days, geometry, **more):
    properties = {"id": name, "model": model, "before": days[0], "first_seen": days[1], **more}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def chosen(path, where):
    key, _, value = where.partition("=")
    return [one for one in features(path) if where == "all" or str(one["properties"].get(key)) == value]


def leads(truth, found, out):
    """The leads of a scan that stand on a place of the truth, with the day on which that was put right."""
    known = [(one["properties"], rings(one["geometry"])) for one in features(truth) if "aftermath" in one["properties"]]
    told = []
    for one in features(found):
        ring = rings(one["geometry"])[0][:-1]
        middle = [sum(point[axis] for point in ring) / len(ring) for axis in (0, 1)]
        for place, outline in known:
            if holds(outline, middle):
                one["properties"]["id"] += "-" + place["id"]
                one["properties"]["rectified_on"] = place["rectified_on"]
                told.append(one)
                break
    write(out, told)


def told(work, first, seeds):
    """Answers beside the truth, by what became of a place and whether it was restored in that year."""
    counts = {}
    for seed in range(int(first), int(first) + int(seeds)):
        places = {one["properties"]["id"]: one["properties"] for one in features(f"{work}/{seed}/truth.geojson")}
        for year in (2024, 2025, 2026):
            for one in features(f"{work}/{seed}/look-{year}/look_again.geojson"):
                place = places[one["properties"]["id"].rpartition("-")[2]]
                truth = "restored" if year in place["restored_years"] else "not restored"
                counts.setdefault((truth, place["aftermath"]), Counter())[one["properties"]["answer"]] += 1
    answers = ("restored", "not_restored", "cannot_tell")
    print(f"{'truth':<14}{'what became of it':<20}" + "".join(f"{answer:>14}" for answer in answers))
    for truth in ("restored", "not restored"):
        rows = sorted((name, count) for (kind, name), count in counts.items() if kind == truth)
        for name, count in [*rows, ("together", sum((count for _, count in rows), Counter()))]:
            print(f"{truth:<14}{name:<20}" + "".join(f"{count[answer]:>14}" for answer in answers))


def squares(path, where, model, before, first_seen, out, avoid=None):
    """Squares wholly inside polygons, and clear of those to avoid, as if they were leads."""
    inside = [rings(one["geometry"]) for one in chosen(path, where)]
    outside = [rings(one["geometry"]) for one in features(avoid)] if avoid else []
    points = [point for outline in inside for ring in outline for point in ring]
    west, south = (min(point[axis] for point in points) for axis in (0, 1))
    east, north = (max(point[axis] for point in points) for axis in (0, 1))
    high = SIDE_M / 111_200.0
    wide = high / math.cos(math.radians((south + north) / 2.0))
    made = []
    for row in range(int((north - south) / high)):
        for col in range(int((east - west) / wide)):
            x, y = west + col * wide, south + row * high
            dots = [(x + wide * a / 4.0, y + high * b / 4.0) for a in range(5) for b in range(5)]
            fits = any(all(holds(outline, dot) for dot in dots) for outline in inside)
            if fits and not any(holds(outline, dot) for outline in outside for dot in dots):
                ring = [[x, y], [x + wide, y], [x + wide, y + high], [x, y + high], [x, y]]
                made.append(lead(f"square-{row}-{col}", model, (before, first_seen), {"type": "Polygon", "coordinates": [ring]}))
    write(out, made)


def places(path, where, model, before, first_seen, out):
    """Polygons as leads."""
    found = enumerate(chosen(path, where))
    write(out, [lead(f"place-{number}", model, (before, first_seen), one["geometry"]) for number, one in found])


def counted(name, out):
    """The answers of one folder."""
    count = Counter(one["properties"]["answer"] for one in features(f"{out}/look_again.geojson"))
    total = sum(count.values())
    print(f"{name:<8}{total:>5} places: {count['restored']} restored, {count['not_restored']} not restored, {count['cannot_tell']} cannot be told")


if __name__ == "__main__":
    {"leads": leads, "told": told, "squares": squares, "places": places, "counted": counted}[sys.argv[1]](*sys.argv[2:])
