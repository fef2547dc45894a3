# Databricks notebook source
# MAGIC %md
# MAGIC # A retrospective study
# MAGIC
# MAGIC From raw posts to figures that may be passed on: anonymize, score, draw a sample, read it, estimate. The question is
# MAGIC how common a label is in this corpus, in which group, since when, and how sure one can be.
# MAGIC
# MAGIC **psychescale scores texts, not people: a research instrument, never a diagnosis.** Shares are of texts. The demo's
# MAGIC texts come out of a synthetic grammar, and so does what is true of them: its figures show the plumbing, and nothing
# MAGIC else.

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is there
# MAGIC
# MAGIC In Databricks these are widgets; elsewhere environment variables, such as `NOTEBOOK_INPUT=posts.csv`. The defaults
# MAGIC are what `make demo` leaves behind.
# MAGIC
# MAGIC | widget | meaning |
# MAGIC | --- | --- |
# MAGIC | `input` | raw corpus with the columns `id`, `text`, `author`, a group and a time |
# MAGIC | `key` | file with the key of the pseudonyms, at least 32 bytes; keep it as closely as the corpus |
# MAGIC | `model` | model folder or bundle |
# MAGIC | `folder` | where everything is written; tables that are there go on, findings that are there are kept |
# MAGIC | `group` | column whose groups are compared |
# MAGIC | `label` | label that is studied |
# MAGIC | `size` | texts that people read |
# MAGIC | `annotated` | the sheet, filled in; empty with the demo, whose texts come with their truth |

# COMMAND ----------

import os
from pathlib import Path

# The demo's folder lies beside the notebooks' own: paths below are seen from there.
os.chdir(next((f for f in [Path.cwd(), *Path.cwd().parents] if (f / "demo").is_dir()), "."))


def setting(name, default):
    """A widget where there are widgets, else an environment variable, else the default."""
    try:
        dbutils.widgets.text(name, default)
    except NameError:
        return os.environ.get(f"NOTEBOOK_{name.upper()}", default)
    return dbutils.widgets.get(name)


corpus = setting("input", "demo/corpus.jsonl")
key = setting("key", "demo/key")
model = setting("model", "demo/bundle")
folder = Path(setting("folder", "demo/study"))
group = setting("group", "source")
label = setting("label", "mentions sleep")
size = int(setting("size", "300"))
annotated = setting("annotated", "")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Raw posts → anonymized → scored
# MAGIC
# MAGIC `anonymize` replaces names and numbers in the texts, ids and authors by pseudonyms, and cuts times to the month.
# MAGIC The crosswalk leads back to the raw ids. A study needs none: it is written here because the truth of the demo's texts
# MAGIC stands beside their raw ids. Group and time are kept through both steps, or there is nothing to compare.

# COMMAND ----------

import psychescale


def tell(title, done, total):
    """How far it is, in one line that changes."""
    print(f"\r{title}: {done:,} of {total:,}", end="", flush=True)


redacted = psychescale.anonymize(
    input=corpus,
    output=str(folder / "redacted"),
    key_file=key,
    author_column="author",
    time_column="time",
    time_grain="month",
    keep=[group],
    crosswalk=None if annotated else str(folder / "crosswalk"),
    on_progress=tell,
)
redacted

# COMMAND ----------

scored = psychescale.score(
    model=model,
    input=redacted.table,
    output=str(folder / "scores"),
    keep=[group, "time"],
    on_progress=tell,
)
scored

# COMMAND ----------

# MAGIC %md
# MAGIC ## A sample for people to read
# MAGIC
# MAGIC Counting what a classifier finds answers wrongly: its errors move every share, and every difference between groups in
# MAGIC which it errs otherwise. A few hundred texts that people have read put that right, if every text of the corpus had a
# MAGIC known chance of being drawn. `sample` draws them, more where the scores leave more open, and writes a sheet with
# MAGIC the redacted texts into a folder of its own, `restricted`, and the chances beside it, which raters must not see.

# COMMAND ----------

sheet = folder / "restricted" / "sheet.csv"
if not sheet.exists():
    psychescale.sample(
        scores=scored.table,
        only=[label],
        size=size,
        strata=["score", group],
        input=redacted.table,
        output=str(folder / "sheet.csv"),
        on_progress=tell,
    )

# COMMAND ----------

# MAGIC %md
# MAGIC Now people read, and write 0 or 1 for every label; better two of them, with an overlap (`raters=2, overlap=50`). Here
# MAGIC nobody reads: the demo's generator knows what it has put into each text.

# COMMAND ----------

import json

import pandas as pd

from psychescale.spark.session.session import open_session

if annotated:
    filled = Path(annotated)
else:
    spark = open_session({})  # the session that is there
    crosswalk = spark.read.format("delta").load(str(folder / "crosswalk")).toPandas()
    with open(corpus, encoding="utf-8") as lines:
        told = {found["id"]: int(label in found["labels"]) for found in map(json.loads, lines)}
    truth = crosswalk.set_index("id")["original_id"].map(told)
    drawn = pd.read_csv(sheet)
    drawn[label] = truth[drawn["id"]].to_numpy()
    filled = sheet.with_name("filled.csv")
    drawn.to_csv(filled, index=False)

design = str(sheet.with_name("sheet.design.json"))
print(psychescale.sample(check=str(filled), design=design).texts, "texts are annotated")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Estimates
# MAGIC
# MAGIC `study` sums the score table, corrects the sums by what the sample shows of the classifier's errors, and writes what
# MAGIC may leave the house into `release`, with a report. Counts from 1 to 7 are withheld and others rounded to 5; raw
# MAGIC figures are in `restricted`.

# COMMAND ----------

findings = folder / "findings"
if not findings.exists():
    studied = psychescale.study(
        scores=scored.table,
        annotated=str(filled),
        design=design,
        model=model,
        by=[group],
        time_column="time",
        period="quarter",
        output=str(findings),
        on_progress=tell,
    )
    print(studied)

# COMMAND ----------

# MAGIC %md
# MAGIC Everything below is made of `release` alone. First the whole corpus and each group, by every estimator. **Design-based**
# MAGIC is the answer: it holds whatever the classifier does. The others stand beside it to be compared, each under its name.

# COMMAND ----------

released = pd.read_csv(findings / "release" / "estimates.csv")
shares = released[released["measure"] == "share"]
overall = shares[shares["period"].isna()].assign(domain=lambda rows: rows["group"].fillna("all"))


def with_interval(row):
    """A share as people read it, with its interval where it has one, or that it is withheld."""
    if pd.isna(row["value"]):
        return "withheld"
    if pd.isna(row["low"]):
        return f"{row['value']:.1%}"
    return f"{row['value']:.1%} ({row['low']:.1%} to {row['high']:.1%})"


compared = overall.assign(shown=overall.apply(with_interval, axis=1)).pivot(
    index="estimator", columns="domain", values="shown"
)
compared

# COMMAND ----------

# MAGIC %md
# MAGIC A study never knows the truth. The demo does:

# COMMAND ----------

if not annotated:
    table = spark.read.format("delta").load(scored.table).where("error IS NULL")
    known = table.select("id", group).toPandas()
    known["truth"] = truth[known["id"]].to_numpy()
    print(f"all {known['truth'].mean():.1%}")
    print(
        "\n".join(
            f"{name} {share:.1%}" for name, share in known.groupby(group)["truth"].mean().items()
        )
    )

# COMMAND ----------

# MAGIC %md
# MAGIC By quarter, with 95 % intervals. The grey line is the naive count. An interval says how sure one can be about the
# MAGIC texts of this corpus; it says nothing of people who did not write, and a change can be a change of who writes.

# COMMAND ----------

import matplotlib.pyplot as plt

quarters = shares[shares["period"].notna() & shares["group"].isna() & shares["value"].notna()]
figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
naive = quarters[quarters["estimator"].str.startswith("naive")]
axes.plot(naive["period"], naive["value"], color="0.6", label="naive count")
based = quarters[quarters["estimator"] == "design-based"]
ends = [based["value"] - based["low"], based["high"] - based["value"]]
axes.errorbar(based["period"], based["value"], ends, fmt="o", color="#33658a", label="design-based")
axes.set_ylim(bottom=0)
axes.set_ylabel(f"share of texts with\n“{label}”")
axes.tick_params(axis="x", rotation=45)
axes.legend(frameon=False, loc="lower left")
axes.spines[["top", "right"]].set_visible(False)

# COMMAND ----------

# MAGIC %md
# MAGIC Between groups, and between the last quarter and the first: `differs` holds at a false discovery rate of 5 % over all
# MAGIC pairs that are compared.

# COMMAND ----------

differences = released[released["measure"] == "difference"]
differences[["column", "group", "period", "against", "value", "low", "high", "differs"]].round(3)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What may be said
# MAGIC
# MAGIC `report.html` in the findings has all of it with the methods, the limits in plain words, and a paragraph for a paper;
# MAGIC `release` is what to publish. Before a second release of a growing corpus, compare the two: their difference can give
# MAGIC a small count away. Nothing here is about a person: do not rank, contact or refer anyone by these numbers.
