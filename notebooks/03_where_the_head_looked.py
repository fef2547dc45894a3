# Databricks notebook source
# MAGIC %md
# MAGIC # Where a label-attention head looked
# MAGIC
# MAGIC psychescale scores texts, not people: a research instrument, never a diagnosis.
# MAGIC
# MAGIC A model trained with `psychescale train --head label-attention` has one attention query for each label. This notebook
# MAGIC shows where the queries looked in a text **that you type**. After `make demo` it trains such a model on the demo's
# MAGIC synthetic texts, if there is none yet. Two warnings:
# MAGIC
# MAGIC - **Attention is not an explanation.** A word that got much attention need not have made the difference. The last
# MAGIC   cell measures how much it did.
# MAGIC - **Notebook outputs are stored.** Do not type, or load, a text of a corpus; a column or frame is refused unless you
# MAGIC   pass `from_corpus=True`, and then clear the outputs before the notebook leaves the place where the corpus may be.

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


model = setting("model", "demo/attention")
backbone = setting("backbone", "demo/backbone")
labelled = setting("labelled", "demo/labelled.jsonl")
text = "I lay awake until four, and the alarm rang at six."

# COMMAND ----------

# MAGIC %md
# MAGIC ## A model with such a head
# MAGIC
# MAGIC Only if the folder `model` is not there. `05_train_and_evaluate` judges a model before it is used.

# COMMAND ----------

import psychescale

if not Path(model).exists():
    psychescale.train(
        backbone=backbone,
        train=labelled,
        output=model,
        head="label-attention",
        epochs=1,
        learning_rate=2e-4,
        head_learning_rate=2e-3,
        batch_size=16,
        max_length=64,
        precision="bf16",
        accept_raw=True,
    )

# COMMAND ----------

# MAGIC %md
# MAGIC ## The words of each label

# COMMAND ----------

import numpy as np
import pandas as pd

from psychescale.model.attention.reader import Reader

reader = Reader.from_folder(Path(model))
(looked,) = reader.attention(text)
order = np.argsort(-looked.logits)[:3]  # the three labels with the highest logits
attention = pd.DataFrame(
    {reader.labels[label]: looked.weights[label] for label in order}, index=list(looked.tokens)
)
print(attention.round(3).to_string())

# COMMAND ----------

# MAGIC %md
# MAGIC ## What the words are worth
# MAGIC
# MAGIC Comprehensiveness: how far the probability falls without the words that a ranking puts first (more is better).
# MAGIC Sufficiency: how far it falls with these words alone (less is better). Attention that does no better than random words
# MAGIC tells nothing. One text says little: `psychescale evaluate` measures the same on a hundred.

# COMMAND ----------

from psychescale.model.attention.faithfulness import measure_faithfulness

faithfulness = pd.DataFrame([one.to_json() for one in measure_faithfulness(reader, text)])
print(faithfulness.round(3).to_string(index=False))

# COMMAND ----------

# MAGIC %md
# MAGIC A corpus is refused without the switch:

# COMMAND ----------

from psychescale.errors import PrivacyError

try:
    reader.attention(pd.Series([text]))
except PrivacyError as refusal:
    print(refusal)
