"""Fits the ridge logistic regression behind redlines/confidence.toml. Standard library only.

Usage: fit_confidence.py FOLDER_OF_WORLDS OUT.toml
Reads each WORLD/out/leads.geojson (evidence of every patch that passed its gates) and WORLD/assessed.json (which
of them are true). Prints the fit and a leave-one-world-out check.
"""

import json
import math
import sys
from pathlib import Path

FEATURES = [
    "ln_evidence", "ln_amplitude", "ln_persistence", "sharpness", "solidity", "unevenness",
]
RIDGE = 1.0
# Natural look-alikes for each conversion in the worlds of the benchmark (simulate: 8.0 against 2.75 per
# 100 km2), and in the crowded training worlds (12 against 12). The sub-models of grassland are moved by the
# ratio; for the others no prevalence has been measured, and none is assumed.
LOOK_ALIKES_AT_LARGE = 8.0 / 2.75
LOOK_ALIKES_IN_TRAINING = 12.0 / 12.0


def samples(folder):
    for world in sorted(folder.iterdir()):
        assessed = world / "assessed.json"
        if not assessed.is_file():
            continue
        verdicts = {lead["id"]: lead for lead in json.loads(assessed.read_text())["lead_results"]}
        for feature in json.loads((world / "out" / "leads.geojson").read_text())["features"]:
            properties = feature["properties"]
            verdict = verdicts[properties["id"]]["verdict"]
            if verdict not in ("true", "false"):
                continue
            values = {measure["name"]: measure["value"] for measure in properties["evidence"]}
            yield world.name, [float(values.get(name, 0.0)) for name in FEATURES], verdict == "true"


def solve(matrix, vector):
    """Gauss elimination with pivoting."""
    size = len(vector)
    rows = [row[:] + [value] for row, value in zip(matrix, vector)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for row in range(size):
            if row != column:
                share = rows[row][column] / rows[column][column]
                rows[row] = [a - share * b for a, b in zip(rows[row], rows[column])]
    return [rows[row][size] / rows[row][row] for row in range(size)]


def fit(rows, labels):
    """Newton steps on standardised features; returns intercept and weights in the features' own units."""
    count, width = len(rows), len(rows[0])
    means = [sum(row[i] for row in rows) / count for i in range(width)]
    spreads = [max(1e-6, math.sqrt(sum((row[i] - means[i]) ** 2 for row in rows) / count)) for i in range(width)]
    scaled = [[1.0] + [(row[i] - means[i]) / spreads[i] for i in range(width)] for row in rows]
    weights = [0.0] * (width + 1)
    for _ in range(50):
        gradient = [0.0] + [RIDGE * w for w in weights[1:]]
        hessian = [[RIDGE if i == j and i > 0 else 1e-9 if i == j else 0.0 for j in range(width + 1)]
                   for i in range(width + 1)]
        for row, label in zip(scaled, labels):
            p = 1.0 / (1.0 + math.exp(-sum(w * x for w, x in zip(weights, row))))
            for i, x in enumerate(row):
                gradient[i] += (p - label) * x
                for j, y in enumerate(row):
                    hessian[i][j] += p * (1.0 - p) * x * y
        step = solve(hessian, gradient)
        weights = [w - s for w, s in zip(weights, step)]
        if max(abs(s) for s in step) < 1e-10:
            break
    own = [w / s for w, s in zip(weights[1:], spreads)]
    return weights[0] - sum(w * m for w, m in zip(own, means)), own


def probability(model, row):
    score = model[0] + sum(w * x for w, x in zip(model[1], row))
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, score))))


def main():
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    worlds, rows, labels = zip(*samples(folder))
    shift = -math.log(LOOK_ALIKES_AT_LARGE / LOOK_ALIKES_IN_TRAINING)
    names = sorted(set(worlds))
    left_out = []
    for world in names:
        train = [i for i in range(len(rows)) if worlds[i] != world]
        model = fit([rows[i] for i in train], [labels[i] for i in train])
        model = (model[0] + shift, model[1])
        left_out += [(probability(model, rows[i]), labels[i]) for i in range(len(rows)) if worlds[i] == world]
    print(f"{len(names)} worlds, {len(rows)} patches, {sum(labels)} of them true")
    for least in (0.3, 0.35, 0.5, 0.7):
        true = sum(1 for p, label in left_out if label and p >= least)
        false = sum(1 for p, label in left_out if not label and p >= least)
        print(f"left out world by world, kept from {least}: {true} true, {false} false; {sum(labels) - true} true lost")
    intercept, weights = fit(rows, labels)
    lines = [
        "# The confidence model that ships with the program: a logistic regression with readable coefficients.",
        "# Written by scripts/train-confidence; do not edit by hand.",
        'version = "1"',
        f'trained_on = "{len(rows)} patches that passed their gates in {len(names)} simulated steppes, {sum(labels)} of them '
        'true; for G1 to G3 moved to 2.9 look-alikes for each conversion; not calibrated on verified leads"',
        f"intercept = {intercept:.4f}",
        "",
        "[prior]",
        *(f"{model} = {shift:.4f}" for model in ("G1", "G2", "G3")),
        "",
        "[coefficients]",
    ]
    for name, weight in zip(FEATURES, weights):
        print(f"  {name:16} {weight:+.4f}")
        lines.append(f"{name} = {weight:.4f}")
    out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
