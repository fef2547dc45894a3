"""What a run is doing, step by step: names of steps, never a word of a document.

    >>> logging.getLogger("psychescale.steps").setLevel(logging.INFO)

shows them in Python, too.
"""

import logging
from typing import Final

STEPS: Final = logging.getLogger("psychescale.steps")
