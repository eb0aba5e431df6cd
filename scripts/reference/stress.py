"""Puts what `assess --json` and the outputs of stressed worlds say into one Markdown table.

Usage: stress.py --work DIR --first SEED --seeds N quiet CELL...
Sums are over the seeds of a cell; losses are the quiet cell's figure less the cell's, in points of 1.
"""

import argparse
import json
import re
import statistics
from pathlib import Path

# A note of the run that doubts its own inputs begins so (`src/run/doubts.rs`).
DOUBT = re.compile(r"^doubt \(([^)]*)\)")
# Gaps of ground on which no verdict was possible; all others are of a season.
WHOLE = {"outside_scenes", "too_few_baseline_views", "too_few_target_views", "too_few_to_compare"}


def doubts(notes):
    return {found.group(1) for found in map(DOUBT.match, notes) if found}


def holds(geometry, point):
    """Whether a polygon or several hold a point (longitude, latitude), by crossings of a ray."""
    x, y = point
    whole = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    inside = False
    for ring in (ring for rings in whole for ring in rings):
        for (ax, ay), (bx, by) in zip(ring, ring[1:]):
            if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
                inside = not inside
    return inside


def missed(results, truths, gaps):
    """Changes that were missed, and how many of them lie in a gap of their own sub-model."""
    lost = [truths[result["number"] - 1] for result in results if not result["hit"]]
    told = 0
    for truth in lost:
        ring = truth["geometry"]["coordinates"][0][:-1]
        middle = [sum(axis) / len(ring) for axis in zip(*ring)]
        own = (gap for gap in gaps if gap["properties"]["model"] in ("", None, truth["properties"]["model"]))
        told += any(holds(gap["geometry"], middle) for gap in own)
    return len(lost), told


def world(folder, quiet):
    """Figures of one scanned world; recall is of the changes that the quiet world of its seed has too."""
    read = lambda name: json.loads((folder / name).read_text())
    assessed = read("assessed.json")
    leads = [lead["properties"] for lead in read("out/leads.geojson")["features"]]
    gaps_drawn = read("out/gaps.geojson")["features"]
    gaps = [gap["properties"] for gap in gaps_drawn]
    common = len(json.loads((quiet / "truth.geojson").read_text())["features"])
    results = [result for result in assessed["truth_results"] if result["role"] == "change" and result["number"] <= common]
    lost, told = missed(results, read("truth.geojson")["features"], gaps_drawn)
    ground = assessed["observed_km2"] * 1e6
    share = lambda whole: min(1.0, sum(
        gap["area_m2"] for gap in gaps if gap["model"] in ("", "G1", None) and (gap["reason"] in WHOLE) == whole
    ) / ground)
    ratio = assessed["area_ratio"]
    return {
        **{key: assessed[key] for key in ("true_leads", "false_leads")},
        "truths": len(results),
        "hits": len(results) - lost,
        "km2_years": assessed["observed_km2"] * assessed["years"],
        "ratio": ratio["median"] if ratio else None,
        "lost": lost,
        "told": told,
        "leads": len(leads),
        "doubted": sum(bool(doubts(lead["notes"])) for lead in leads),
        "said": doubts(read("out/manifest.json")["result"]["plan"]["notes"]),
        "unseen": share(True),
        "season": share(False),
    }


def cell(worlds):
    """Figures of all seeds of a cell together."""
    total = lambda key: sum(world[key] for world in worlds)
    judged = total("true_leads") + total("false_leads")
    ratios = [world["ratio"] for world in worlds if world["ratio"] is not None]
    said = sorted({doubt for world in worlds for doubt in world["said"]})
    times = lambda doubt: sum(doubt in world["said"] for world in worlds)
    return {
        "recall": total("hits") / total("truths") if total("truths") else float("nan"),
        "of": f"{total('hits')} of {total('truths')}",
        "precision": total("true_leads") / judged if judged else float("nan"),
        "judged": f"{total('true_leads')} of {judged}",
        "rate": total("false_leads") / (total("km2_years") / 100.0),
        "ratio": statistics.median(ratios) if ratios else float("nan"),
        "doubted": f"{total('doubted')} of {total('leads')}",
        "lost": f"{total('told')} of {total('lost')}",
        "unseen": 100.0 * total("unseen") / len(worlds),
        "season": 100.0 * total("season") / len(worlds),
        "said": "; ".join(f"{doubt} {times(doubt)}" for doubt in said) or "nothing",
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Path)
    parser.add_argument("--first", type=int)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("cells", nargs="+")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    cells = {name: cell([world(asked.work / f"{name}-{seed}", asked.work / f"quiet-{seed}") for seed in seeds]) for name in asked.cells}
    quiet = cells["quiet"]
    print("| cell | seeds | recall | lost | precision | lost | false per 100 km2 and year | area ratio | no verdict % | a season % "
          "| missed in a gap | leads with a doubt | said by the run |")
    print("|---" * 13 + "|")
    for name, found in cells.items():
        lost = lambda key: f"{round(quiet[key] - found[key], 2) + 0.0:+.2f}" if name != "quiet" else ""
        print(f"| `{name}` | {asked.seeds} | {found['recall']:.2f} ({found['of']}) | {lost('recall')} | {found['precision']:.2f} "
              f"({found['judged']}) | {lost('precision')} | {found['rate']:.1f} | {found['ratio']:.2f} | {found['unseen']:.0f} "
              f"| {found['season']:.0f} | {found['lost']} | {found['doubted']} | {found['said']} |")


if __name__ == "__main__":
    main()
