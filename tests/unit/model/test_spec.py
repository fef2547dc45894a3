"""What a folder leaves open must be said, and what it says is believed only where it can be."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from psychescale.errors import ModelError
from psychescale.model.spec import ModelSpec, read_model

MakeModel = Callable[..., Path]
LABELS = ("sleep", "work", "family", "thanks", "body")


def spec_of(folder: Path, **options: Any) -> ModelSpec:
    return read_model(str(folder), **options)[1]


def refuse(folder: Path, **options: Any) -> ModelError:
    with pytest.raises(ModelError) as refusal:
        read_model(str(folder), **options)
    assert refusal.value.exit_code == 4
    return refusal.value


class TestPlainFolder:
    def test_everything_is_read(self, tiny_model: Path) -> None:
        """A plain folder states labels, activation and length; the rest has its default."""
        checkpoint, spec = read_model(str(tiny_model))
        expected = ModelSpec(
            labels=LABELS,
            columns=LABELS,
            activation="sigmoid",
            max_length=64,
            long_text="mean",
            stride=64,
            calibration=None,
            normalizer=None,
            redactor=None,
            model_type="bert",
            weights_digest=checkpoint.digest("*.safetensors"),
            tokenizer_digest=checkpoint.digest("tokenizer*.json"),
            config_digest=checkpoint.digest("config.json"),
        )

        assert expected == spec
        assert tiny_model == checkpoint.folder

    def test_sharded_weights_are_one_model(self, make_model: MakeModel) -> None:
        """Weights in several safetensors files are as good as in one."""
        from transformers import AutoModelForSequenceClassification

        folder = make_model()
        model = AutoModelForSequenceClassification.from_pretrained(folder)
        (folder / "model.safetensors").unlink()
        model.save_pretrained(folder, max_shard_size="100KB")

        assert spec_of(folder).labels == LABELS
        assert len(list(folder.glob("model-*.safetensors"))) > 1


class TestBundle:
    def test_scoring_file_has_the_last_word(self, make_model: MakeModel) -> None:
        """scoring.json settles labels, activation, length, policy, calibration and versions."""
        labels = ["A a", "b", "c", "d", "e"]
        folder = make_model(
            config={"problem_type": ...},
            scoring={
                "labels": labels,
                "activation": "sigmoid",
                "max_length": 48,
                "long_text": {"policy": "max", "stride": 7},
                "calibration": {"slope": [1.0, 2, 3, 4, 5], "intercept": [0.0, 1, 2, 3, 4]},
                "normalizer": "n1",
                "redactor": "r2",
            },
        )
        spec = spec_of(folder)

        assert tuple(labels) == spec.labels
        assert spec.columns == ("a_a", "b", "c", "d", "e")
        assert spec.activation == "sigmoid"
        assert spec.max_length == 48
        assert (spec.long_text, spec.stride) == ("max", 7)
        assert spec.calibration == {"slope": (1.0, 2, 3, 4, 5), "intercept": (0.0, 1, 2, 3, 4)}
        assert (spec.normalizer, spec.redactor) == ("n1", "r2")

    def test_scoring_file_changes_no_other_digest(self, make_model: MakeModel) -> None:
        """The digests of weights, tokenizer and config are those of the plain folder."""
        plain, bundle = spec_of(make_model()), spec_of(make_model(scoring={"normalizer": "n1"}))

        assert replace(plain, normalizer="n1") == bundle

    @pytest.mark.parametrize(
        "calibration",
        [
            {"slope": [1.0] * 4, "intercept": [0.0] * 4},
            {"slope": [1.0] * 5, "intercept": [0.0] * 4},
            {"slope": [1.0] * 5},
            {},
        ],
    )
    def test_calibration_that_does_not_fit(
        self, make_model: MakeModel, calibration: dict[str, list[float]]
    ) -> None:
        """A calibration for another number of labels is refused."""
        folder = make_model(scoring={"calibration": calibration})
        error = refuse(folder)

        expected = f"{folder}: the calibration in scoring.json does not fit 5 labels."
        assert expected == error.problem
        assert error.remedy == "Pack or train the bundle again."

    def test_unknown_policy(self, make_model: MakeModel) -> None:
        """An unknown long-text policy in scoring.json is refused by its name."""
        folder = make_model(scoring={"long_text": {"policy": "median"}})
        error = refuse(folder)

        assert str(folder) in error.problem
        assert "'median'" in error.problem
        assert error.remedy == "Pack or train the bundle again."

    @pytest.mark.parametrize("scoring", [{"long_text": "mean"}, {"calibration": [1.0]}])
    def test_scoring_of_another_shape(
        self, make_model: MakeModel, scoring: dict[str, object]
    ) -> None:
        """A scoring.json whose values have another shape is refused by name."""
        assert "scoring.json" in refuse(make_model(scoring=scoring)).problem

    @pytest.mark.parametrize("max_length", [-4, 2])
    def test_impossible_length(self, make_model: MakeModel, max_length: int) -> None:
        """A length that leaves no room for a token is refused."""
        error = refuse(make_model(scoring={"max_length": max_length}))

        assert f"a maximum length of {max_length} tokens" in error.problem
        assert "max_length in scoring.json" in error.remedy


class TestClassifier:
    def test_backbone(self, make_model: MakeModel) -> None:
        """A backbone has no trained classifier; the remedy is to fine-tune it."""
        folder = make_model(config={"architectures": ["BertForMaskedLM"]})
        error = refuse(folder)

        assert str(folder) in error.problem
        assert "holds a BertForMaskedLM" in error.problem
        assert "psychescale train --backbone FOLDER --train LABELLED --output BUNDLE" in (
            error.remedy
        )
        assert "--model BUNDLE" in error.remedy

    def test_unstated_architecture_is_given_the_benefit(self, make_model: MakeModel) -> None:
        """Without `architectures` the weights decide, when they are loaded."""
        assert spec_of(make_model(config={"architectures": ...})).labels == LABELS

    def test_regression(self, make_model: MakeModel) -> None:
        """The outputs of a regression are no probabilities."""
        folder = make_model(config={"problem_type": "regression"})
        error = refuse(folder)

        assert f"{folder} is a regression model" in error.problem
        assert error.remedy == "Give a classification model."

    def test_quantized(self, make_model: MakeModel) -> None:
        """A quantized model is refused by its config."""
        error = refuse(make_model(config={"quantization_config": {"quant_method": "gptq"}}))

        assert "quantization_config in config.json" in error.problem
        assert error.remedy == "Give the model in float32, float16 or bfloat16."

    @pytest.mark.parametrize(
        ("dtype", "name"), [("int8", "I8"), ("uint8", "U8"), ("float8_e4m3fn", "F8_E4M3")]
    )
    def test_weights_of_a_refused_type(self, make_model: MakeModel, dtype: str, name: str) -> None:
        """Weights in 8 bits are refused, whatever the config says."""
        import torch

        def squeeze(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            return {key: value.to(getattr(torch, dtype)) for key, value in tensors.items()}

        folder = make_model(tensors=squeeze)
        error = refuse(folder)

        assert error.problem.startswith(f"{folder / 'model.safetensors'}: ")
        assert error.problem.endswith(f" is of type {name}.")
        assert error.remedy == "Give the model in float32, float16 or bfloat16."

    def test_one_tensor_in_8_bit_floats(self, make_model: MakeModel) -> None:
        """One tensor in 8-bit floats is one too many."""
        import torch

        def squeeze(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            weight = tensors["classifier.weight"].to(torch.float8_e5m2)
            return {**tensors, "classifier.weight": weight}

        expected = "classifier.weight is of type F8_E5M2."
        assert refuse(make_model(tensors=squeeze)).problem.endswith(expected)

    def test_one_tensor_in_8_bit_integers(self, make_model: MakeModel) -> None:
        """One weight in 8-bit integers, whose scale nobody would apply, is one too many."""
        import torch

        def squeeze(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            weight = (tensors["classifier.weight"] * 30).to(torch.int8)
            return {**tensors, "classifier.weight": weight}

        assert "I8" in refuse(make_model(tensors=squeeze)).problem

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
    def test_weights_of_other_floats(self, make_model: MakeModel, dtype: str) -> None:
        """Weights in 16 or 64 bits are taken."""
        import torch

        def convert(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            return {key: value.to(getattr(torch, dtype)) for key, value in tensors.items()}

        assert spec_of(make_model(tensors=convert)).labels == LABELS

    def test_integers_that_are_no_weights(self, make_model: MakeModel) -> None:
        """Old checkpoints hold position ids as integers; these are no weights."""
        import torch

        def add(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            return {**tensors, "bert.embeddings.position_ids": torch.arange(64)}

        assert spec_of(make_model(tensors=add)).labels == LABELS

    @pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\x00" * 16])
    def test_file_that_is_no_safetensors(self, make_model: MakeModel, content: bytes) -> None:
        """An incomplete download, or a pointer instead of the file, is named."""
        folder = make_model()
        (folder / "model.safetensors").write_bytes(content)
        error = refuse(folder)

        expected = f"{folder / 'model.safetensors'} is no whole safetensors file."
        assert expected == error.problem
        assert error.remedy == "Copy the model folder again."

    def test_weights_cut_short(self, make_model: MakeModel) -> None:
        """So is a file that ends before its last number."""
        folder = make_model()
        path = folder / "model.safetensors"
        path.write_bytes(path.read_bytes()[:-1])

        assert "is no whole safetensors file" in refuse(folder).problem


class TestLabels:
    def test_given_names_replace_the_folders(self, tiny_model: Path) -> None:
        """--labels renames the labels, in the model's order."""
        spec = spec_of(tiny_model, labels=["Z z", "y", "x", "w", "v"])

        assert spec.labels == ("Z z", "y", "x", "w", "v")
        assert spec.columns == ("z_z", "y", "x", "w", "v")

    def test_order_is_by_number(self, make_model: MakeModel) -> None:
        """Labels are ordered by their index, not by how the file or the alphabet orders them."""
        names = [f"name {index}" for index in range(12)]
        shuffled = {str(index): names[index] for index in (10, 2, 0, 11, 1, 3, 9, 4, 8, 5, 7, 6)}
        folder = make_model(config={"id2label": shuffled})

        assert tuple(names) == spec_of(folder).labels

    def test_two_labels_by_default(self, make_model: MakeModel) -> None:
        """Transformers leaves id2label out where a model has its default of two labels."""
        folder = make_model(config={"id2label": ..., "label2id": ...})

        assert "does not name its 2 labels" in refuse(folder).problem
        assert spec_of(folder, labels=["no", "yes"]).labels == ("no", "yes")
        assert spec_of(folder, allow_generic_labels=True).labels == ("LABEL_0", "LABEL_1")

    def test_number_without_names(self, make_model: MakeModel) -> None:
        """num_labels is believed where there is no id2label."""
        folder = make_model(config={"id2label": ..., "label2id": ..., "num_labels": 5})

        assert "does not name its 5 labels" in refuse(folder).problem

    def test_generic_names(self, make_model: MakeModel) -> None:
        """LABEL_0, LABEL_1, … is refused with both flags that help."""
        generic = {str(index): f"LABEL_{index}" for index in range(5)}
        folder = make_model(config={"id2label": generic})
        error = refuse(folder)

        assert error.problem == f"{folder} does not name its 5 labels (LABEL_0, …)."
        assert "--labels NAME,NAME,…" in error.remedy
        assert "--allow-generic-labels" in error.remedy
        assert spec_of(folder, allow_generic_labels=True).labels == tuple(generic.values())
        assert spec_of(folder, labels=LABELS).labels == LABELS

    def test_no_labels_at_all(self, make_model: MakeModel) -> None:
        """A folder that says there is no label must be told them."""
        folder = make_model(config={"id2label": ..., "num_labels": 0})
        error = refuse(folder)

        assert error.problem == f"{folder} does not say how many labels it has."
        assert "--labels NAME,NAME,…" in error.remedy

    @pytest.mark.parametrize("given", [("a",), ("a", "b", "c", "d", "e", "f")])
    def test_wrong_count(self, tiny_model: Path, given: tuple[str, ...]) -> None:
        """A list of another length is refused with both numbers."""
        error = refuse(tiny_model, labels=given)

        assert error.problem == f"--labels names {len(given)} labels; {tiny_model} has 5."
        assert error.remedy == "Name every label once, in the model's order."

    def test_name_given_twice(self, tiny_model: Path) -> None:
        """A name that is given twice is refused."""
        error = refuse(tiny_model, labels=("a", "b", "a", "d", "e"))

        assert error.problem == "--labels names a label twice."
        assert error.remedy == "Name every label once."

    def test_names_that_share_a_column(self, tiny_model: Path) -> None:
        """Names that differ and yet share a column are refused with the flag that renames them."""
        error = refuse(tiny_model, labels=("Sad!", "sad?", "c", "d", "e"))

        assert "'Sad!' and 'sad?' would both be the column p_sad_" in error.problem
        assert "--labels NAME,NAME,…" in error.remedy

    @pytest.mark.parametrize("id2label", [{"1": "a", "2": "b"}, {"a": "0"}, ["a", "b"]])
    def test_numbering_with_gaps(self, make_model: MakeModel, id2label: Any) -> None:
        """An id2label that does not number from 0 is refused."""
        folder = make_model(config={"id2label": id2label})
        error = refuse(folder)

        assert f"{folder}: id2label in config.json does not number" in error.problem
        assert "--labels NAME,NAME,…" in error.remedy

    def test_given_names_cure_a_faulty_numbering(self, make_model: MakeModel) -> None:
        """The remedy of that refusal works: names that are given replace the faulty ones."""
        folder = make_model(config={"id2label": {str(i): f"L{i}" for i in range(1, 6)}})

        assert spec_of(folder, labels=LABELS).labels == LABELS


class TestActivation:
    @pytest.mark.parametrize(
        ("problem_type", "activation"),
        [("multi_label_classification", "sigmoid"), ("single_label_classification", "softmax")],
    )
    def test_from_the_problem_type(
        self, make_model: MakeModel, problem_type: str, activation: str
    ) -> None:
        """Multi-label means sigmoid, single-label softmax."""
        assert activation == spec_of(make_model(config={"problem_type": problem_type})).activation

    @pytest.mark.parametrize("problem_type", [..., None, "something"])
    def test_never_guessed(self, make_model: MakeModel, problem_type: object) -> None:
        """Where the folder does not say, the user must: both flags are named."""
        folder = make_model(config={"problem_type": problem_type})
        error = refuse(folder)

        assert f"{folder} does not say how its logits become probabilities" in error.problem
        assert "--activation sigmoid" in error.remedy
        assert "--activation softmax" in error.remedy
        assert spec_of(folder, activation="softmax").activation == "softmax"

    def test_given_overrides(self, tiny_model: Path) -> None:
        """--activation overrides the folder: some model cards show softmax over multi-label."""
        assert spec_of(tiny_model, activation="softmax").activation == "softmax"

    def test_scoring_file_overrides_config(self, make_model: MakeModel) -> None:
        """scoring.json is nearer to the truth than config.json."""
        assert spec_of(make_model(scoring={"activation": "softmax"})).activation == "softmax"

    def test_unknown(self, make_model: MakeModel) -> None:
        """An activation that is not known is refused with the known ones."""
        folder = make_model(scoring={"activation": "sparsemax"})
        error = refuse(folder)

        assert error.problem == f"{folder} names the activation 'sparsemax'."
        assert error.remedy == "Add --activation sigmoid or --activation softmax."
        assert spec_of(folder, activation="sigmoid").activation == "sigmoid"

    def test_softmax_of_one_label(self, make_model: MakeModel) -> None:
        """The softmax of one label is always 1."""
        folder = make_model(config={"id2label": {"0": "yes"}})
        error = refuse(folder, activation="softmax")

        assert error.problem == f"{folder} has one label; its softmax is always 1."
        assert error.remedy == "Add --activation sigmoid."
        assert spec_of(folder, activation="sigmoid").labels == ("yes",)


class TestMaxLength:
    def test_shortest_statement_wins(self, make_model: MakeModel) -> None:
        """Of positions, tokenizer and scoring.json the shortest is taken."""
        tokenizer = {"model_max_length": 50}

        assert spec_of(make_model()).max_length == 64
        assert spec_of(make_model(tokenizer_config=tokenizer)).max_length == 50
        assert (
            spec_of(make_model(tokenizer_config=tokenizer, scoring={"max_length": 40})).max_length
            == 40
        )
        assert (
            spec_of(make_model(tokenizer_config=tokenizer, scoring={"max_length": 60})).max_length
            == 50
        )

    @pytest.mark.parametrize(
        "unknown", [1e30, 1000000000000000019884624838656, 100_000, None, 0, -1, ...]
    )
    def test_unknown_is_not_believed(self, make_model: MakeModel, unknown: object) -> None:
        """What transformers writes for "unknown" is no length."""
        folder = make_model(tokenizer_config={"model_max_length": unknown})

        assert spec_of(folder).max_length == 64

    def test_without_tokenizer_config(self, make_model: MakeModel) -> None:
        """A folder without tokenizer_config.json has the length of its positions."""
        assert spec_of(make_model(delete=["tokenizer_config.json"])).max_length == 64

    def test_damaged_tokenizer_config(self, make_model: MakeModel) -> None:
        """A tokenizer_config.json that is no JSON is named."""
        folder = make_model()
        (folder / "tokenizer_config.json").write_text("{", encoding="utf-8")

        expected = f"{folder / 'tokenizer_config.json'} cannot be read as JSON."
        assert expected == refuse(folder).problem

    def test_nothing_stated(self, make_model: MakeModel) -> None:
        """Where nothing believable is stated, the user must say it."""
        folder = make_model(
            config={"max_position_embeddings": ...}, tokenizer_config={"model_max_length": 1e30}
        )
        error = refuse(folder)

        assert error.problem == f"{folder} does not say how many tokens it can read."
        assert "--max-length" in error.remedy
        assert spec_of(folder, max_length=32).max_length == 32

    def test_positions_by_their_other_name(self, make_model: MakeModel) -> None:
        """Some architectures call it n_positions."""
        folder = make_model(
            config={"max_position_embeddings": ..., "n_positions": 56},
            tokenizer_config={"model_max_length": 1e30},
        )

        assert spec_of(folder).max_length == 56

    def test_roberta_never_uses_its_first_positions(self, make_model: MakeModel) -> None:
        """RoBERTa counts positions from the padding id on: 66 of them read 64 tokens."""
        folder = make_model("roberta", tokenizer_config={"model_max_length": 1e30})

        assert spec_of(folder).max_length == 64
        assert "from 8 to 64" in refuse(folder, max_length=65).remedy

    @pytest.mark.parametrize(
        "model_type",
        [
            "data2vec-text",
            "ibert",
            "luke",
            "roberta-prelayernorm",
            "xlm-roberta-xl",
            "xmod",
            "markuplm",
            "esm",
        ],
    )
    def test_so_do_its_relatives(self, make_model: MakeModel, model_type: str) -> None:
        """So do all that took RoBERTa's positions over."""
        folder = make_model(
            "roberta",
            config={"model_type": model_type},
            tokenizer_config={"model_max_length": 1e30},
        )

        assert spec_of(folder).max_length == 64

    @pytest.mark.parametrize("given", [8, 63, 64])
    def test_given_within_bounds(self, tiny_model: Path, given: int) -> None:
        """--max-length is taken from 8 to what the positions allow."""
        assert given == spec_of(tiny_model, max_length=given).max_length

    @pytest.mark.parametrize("given", [-1, 0, 7, 65, 512])
    def test_given_out_of_bounds(self, tiny_model: Path, given: int) -> None:
        """Beyond that it is refused with the bounds."""
        error = refuse(tiny_model, max_length=given)

        assert error.problem == f"--max-length {given} is out of the range of {tiny_model}."
        assert error.remedy == "Choose a length from 8 to 64, special tokens included."

    def test_given_may_exceed_the_tokenizers(self, make_model: MakeModel) -> None:
        """The tokenizer's length is a habit, the positions are a limit."""
        folder = make_model(tokenizer_config={"model_max_length": 32}, scoring={"max_length": 16})

        assert spec_of(folder, max_length=64).max_length == 64

    def test_too_short_where_no_limit_is_known(self, make_model: MakeModel) -> None:
        """The remedy for a length that is too short names bounds that can be met."""
        folder = make_model(config={"max_position_embeddings": ...})

        assert "from 8 to 4" not in refuse(folder, max_length=4).remedy
