"""Shards to workers, and what became of them.

One task a shard, under the key `shard-NNNN-...`, so that the dashboard shows them by name. A shard that fails is tried
again; one that fails every time is poison: it is reported with its last words, and the others finish. Where a worker dies,
Dask tries its tasks again by itself; after several deaths it gives up every task that was on them, guilty or not, so those
are tried again alone.
"""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from distributed import Client, Future, KilledWorker, as_completed

from steppewatch_dask.job import Job
from steppewatch_dask.task import Ran, ShardFailedError, run_shard

# Exit code of the program for wrong usage or a wrong plan: no machine makes it right.
USAGE = 2

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Poison:
    """A shard that failed every time."""

    shard: int
    tries: int
    reason: str
    last: str

    def __str__(self) -> str:
        times = "once" if self.tries == 1 else f"{self.tries} times"
        words = f"shard {self.shard} failed {times}: {self.reason}"
        return words + "".join(f"\n  {line}" for line in self.last.splitlines())


@dataclass
class Outcome:
    """What became of the shards of a job."""

    done: list[int] = field(default_factory=list)
    poison: list[Poison] = field(default_factory=list)


@dataclass(frozen=True)
class Settings:
    """How shards are run."""

    program: str = "steppewatch"
    tries: int = 3
    threads: int = 1
    memory: str | None = None

    def command(self, job: Job, shard: int) -> tuple[str, ...]:
        memory = () if self.memory is None else ("--memory", self.memory)
        return (self.program, "shard", str(job.folder), str(shard), "--threads", str(self.threads), *memory)


class _Run:
    """One run of a job: tasks under way, and how often each shard failed."""

    def __init__(self, job: Job, client: Client, settings: Settings, tell: Tell) -> None:
        self.job, self.client, self.settings, self.tell = job, client, settings, tell
        self.outcome = Outcome()
        self.failed: dict[int, int] = {}
        self.alone: list[int] = []
        # Keys of another run on the same scheduler must not answer for this one.
        self.name = f"{job.fingerprint[:6]}{uuid.uuid4().hex[:6]}"

    def submit(self, shard: int) -> Future:
        tried = self.failed.get(shard, 0)
        key = f"shard-{shard:04d}-{self.name}" + (f"-try{tried + 1}" if tried else "")
        command = self.settings.command(self.job, shard)
        return self.client.submit(run_shard, command, shard, key=key, pure=False, retries=0)

    def all(self, shards: list[int]) -> None:
        """Runs shards side by side, each again as long as it may be."""
        of = {future.key: (shard, future) for shard in shards for future in [self.submit(shard)]}
        waiting = as_completed([future for _, future in of.values()])
        for future in waiting:
            shard, _ = of.pop(future.key)
            if self.ended(shard, future):
                again = self.submit(shard)
                of[again.key] = (shard, again)
                waiting.add(again)

    def ended(self, shard: int, future: Future) -> bool:
        """Takes in how a task ended; whether the shard is to be tried again at once."""
        if future.status == "finished":
            ran: Ran = future.result()
            self.outcome.done.append(shard)
            done = len(self.outcome.done)
            self.tell(f"shard {shard} done in {ran.seconds:.1f} s on {ran.host} ({done} of {self.job.shards})")
            return False
        if future.status == "error":
            error = future.exception()
        else:
            # Lost with a worker after it was computed: the part says so, and `shard` finds it there.
            error = RuntimeError(f"its task was {future.status}")
        self.failed[shard] = self.failed.get(shard, 0) + 1
        if isinstance(error, KilledWorker) and shard not in self.alone:
            self.tell(f"shard {shard} was on workers that died; it is tried again alone")
            self.alone.append(shard)
            return False
        hopeless = isinstance(error, ShardFailedError) and error.code == USAGE
        killed = isinstance(error, KilledWorker)
        if hopeless or killed or self.failed[shard] >= self.settings.tries:
            last = error.last if isinstance(error, ShardFailedError) else ""
            reason = "every worker that took it died" if killed else str(error)
            self.outcome.poison.append(Poison(shard, self.failed[shard], reason, last))
            self.tell(f"shard {shard} is given up: {reason}")
            return False
        self.tell(f"shard {shard} is tried again: {error}")
        return True


def run(job: Job, client: Client, settings: Settings | None = None, tell: Tell = lambda _: None) -> Outcome:
    """Runs every shard of a job on the workers of a client and returns when none is left to try."""
    under_way = _Run(job, client, settings or Settings(), tell)
    under_way.all(list(range(job.shards)))
    for shard in list(under_way.alone):
        under_way.all([shard])
    under_way.outcome.done.sort()
    under_way.outcome.poison.sort(key=lambda poison: poison.shard)
    return under_way.outcome


def merge(job: Job, program: str = "steppewatch", more: tuple[str, ...] = ()) -> int:
    """Puts the parts together on this machine, with the words and the exit code of the program."""
    return subprocess.run([program, "merge", str(job.folder), *more], check=False).returncode
