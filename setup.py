"""Where the packages are; everything else about the distribution is in `pyproject.toml`."""

from setuptools import find_packages, setup

setup(
    # `jobs/` is the home of the entry points; the mapping makes command, wheel and spark-submit run
    # the same files.
    package_dir={"": "lib", "psychescale.jobs": "jobs"},
    packages=[*find_packages("lib"), "psychescale.jobs"],
)
