"""Pools what `assess --json` said of several simulated worlds.

Usage: pool.py ASSESSED.json...
Prints recall over all changes, false leads per 100 km2 and year over all ground, precision over all leads, and how
the median area ratio of the worlds lies.
"""

import json
import statistics
import sys
from pathlib import Path


def main():
    worlds = [json.loads(Path(path).read_text()) for path in sys.argv[1:]]
    total = {key: sum(world[key] for world in worlds)
             for key in ("truths", "hits", "true_leads", "false_leads", "decoys", "decoys_hit")}
    ground = sum(world["observed_km2"] * world["years"] for world in worlds) / 100.0
    ratios = sorted(world["area_ratio"]["median"] for world in worlds)
    leads = total["true_leads"] + total["false_leads"]
    print(f"{len(worlds)} worlds, {100.0 * ground:.0f} km2 and years inside red lines")
    print(f"recall     {total['hits'] / total['truths']:.2f}, {total['hits']} of {total['truths']} changes hit")
    print(f"precision  {total['true_leads'] / leads:.2f}, {total['true_leads']} of {leads} leads true")
    print(f"decoys     {total['decoys_hit']} of {total['decoys']} hit")
    print(f"false      {total['false_leads'] / ground:.2f} per 100 km2 and year")
    print(f"area       lead over truth: median {statistics.median(ratios):.2f} over the worlds' medians, "
          f"from {ratios[0]:.2f} to {ratios[-1]:.2f}")


if __name__ == "__main__":
    main()
