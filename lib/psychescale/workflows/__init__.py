"""Whole studies from the rooms below: a training run with its split, an evaluation with its contenders.

No Spark here: rows come in as `rows.LabelledRows`, read by the room above.
"""
