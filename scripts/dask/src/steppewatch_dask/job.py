"""The job folder that `steppewatch plan --shards N --out JOB` wrote, as far as an engine needs to know it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path


class JobError(Exception):
    """The folder holds no job."""


@dataclass(frozen=True)
class Job:
    """A job folder, its number of shards and its fingerprint."""

    folder: Path
    shards: int
    fingerprint: str

    @classmethod
    def read(cls, folder: Path) -> Job:
        """Reads `job.json`; the rest of it is between `plan` and `shard`."""
        path = folder.absolute() / "job.json"
        try:
            raw = path.read_bytes()
            shards = len(json.loads(raw)["shards"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise JobError(
                f"{folder}: no job: {error!r}; make one with `steppewatch plan ... --shards N --out {folder}`"
            ) from error
        return cls(path.parent, shards, hashlib.sha256(raw).hexdigest())

    def part(self, shard: int) -> Path:
        """Where the part of a shard lies once it is whole."""
        return self.folder / "parts" / f"{shard:04d}.part"
