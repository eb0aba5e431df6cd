"""A small simulated world, the program, and programs around it that fail on purpose."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def program() -> str:
    """The built program: of STEPPEWATCH, else of the target folder."""
    found = os.environ.get("STEPPEWATCH", str(ROOT / "target" / "release" / "steppewatch"))
    assert shutil.which(found), f"expected the program at {found}; run cargo build --release or set STEPPEWATCH"
    return found


@dataclass(frozen=True)
class World:
    """Scenes and red lines, and what a scan of them publishes."""

    program: str
    folder: Path
    scenes: str

    def flags(self) -> list[str]:
        red_lines = self.folder / "redline_grassland.geojson"
        return ["--scenes", str(self.folder / self.scenes), "--redlines", str(red_lines)]

    def scanned(self) -> Path:
        """A scan of the world by one process, done once."""
        out = self.folder / f"scanned-{self.scenes}"
        if not out.exists():
            ended = subprocess.run(
                [self.program, "scan", *self.flags(), "--out", str(out)], capture_output=True, check=False
            )
            assert ended.returncode in (0, 3), ended.stderr
        return out

    def planned(self, job: Path, shards: int) -> Path:
        subprocess.run(
            [self.program, "plan", *self.flags(), "--shards", str(shards), "--out", str(job)],
            check=True,
            capture_output=True,
        )
        return job


@pytest.fixture(scope="session")
def series(program: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    subprocess.run(
        [program, "simulate", "--km2", "6", "--seed", "5", "--out", str(folder / "w")],
        check=True,
        capture_output=True,
    )
    return World(program, folder / "w", "scenes")


@pytest.fixture(scope="session")
def pair(series: World) -> World:
    """Two dates of the same world: quick, and most of what is tested here does not ask for more."""
    (series.folder / "two").mkdir()
    scenes = sorted((series.folder / "scenes").iterdir())
    summers = [next(scene for scene in scenes if f"_{year}07" in scene.name) for year in (2022, 2023)]
    for scene in summers:
        shutil.copy(scene, series.folder / "two")
    return World(series.program, series.folder, "two")


def published(out: Path) -> dict[str, bytes]:
    """Every file of an output folder; of the manifest without what belongs to the run."""
    files = {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    manifest = json.loads(files["manifest.json"])
    del manifest["run"]
    files["manifest.json"] = json.dumps(manifest).encode()
    return files


def around(program: str, folder: Path, name: str, lines: str) -> str:
    """A program that does something before it becomes the real one; `$3` is the number of the shard."""
    path = folder / name
    path.write_text(f'#!/bin/sh\n{lines}\nexec {program} "$@"\n')
    path.chmod(0o755)
    return str(path)
