"""One table writer: what the results folder holds, as markdown, the program's own row first in every case.

Usage: table.py   (work and data folders in BENCH_WORK, BENCH_DATA) writes BENCH_WORK/table.md and prints it.
"""

import json
import os
from pathlib import Path

import cases
import roster
from judge import precision_at

HEAD = ("detector", "setting", "precision", "recall", "false leads", "per 100 km2 and year", "decoys hit", "area ratio",
        "days to first sign / alarm", "processor s", "precision at our recall", "ours at its recall")
PAIR_HEAD = ("detector", "setting", "pixel precision", "pixel recall", "pixel F1", "lead precision", "processor s",
             "precision at our recall", "ours at its recall")

LEAST_PRECISION = 0.1


def number(value, digits=2):
    return "-" if value is None else f"{value:.{digits}f}"


def counted(part, whole):
    return "-" if not whole else f"{part / whole:.2f} ({part}/{whole})"


def setting_words(row):
    """`defaults`, or what the tuned setting is."""
    if row["setting"] != "tuned":
        return row["setting"]
    words = (f"{key} {'-'.join(map(str, value)) if isinstance(value, list) else value}"
             for key, value in row["setting_json"].items() if value is not False)
    return "tuned: " + ", ".join(words)


def at_equal_recall(row, ours):
    """Their precision at our recall, and ours at theirs."""
    if row is ours or ours is None or not ours["recall"]:
        return "", ""
    theirs = precision_at(row["sweep"], ours["recall"])
    best = max((recall for _, _, recall in row["sweep"]), default=0.0)
    own = precision_at(ours["sweep"], row["recall"]) if row["recall"] else None
    return number(theirs) if theirs is not None else f"never (recall {best:.2f} at most)", number(own)


def series_cells(row, ours):
    leads = row["true_leads"] + row["false_leads"]
    days = "-" if row["delay"] is None else f"{row['delay']:.0f} / {number(row['delay_alarm'], 0)}"
    decoys = f"{row['decoys_hit']} of {row['decoys']}" if row["decoys"] else "-"
    precision = counted(row["true_leads"], leads) if row["truths"] else "-"
    return (precision, counted(row["hits"], row["truths"]), str(row["false_leads"]),
            number(row["false_rate"], 1), decoys, number(row["area_ratio"]), days, number(row["cpu_s"], 0),
            *at_equal_recall(row, ours))


def pair_cells(row, ours):
    leads = row["true_leads"] + row["false_leads"]
    return (number(row["precision"]), number(row["recall"]), number(row["f1"]), counted(row["true_leads"], leads),
            number(row["cpu_s"], 0), *at_equal_recall(row, ours))


def order(row):
    names = ("Steppewatch", *roster.SERIES, *roster.PAIRS)
    return names.index(row["peer"]), row["setting"] != "defaults"


def partial(case, row):
    """Whether a peer ran on fewer places than the program: then the two are not compared."""
    return len(row.get("parts", case.parts)) < len(case.parts)


def ahead(case, rows):
    """Where a peer does better than the program, one line each; a peer with fewer than one true lead in ten is no rival."""
    ours = next((row for row in rows if row["peer"] == "Steppewatch"), None)
    lines = []
    for row in sorted(rows, key=order):
        if row is ours or ours is None or row.get("refused") or (row["precision"] or 0) < LEAST_PRECISION:
            continue
        if partial(case, row):
            lines.append(f"{row['peer']} ({row['setting']}): undecided, {len(row['parts'])} of {len(case.parts)} seeds")
            continue
        name = f"{row['peer']} ({row['setting']})"
        if case.pair and row["f1"] > ours["f1"]:
            lines.append(f"{name}: pixel F1 {row['f1']:.2f}, ours {ours['f1']:.2f}")
        if not ours["recall"] or not row["recall"]:
            continue
        theirs = precision_at(row["sweep"], ours["recall"])
        if theirs is not None and theirs > ours["precision"] + 5e-3:
            lines.append(f"{name}: precision {theirs:.2f} at our recall {ours['recall']:.2f}, ours {ours['precision']:.2f}")
        own = precision_at(ours["sweep"], row["recall"])
        if own is None:
            lines.append(f"{name}: recall {row['recall']:.2f} at precision {row['precision']:.2f}, ours never")
        elif row["precision"] > own + 5e-3:
            lines.append(f"{name}: precision {row['precision']:.2f} at its recall {row['recall']:.2f}, ours {own:.2f}")
        if row["precision"] >= 0.5 and row["recall"] >= ours["recall"] - 0.2:
            lines += nearer(name, row, ours)
    return lines


def nearer(name, row, ours):
    """Area and delay of a peer that is a rival at all: half its leads true, recall within 0.2 of ours."""
    lines = []
    if row["area_ratio"] and ours["area_ratio"] and abs(row["area_ratio"] - 1) < abs(ours["area_ratio"] - 1) - 5e-3:
        lines.append(f"{name}: area ratio {row['area_ratio']:.2f}, ours {ours['area_ratio']:.2f}")
    if row["delay_alarm"] is not None and ours["delay_alarm"] and row["delay_alarm"] < ours["delay_alarm"]:
        lines.append(f"{name}: alarm after {row['delay_alarm']:.0f} days, ours {ours['delay_alarm']:.0f}")
    return lines


def section(case, rows):
    """One case as a markdown table."""
    head = PAIR_HEAD if case.pair else HEAD
    lines = [f"### {case.name}: {case.asked}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    ours = next((row for row in rows if row["peer"] == "Steppewatch"), None)
    for row in sorted(rows, key=order):
        name = row["peer"]
        if row.get("refused"):
            cells = (f"refused: {row['refused']}",) + ("",) * (len(head) - 3)
        else:
            rival = None if partial(case, row) else ours
            cells = (pair_cells if case.pair else series_cells)(row, rival)
            if rival is not ours:
                name += f" ({len(row['parts'])} of {len(case.parts)} seeds)"
        lines.append("| " + " | ".join((name, setting_words(row), *cells)) + " |")
    lost = ahead(case, rows) or ["nowhere"]
    return "\n".join([*lines, "", "Where a peer is ahead:", "", *(f"- {line}" for line in lost)])


def in_short(by_case, names, cell):
    """One table of all cases: a row a detector, in each cell defaults and, after a slash, the tuned setting."""
    asked = [name for name in names if name in by_case]
    lines = ["| detector | " + " | ".join(f"`{name}`" for name in asked) + " |", "|" + "---|" * (len(asked) + 1)]
    peers = {row["peer"] for name in asked for row in by_case[name]}
    for peer in sorted(peers, key=lambda peer: order({"peer": peer, "setting": ""})[0]):
        cells = []
        for name in asked:
            rows = sorted((row for row in by_case[name] if row["peer"] == peer), key=order)
            cells.append(" / ".join("refused" if row.get("refused") else cell(row) for row in rows) or "-")
        lines.append(f"| {peer} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def series_cell(row):
    """Recall and precision, or where nothing changed the number of leads."""
    if not row["truths"]:
        return str(row["false_leads"])
    leads = row["true_leads"] + row["false_leads"]
    return f"{number(row['recall'])}, {number(row['true_leads'] / leads if leads else None)}"


def write(work, data):
    """Writes table.md from all results that are there; returns it."""
    sections, by_case = [], {}
    for name in cases.NAMES:
        records = sorted((work / "results" / name).glob("*/result.json"))
        if records:
            rows = [json.loads(path.read_text()) for path in records]
            sections.append(section(cases.case(name, data, work), rows))
            by_case[name] = rows
    short = [in_short(by_case, ("romania", "implants", "stable", "steppe", "steppe-large"), series_cell),
             in_short(by_case, ("rennes", "pisa"), lambda row: number(row["f1"]))]
    text = "\n\n".join(["### In short", *short, *sections]) + "\n"
    (work / "table.md").write_text(text)
    return text


if __name__ == "__main__":
    print(write(Path(os.environ["BENCH_WORK"]), Path(os.environ["BENCH_DATA"])))
