"""What a worker does: `steppewatch shard JOB I` as a process of its own.

A process, so that a shard that crashes takes no worker with it. It is tied to the worker: when the worker is killed the
kernel ends the shard too, and the next worker does not compete with an orphan.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass

# Lines of standard error that are kept of a shard that failed.
LAST_LINES = 12

# Linux: PR_SET_PDEATHSIG is 1 (prctl(2)), SIGTERM 15. The parent may have died before the call. Elsewhere an orphan ends
# its shard, which harms nothing.
_TIED = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(143)
os.execvp(sys.argv[2], sys.argv[2:])
"""


class ShardFailedError(Exception):
    """A shard ended with an error. Its arguments are all it holds, so that it travels between processes."""

    def __init__(self, shard: int, code: int, last: str, host: str) -> None:
        super().__init__(shard, code, last, host)
        self.shard, self.code, self.last, self.host = shard, code, last, host

    def __str__(self) -> str:
        how = f"exit code {self.code}" if self.code >= 0 else f"signal {-self.code}"
        return f"shard {self.shard} ended with {how} on {self.host}"


@dataclass(frozen=True)
class Ran:
    """A shard that was computed; small, because its result lies in the job folder."""

    shard: int
    seconds: float
    host: str


def run_shard(command: tuple[str, ...], shard: int) -> Ran:
    """Runs a command that computes one shard; raises `ShardFailedError` with its last words."""
    begun = time.monotonic()
    tied = [sys.executable, "-c", _TIED, str(os.getpid()), *command]
    host = socket.gethostname()
    with subprocess.Popen(
        tied,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        assert process.stderr is not None
        last = deque(process.stderr, maxlen=LAST_LINES)
        code = process.wait()
    if code != 0:
        raise ShardFailedError(shard, code, "".join(last).rstrip(), host)
    return Ran(shard, time.monotonic() - begun, host)
