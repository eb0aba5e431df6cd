"""The shards of a steppewatch job on Dask distributed.

`run` submits one task a shard, `merge` ends the job. The truth about a shard is its part in the job folder, never a
future: the program writes a part whole or not at all, so a shard may run twice, anywhere, and harms nothing.
"""

from steppewatch_dask.job import Job, JobError
from steppewatch_dask.run import Outcome, Poison, merge, run

__all__ = ["Job", "JobError", "Outcome", "Poison", "merge", "run"]
