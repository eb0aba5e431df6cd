"""One yardstick for all: `steppewatch assess`, also for a sweep over confidence and for several places together."""

import json
import statistics
import subprocess
import tempfile
from pathlib import Path

STEPS = 10  # thresholds of a sweep at most
NOTHING = {"type": "FeatureCollection", "features": []}


def read(path):
    """Features of a GeoJSON file."""
    return json.loads(Path(path).read_text())["features"]


def assess(program, features, part, case, redline=True):
    """What `assess --json` says of some leads on one place."""
    with tempfile.TemporaryDirectory() as folder:
        leads = Path(folder, "leads.geojson")
        leads.write_text(json.dumps(NOTHING | {"features": features}))
        truth, where = part.truth, case.judge
        if truth is None:
            truth, where = Path(folder, "truth.geojson"), []
            truth.write_text(json.dumps(NOTHING))
        command = [program, "assess", leads, truth, *where, "--json"]
        if case.years and redline:
            command += ["--redline", part.redline, "--years", str(case.years)]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"assess: {done.stderr.strip()}")
        return json.loads(done.stdout)


def share(part, whole):
    return part / whole if whole else None


def pool(case, told):
    """Counts of several places together; the area ratio and the delay are the median of their medians."""
    total = {key: sum(one[key] for one in told)
             for key in ("truths", "hits", "true_leads", "false_leads", "decoys", "decoys_hit")}
    ground = sum((one["observed_km2"] or 0) * (one["years"] or 0) for one in told) / 100

    def middle(key):
        known = [one[key]["median"] for one in told if one[key]]
        return statistics.median(known) if known else None

    result = total | {
        "precision": share(total["true_leads"], total["true_leads"] + total["false_leads"]),
        "recall": share(total["hits"], total["truths"]),
        "false_rate": total["false_leads"] / ground if ground else None,
        "area_ratio": middle("area_ratio"), "delay": middle("delay_days")}
    if case.pair:
        pixels = told[0]["pixels"]
        result |= {"lead_precision": result["precision"], "precision": pixels["precision"], "recall": pixels["recall"],
                   "f1": pixels["f1"]}
    return result


def score(program, case, leads):
    """Judges the leads of every part (lists of features, in the order of the parts)."""
    result = pool(case, [assess(program, *both, case) for both in zip(leads, case.parts)])
    alarms = [[one | {"properties": one["properties"] | {"first_seen": one["properties"].get("confirmed_on")}}
               for one in features] for features in leads]
    later = pool(case, [assess(program, *both, case) for both in zip(alarms, case.parts)])
    return result | {"delay_alarm": later["delay"]}


def sweep(program, case, leads):
    """(threshold, precision, recall) over thresholds of confidence, from all leads to few."""
    values = sorted({one["properties"]["confidence"] for features in leads for one in features})
    if len(values) > STEPS:
        values = [values[round(index * (len(values) - 1) / (STEPS - 1))] for index in range(STEPS)]
    points = []
    for value in values:
        kept = [[one for one in features if one["properties"]["confidence"] >= value] for features in leads]
        told = pool(case, [assess(program, *both, case, redline=False) for both in zip(kept, case.parts)])
        if told["precision"] is not None and told["recall"] is not None:
            points.append((value, told["precision"], told["recall"]))
    return points


def precision_at(points, recall):
    """Best precision of a sweep at this recall or more; none if it is never reached."""
    reached = [precision for _, precision, found in points if found >= recall - 1e-9]
    return max(reached) if reached else None
