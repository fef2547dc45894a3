# Databricks notebook source
# MAGIC %md
# MAGIC # Score a corpus
# MAGIC
# MAGIC This notebook scores every text of a corpus with one model, shows the score table, and draws how many texts got no
# MAGIC score, how the scores are distributed, and which share of the texts is given a label, by month and group.
# MAGIC
# MAGIC **psychescale scores texts, not people: a research instrument, never a diagnosis.** A score is what one classifier
# MAGIC makes of one text. It is no measure of a person, and no basis for a decision about one. A score table is personal
# MAGIC data, because scores can be matched to a known text: keep it as restricted as its corpus.
# MAGIC
# MAGIC It runs in Databricks (the `.py` file; a cluster in dedicated access mode, not serverless: the model travels through
# MAGIC a SparkContext), in Jupyter (the `.ipynb` file, made from the other), and as a plain Python file, after `make demo`.

# COMMAND ----------

# MAGIC %md
# MAGIC ## What to score
# MAGIC
# MAGIC In Databricks these are widgets at the top of the page. Elsewhere they are environment variables, such as
# MAGIC `NOTEBOOK_INPUT=posts.csv`. The defaults are what `make demo` leaves behind.
# MAGIC
# MAGIC | widget | meaning |
# MAGIC | --- | --- |
# MAGIC | `model` | model folder or bundle |
# MAGIC | `input` | corpus with the columns `id` and `text`: Delta, Parquet, CSV, JSON lines, or a catalog name |
# MAGIC | `output` | score table: a path or a catalog name |
# MAGIC | `state` | folder for checkpoints and run table; needed where `output` is a catalog name, empty otherwise |
# MAGIC | `accept_raw` | `yes`: I may process this corpus although it is not marked as anonymized; the run table records it |
# MAGIC | `group` | column that texts are grouped by, such as a subreddit; empty where there is none |
# MAGIC | `time` | column with the time of a text (ISO 8601); empty where there is none |
# MAGIC | `label` | label whose share is drawn; empty takes the first |

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


model = setting("model", "demo/bundle")
corpus = setting("input", "demo/redacted")
output = setting("output", "demo/notebook_scores")
state = setting("state", "")
accept_raw = setting("accept_raw", "no")
group = setting("group", "source")
time = setting("time", "time")
label = setting("label", "")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Score
# MAGIC
# MAGIC The same as the command `psychescale score`; `help(psychescale.score)` lists all keywords. Run it again and it scores
# MAGIC only the ids that are new; an interrupted run goes on where it stopped. `input` may be a Spark DataFrame too.

# COMMAND ----------

import psychescale


def tell(title, done, total):
    """How far it is, in one line that changes."""
    print(f"\r{title}: {done:,} of {total:,} documents", end="", flush=True)


result = psychescale.score(
    model=model,
    input=corpus,
    output=output,
    state=state or None,
    accept_raw=accept_raw == "yes",
    keep=[name for name in (group, time) if name],
    on_progress=tell,
)
result

# COMMAND ----------

# MAGIC %md
# MAGIC ## The table
# MAGIC
# MAGIC One row for each row of the corpus: `p_<label>` is the probability of a label, between 0 and 1; labels are
# MAGIC independent of each other under sigmoid, so a row need not sum to 1. `error` is empty for a scored text and holds
# MAGIC the reason for one that could not be scored: its probabilities are empty then, never 0. `truncated` says that the
# MAGIC end of a very long text was not read. The table holds no text.

# COMMAND ----------

from pyspark.sql import functions as F

from psychescale.spark.session.session import open_session

spark = open_session({})  # the session that is there
table = spark.read.table(output) if state else spark.read.format("delta").load(output)
scores = table.where(F.col("scoring_id") == result.scoring_id)  # numbers of one kind only
labels = [name for name in scores.columns if name.startswith("p_")]
scores.select("id", *labels, "n_tokens", "truncated", "error").show(10)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What became of the texts
# MAGIC
# MAGIC Every text is counted once: scored, or left without a score for one reason. Many texts without a score are a fault
# MAGIC of the corpus, and results that leave them out describe the rest only.
# MAGIC
# MAGIC Whatever is shown from here on follows one rule, because figures are passed on: counts from 1 to 7 are withheld,
# MAGIC others rounded to the nearest 5. A count that would give a withheld one back is withheld with it.

# COMMAND ----------

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from psychescale.disclosure import is_small, is_table, masked_groups, nearest

counted = scores.groupBy(F.coalesce("error", F.lit("scored")).alias("outcome")).count()
outcomes = {row["outcome"]: row["count"] for row in counted.orderBy(F.desc("count")).collect()}
shown = masked_groups(list(outcomes.values()))

outcome_figure, axes = plt.subplots(figsize=(7, 0.7 + 0.4 * len(outcomes)), layout="constrained")
widths = [count if isinstance(count, int) else 0 for count in shown]
bars = axes.barh(list(outcomes), widths, color="#33658a")
axes.bar_label(bars, labels=[f"{n:,}" if isinstance(n, int) else n for n in shown], padding=3)
axes.margins(x=0.12)
axes.invert_yaxis()
axes.set_xlabel("texts, to the nearest 5")
axes.set_title("Outcome of each text")
axes.spines[["top", "right"]].set_visible(False)

# COMMAND ----------

# MAGIC %md
# MAGIC ## How the scores are distributed
# MAGIC
# MAGIC A panel for each label: how many texts have which probability. The height is the root of the count, so that few
# MAGIC texts are seen beside many; bars of fewer than 8 texts are left out. The line is the threshold that was chosen for
# MAGIC the label when the model was trained, where there is one.
# MAGIC
# MAGIC * Look at the **shape**. Two humps, near 0 and near 1, mean that the model is sure; a heap in the middle means that
# MAGIC   it often is not. One narrow heap for all labels often means that the model does not fit these texts.
# MAGIC * The share of texts above 0.5, or above any line, is **not a prevalence**: it mixes what is in the texts with the
# MAGIC   errors of the classifier, and one person may have written many texts.
# MAGIC * 0.8 means "in 8 of 10 cases" only if the model was calibrated on texts like these.
# MAGIC * Two corpora can differ here because people write differently, not because they feel differently.

# COMMAND ----------

from psychescale.errors import ModelError

try:
    thresholds = psychescale.thresholds(bundle=model)
except ModelError as without:  # a model that was not trained here, or one of classes that compete
    print(without)
    thresholds = {}
lines = dict(zip(labels, thresholds.values()))  # in the order of the table's columns

BINS = 20
scored = scores.where("error IS NULL")
bins = [F.least(F.floor(F.col(name) * BINS), F.lit(BINS - 1)) for name in labels]
cells = F.array(*[F.struct(F.lit(n).alias("label"), b.alias("bin")) for n, b in zip(labels, bins)])
binned = scored.select(F.explode(cells).alias("cell")).groupBy("cell.label", "cell.bin").count()
counts = {(row["label"], row["bin"]): row["count"] for row in binned.collect()}

rows = -(-len(labels) // 3)
score_figure, panels = plt.subplots(
    rows,
    3,
    figsize=(9, 0.6 + 1.9 * rows),
    sharex=True,
    sharey=True,
    squeeze=False,
    layout="constrained",
)
score_figure.supxlabel("probability")
score_figure.supylabel("texts, to the nearest 5")
for panel, name in zip(panels.flat, labels):
    found = [counts.get((name, place), 0) for place in range(BINS)]
    heights = [0 if is_small(count) else nearest(count) for count in found]
    panel.bar([(place + 0.5) / BINS for place in range(BINS)], heights, 1 / BINS, color="#33658a")
    if name in lines:
        panel.axvline(lines[name], color="#f26419", linewidth=1.5)
    panel.set_title(name.removeprefix("p_"), fontsize=9)
    panel.set_xlim(0, 1)
    panel.spines[["top", "right"]].set_visible(False)
panels[0, 0].set_yscale("function", functions=(lambda n: np.sqrt(np.maximum(n, 0)), np.square))
panels[0, 0].yaxis.set_major_locator(MaxNLocator(4, integer=True))
panels[0, 0].set_ylim(bottom=0)
for panel in panels.flat[len(labels) :]:
    panel.set_visible(False)
for panel in panels.flat[max(0, len(labels) - 3) : len(labels)]:
    panel.tick_params(labelbottom=True)  # also above a place that stays empty

# COMMAND ----------

# MAGIC %md
# MAGIC ## Which share is given a label, by month and group
# MAGIC
# MAGIC A text is given the label where its probability reaches the threshold. A point is the share of a month's texts (of a
# MAGIC year's, where `anonymize` kept no more of the time), the bar its 95 % interval (mid-P). A month is left out where 1 to 7 texts have the label, or have it not; a share is made
# MAGIC of rounded counts.
# MAGIC
# MAGIC The interval says how far chance alone would move the share of **texts given the label**, if texts were drawn one by
# MAGIC one. It does not hold the errors of the classifier, and it is too narrow where few people wrote many of the texts. A
# MAGIC change over months can be a change of who writes.

# COMMAND ----------

from psychescale.evaluation.measures.shares import mid_p
from psychescale.spark import with_labels


def share(given, texts):
    """A share with the ends of its interval, of rounded counts; None where it is not shown."""
    if not is_table([given, texts - given]) or not nearest(texts):
        return None
    n, value = nearest(texts), nearest(given) / nearest(texts)
    return value, *mid_p(value, n, value * (1 - value) / n)


shares = {}
if thresholds:
    column = f"p_{label}" if label else labels[0]
    decided = with_labels(scored, model, scoring_id=result.scoring_id)
    when = F.try_to_timestamp(F.col(time).cast("string")) if time else F.lit(None)
    by_cell = (
        decided.groupBy(F.col(group) if group else F.lit("all texts"), F.date_trunc("month", when))
        .agg(F.count(F.when(F.col(column.replace("p_", "label_", 1)), 1)), F.count(F.lit(1)))
        .collect()
    )
    for name, month, given, texts in sorted(by_cell, key=lambda cell: (str(cell[0]), str(cell[1]))):
        shares.setdefault(str(name), {})[month] = share(given, texts)

    names = list(shares)
    share_figure, panels = plt.subplots(
        1, len(names), figsize=(2 + 2.6 * len(names), 3), sharex=True, sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for panel, name in zip(panels.flat, names):
        points = [(at, *found) for at, found in shares[name].items() if found and (at or not time)]
        if points:
            months, values, low, high = zip(*points)
            places = months if time else [""] * len(months)
            ends = np.abs(np.array([low, high]) - values)
            panel.errorbar(places, values, ends, fmt="o", markersize=4, color="#33658a")
        panel.set_title(name, fontsize=9)
        panel.set_ylim(0, 1)
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(axis="x", rotation=45)
    share_figure.suptitle(f"Texts given “{column.removeprefix('p_')}”")
    share_figure.supylabel("share, with 95 % interval")

# COMMAND ----------

# MAGIC %md
# MAGIC ## What this is not
# MAGIC
# MAGIC Nothing here is about a person: not a diagnosis, not a risk, not a screening result. A text can be fiction, a quote,
# MAGIC irony, or about somebody else. Do not rank, contact or refer anyone by these numbers. What a group's scores can be
# MAGIC said to mean needs a classifier evaluated on labelled texts of the same kind, and a correction for its errors.
