"""The bench: every peer with its defaults and its tuned setting on every case, beside the program itself.

In:  BENCH_PROGRAM, BENCH_DATA, BENCH_WORK (set by scripts/bench-peers); names of cases.
Out: BENCH_WORK/results/CASE/PEER-SETTING/ with the leads and what `assess` says; BENCH_WORK/table.md.
Law: what is there already is not run again. Another build of the program runs and judges anew, and keeps what the
     peers found; another setting or fewer seeds run the peer anew.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import cases
import judge
import roster
import table

HERE = Path(__file__).parent
PROGRAM, DATA, WORK = (Path(os.environ[name]) for name in ("BENCH_PROGRAM", "BENCH_DATA", "BENCH_WORK"))
OURS = "Steppewatch"
MOST_SEEDS = int(os.environ.get("BENCH_SEEDS", "4"))
MOST_SLOW_SEEDS = int(os.environ.get("BENCH_SLOW_SEEDS", "4"))


def say(text):
    print(text, file=sys.stderr, flush=True)


def timed(command, log):
    """Runs a command; its exit code and the processor seconds of it and its children."""
    with open(log, "w") as words:
        process = subprocess.Popen([str(word) for word in command], stdout=words, stderr=words)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def build():
    """Tells one build of the program from another."""
    return hashlib.sha256(PROGRAM.read_bytes()).hexdigest()[:16]


def make_world(at):
    """Simulates a world that is not there yet."""
    if (at / "truth.geojson").exists():
        return
    size, seed = at.name.split("-")
    say(f"simulate {at.name}")
    at.parent.mkdir(parents=True, exist_ok=True)
    extent = ["--small"] if size == "small" else ["--km2", "490"]
    subprocess.run([PROGRAM, "simulate", "--seed", seed, *extent, "--out", at], check=True, capture_output=True)


def own_leads(case, part, out, least):
    """Leads of the program itself on one place; processor seconds."""
    command = [PROGRAM, "scan", "--scenes", part.scenes, "--redlines", part.redline, "--out", out, *case.scan]
    if not case.pair:
        command += ["--baseline", case.baseline, "--target", case.target]
    if least is not None:
        command += ["--least-confidence", least]
    code, seconds = timed(command, out.with_suffix(".log"))
    if code not in (0, 3):
        raise RuntimeError(f"scan failed, see {out.with_suffix('.log')}")
    return judge.read(out / "leads.geojson"), seconds


def own(case):
    """The program's row: default setting; for the sweep all patches, however unsure."""
    folder = WORK / "results" / case.name / "steppewatch"
    record = folder / "result.json"
    if record.exists() and json.loads(record.read_text()).get("build") == build():
        return json.loads(record.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    say(f"{case.name}: {OURS}")
    runs = [own_leads(case, part, folder / part.name, None) for part in case.parts]
    everything = [own_leads(case, part, folder / f"{part.name}-all", "0.01")[0] for part in case.parts]
    told = judge.score(PROGRAM, case, [leads for leads, _ in runs])
    told |= {"peer": OURS, "setting": "default", "build": build(), "cpu_s": sum(seconds for _, seconds in runs),
             "sweep": judge.sweep(PROGRAM, case, everything)}
    record.write_text(json.dumps(told, indent=1))
    return told


def parts_of(case, name):
    """The places a peer is run on: fewer seeds if asked for, fewer still for the slow ones."""
    return case.parts[: min(MOST_SEEDS, MOST_SLOW_SEEDS) if name in roster.SLOW else MOST_SEEDS]


def run_peer(case, name, label, setting):
    """One peer with one setting on one case."""
    folder = WORK / "results" / case.name / f"{roster.slug(name)}-{label}"
    record = folder / "result.json"
    parts = parts_of(case, name)
    key = {"setting_json": setting, "parts": [part.name for part in parts], "build": build()}
    if record.exists():
        known = json.loads(record.read_text())
        if all(known.get(field) == value for field, value in key.items()) and not known.get("refused"):
            return known
    folder.mkdir(parents=True, exist_ok=True)
    told = key | {"peer": name, "setting": label}
    leads, seconds = [], 0.0
    for part in parts:
        say(f"{case.name}: {name}, {label}, {part.name}")
        out = folder / f"{part.name}.geojson"
        words, refused = out.with_suffix(".json"), Path(f"{out}.refused")
        # A place that was done with this setting stays done, also after an interruption.
        mark = json.dumps(setting)
        if not (out.exists() and words.exists() and json.loads(words.read_text())["mark"] == mark):
            for old in (out, refused):
                old.unlink(missing_ok=True)
            command = [sys.executable, "-W", "ignore", HERE / "worker.py", case.name, case.parts.index(part), name]
            command += [mark, out]
            code, spent = timed(command, out.with_suffix(".log"))
            if refused.exists() or code:
                reason = refused.read_text() if refused.exists() else out.with_suffix(".log").read_text()[-300:]
                told |= {"refused": " ".join(reason.split())}
                record.write_text(json.dumps(told, indent=1))
                return told
            words.write_text(json.dumps({"mark": mark, "cpu_s": spent}))
        leads.append(judge.read(out))
        seconds += json.loads(words.read_text())["cpu_s"]
    shown = cases.Case(**(vars(case) | {"parts": parts}))
    told |= judge.score(PROGRAM, shown, leads) | {"cpu_s": seconds, "sweep": judge.sweep(PROGRAM, shown, leads)}
    record.write_text(json.dumps(told, indent=1))
    return told


def not_run(case, name, reason):
    """A peer that was not tried on a case, with the reason."""
    folder = WORK / "results" / case.name / f"{roster.slug(name)}-defaults"
    folder.mkdir(parents=True, exist_ok=True)
    told = {"peer": name, "setting": "defaults", "refused": reason}
    (folder / "result.json").write_text(json.dumps(told, indent=1))
    return told


def tuned(name):
    """The tuned setting of a peer; tunes it if that was not done. None where it cannot be run."""
    path = WORK / "tuned" / f"{roster.slug(name)}.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        subprocess.run([sys.executable, "-W", "ignore", HERE / "tune.py", PROGRAM, name, path], check=False)
        say(f"tuned {name} in {time.monotonic() - began:.0f} s")
    return json.loads(path.read_text())["best"]["setting"] if path.exists() else None


def rows(case, peers):
    """All rows of a case, the program's first."""
    yield own(case)
    for name in peers:
        if case.blocks and name in roster.SLOW:
            yield not_run(case, name, "about 1 ms a pixel, hours of processor time; not run")
            continue
        try:
            defaults = roster.peer(name).defaults
        except ImportError as reason:
            yield not_run(case, name, str(reason))
            continue
        yield run_peer(case, name, "defaults", defaults)
        better = tuned(name)
        if better is not None:
            yield run_peer(case, name, "tuned", better)


def main():
    wanted = sys.argv[1:]
    only = [name for name in os.environ.get("BENCH_PEERS", "").split(";") if name]
    for seed in (104, 105):
        make_world(WORK / "worlds" / f"small-{seed}")
    for name in wanted:
        if name in cases.REAL and not DATA.is_dir():
            say(f"{name}: skipped, {DATA} is not there")
            continue
        case = cases.case(name, DATA, WORK)
        for part in case.parts:
            if name not in cases.REAL:
                make_world(part.scenes.parent)
        peers = [peer for peer in (roster.PAIRS if case.pair else roster.SERIES) if not only or peer in only]
        for _ in rows(case, peers):
            pass
    text = table.write(WORK, DATA)
    print(text)


if __name__ == "__main__":
    main()
