# Databricks notebook source
# MAGIC %md
# MAGIC # Train a classifier, judge it, and decide
# MAGIC
# MAGIC From a backbone and labelled texts to a bundle; from the bundle to a report on texts it has not seen; and a comparison
# MAGIC with the model in use, which ends in keeping that one or replacing it.
# MAGIC
# MAGIC **psychescale scores texts, not people: a research instrument, never a diagnosis.** The labels are what annotators made
# MAGIC of texts, and nothing here shows validity for a clinical construct. The demo's labels are features of a synthetic
# MAGIC grammar: its figures show the plumbing, and nothing else.

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is there
# MAGIC
# MAGIC In Databricks these are widgets; elsewhere environment variables, such as `NOTEBOOK_LABELLED=labelled.csv`. The
# MAGIC defaults are what `make demo` leaves behind. Keep `bundle` and what it leaves beside it (`…-restricted`: who was in
# MAGIC which part) as closely as the labelled texts.
# MAGIC
# MAGIC | widget | meaning |
# MAGIC | --- | --- |
# MAGIC | `backbone` | folder of a pretrained model |
# MAGIC | `labelled` | texts with the columns `id`, `text` and `labels` (a list) |
# MAGIC | `bundle` | where the new classifier is written; one that is there is used as it is |
# MAGIC | `former` | the classifier in use, trained on the same part of these texts |
# MAGIC | `evaluation` | folder for measures and report; one that is there is used as it is |

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


backbone = setting("backbone", "demo/backbone")
labelled = setting("labelled", "demo/labelled.jsonl")
bundle = setting("bundle", "demo/candidate")
former = setting("former", "demo/bundle")
evaluation = setting("evaluation", "demo/candidate_evaluation")

# COMMAND ----------

# MAGIC %md
# MAGIC ## Backbone → bundle
# MAGIC
# MAGIC `train` cuts the texts into parts for training, validation and test, keeps authors and near-duplicates together,
# MAGIC fine-tunes, then fits calibration and thresholds on the validation part. The new model differs from the former in
# MAGIC one thing, the head: an attention query for each label. Seed and shares are those of the former, so that the two have
# MAGIC the same parts; on other texts give `evaluate` rows that neither has seen.

# COMMAND ----------

import psychescale


def tell(title, done, total):
    """How far it is, in one line that changes."""
    print(f"\r{title}: {done:,} of {total:,}", end="", flush=True)


if not Path(bundle).exists():
    trained = psychescale.train(
        backbone=backbone,
        train=labelled,
        output=bundle,
        head="label-attention",
        epochs=2,
        learning_rate=2e-4,
        head_learning_rate=2e-3,
        batch_size=16,
        max_length=64,
        precision="bf16",
        validation_share=0.1,
        test_share=0.2,
        accept_raw=True,
        on_progress=tell,
    )
    print(trained)

# COMMAND ----------

# MAGIC %md
# MAGIC The thresholds that were chosen on the validation part: a text is given a label where its probability reaches the
# MAGIC label's.

# COMMAND ----------

import pandas as pd

thresholds = psychescale.thresholds(bundle=bundle)
pd.Series(thresholds, name="threshold").round(2).to_frame()

# COMMAND ----------

# MAGIC %md
# MAGIC ## Bundle → report
# MAGIC
# MAGIC `evaluate` scores the test part, which neither model was fitted on, beside simple baselines that learned from the
# MAGIC training part. `report.html` in its folder holds all of it, with what the masks withhold; `trained_on` searches the
# MAGIC test rows for texts that either training knew.

# COMMAND ----------

import json

if not Path(evaluation).exists():
    judged = psychescale.evaluate(
        model=bundle,
        against=former,
        input=labelled,
        membership=f"{bundle}-restricted/membership.jsonl",
        trained_on=[f"{bundle}-restricted", f"{former}-restricted"],
        output=evaluation,
        banner="Synthetic labels: measures show the plumbing only.",
        accept_raw=True,
        on_progress=tell,
    )
    print(judged)
shown = json.loads(Path(evaluation, "measures.json").read_text(encoding="utf-8"))

# COMMAND ----------

# MAGIC %md
# MAGIC Every measure is an estimate with its 95 % interval. Look at the interval first: with few test rows it is wide, and
# MAGIC what lies within it cannot be told apart.

# COMMAND ----------


def told(estimate):
    """An estimate as people read it: value and interval, or why there is none."""
    if not estimate or estimate["value"] is None:
        return (estimate or {}).get("reason") or "–"
    if estimate["low"] is None:
        return f"{estimate['value']:.2f}"
    return f"{estimate['value']:.2f} ({estimate['low']:.2f} to {estimate['high']:.2f})"


contenders = {one["name"]: one["values"] for one in shown["contenders"]}
measures = ["f1_macro", "f1_micro", "average_precision_macro", "roc_auc_macro", "brier_macro"]
pd.DataFrame(
    {name: {m: told(values.get(m)) for m in measures} for name, values in contenders.items()}
).T

# COMMAND ----------

# MAGIC %md
# MAGIC ## Compare with the former
# MAGIC
# MAGIC Both models on the same rows: the difference of F1, label by label, with its 95 % interval. Right of the line the new
# MAGIC model is better. Where the interval crosses the line, these rows show no difference; that is not the same as showing
# MAGIC that there is none. A label of which too few rows are known has no interval, and no point.

# COMMAND ----------

import matplotlib.pyplot as plt

rival = shown["rival"]
(overall,) = [one["differences"] for one in shown["contenders"] if one["name"] == rival["name"]]
differences = {"all labels (macro)": overall["f1_macro"]}
differences |= {label: found["f1"] for label, found in rival["per_label"].items()}
figure, axes = plt.subplots(figsize=(7, 0.9 + 0.35 * len(differences)), layout="constrained")
for place, found in enumerate(differences.values()):
    if found["value"] is not None and found["low"] is not None:
        axes.plot([found["low"], found["high"]], [place, place], color="#33658a")
        axes.plot(found["value"], place, "o", color="#33658a")
axes.axvline(0, color="#f26419", linewidth=1)
axes.set_yticks(range(len(differences)), list(differences))
axes.set_ylim(len(differences) - 0.5, -0.5)
axes.set_xlabel("F1 of the new model minus F1 of the former")
axes.spines[["top", "right"]].set_visible(False)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Keep or replace
# MAGIC
# MAGIC What the figures amount to, why, and what a professional must look at whatever the figures say. The decision is a
# MAGIC person's; figures on one test set cannot settle it.

# COMMAND ----------

recommendation = shown["recommendation"]
print(recommendation["verdict"])
for reason in recommendation["reasons"]:
    print("-", reason)
print("\nBefore the new model is used, a professional looks at:")
for point in recommendation["sign_off"]:
    print("-", point)

# COMMAND ----------

# MAGIC %md
# MAGIC **Keep**: nothing to do; the new folder can be deleted. **Replace**: score with the new bundle from now on. Its numbers
# MAGIC have a scoring id of their own, so that one table never mixes the two unseen; score one period with both, as a bridge,
# MAGIC before a series goes on with the new one. `01_score_corpus` scores, with `NOTEBOOK_MODEL` set to the bundle.
