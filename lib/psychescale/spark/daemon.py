"""The process that Spark forks Python workers from, with the heavy imports done before the fork.

torch and transformers cost seconds and hundreds of megabytes in every worker that imports them.
Imported here, once per executor, their pages are shared by all workers. Only modules are loaded: no
thread is started and no device touched before the fork, so neither can break across it. (pandas and
pyarrow start threads, so they are left to the workers.)

Spark starts it with ``spark.python.daemon.module=psychescale.spark.daemon``.
"""

import contextlib
import gc
import importlib
import sys

from pyspark import daemon

# transformers loads the slow half of itself with the first architecture, whichever it is.
PRELOADED = ("psychescale.scoring.scorer", "transformers.models.bert.modeling_bert")


def preload() -> None:
    """Import what every scoring worker needs, and keep the garbage collector off those pages."""
    # Spark reads the daemon's port from its output. What cannot be imported will be named by the
    # task that needs it.
    with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(ImportError):
        for name in PRELOADED:
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    preload()
    daemon.manager()
