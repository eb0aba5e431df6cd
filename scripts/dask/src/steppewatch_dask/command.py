"""The command line: a job on workers of this machine, or on those of a scheduler that runs already."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from distributed import Client, LocalCluster

from steppewatch_dask.job import Job, JobError
from steppewatch_dask.run import Settings, merge, run

# Exit codes in the manner of the program: 0 complete, 1 failed and nothing published, 2 wrong usage,
# 3 published with gaps (from `merge`), 130 interrupted.
FAILED, USAGE, INTERRUPTED = 1, 2, 130


def tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(prog="steppewatch-dask", description=__doc__)
    result.add_argument("job", type=Path, help="job folder that `steppewatch plan --shards N --out JOB` wrote")
    where = result.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="N", help="worker processes here (default: one a processor)")
    where.add_argument("--scheduler", metavar="ADDRESS", help="a scheduler that runs already, for example tcp://host:8786")
    where.add_argument("--scheduler-file", metavar="FILE", help="the same by its file")
    result.add_argument("--program", default="steppewatch", help="the program, by name or path on the workers")
    result.add_argument("--tries", type=int, default=3, metavar="N", help="failures after which a shard is given up (3)")
    result.add_argument("--threads", type=int, default=1, metavar="N", help="threads of a shard (1)")
    result.add_argument("--memory", metavar="SIZE", help="bound of working memory of a shard, for example 1GiB")
    result.add_argument("--out", metavar="DIR", help="output folder of the merge (default: as planned)")
    result.add_argument("--json", action="store_true", help="the summary as JSON on stdout")
    result.add_argument("--no-merge", action="store_true", help="end when all parts are there")
    return result


def client(asked: argparse.Namespace) -> Client:
    if asked.scheduler_file:
        return Client(scheduler_file=asked.scheduler_file)
    if asked.scheduler:
        return Client(asked.scheduler)
    workers = asked.workers or len(os.sched_getaffinity(0))
    # A page for browsers needs bokeh; without it the port answers and shows nothing.
    return Client(LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0"))


def carried_out(asked: argparse.Namespace, job: Job) -> int:
    with client(asked) as on:
        tell(f"{job.shards} shards; dashboard: {on.dashboard_link}")
        settings = Settings(asked.program, asked.tries, asked.threads, asked.memory)
        outcome = run(job, on, settings, tell)
        if not asked.scheduler and not asked.scheduler_file:
            on.cluster.close()
    for poison in outcome.poison:
        tell(f"error: {poison}")
    if outcome.poison:
        tell(
            f"{len(outcome.done)} of {job.shards} shards are computed and kept; mend what is named above and run "
            "the same command again: only the rest is computed. Nothing was published"
        )
        return FAILED
    if asked.no_merge:
        return 0
    out = () if asked.out is None else ("--out", asked.out)
    return merge(job, asked.program, (*out, *(("--json",) if asked.json else ())))


def main(arguments: Sequence[str] | None = None) -> int:
    asked = parser().parse_args(arguments)
    try:
        job = Job.read(asked.job)
        if min(asked.tries, asked.threads, asked.workers or 1) < 1:
            raise JobError("--tries, --threads and --workers are at least 1")
        if not asked.no_merge and shutil.which(asked.program) is None:
            raise JobError(f"expected the program '{asked.program}', found none; give its path with --program")
        return carried_out(asked, job)
    except (JobError, OSError) as error:
        tell(f"error: {error}")
        return USAGE if isinstance(error, JobError) else FAILED
    except KeyboardInterrupt:
        tell("interrupted: nothing was published; parts that are whole are kept")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
