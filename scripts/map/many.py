"""A run of many leads, made of one that is there: its leads again and again, each moved to a place of its own.

    many(OUT, TARGET, 5000) writes a folder with a valid manifest; hostile(OUT, TARGET, WORDS) puts words into every text.
"""
import copy
import hashlib
import json
import os


def shifted(coordinates, east, north):
    if isinstance(coordinates[0], (int, float)):
        return [round(coordinates[0] + east, 7), round(coordinates[1] + north, 7)]
    return [shifted(inside, east, north) for inside in coordinates]


def read(out, name):
    with open(os.path.join(out, name), encoding="utf-8") as file:
        return json.load(file)


def write(target, out, leads):
    """The folder of a run with these leads, and the gaps of the run that they come from; digests as a scan writes them."""
    os.makedirs(target, exist_ok=True)
    manifest = read(out, "manifest.json")
    leads = {**read(out, "leads.geojson"), "features": leads}
    texts = {"leads.geojson": json.dumps(leads, ensure_ascii=False, separators=(",", ":")) + "\n"}
    for name in ["gaps.geojson", "suppressed.geojson"]:
        with open(os.path.join(out, name), encoding="utf-8") as file:
            texts[name] = file.read()
    outputs = []
    for name, text in sorted(texts.items()):
        with open(os.path.join(target, name), "w", encoding="utf-8") as file:
            file.write(text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        outputs.append({"file": name, "size_bytes": len(text.encode()), "sha256": digest})
    manifest["result"]["outputs"] = outputs
    # Its scenes and layers are not those of this run.
    manifest.pop("run", None)
    result = json.dumps(manifest["result"], ensure_ascii=False, separators=(",", ":"))
    manifest["result_sha256"] = hashlib.sha256(result.encode()).hexdigest()
    with open(os.path.join(target, "manifest.json"), "w", encoding="utf-8") as file:
        json.dump(manifest, file, ensure_ascii=False, separators=(",", ":"))


def many(out, target, count):
    """Leads over a county of two degrees, first seen in 36 different months."""
    found = read(out, "leads.geojson")["features"]
    leads, wide = [], max(1, int(count ** 0.5))
    for number in range(count):
        lead = copy.deepcopy(found[number % len(found)])
        about = lead["properties"]
        east, north = (number % wide) / wide * 2 - 1, (number // wide) / wide * 1.5 - 0.75
        lead["geometry"]["coordinates"] = shifted(lead["geometry"]["coordinates"], east, north)
        about["id"] = lead["id"] = f"m{number:05d}"
        about["rank"] = number + 1
        about["lon_deg"], about["lat_deg"] = shifted([about["lon_deg"], about["lat_deg"]], east, north)
        about["confidence"] = round(0.999 - 0.399 * number / count, 3)
        about["first_seen"] = f"{2021 + number % 3}-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
        leads.append(lead)
    write(target, out, leads)


def hostile(out, target, words):
    """A lead for each of the words, which stand in every text of it."""
    def spoiled(value, word):
        if isinstance(value, str):
            return word
        if isinstance(value, list):
            return [spoiled(one, word) for one in value]
        if isinstance(value, dict):
            return {name: spoiled(one, word) for name, one in value.items()}
        return value

    lead, leads = read(out, "leads.geojson")["features"][0], []
    for number, word in enumerate(words):
        one = copy.deepcopy(lead)
        kept = {name: one["properties"][name] for name in ["before", "after", "first_seen", "last_seen", "chip_before", "chip_after"]}
        one["properties"] = {**spoiled(one["properties"], word), **kept, "id": f"{word} {number}", "rank": number + 1}
        one["id"] = one["properties"]["id"]
        leads.append(one)
    write(target, out, leads)
