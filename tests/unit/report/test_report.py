"""The report is one file that needs nothing else, holds no small count, and can be read out."""

import csv
import html.parser
import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

from psychescale.errors import PrivacyError
from psychescale.evaluation.document.assemble import Context, to_document
from psychescale.evaluation.document.masking import mask
from psychescale.evaluation.document.table_one import Part
from psychescale.evaluation.measures.estimates import evaluate
from psychescale.evaluation.predictions import Predictions
from psychescale.notice import NOTICE
from psychescale.report.adequacy import TARGETS, adequacy
from psychescale.report.exports import table_files
from psychescale.report.figures import f1_by_label
from psychescale.report.methods import methods_paragraphs
from psychescale.report.page import (
    measure_name,
    name_measures,
    predictive_values,
    render_report,
    report_files,
    show_difference,
    show_estimate,
)
from tests.unit.evaluation.test_document import LABELS, make_document


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    made = make_document(
        banner="Synthetic labels: <plumbing> only.",
        training_curve=[{"epoch": 1, "training_loss": 0.4, "validation_loss": 0.5}],
    )
    named: dict[str, Any] = json.loads(json.dumps(made).replace('"sadness"', '"<grief>"'))
    return named


@pytest.fixture(scope="module")
def page(document: dict[str, Any]) -> str:
    return render_report(json.loads(json.dumps(mask(document))))


class Outline(html.parser.HTMLParser):
    """Tags with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_sentences_name_measures() -> None:
    """A reason reads as a person would say it; labels with an underscore stay as they are."""
    printed = name_measures("f1_macro: +0.1. Worse: label my_label, roc_auc_macro_frequent -0.2.")

    assert (
        printed == "F1 (macro): +0.1. Worse: label my_label, ROC-AUC (macro, frequent labels) -0.2."
    )


class TestPage:
    def test_needs_nothing_else(self, page: str) -> None:
        """No script, no link out, nothing loaded from anywhere."""
        outline = Outline(page)
        targets = [
            attributes[key] or ""
            for _, attributes in outline.tags
            for key in ("src", "href", "xlink:href")
            if key in attributes
        ]

        assert not outline.of("script") + outline.of("img") + outline.of("link")
        assert all(target.startswith("#") for target in targets)
        assert re.findall(r"url\((?!#)", page) == []

    def test_ids_are_unique(self, page: str) -> None:
        """Figures share a page: their ids do not clash, and every reference is met."""
        outline = Outline(page)
        ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
        used = {a["href"] for a in outline.of("a")} | {a["xlink:href"] for a in outline.of("use")}

        assert len(ids) == len(set(ids))
        assert used <= {f"#{name}" for name in ids}

    def test_figures_have_names(self, page: str) -> None:
        """Every figure is an image with a name, and there is a table beside it."""
        outline = Outline(page)
        figures = outline.of("svg")

        assert len(figures) == 8
        assert all(figure["role"] == "img" and figure["aria-label"] for figure in figures)
        assert len(outline.of("table")) >= 8

    def test_says_what_it_is(self, page: str) -> None:
        """The notice, the banner (escaped), the labels and the data flow are there."""
        assert NOTICE in page
        assert "Synthetic labels: &lt;plumbing&gt; only." in page
        assert all(label in page for label in LABELS if label != "sadness")
        assert "read: 405; without a label: at most 7; evaluated: 400" in page
        assert "RECORD" in page

    def test_follows_the_readers_colours(self, page: str) -> None:
        """Figures take their colours from the page, which knows light, dark and print."""
        assert "prefers-color-scheme: dark" in page
        assert "@media print" in page
        assert not re.search(r"#0[1-5]0[1-5]0[1-5]", page)

    def test_optional_parts(self, document: dict[str, Any]) -> None:
        """Without slices, contenders and the like the page still stands."""
        bare = {
            **mask(document),
            **dict.fromkeys(("challenge", "agreement", "recommendation", "banner")),
            "slices": [],
            "contenders": document["contenders"][:1],
            "training_curve": [],
        }

        assert len(Outline(render_report(bare)).of("svg")) == 5

    def test_same_numbers_same_figure(self, document: dict[str, Any], page: str) -> None:
        """Nothing of the day or the machine is in a figure."""
        assert f1_by_label(mask(document)["per_label"]) in page

    def test_refuses_unmasked_measures(self, document: dict[str, Any]) -> None:
        """Small counts never reach a page."""
        with pytest.raises(PrivacyError, match="unmasked"):
            render_report(document)

    def test_names_are_escaped(self, page: str) -> None:
        """A label cannot bring markup of its own, not even into a figure."""
        assert "<grief>" not in page
        assert page.count("&lt;grief&gt;") > 4


class TestWording:
    def test_estimates(self) -> None:
        """Value with interval, value with a reason, reason alone."""
        full = {"value": -0.5, "low": -0.75, "high": 0.25, "reason": None}
        bare = {"value": 0.5, "low": None, "high": None, "reason": "not estimable"}
        none = {"value": None, "low": None, "high": None, "reason": "no positives"}

        assert show_estimate(full, 2) == '−0.50 <span class="ci">−0.75 to 0.25</span>'
        assert show_estimate(bare, 2) == '0.50 <span class="none">not estimable</span>'
        assert show_estimate(none) == '<span class="none">no positives</span>'

    def test_differences(self) -> None:
        """Bold where the interval leaves 0 out."""
        sure = {"value": 0.5, "low": 0.25, "high": 0.75, "reason": None}
        unsure = {**sure, "low": -0.25}

        assert show_difference(sure).startswith("<b>+0.500</b>")
        assert show_difference(unsure).startswith("+0.500 ")

    def test_measure_names(self) -> None:
        """Averages are told in words."""
        assert measure_name("f1_macro_frequent") == "F1 (macro, frequent labels)"
        assert measure_name("recall_micro") == "sensitivity (micro)"


@pytest.fixture(scope="module")
def yes_no() -> dict[str, Any]:
    """A model of one label, without frozen thresholds, judged on what it was fitted on or not."""
    rng = np.random.default_rng(0)
    truth = (rng.random((400, 1)) < 0.4).astype(np.uint8)
    values = 1 / (1 + np.exp(-(2.0 * truth - 1 + rng.normal(0, 1, truth.shape))))
    predictions = Predictions.of(["stress"], values, truth)
    part = Part("evaluation", np.full(400, 20), {"stress": int(truth.sum())}, groups={})
    context = Context(
        {"name": "m", "calibration": "applied"}, parts=[part, part], has_thresholds=False,
        threshold_procedure="The model has no frozen thresholds: 0.5 for every label.",
    )  # fmt: skip
    return mask(to_document(evaluate(predictions, np.array([0.5]), n_replicates=20), context))


class TestYesNo:
    def test_reported_as_one(self, yes_no: dict[str, Any]) -> None:
        """No average of one label; what a clinical reader asks is there, at 0.5 and called so."""
        page = render_report(yes_no)
        for word in ("(macro)", "(micro)", "weighted)", "macro average", "the frozen threshold"):
            assert word not in page
        for word in ("negative predictive value", "likelihood ratio", "balanced accuracy",
                     "Matthews", "At other base rates", "Table 1", "not searched"):  # fmt: skip
            assert word in page

    def test_predictive_values(self, yes_no: dict[str, Any]) -> None:
        """At the base rate that was seen they are those that were measured."""
        part = yes_no["per_label"]["stress"]
        cells = part["confusion"]["frozen"]
        share = (cells["tp"] + cells["fn"]) / sum(cells.values())
        odds = part["yes_no"]["lr_positive"]["value"] * share / (1 - share)
        assert odds / (1 + odds) == pytest.approx(part["decisions"]["frozen"]["precision"]["value"])
        for row in predictive_values(yes_no)["stress"]:
            for found in (row["ppv"], row["npv"]):
                assert found["low"] < found["value"] < found["high"]

    def test_texts_to_read(self, yes_no: dict[str, Any]) -> None:
        """One in the predictive value, its ends the other way round."""
        for row in predictive_values(yes_no)["stress"]:
            assert row["reads"]["value"] == pytest.approx(1 / row["ppv"]["value"])
            assert row["reads"]["low"] == pytest.approx(1 / row["ppv"]["high"])
            assert row["reads"]["low"] < row["reads"]["value"] < row["reads"]["high"]
        assert "texts to read per hit" in render_report(yes_no)

    @pytest.mark.parametrize(
        ("n", "tolerance"), [(400, 0.25), (1600, 0.4)]
    )  # ends have two decimals
    def test_documents_that_would_do(self, n: int, tolerance: float) -> None:
        """Four times the documents halve the widths: what was said to be needed stays the same."""
        rng = np.random.default_rng(1)
        truth = np.arange(400) % 5 < 2
        values = 1 / (1 + np.exp(-(2.0 * truth - 1 + rng.normal(0, 1, 400))))
        predictions = Predictions.of(
            ["l"], np.tile(values, n // 400)[:, None], np.tile(truth, n // 400)[:, None]
        )
        shown = mask(
            to_document(
                evaluate(predictions, np.array([0.5]), n_replicates=5), Context({"name": "m"})
            )
        )
        found = {row["measure"]: row for row in adequacy(shown)}
        assert set(found) == set(TARGETS)
        for row in found.values():
            assert row["needed"] == pytest.approx(n * (row["width"] / row["target"]) ** 2, rel=0.1)
        recall = shown["per_label"]["l"]["decisions"]["frozen"]["recall"]["value"]
        wald = 3.92**2 * recall * (1 - recall) / 0.1**2 / 0.4  # two in five have the label
        assert found["recall"]["needed"] == pytest.approx(wald, rel=tolerance)

    def test_files(self, yes_no: dict[str, Any]) -> None:
        """Every table of the page is a CSV, every figure an SVG that stands by itself."""
        files = report_files(yes_no)
        page = files.pop("report.html")
        tables = [name for name in files if name.startswith("tables/")]
        assert len(tables) == page.count("<caption>")
        assert any("\n0.10," in files[name] for name in tables)
        for name in set(files) - set(tables):
            assert "var(--" not in files[name]
            ET.fromstring(files[name])  # noqa: S314 - our own


def test_cells_are_no_formulas() -> None:
    """What a spreadsheet would calculate is text in a CSV; numbers stay numbers."""
    cells = ["=1+1", "+0.12 (0.10 to 0.14)", "-cmd", "@x", "-0.5", "1.5", "stress"]
    row = "".join(f"<td>{cell}</td>" for cell in cells)
    (content,) = table_files(f"<table><caption>c</caption><tr>{row}</tr></table>").values()
    assert next(csv.reader([content])) == [
        "'=1+1", "'+0.12 (0.10 to 0.14)", "'-cmd", "'@x", "-0.5", "1.5", "stress"
    ]  # fmt: skip


class TestMethods:
    @pytest.mark.parametrize(
        ("changes", "told", "untold"),
        [
            ({}, "those that the bundle holds", "fitted on these very documents"),
            ({"fitted_here": True}, "fitted on these very documents", "frozen before"),
            ({"has_thresholds": False}, "0.5", "those that the bundle holds"),
            ({"known": {"same text": 20}}, "Authors were not compared", "not searched"),
            ({"measured_on": "the test part"}, "They are the test part", "every measure"),
        ],
    )
    def test_sentences_are_of_what_happened(
        self, changes: dict[str, Any], told: str, untold: str
    ) -> None:
        """No sentence says what was not so."""
        procedure = {"threshold_procedure": "0.5 for every label."}
        document = mask(make_document(**procedure, **changes))
        document["model"]["calibration"] = "applied"
        text = " ".join(methods_paragraphs(document))
        assert told in text
        assert untold not in text
        assert "ceiling" not in text
