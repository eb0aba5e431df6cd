"""Leads of odd shapes as the folder of a run: a hook, a long track aslant, a star, two parts that lie apart, a large field."""
import hashlib
import json
import math
from pathlib import Path


def shapes():
    """Rings in metres, by name."""
    star = [((700 if corner % 2 else 250) * math.sin(corner * math.pi / 5), (700 if corner % 2 else 250) * math.cos(corner * math.pi / 5))
            for corner in [*range(10), 0]]
    return {
        "hook": [[(0, 0), (1800, 0), (1800, 120), (150, 160), (120, 1500), (0, 1500), (0, 0)]],
        "track": [[(0, 0), (4000, 3000), (3994, 3008), (-6, 8), (0, 0)]],
        "star": [star],
        "apart": [[(0, 0), (80, 0), (80, 80), (0, 80), (0, 0)], [(900, 400), (1000, 400), (1000, 470), (900, 470), (900, 400)]],
        "large": [[(0, 0), (1500, 200), (1400, 1600), (-100, 1300), (0, 0)]],
    }


def area(ring):
    """Square metres."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:]))) / 2


def compact(value):
    """JSON as the program writes it."""
    return json.dumps(value, separators=(",", ":"))


def draw(folder, longitude, latitude):
    """Writes the folder; every lead 20 km from the next."""
    folder = Path(folder)
    folder.mkdir()
    east, north = 111320 * math.cos(math.radians(latitude)), 111132
    features = []
    for number, (name, rings) in enumerate(shapes().items()):
        def place(point, shift=number * 20000):
            return [round(longitude + (point[0] + shift) / east, 7), round(latitude + point[1] / north, 7)]
        features.append({"type": "Feature", "id": name, "properties": {
            "id": name, "rank": number + 1, "model": "G1", "model_name": "Reclaimed grassland", "model_name_zh": "开垦草原",
            "status": "confirmed", "confidence": 0.9, "area_m2": sum(map(area, rings)), "first_seen": "2025-05-01", "last_seen": "2025-08-01"},
            "geometry": {"type": "MultiPolygon", "coordinates": [[[place(point) for point in ring]] for ring in rings]}})
    outputs = []
    for name, layer in (("leads", features), ("gaps", []), ("suppressed", [])):
        words = compact({"type": "FeatureCollection", "features": layer})
        (folder / f"{name}.geojson").write_text(words, encoding="utf-8")
        outputs.append({"file": f"{name}.geojson", "sha256": hashlib.sha256(words.encode()).hexdigest()})
    result = {"plan": {"decided": {"target": "2025-01-01/2025-12-31", "models": ["G1"]}}, "inputs": [], "outputs": outputs}
    manifest = {"generator": {"name": "steppewatch", "version": "0.1.0"}, "result_sha256": hashlib.sha256(compact(result).encode()).hexdigest(),
                "result": result}
    (folder / "manifest.json").write_text(compact(manifest), encoding="utf-8")
    return features
