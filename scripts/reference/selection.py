"""Selects leads of simulated worlds with labels from other worlds, and compares what comes out with what was promised.

In:  folders that scripts/bench-guarantees made (out/leads.geojson with every candidate, assessed.json, truth.geojson).
Out: a table on stdout. Written apart from the program's own selection (src/weigh/conformal.rs), which it checks.
Needs the standard library alone.
"""

import argparse
import json
import math
import random
import subprocess
import tempfile
from pathlib import Path
from statistics import mean, median, stdev

try:
    import tomllib
except ImportError:  # Python before 3.11
    tomllib = None

RATES = (0.05, 0.10, 0.20)
ROOT = Path(__file__).resolve().parents[2]


def confidence_model():
    if tomllib is None:
        raise SystemExit("python3 is older than 3.11 and cannot read redlines/confidence.toml")
    return tomllib.loads((ROOT / "redlines/confidence.toml").read_text())


def score(model, lead):
    groups = [group for group in model["group"] if lead["model"] in group["models"]]
    group = groups[0] if groups else model["group"][-1]
    values = {measure["name"]: measure["value"] for measure in lead["evidence"]}
    return group["intercept"] + sum(weight * values[name] for name, weight in group["coefficients"].items())


class World:
    """Candidates of one world: (score, is true, feature); those on ignored ground count for nothing."""

    def __init__(self, folder, model):
        self.folder = Path(folder)
        leads = json.loads((self.folder / "out/leads.geojson").read_text())["features"]
        results = json.loads((self.folder / "assessed.json").read_text())["lead_results"]
        assert [lead["properties"]["id"] for lead in leads] == [result["id"] for result in results]
        judged = [(lead, result["verdict"]) for lead, result in zip(leads, results)]
        self.candidates = [(score(model, l["properties"]), v == "true", l) for l, v in judged if v != "ignored"]


def select(scores, labels, q):
    """Benjamini-Hochberg over conformal p-values; labels are (score, is true)."""
    false = [s for s, is_true in labels if not is_true]
    p = [(1 + sum(other >= own for other in false)) / (len(labels) + 1) for own in scores]
    passing = [(rank, value) for rank, value in enumerate(sorted(p), 1) if value * len(p) <= q * rank + 1e-12]
    cut = passing[-1][1] if passing else -1.0
    return [value <= cut for value in p]


def assessed(program, world, features, filters):
    with tempfile.TemporaryDirectory() as folder:
        leads = Path(folder) / "leads.geojson"
        leads.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        red_line = world.folder / "redline_grassland.geojson"
        command = [program, "assess", leads, world.folder / "truth.geojson", "--json", "--years", "1"]
        command += ["--redline", red_line, *filters]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def labels_of_others(worlds, place, least, count, seed):
    """Candidates of all other worlds, or that many of them drawn at random."""
    pool = [one for other, world in enumerate(worlds) if other != place for one in world.candidates]
    pool = [one for one in pool if one[0] >= least]
    return pool if count >= len(pool) else random.Random(seed).sample(pool, count)


def table(worlds, prefilter, count, program):
    least = math.log(prefilter / (1 - prefilter)) if prefilter > 0 else -math.inf
    kept = [[one for one in world.candidates if one[0] >= least] for world in worlds]
    everything = [one for world in kept for one in world]
    share = sum(not is_true for _, is_true, _ in everything) / max(1, len(everything))
    sizes = [len(labels_of_others(worlds, place, least, count, place)) for place in range(len(worlds))]
    print(f"prefilter {prefilter}: {len(everything)} candidates, {share:.3f} of them false; {min(sizes)} to {max(sizes)} labels")
    for q in RATES:
        proportions, hits, truths, wrong, area, selected = [], 0, 0, 0, 0.0, 0
        for place, world in enumerate(worlds):
            labels = [(s, is_true) for s, is_true, _ in labels_of_others(worlds, place, least, count, place)]
            chosen = select([one[0] for one in kept[place]], labels, q)
            leads = [one for one, is_in in zip(kept[place], chosen) if is_in]
            proportions.append(sum(not is_true for _, is_true, _ in leads) / max(1, len(leads)))
            result = assessed(program, world, [one[2] for one in leads], ["--min-area", "6666"])
            hits, truths = hits + result["hits"], truths + result["truths"]
            wrong, area = wrong + result["false_leads"], area + result["observed_km2"]
            selected += len(leads)
        error = stdev(proportions) / math.sqrt(len(proportions)) if len(proportions) > 1 else math.nan
        # A selection of every candidate cannot be falser than they are.
        reachable = min(q, share)
        off = (mean(proportions) - q) / error if error else math.nan
        words = "holds" if mean(proportions) <= q + 2 * error else "BROKEN"
        if selected == len(everything):
            words += f"; every candidate is selected, so no more than {reachable:.3f} can be reached"
        print(
            f"  nominal {q:.2f}: realised {mean(proportions):.3f} +- {error:.3f} ({off:+.1f} standard errors), {words}; "
            f"{selected} leads, recall of 10 mu {hits / max(1, truths):.3f} ({hits}/{truths}), "
            f"{100 * wrong / area:.2f} false per 100 km2 and year"
        )


def shipped(worlds, program, least=0.6):
    """What the shipped confidence gives without any label, at the least confidence that is the program's default."""
    sums, area, ratios = dict.fromkeys(("hits", "truths", "true_leads", "false_leads", "decoys_hit", "decoys"), 0), 0.0, []
    for world in worlds:
        leads = [lead for _, _, lead in world.candidates if lead["properties"]["confidence"] >= least]
        result = assessed(program, world, leads, ["--min-area", "6666"])
        sums = {name: sums[name] + result[name] for name in sums}
        area += result["observed_km2"]
        ratios += [result["area_ratio"]["median"]] if result["area_ratio"]["count"] else []
    low, high = wilson(sums["hits"], sums["truths"])
    leads = sums["true_leads"] + sums["false_leads"]
    print(
        f"without labels, confidence {least} or more: recall of 10 mu {sums['hits'] / max(1, sums['truths']):.3f} "
        f"({sums['hits']}/{sums['truths']}, {low:.2f} to {high:.2f}), precision {sums['true_leads'] / max(1, leads):.3f} "
        f"({sums['true_leads']}/{leads}), {100 * sums['false_leads'] / area:.2f} false per 100 km2 and year on "
        f"{area:.0f} km2, {sums['decoys_hit']} of {sums['decoys']} look-alikes, median area ratio {median(ratios):.2f}"
    )


def wilson(hits, count, z=1.96):
    """95 % interval of a share (Wilson)."""
    share, count = hits / max(1, count), max(1, count)
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return middle - half, middle + half


def check(worlds, number, prefilter, program):
    """The program itself, with the same labels as a file, selects the same places."""
    least = math.log(prefilter / (1 - prefilter))
    for place in range(min(number, len(worlds))):
        world = worlds[place]
        labels = labels_of_others(worlds, place, least, math.inf, place)
        features = []
        for row, (_, is_true, lead) in enumerate(labels):
            properties = dict(lead["properties"], id=f"label-{row}", verdict=is_true, drawn="random")
            features.append({"type": "Feature", "properties": properties, "geometry": None})
        candidates = json.loads((world.folder / "out/leads.geojson").read_text())["features"]
        scored = [(score(MODEL, lead["properties"]), lead["properties"]["id"]) for lead in candidates]
        scored = [one for one in scored if one[0] >= least]
        with tempfile.TemporaryDirectory() as folder:
            file, out = Path(folder) / "verified.geojson", Path(folder) / "out"
            file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
            for q in RATES:
                chosen = select([one[0] for one in scored], [(s, is_true) for s, is_true, _ in labels], q)
                wanted = {one[1] for one, is_in in zip(scored, chosen) if is_in}
                command = [program, "scan", "--scenes", world.folder / "scenes", "--out", out, "--fdr", str(q)]
                command += ["--redlines", world.folder / "redline_grassland.geojson", "--verified", file]
                command += ["--baseline", "2019-01-01/2022-12-31", "--target", "2023-01-01/2023-12-31"]
                ended = subprocess.run(command, capture_output=True, text=True)
                if ended.returncode not in (0, 3):
                    raise SystemExit(ended.stderr)
                leads = json.loads((out / "leads.geojson").read_text())["features"]
                found = {lead["properties"]["id"] for lead in leads}
                words = "the same" if found == wanted else f"DIFFERENT: {sorted(found ^ wanted)}"
                print(f"program on {world.folder.name} at {q:.2f}: {len(found)} leads, {words} as the script")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--check", type=int, default=0)
    parser.add_argument("--labels", type=int, default=10**9, help="labels drawn at random from the other worlds; all by default")
    parser.add_argument("worlds", nargs="+")
    asked = parser.parse_args()
    MODEL = confidence_model()
    found = [World(folder, MODEL) for folder in asked.worlds]
    print(f"{len(found)} worlds")
    shipped(found, asked.program)
    for prefilter in (0.2, 0.0):
        table(found, prefilter, asked.labels, asked.program)
    check(found, asked.check, 0.2, asked.program)
