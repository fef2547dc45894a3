"""Training and evaluation from rows to files, without Spark."""

import json
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from psychescale.errors import InputError, ModelError, UsageError
from psychescale.evaluation.comparison.baselines import base_rate
from psychescale.evaluation.document.masking import mask
from psychescale.evaluation.document.shown import hidden
from psychescale.model.bundle import seal_bundle, thresholds
from psychescale.report.methods import methods_paragraphs
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.settings.train import TrainConfig
from psychescale.synthetic import LABELS, generate_labelled
from psychescale.training.split.digests import read_key
from psychescale.workflows.evaluate.assess import assess, headline
from psychescale.workflows.evaluate.attention import try_attention
from psychescale.workflows.evaluate.candidate import (
    open_candidate,
    open_champion,
    score_rows,
    truth_of,
)
from psychescale.workflows.evaluate.card import findings, write_card
from psychescale.workflows.evaluate.release import measure_rows, release
from psychescale.workflows.evaluate.selection import (
    require_digests,
    require_one_source,
    require_slices,
    select_rows,
)
from psychescale.workflows.rows import LabelledRows, join_rows
from psychescale.workflows.train.fit import fit_parts, starting_point
from psychescale.workflows.train.parts import Parts, divide
from psychescale.workflows.train.record import (
    card_text,
    keep_digests,
    keep_membership,
    membership_key,
    restricted_folder,
    scoring_facts,
)


def some_rows(count: int, *, seed: int = 5, prefix: str = "r") -> LabelledRows:
    """Synthetic texts with labels, two of each author, in the order of time."""
    documents = list(generate_labelled(count, seed=seed))
    return LabelledRows(
        [f"{prefix}-{i:04}" for i in range(count)],
        [document.text or "" for document in documents],
        [tuple(document.labels) for document in documents],
        columns={
            "author": [f"{prefix}-author-{i // 2}" for i in range(count)],
            "time": [f"2024-{1 + i * 12 // count:02}-15" for i in range(count)],
            "source": ["forum" if i % 3 else "clinic" for i in range(count)],
        },
    )


def train_config(**changes: Any) -> TrainConfig:
    """A configuration of a quick run."""
    given = {"backbone": "b", "train": "t", "output": "o", "max_length": 32, "epochs": 1}
    return TrainConfig.model_validate(given | changes)


def evaluate_config(**changes: Any) -> EvaluateConfig:
    """A configuration of a quick evaluation."""
    given = {"model": "m", "input": "i", "output": "o", "replicates": 100}
    return EvaluateConfig.model_validate(given | changes)


class TestRows:
    def test_join_undoes_take(self) -> None:
        """Rows taken apart and joined again are the same, with the same digest."""
        rows = some_rows(10)
        again = join_rows([rows.take(np.arange(4)), rows.take(np.arange(4, 10))])
        assert again == rows
        assert again.digest == rows.digest
        assert rows.take(np.arange(9)).digest != rows.digest

    def test_second_texts_count(self) -> None:
        """A second text travels with its row, and the digest knows of it."""
        rows = replace(some_rows(4), second_texts=["a", None, "c", "d"])
        assert rows.take(np.array([2, 1])).second_texts == ["c", None]
        assert rows.digest != some_rows(4).digest


class TestParts:
    def test_authors_stay_together(self) -> None:
        """No author is in two parts, and shares are met."""
        parts = divide({"train": some_rows(200)}, train_config(author_column="author"))
        authors = [
            {parts.rows.columns["author"][row] for row in parts.index(part)}
            for part in ("train", "validation", "test")
        ]
        assert not authors[0] & authors[1]
        assert not authors[1] & authors[2]
        assert not authors[0] & authors[2]
        assert parts.split.counts()["left_out"] == 0
        assert 15 <= len(parts.index("test")) <= 25

    def test_by_time(self) -> None:
        """Training rows come before test rows."""
        config = train_config(split="time", time_column="time")
        parts = divide({"train": some_rows(120)}, config)
        times = parts.rows.columns["time"]
        last = max(str(times[row]) for row in parts.index("train"))
        assert last < min(str(times[row]) for row in parts.index("test"))

    def test_by_source(self) -> None:
        """Test is the source that is held out, and nothing else."""
        config = train_config(split="source", source_column="source", held_out="clinic")
        parts = divide({"train": some_rows(90)}, config)
        sources = parts.rows.columns["source"]
        assert {sources[row] for row in parts.index("test")} == {"clinic"}
        assert {sources[row] for row in parts.index("train")} == {"forum"}

    def test_given_parts(self) -> None:
        """A given part is taken as it is; only what is missing is made of the training rows."""
        given = {"train": some_rows(100), "test": some_rows(20, seed=6, prefix="t")}
        parts = divide(given, train_config(test="x", on_leak="drop-from-train"))  # type: ignore[arg-type]
        assert parts.index("test").tolist() == list(range(100, 120))
        assert 5 <= len(parts.index("validation")) <= 15

    @pytest.mark.parametrize("kind", ["same text", "near-duplicate", "same author"])
    def test_planted_leak(self, kind: str) -> None:
        """What test shares with train is refused with the flag, or dropped and counted."""
        train, test = some_rows(80), some_rows(10, seed=6, prefix="t")
        longest = max(range(80), key=lambda row: len(train.texts[row].split()))
        planted = {
            "same text": train.texts[longest].upper(),
            "near-duplicate": train.texts[longest] + " indeed",
        }.get(kind, test.texts[0])
        author = train.columns["author"][longest] if kind == "same author" else "nobody"
        authors = [author, *test.columns["author"][1:]]
        test = replace(
            test,
            texts=[planted, *test.texts[1:]],
            columns=dict(test.columns) | {"author": authors},
        )
        given = {"train": train, "test": test}
        config = train_config(test="x", author_column="author", validation_share=0)
        with pytest.raises(InputError, match=f"{kind}.*--on-leak drop-from-train") as raised:
            divide(given, config)  # type: ignore[arg-type]
        dropping = config.model_copy(update={"on_leak": "drop-from-train"})
        parts = divide(given, dropping)  # type: ignore[arg-type]
        assert train.ids[longest] not in str(raised.value)
        assert longest not in parts.index("train")
        assert parts.dropped["train"][kind] >= 1
        assert len(parts.index("test")) == 10

    @pytest.mark.parametrize(
        ("changes", "error", "message"),
        [
            ({"split": "time"}, UsageError, "--time-column"),
            ({"split": "source", "source_column": "source"}, UsageError, "--held-out"),
            ({"labels": ("ghost",)}, InputError, "--labels"),
            ({"validation_share": 0.6, "test_share": 0.4}, UsageError, "--test-share"),
            ({"split": "source", "source_column": "source", "held_out": "x"}, InputError, "clinic"),
        ],
    )
    def test_refusals(self, changes: dict[str, Any], error: type[Exception], message: str) -> None:
        """What cannot be split is refused with the flag that resolves it."""
        with pytest.raises(error, match=message):
            divide({"train": some_rows(40)}, train_config(**changes))

    def test_label_without_training_row(self) -> None:
        """A label column that is 0 everywhere is named, with the flag that leaves it out."""
        rows = replace(some_rows(40), label_names=(*LABELS, "ghost"))
        with pytest.raises(InputError, match=r"no training row has: ghost.*--labels"):
            divide({"train": rows}, train_config())
        assert divide({"train": rows}, train_config(labels=LABELS[:2])).labels == LABELS[:2]

    def test_key(self, tmp_path: Path) -> None:
        """A key file that is missing or empty is refused."""
        (tmp_path / "empty").write_bytes(b"\n")
        for name, message in (("none", "cannot be read"), ("empty", "is empty")):
            with pytest.raises(UsageError, match=message):
                read_key(str(tmp_path / name))


@pytest.fixture(scope="module")
def parts() -> Parts:
    """Three hundred rows, split at random."""
    return divide({"train": some_rows(300)}, train_config(author_column="author"))


@pytest.fixture(scope="module")
def bundle(tiny_model: Path, parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sealed bundle, its membership beside it."""
    folder = tmp_path_factory.mktemp("study") / "bundle"
    key = folder.with_name("key")
    key.write_bytes(b"key")
    config = train_config(
        backbone=str(tiny_model), output=str(folder), membership_key_file=str(key), epochs=2,
        learning_rate=1e-3, author_column="author",
    )  # fmt: skip
    start = starting_point(config)
    outcome = fit_parts(config, start, parts, on_progress=lambda _: None)
    facts = scoring_facts(config, start, parts, outcome, mark=("n1", "r1"))
    keep_membership(restricted_folder(config), parts, outcome)
    keep_digests(
        config, parts.rows.take(np.concatenate([parts.index("train"), parts.index("validation")]))
    )
    seal_bundle(folder, facts, card_text(facts, parts))
    return folder


class TestBundle:
    def test_facts(self, bundle: Path, parts: Parts) -> None:
        """The bundle says how it was calibrated and split, and holds neither an id nor a text."""
        candidate = open_candidate(evaluate_config(model=str(bundle)))
        scoring = json.loads((bundle / "scoring.json").read_text())
        assert candidate.applied.calibrated == "all"
        assert candidate.criterion == "f1"
        assert (scoring["normalizer"], scoring["redactor"]) == ("n1", "r1")
        assert scoring["split"]["test"] == len(parts.index("test"))
        assert scoring["split"]["membership_hmac_sha256"] == parts.digests(b"key")
        assert "own_weight" not in scoring["thresholds"]
        for path in (bundle / "scoring.json", bundle / "README.md"):
            content = path.read_text()
            assert not [name for name in parts.rows.ids if name in content]
            assert not [text for text in parts.rows.texts if len(text) > 20 and text in content]

    def test_other_policy(self, bundle: Path) -> None:
        """Under another long-text policy no threshold is applied, and one window alone calibrated."""
        candidate = open_candidate(evaluate_config(model=str(bundle), long_text="truncate"))
        assert candidate.applied.calibrated == "one-window"
        assert set(candidate.thresholds) == {0.5}
        assert "not applied" in candidate.procedure

    def test_backbone_without_vocabulary(self, make_model: Callable[..., Path]) -> None:
        """It is refused before Spark starts, with what to copy and the flag that names another."""
        folder = make_model(delete=["tokenizer.json"])
        with pytest.raises(ModelError, match=r"no tokenizer.*tokenizer\.json.*--backbone"):
            starting_point(train_config(backbone=str(folder)))

    def test_start(self, bundle: Path) -> None:
        """Training on knows the labels; neither and both starts are refused."""
        known = starting_point(train_config(backbone=None, **{"from": str(bundle)}))
        assert known.former_labels == tuple(sorted(LABELS))
        for changes in ({"backbone": None}, {"from": str(bundle)}):
            with pytest.raises(UsageError, match="--backbone and --from"):
                starting_point(train_config(**changes))


@pytest.fixture(scope="module")
def document(bundle: Path) -> dict[str, Any]:
    """Everything at once: membership, baselines, slices, another model, the suite."""
    config = evaluate_config(
        model=str(bundle), against=str(bundle), author_column="author",
        membership=f"{bundle}-restricted/membership.jsonl", banner="Synthetic labels.",
        slice=("source",),
    )  # fmt: skip
    selected = select_rows({"input": some_rows(300)}, config)
    candidate = open_candidate(config)
    scorer = candidate.load()
    scores = score_rows(scorer, selected.rows)
    return assess(
        config, candidate, selected, scores, scorer=scorer, champion=open_champion(config)
    )


class TestKnownRows:
    def test_searched(self, bundle: Path, parts: Parts) -> None:
        """Rows that training knew are counted by kind, or left out; without its digests, unknown."""
        given = {"input": some_rows(300)}
        options = {
            "trained_on": (f"{bundle}-restricted",), "author_column": "author",
            "membership_key_file": str(bundle.with_name("key")),
        }  # fmt: skip
        found = select_rows(given, evaluate_config(**options))
        left = select_rows(given, evaluate_config(**options, drop_known=True))
        held = select_rows(
            given,
            evaluate_config(**options, membership=f"{bundle}-restricted/membership.jsonl"),
        )
        fitted = {*parts.index("train").tolist(), *parts.index("validation").tolist()}
        assert found.known is not None
        assert found.known["same text"] >= len(fitted)
        assert len(found.rows) == 300
        assert left.flow[-1] == ("unknown to training", len(left.rows))
        assert len(left.rows) + sum(found.known.values()) == 300
        assert held.known is not None
        assert (held.known["same text"], held.known["same author"]) == (0, 0)
        assert select_rows(given, evaluate_config()).known is None

    def test_refusals(self, bundle: Path, tmp_path: Path) -> None:
        """A folder without digests or key, and nothing to drop by, are refused with the flag."""
        for options, message in (
            ({"trained_on": (str(tmp_path),)}, "--trained-on"),
            ({"trained_on": (f"{bundle}-restricted",)}, "--membership-key-file"),
            ({"drop_known": True}, "--drop-known needs --trained-on"),
        ):
            with pytest.raises(UsageError, match=message):
                require_digests(evaluate_config(**options))


class TestEvaluation:
    def test_parts_of_it(self, document: dict[str, Any], parts: Parts) -> None:
        """Only test rows are judged; every contender is there; a model equals itself."""
        names = [one["name"] for one in document["contenders"]]
        assert document["data"]["n_documents"] == len(parts.index("test"))
        assert names[1:6] == [
            "before calibration",
            "base-rate",
            "always-positive",
            "lexicon",
            "tfidf",
        ]
        assert document["contenders"][-1]["differences"]["f1_macro"]["value"] == 0
        assert document["recommendation"]["verdict"] == "no difference shown"
        assert [group["group"] for group in document["rival"]["subgroups"]] == ["forum"]
        raw = document["contenders"][1]["differences"]
        assert raw["f1_macro"]["value"] == pytest.approx(0, abs=1e-9)
        assert raw["log_loss_macro"]["value"] != 0
        assert [table["column"] for table in document["slices"]][-1] == "source"
        assert document["training_curve"]
        assert "by the weighted-bce loss; probabilities were recalibrated" in " ".join(
            methods_paragraphs(document)
        )

    def test_published(self, document: dict[str, Any], tmp_path: Path) -> None:
        """What readers get is masked; the full measures are behind mode 0700; no id, no text."""
        shown = release(tmp_path / "out", document)
        folder = tmp_path / "out" / "restricted"
        rows = some_rows(300)
        assert shown["masked"]
        assert json.loads((folder / "measures.json").read_text()) == json.loads(
            json.dumps(document)
        )
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for name in ("measures.json", "report.html", "restricted/measures.json"):
            content = (tmp_path / "out" / name).read_text()
            assert not [one for one in rows.ids if one in content]
            assert not [text for text in rows.texts if len(text) > 20 and text in content]
        assert "Synthetic labels." in (tmp_path / "out" / "report.html").read_text()
        assert set(headline(shown)) >= {"f1_macro", "log_loss_macro"}

    def test_table(self, document: dict[str, Any], tmp_path: Path) -> None:
        """The table's rows are unique, and their figures are those of the masked document."""
        shown = release(tmp_path / "out", document)
        rows = list(measure_rows(shown))
        keys = [row[:6] for row in rows]
        macro = next(row for row in rows if row[4:6] == ("frozen", "f1_macro") and row[1] is None)
        assert len(set(keys)) == len(keys)
        assert macro[6] == shown["overall"]["decisions"]["frozen"]["f1_macro"]["value"]


class TestRival:
    def test_published_shape(self, make_model: Callable[..., Path]) -> None:
        """A rival with LABEL_n and no problem_type is resolved by flags of its own."""
        names = {str(i): f"LABEL_{i}" for i in range(5)}
        champion = make_model(config={"problem_type": ..., "id2label": names, "label2id": ...})
        asked = {"against": str(champion)}
        with pytest.raises(ModelError, match=r"order: --against-labels NAME,NAME,…$"):
            open_champion(evaluate_config(**asked))
        asked["against_labels"] = "a,b,c,d,e"
        with pytest.raises(ModelError, match="--against-activation sigmoid"):
            open_champion(evaluate_config(**asked))
        found = open_champion(evaluate_config(**asked, against_activation="sigmoid"))
        assert found is not None
        assert found.spec.labels == tuple("abcde")


class TestCardAndKey:
    def test_measures_reach_the_card(
        self, bundle: Path, document: dict[str, Any], tmp_path: Path
    ) -> None:
        """`--write-card` puts measures into the card; the bundle stays whole, its numbers the same."""
        copy = shutil.copytree(bundle, tmp_path / "bundle")
        candidate = open_candidate(evaluate_config(model=str(copy)))
        before = (copy / "scoring.json").read_text()
        write_card(candidate, mask(document))
        card = (copy / "README.md").read_text()
        again = open_candidate(evaluate_config(model=str(copy)))

        assert "has not been evaluated" in (bundle / "README.md").read_text()
        assert "| F1 (macro) |" in card
        assert "| measured on | the test part that training held out: " in card
        unseen = "rows that training knew (no --trained-on); raters; the challenge suite."
        for told in (
            "This model minus tfidf",
            "Words for gender: ",
            "F1 by source, each group minus all others: withheld.",
            f"Not looked at: {unseen}",
        ):
            assert told in card
        assert thresholds(str(copy)) == dict(zip(again.spec.labels, again.thresholds, strict=True))
        assert (copy / "scoring.json").read_text() == before
        assert again.spec == candidate.spec
        (copy / "README.md").write_text(card + "x")
        with pytest.raises(ModelError, match=r"README\.md"):
            open_candidate(evaluate_config(model=str(copy)))

    def test_key_of_its_own(self, tmp_path: Path) -> None:
        """Without a key file the digests have a key that lies beside the ids, made once."""
        config = train_config(output=str(tmp_path / "bundle"))
        key = membership_key(config)
        file = tmp_path / "bundle-restricted" / "membership.key"

        assert key == membership_key(config) == file.read_bytes().strip()
        assert len(key) == 64
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


class TestAttention:
    def test_reported_for_the_head_that_has_it(
        self, tiny_model: Path, bundle: Path, parts: Parts, tmp_path: Path
    ) -> None:
        """A label-attention head is tested on a few of the judged texts; a standard head is not."""
        folder = tmp_path / "attentive"
        config = train_config(
            backbone=str(tiny_model), output=str(folder), head="label-attention", epochs=0.2,
            thresholds="none", calibrate=False,
        )  # fmt: skip
        start = starting_point(config)
        outcome = fit_parts(config, start, parts, on_progress=lambda _: None)
        facts = scoring_facts(config, start, parts, outcome, mark=None)
        seal_bundle(folder, facts, card_text(facts, parts))
        asked = evaluate_config(model=str(folder), faithfulness_texts=3)
        found = try_attention(asked, open_candidate(asked), parts.rows)
        none = evaluate_config(model=str(folder), faithfulness_texts=0)
        standard = evaluate_config(model=str(bundle))

        assert found is not None
        assert [one["ranking"] for one in found] == ["attention", "occlusion", "random"]
        assert {one["n_texts"] for one in found} == {3}
        assert try_attention(none, open_candidate(none), parts.rows) is None
        assert try_attention(standard, open_candidate(standard), parts.rows) is None


class TestArrange:
    def test_tenth_for_thresholds(self) -> None:
        """Without validation rows a tenth of the training rows chooses baselines' thresholds."""
        given = {"input": some_rows(10, seed=6, prefix="t"), "train": some_rows(100)}
        learning = select_rows(given, evaluate_config(train="t")).learning
        assert learning is not None
        assert 5 <= len(learning.validation) <= 15
        assert len(learning.train) + len(learning.validation) == 100
        assert base_rate([[1]])(["x"]) == [[1.0]]

    def test_refusals(self, tmp_path: Path) -> None:
        """Files that are no membership, parts without a row and ids in two parts are refused."""
        file = tmp_path / "membership.jsonl"
        config = evaluate_config(membership=str(file))
        given = {"input": some_rows(4)}
        with pytest.raises(UsageError, match="membership cannot be read"):
            select_rows(given, config)
        file.write_text('{"id": "other", "part": "test"}\n')
        with pytest.raises(InputError, match="--part"):
            select_rows(given, config)
        file.write_text('{"id": "a", "part": "test"}\n{"id": "a", "part": "train"}\n')
        with pytest.raises(InputError, match="an id twice"):
            select_rows(given, config)
        with pytest.raises(UsageError, match="--train"):
            require_one_source(evaluate_config(membership="m", train="t"))

    def test_unknown_label_of_truth(self) -> None:
        """A label that the model does not have is refused unless the judged ones are named."""
        rows = some_rows(50)
        with pytest.raises(InputError, match="--only"):
            truth_of(rows, LABELS[:1], evaluate_config())
        assert truth_of(rows, LABELS[:1], evaluate_config(only=LABELS[:1])).shape == (50, 1)

    def test_ids_are_no_groups(self) -> None:
        """A report never shows the groups of an id."""
        with pytest.raises(UsageError, match="--slice author"):
            require_slices(evaluate_config(author_column="author", slice=("author",)))


def test_the_card_counts_intervals() -> None:
    """Groups and slopes are told by intervals that leave the right value out, not by estimates."""
    shown = {"value": -0.2, "low": -0.3, "high": -0.1}
    groups = {"a": shown, "b": {"value": 0.3, "low": -0.1, "high": 0.7}, "c": hidden()}
    slopes = {
        "x": {"value": 0.5, "low": 0.1, "high": 1.4},
        "y": {"value": 0.7, "low": 0.6, "high": 0.8},
    }
    document = {
        "labels": ["x", "y"], "contenders": [{}], "challenge": None, "identity": None, "rival": None,
        "agreement": None, "data": {"known": None},
        "per_label": {
            name: {"calibration": {"slope": one, "intercept": hidden()}} for name, one in slopes.items()
        },
        "slices": [{
            "column": "site",
            "groups": [{"group": n, "differences": {"f1_micro": one}} for n, one in groups.items()],
        }],
    }  # fmt: skip
    slope, of_groups, *_ = findings(document)
    assert slope.endswith("estimates from 0.50 to 0.70; 1 of the intervals leave 1 out.")
    assert "all others: 1 of the 2 intervals shown leave 0 out" in of_groups
    assert of_groups.endswith(": a -0.20 (-0.30 to -0.10).")
