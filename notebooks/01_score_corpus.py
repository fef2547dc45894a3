# Databricks notebook source
# MAGIC %md
# MAGIC # Score a corpus
# MAGIC
# MAGIC This notebook scores every text of a corpus with one model, shows the score table, and draws how the scores are
# MAGIC distributed and how many texts got none.
# MAGIC
# MAGIC **psychescale scores texts, not people: a research instrument, never a diagnosis.** A score is what one classifier
# MAGIC makes of one text. It is no measure of a person, and no basis for a decision about one. A score table is personal
# MAGIC data, because scores can be matched to a known text: keep it as restricted as its corpus.
# MAGIC
# MAGIC It runs in Databricks (a cluster in dedicated access mode, not serverless: the model travels through a
# MAGIC SparkContext) and anywhere else as a plain Python file: `python notebooks/01_score_corpus.py`, after `make demo`.

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

# COMMAND ----------

import os


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

# COMMAND ----------

import matplotlib.pyplot as plt

outcomes = {
    row["outcome"]: row["count"]
    for row in scores.groupBy(F.coalesce("error", F.lit("scored")).alias("outcome"))
    .count()
    .orderBy(F.desc("count"))
    .collect()
}
outcome_figure, axes = plt.subplots(figsize=(7, 0.5 + 0.4 * len(outcomes)), layout="constrained")
bars = axes.barh(list(outcomes), list(outcomes.values()), color="#33658a")
axes.bar_label(bars, labels=[f"{count:,}" for count in outcomes.values()], padding=3)
axes.invert_yaxis()
axes.set_xlabel("texts")
axes.set_title("Outcome of each text")
axes.spines[["top", "right"]].set_visible(False)
outcome_figure

# COMMAND ----------

# MAGIC %md
# MAGIC ## How the scores are distributed
# MAGIC
# MAGIC A panel for each label: how many texts have which probability; the count axis is logarithmic, because most texts
# MAGIC have a low score for most labels.
# MAGIC
# MAGIC * Look at the **shape**. Two humps, near 0 and near 1, mean that the model is sure; a heap in the middle means that
# MAGIC   it often is not. One narrow heap for all labels often means that the model does not fit these texts.
# MAGIC * The share of texts above 0.5, or above any line, is **not a prevalence**: it mixes what is in the texts with the
# MAGIC   errors of the classifier, and one person may have written many texts.
# MAGIC * 0.8 means "in 8 of 10 cases" only if the model was calibrated on texts like these.
# MAGIC * Two corpora can differ here because people write differently, not because they feel differently.

# COMMAND ----------

BINS = 20

binned = scores.where("error IS NULL").select(
    F.explode(
        F.array(
            *[
                F.struct(
                    F.lit(name).alias("label"),
                    F.least(F.floor(F.col(name) * BINS), F.lit(BINS - 1)).alias("bin"),
                )
                for name in labels
            ]
        )
    ).alias("cell")
)
counts = {
    (row["label"], row["bin"]): row["count"]
    for row in binned.groupBy("cell.label", "cell.bin").count().collect()
}
rows = -(-len(labels) // 3)
score_figure, panels = plt.subplots(
    rows, 3, figsize=(9, 2 * rows), sharex=True, sharey=True, squeeze=False, layout="constrained"
)
for panel, name in zip(panels.flat, labels):
    heights = [counts.get((name, place), 0) for place in range(BINS)]
    panel.bar([(place + 0.5) / BINS for place in range(BINS)], heights, 1 / BINS, color="#33658a")
    panel.set_title(name.removeprefix("p_"), fontsize=9)
    panel.set_xlim(0, 1)
    panel.set_yscale("symlog", linthresh=1)
for panel in panels.flat[len(labels) :]:
    panel.set_visible(False)
for panel in panels.flat[max(0, len(labels) - 3) : len(labels)]:
    panel.tick_params(labelbottom=True)  # also above a place that stays empty
score_figure.supxlabel("probability")
score_figure.supylabel("texts")
score_figure

# COMMAND ----------

# MAGIC %md
# MAGIC ## What this is not
# MAGIC
# MAGIC Nothing here is about a person: not a diagnosis, not a risk, not a screening result. A text can be fiction, a quote,
# MAGIC irony, or about somebody else. Do not rank, contact or refer anyone by these numbers. What a group's scores can be
# MAGIC said to mean needs a classifier evaluated on labelled texts of the same kind, and a correction for its errors.
