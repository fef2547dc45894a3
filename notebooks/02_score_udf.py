# Databricks notebook source
# MAGIC %md
# MAGIC # Score rows with a UDF
# MAGIC
# MAGIC The same scoring as a function for a DataFrame and for SQL, on rows of your own. Good for a look at a few texts and
# MAGIC for joining scores to a query; a corpus is better scored by the job (`01_score_corpus`), which resumes, counts every
# MAGIC row and keeps a record of the run.
# MAGIC
# MAGIC **psychescale scores texts, not people: a research instrument, never a diagnosis.** Do not put real texts into a
# MAGIC notebook that others can open: the cells and their output are stored with it.

# COMMAND ----------

# MAGIC %md
# MAGIC ## Model and rows
# MAGIC
# MAGIC In Databricks `model` is a widget; elsewhere it is the environment variable `NOTEBOOK_MODEL`. The default is what
# MAGIC `make demo` leaves behind. Put rows of your own into the list below, invented ones, or replace `frame` by a table:
# MAGIC `frame = spark.read.table("schema.posts")`.

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

# COMMAND ----------

from psychescale.spark.session.session import open_session

spark = open_session({})  # the session that is there, or one on this machine

rows = [
    ("a", "The bus was late again and I missed the first half of the concert."),
    ("b", "I lay awake until four, and the alarm rang at six."),
    ("c", "Thank you all for the birthday wishes!"),
    ("d", ""),
]
frame = spark.createDataFrame(rows, "id string, text string")
frame.createOrReplaceTempView("posts")

# COMMAND ----------

# MAGIC %md
# MAGIC ## In a DataFrame
# MAGIC
# MAGIC `score_udf` sends the model to the executors and gives a function of the text column. Its result is a struct: a
# MAGIC probability `p_<label>` for each label, `n_tokens`, `n_windows`, `truncated`, and `error`. The empty text has no
# MAGIC score, and says why. The function is evaluated once a row, however many fields you take of it.

# COMMAND ----------

from psychescale.spark import score_udf

score = score_udf(model, spark=spark)
scored = frame.withColumn("s", score("text")).select("id", "s.*").orderBy("id")
scored.show()

# COMMAND ----------

# MAGIC %md
# MAGIC ## In SQL
# MAGIC
# MAGIC Registered once, it is there for SQL in this session: also for `%sql` cells.

# COMMAND ----------

spark.udf.register("score", score)
in_sql = spark.sql(
    """
    SELECT id, s.*
    FROM (SELECT id, score(text) AS s FROM posts)
    WHERE s.error IS NULL
    ORDER BY id
    """
)
in_sql.show()

# COMMAND ----------

# MAGIC %md
# MAGIC ## How to read it
# MAGIC
# MAGIC * A probability says how much this text resembles, to this model, the texts it was taught a label with. It says
# MAGIC   nothing about who wrote it.
# MAGIC * Under sigmoid the labels are independent of each other; several can be high, or none.
# MAGIC * A difference of a few hundredths between two texts means nothing; even a large one does not say that two people
# MAGIC   differ.
# MAGIC * 0.5 is no threshold. A bundle states one for each label, as it was chosen when the model was trained; below, a
# MAGIC   frame marks the probabilities that reach theirs.
# MAGIC
# MAGIC It is no diagnosis, no screening, and no reason to contact anybody.

# COMMAND ----------

import matplotlib.pyplot as plt

import psychescale
from psychescale.errors import ModelError

try:
    thresholds = psychescale.thresholds(bundle=model)
except ModelError as without:
    print(without)
    thresholds = {}

shown = in_sql.toPandas().set_index("id")
labels = [name for name in shown.columns if name.startswith("p_")]
reaching = {
    (row, column)
    for column, threshold in enumerate(thresholds.values())  # in the order of the columns
    for row, probability in enumerate(shown[labels[column]])
    if probability >= threshold
}
figure, axes = plt.subplots(
    figsize=(2 + 0.7 * len(labels), 1.5 + 0.5 * len(shown)), layout="constrained"
)
image = axes.imshow(shown[labels].to_numpy(), vmin=0, vmax=1, cmap="Blues", aspect="auto")
for row, column in reaching:
    axes.add_patch(
        plt.Rectangle((column - 0.45, row - 0.45), 0.9, 0.9, fill=False, ec="#f26419", lw=2)
    )
names = [name.removeprefix("p_") for name in labels]
axes.set_xticks(range(len(labels)), names, rotation=45, ha="right", rotation_mode="anchor")
axes.set_yticks(range(len(shown)), list(shown.index))
axes.set_ylabel("id")
colorbar = figure.colorbar(image, label="probability")
