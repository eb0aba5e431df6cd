"""Reads a STAC catalogue of leads with pystac and its schemas, and PROV-JSON with the package `prov`.

Usage: catalogue.py CATALOGUE.json LEADS.geojson MANIFEST.json PROV.json

The schemas of STAC itself come with pystac; those of the extensions lie on the web and are not asked: what their text asks of
the fields (file 2.1.0, processing 1.2.0, projection 2.0.0) is checked here. Words to stderr and exit code 1 where something is
wrong.
"""
import base64
import hashlib
import json
import re
import sys
from pathlib import Path

import pystac
from prov.model import ProvActivity, ProvAgent, ProvDocument, ProvEntity
from pystac.extensions.file import FileExtension
from pystac.extensions.projection import ProjectionExtension

FAULTS = []
EXTENSIONS = {
    "file": "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "processing": "https://stac-extensions.github.io/processing/v1.2.0/schema.json",
    "projection": "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
}


def expect(is_so, words):
    """Notes a fault; goes on, so that one run tells all."""
    if not is_so:
        FAULTS.append(words)
    return is_so


def judge_extensions(item):
    """What the texts of the extensions ask."""
    named, everything = set(item.stac_extensions), dict(item.properties)
    for asset in item.assets.values():
        everything.update(asset.extra_fields)
    for prefix, uri in EXTENSIONS.items():
        short = {"projection": "proj"}.get(prefix, prefix)
        uses = any(name.startswith(f"{short}:") for name in everything)
        expect(uses == (uri in named), f"{item.id}: fields of {prefix} are {'' if uses else 'not '}there, its schema is {'' if uri in named else 'not '}named")
    software = item.properties.get("processing:software")
    if software is not None:
        expect(isinstance(software, dict) and software and all(isinstance(value, str) for value in software.values()),
               f"{item.id}: processing:software is no object of texts: {software}")
        for name in ("processing:version", "processing:lineage"):
            expect(isinstance(item.properties.get(name), str) and item.properties[name], f"{item.id}: no {name}")
    expect("processing:datetime" not in item.properties, f"{item.id}: a time of processing is a clock")


def judge_asset(item, key, asset):
    """Size and checksum of a file, here or named by its digest."""
    file = FileExtension.ext(asset, add_if_missing=False)
    if not expect(re.fullmatch("1220[0-9a-f]{64}", file.checksum or ""), f"{item.id}: {key}: no multihash of SHA2-256: {file.checksum}"):
        return
    named = re.fullmatch("ni:///sha-256;([A-Za-z0-9_-]{43})", asset.href)
    if named:
        expect(base64.urlsafe_b64decode(named.group(1) + "=").hex() == file.checksum[4:], f"{item.id}: {key}: its name is of other bytes")
        return
    expect(not asset.href.startswith("/") and "://" not in asset.href, f"{item.id}: {key}: {asset.href} is no relative link")
    bytes_ = Path(asset.get_absolute_href()).read_bytes()
    expect((file.size, file.checksum) == (len(bytes_), "1220" + hashlib.sha256(bytes_).hexdigest()), f"{item.id}: {key}: size or checksum is of another file")
    magic = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff", "application/geo+json": b"{"}
    expect(bytes_.startswith(magic.get(asset.media_type, b"?")), f"{item.id}: {key} is no {asset.media_type}")
    if "proj:code" in asset.extra_fields:
        projection = ProjectionExtension.ext(asset)
        west, south, east, north = projection.bbox
        expect(re.fullmatch("EPSG:[0-9]+", projection.code) and west < east and south < north, f"{item.id}: {key}: its place is odd")


def judge_catalogue(path, features):
    """Everything that pystac sees."""
    catalogue = pystac.Catalog.from_file(str(path))
    leads, scenes = {}, {}
    for parent, _, items in catalogue.walk():
        kept, parent.stac_extensions = parent.stac_extensions, []
        parent.validate()
        parent.stac_extensions = kept
        for item in items:
            judge_extensions(item)
            for key, asset in item.assets.items():
                judge_asset(item, key, asset)
            named, item.stac_extensions = item.stac_extensions, []
            item.validate()
            item.stac_extensions = named
            expect(item.datetime is None and item.common_metadata.start_datetime <= item.common_metadata.end_datetime, f"{item.id}: its times are odd")
            expect(item.collection_id == parent.id and item.get_parent().id == parent.id, f"{item.id}: is of another collection")
            (leads if parent.id == "steppewatch-leads" else scenes)[item.id] = item
    expect(len(leads) == len(features), f"expected {len(features)} leads, found {len(leads)}")
    for feature in features:
        item = leads.get(feature["properties"]["id"])
        if not expect(item is not None, f"{feature['properties']['id']} has no Item"):
            continue
        expect(item.geometry == feature["geometry"], f"{item.id}: another outline than in leads.geojson")
        expect({"chip_before", "chip_after", "before", "after", "record"} <= set(item.assets), f"{item.id}: has only {sorted(item.assets)}")
        sources = [link.resolve_stac_object(catalogue).target.id for link in item.get_links("derived_from")]
        wanted = {feature["properties"]["scene_before"], feature["properties"]["scene_after"]}
        expect(wanted <= set(sources) and "steppewatch-scenes" in sources, f"{item.id}: comes from {sources}, expected {wanted}")
        record = json.loads(Path(item.assets["record"].get_absolute_href()).read_text(encoding="utf-8"))
        expect(record["properties"] == feature["properties"], f"{item.id}: another record than in leads.geojson")
    return leads, scenes


def judge_prov(path, manifest):
    """The run as PROV: files that were read and written, the scan, who answers."""
    document = ProvDocument.deserialize(str(path))
    result = manifest["result"]
    counts = {ProvEntity: len(result["inputs"]) + len(result["outputs"]) + 1, ProvActivity: 1, ProvAgent: 2}
    for kind, count in counts.items():
        found = len(list(document.get_records(kind)))
        expect(found == count, f"PROV: expected {count} of {kind.__name__}, found {found}")
    text = document.get_provn()
    expect(text.count("used(") == len(result["inputs"]), "PROV: not every input was used")
    expect(text.count("wasGeneratedBy(") == len(result["outputs"]), "PROV: not every output was generated")
    digests = {str(value) for entity in document.get_records(ProvEntity) for name, value in entity.attributes if name.localpart == "sha256"}
    wanted = {file["sha256"] for file in result["inputs"] + result["outputs"]}
    expect(digests == wanted, f"PROV: {len(wanted ^ digests)} digests are others")
    again = ProvDocument.deserialize(content=document.serialize())
    expect(again == document, "PROV: another document after it was written again")


def main():
    """Judges what the four files hold."""
    catalogue, leads, manifest, provenance = map(Path, sys.argv[1:])
    read = lambda path: json.loads(path.read_text(encoding="utf-8"))
    found, scenes = judge_catalogue(catalogue, read(leads)["features"])
    judge_prov(provenance, read(manifest))
    for fault in FAULTS:
        print(fault, file=sys.stderr)
    print(json.dumps({"leads": len(found), "scenes": len(scenes)}))
    return 1 if FAULTS else 0


if __name__ == "__main__":
    sys.exit(main())
