"""`python -m steppewatch_dask`."""

import sys

from steppewatch_dask.command import main

sys.exit(main())
