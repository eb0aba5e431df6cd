"""Real clusters of worker processes: the same bytes with one, two and three, with a worker killed, with a poison shard."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import World, around, published
from distributed import Client, LocalCluster

from steppewatch_dask import Job, JobError, merge, run
from steppewatch_dask.command import main
from steppewatch_dask.run import Settings
from steppewatch_dask.task import ShardFailedError, run_shard


def cluster(workers: int) -> LocalCluster:
    return LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None)


def alive(pid: str) -> bool:
    """Whether a process runs; one that ended and that nobody asked about is a name without a process."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(") ")[2][0] != "Z"


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_any_number_of_workers_publishes_the_bytes_of_a_scan(pair: World, tmp_path: Path, workers: int) -> None:
    job = Job.read(pair.planned(tmp_path / "job", 5))
    told: list[str] = []
    with cluster(workers) as on, Client(on) as client:
        outcome = run(job, client, Settings(pair.program), told.append)
    assert (outcome.done, outcome.poison) == ([0, 1, 2, 3, 4], [])
    assert sum("done in" in words for words in told) == 5
    assert merge(job, pair.program) in (0, 3)
    assert published(job.folder / "out") == published(pair.scanned())


def test_a_worker_killed_half_way_loses_nothing(series: World, tmp_path: Path) -> None:
    job = Job.read(series.planned(tmp_path / "job", 4))
    # Slow enough to be killed in the middle; says its own number and that of its worker.
    begin = f'echo $$ $PPID >> {tmp_path}/started; [ "$1" = shard ] && sleep 3'
    slow = around(series.program, tmp_path, "slow", begin)
    orphans: list[str] = []
    with cluster(3) as on, Client(on) as client:

        def kill() -> None:
            while not (tmp_path / "started").exists():
                time.sleep(0.05)
            busy = {worker: tasks for worker, tasks in client.processing().items() if tasks}
            victim = next(iter(busy))
            worker = client.run(os.getpid, workers=[victim])[victim]
            os.kill(worker, signal.SIGKILL)
            time.sleep(1)
            pairs = [line.split() for line in (tmp_path / "started").read_text().splitlines()]
            mine = [pid for pid, parent in pairs if parent == str(worker)]
            orphans.extend(pid if alive(pid) else "" for pid in mine)

        killer = threading.Thread(target=kill)
        killer.start()
        outcome = run(job, client, Settings(slow))
        killer.join()
    assert (outcome.done, outcome.poison) == ([0, 1, 2, 3], [])
    begun = (tmp_path / "started").read_text().splitlines()
    assert len(begun) > 4, "no shard was begun again: nothing was killed"
    assert orphans and not any(orphans), "a shard outlived its worker"
    assert merge(job, series.program) in (0, 3)
    assert published(job.folder / "out") == published(series.scanned())


def test_a_poison_shard_alone_is_reported_with_its_last_words(
    pair: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = pair.planned(tmp_path / "job", 5)
    count = f"echo x >> {tmp_path}/tried; echo first >&2; echo the disk is on fire >&2; exit 7"
    poison = around(pair.program, tmp_path, "poison", f'[ "$1 $3" = "shard 2" ] && {{ {count}; }}')
    assert main([str(folder), "--workers", "2", "--program", poison]) == 1
    said = capsys.readouterr().err
    assert "shard 2 failed 3 times: shard 2 ended with exit code 7" in said
    assert "the disk is on fire" in said and "4 of 5 shards" in said
    assert (tmp_path / "tried").read_text().split() == ["x"] * 3
    job = Job.read(folder)
    assert [job.part(shard).exists() for shard in range(5)] == [True, True, False, True, True]
    assert not (folder / "out").exists()
    # Mended: only the rest is computed, and the bytes are those of a scan.
    assert main([str(folder), "--workers", "2", "--program", pair.program]) in (0, 3)
    assert published(folder / "out") == published(pair.scanned())


def test_a_shard_that_kills_its_workers_is_told_from_its_neighbours(pair: World, tmp_path: Path) -> None:
    job = Job.read(pair.planned(tmp_path / "job", 5))
    # The worker is the parent of what it started.
    deadly = around(pair.program, tmp_path, "deadly", '[ "$1 $3" = "shard 1" ] && kill -9 $PPID')
    with cluster(2) as on, Client(on) as client:
        outcome = run(job, client, Settings(deadly))
    assert [poison.shard for poison in outcome.poison] == [1]
    assert "died" in outcome.poison[0].reason
    assert outcome.done == [0, 2, 3, 4]


def test_a_crash_of_the_program_is_no_crash_of_the_worker(tmp_path: Path) -> None:
    crash = around("true", tmp_path, "crash", "echo going down >&2; kill -SEGV $$")
    with pytest.raises(ShardFailedError) as caught:
        run_shard((crash, "shard", "job", "9"), 9)
    assert (caught.value.code, caught.value.last) == (-signal.SIGSEGV, "going down")
    assert "shard 9 ended with signal 11" in str(caught.value)


def test_wrong_usage_is_told_at_once_and_tried_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "no job" in capsys.readouterr().err
    with pytest.raises(JobError, match="steppewatch plan"):
        Job.read(tmp_path / "nowhere")


def test_an_engine_that_runs_already_is_used_and_left_running(pair: World, tmp_path: Path) -> None:
    folder = pair.planned(tmp_path / "job", 3)
    with cluster(1) as on:
        command = [sys.executable, "-m", "steppewatch_dask", str(folder), "--scheduler", on.scheduler_address]
        more = ["--program", pair.program, "--out", str(tmp_path / "elsewhere"), "--json"]
        ended = subprocess.run([*command, *more], capture_output=True, text=True, check=False)
        assert ended.returncode in (0, 3), ended.stderr
        assert ended.stdout.startswith("{")
        with Client(on) as client:
            assert len(client.scheduler_info()["workers"]) == 1
    assert published(tmp_path / "elsewhere") == published(pair.scanned())


def test_the_same_run_goes_through_dask_jobqueue(pair: World, tmp_path: Path) -> None:
    """Its local kind starts workers as a batch system would: by a job script."""
    jobqueue = pytest.importorskip("dask_jobqueue")
    local = pytest.importorskip("dask_jobqueue.local")
    slurm = jobqueue.SLURMCluster.job_cls(
        "tcp://host:8786", name="steppewatch", cores=4, memory="4GB", queue="normal", walltime="02:00:00"
    )
    assert "#SBATCH -p normal" in slurm.job_script() and "distributed" in slurm.job_script()
    job = Job.read(pair.planned(tmp_path / "job", 3))
    options = {"dashboard_address": None}
    with (
        local.LocalCluster(cores=1, memory="1GB", processes=1, scheduler_options=options) as on,
        Client(on) as client,
    ):
        on.scale(2)
        outcome = run(job, client, Settings(pair.program))
    assert (outcome.done, outcome.poison) == ([0, 1, 2], [])
    assert merge(job, pair.program) in (0, 3)
    assert published(job.folder / "out") == published(pair.scanned())
