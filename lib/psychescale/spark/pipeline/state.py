"""The state folder of an output: what lies where in it."""

from dataclasses import dataclass

from psychescale.errors import UsageError
from psychescale.spark.session.places import is_catalog_name, join


@dataclass(frozen=True)
class StateFolder:
    """A folder of mode 0700; an output has one.

    Attributes:
        path: Where it is.
    """

    path: str

    @property
    def lease(self) -> str:
        """The file that says which job is writing."""
        return join(self.path, "lease")

    @property
    def runs(self) -> str:
        """The run table."""
        return join(self.path, "runs")

    def checkpoint(self, purpose: str, source_id: str) -> str:
        """Offsets and commits of the stream over one landed corpus."""
        return join(self.path, "checkpoints", f"{purpose}-{source_id}")

    @property
    def landed(self) -> str:
        """Folder of landed corpora, mode 0700."""
        return join(self.path, "landed")

    @property
    def reports(self) -> str:
        """Folder of reports in counts, mode 0700."""
        return join(self.path, "reports")


def state_folder(output: str, given: str | None) -> StateFolder:
    """Where checkpoints, landed corpora and the run table of an output are.

    Raises:
        UsageError: The output is a catalog table and no folder is given.
    """
    if given is not None:
        return StateFolder(given)
    if is_catalog_name(output):
        raise UsageError(
            f"‹output› {output} is a catalog table, which has no folder of its own.",
            remedy="Add ‹state› with a folder for its checkpoints and run table.",
        )
    return StateFolder(join(output, "_psychescale"))
