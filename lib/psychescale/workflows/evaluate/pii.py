"""An evaluation of redaction, from texts with gold spans to measures and a report; no text in them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from psychescale.errors import InputError, PrivacyError, UsageError
from psychescale.evaluation.pii.detection import measure_pii
from psychescale.evaluation.pii.gold import GoldText, read_gold
from psychescale.evaluation.pii.matching import Span
from psychescale.evaluation.pii.meaning import BARS, below, measure_meaning, of_bar
from psychescale.evaluation.pii.summary import build_document, masked_document
from psychescale.report.exports import table_files
from psychescale.report.redaction import render_identifiers
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.text.findings import PiiType
from psychescale.text.gate import may_hold_name
from psychescale.text.normalize import NORMALIZER_VERSION, normalize
from psychescale.text.redact import REDACTOR_VERSION, RedactionError, Redactor
from psychescale.workflows.evaluate.release import write_documents
from psychescale.workflows.redactors import open_redactor, read_type, redactor_facts

_CHUNK_ROWS: Final = 256


def read_gold_texts(config: EvaluateConfig) -> list[GoldText]:
    """The texts of `--input` with their spans, by our types.

    Raises:
        UsageError: There are several files; or --label-map has not the form THEIRS=OURS, or names no
            type of ours.
        InputError: The file is missing, empty or of another form, or has labels that mean nothing here.
    """
    if not isinstance(config.input, str):
        raise UsageError(
            "‹input› names several files; texts with spans come in one.",
            remedy="Put them together: `cat A.jsonl B.jsonl`.",
        )
    rows = read_gold(Path(config.input), _label_map(config.label_map))
    known = {kind.value for kind in PiiType}
    if not rows:
        raise InputError("There is no text in ‹input›.", remedy="Give a file of JSON lines.")
    if any(span.type not in known for row in rows for span in row.spans):
        raise InputError(
            "Spans have labels that are none of our types.",
            remedy="Say what they mean with ‹label_map› THEIRS=OURS,…; ours are "
            f"{', '.join(sorted(known))}.",
        )
    return rows


def assess_identifiers(
    config: EvaluateConfig,
    rows: Sequence[GoldText],
    *,
    on_progress: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Redact every text as `anonymize` with the same flags would, and compare with the gold spans.

    Args:
        config: What redacts.
        rows: Of `read_gold_texts`.
        on_progress: Told how many texts are done.

    Returns:
        The full document; numbers and names of types only.
    """
    found = _find(open_redactor(config), [row.text for row in rows], on_progress)
    judged = [(row, spans) for row, spans in zip(rows, found, strict=True) if spans is not None]
    texts, predicted = [row for row, _ in judged], [spans for _, spans in judged]
    measures = measure_pii([row.text for row in texts], [row.spans for row in texts], predicted)
    facts = {
        **redactor_facts(config), "normalizer": NORMALIZER_VERSION, "redactor": REDACTOR_VERSION
    }  # fmt: skip
    return build_document(
        measures,
        measure_meaning(texts, predicted),
        facts,
        quarantined=len(rows) - len(judged),
        gate=_gate(texts),
    )


def read_bars(config: EvaluateConfig) -> dict[str, float]:
    """What `--require` asks for, such as ``recall=.95``.

    Raises:
        UsageError: A part has not the form NAME=SHARE, or names no measure.
    """
    bars = {}
    for part in config.require:
        name, _, share = part.partition("=")
        try:
            bars[name] = float(share)
        except ValueError:
            bars[name] = -1.0
        if name not in BARS or not 0 <= bars[name] <= 1:
            raise UsageError(
                f"‹require› {part}: no bar.",
                remedy=f"Write NAME=SHARE, as in recall=.95; names are {', '.join(BARS)}.",
            )
    return bars


def require_bars(
    document: Mapping[str, Any], shown: Mapping[str, Any], bars: Mapping[str, float]
) -> None:
    """Stop where a measure is below its bar, or where the texts cannot tell it.

    Args:
        document: The full document, which decides.
        shown: The measures that may be shown, of which the message is made.
        bars: Measure → least value.

    Raises:
        PrivacyError: One is.
    """
    missed = below(document["measures"], bars)
    if missed:
        told = ", ".join(
            f"{name} {_told(of, of_bar(shown, name))} (required {bars[name]:g})"
            for name, of in missed.items()
        )
        raise PrivacyError(
            f"Redaction is below what ‹require› asks for: {told}.",
            remedy="See the report by type and kind; give a ‹tagger›, or lower the bar.",
        )


def _told(measured: float | None, shown: float | None) -> str:
    if measured is None:
        return "not measured"
    return "withheld" if shown is None else f"{shown:.3f}"


def release_identifiers(folder: Path, document: dict[str, Any]) -> dict[str, Any]:
    """Write ``measures.json``, ``report.html`` and ``restricted/measures.json``.

    Returns:
        The masked document.
    """
    shown = masked_document(document)
    page = render_identifiers(shown)
    files = {"report.html": page, **table_files(page)}
    write_documents(folder, document, shown, files=files)
    return shown


def _find(
    redactor: Redactor, texts: Sequence[str], on_progress: Callable[[int], None]
) -> list[list[Span] | None]:
    """Found spans of each text; None for one that `anonymize` would put into quarantine."""
    found: list[list[Span] | None] = []
    for start in range(0, len(texts), _CHUNK_ROWS):
        found += [
            None
            if isinstance(result, RedactionError)
            else [Span(f.start, f.end, f.type.value) for f in result.findings]
            for result in redactor.redact_batch(texts[start : start + _CHUNK_ROWS])
        ]
        on_progress(len(found))
    return found


def _gate(rows: Iterable[GoldText]) -> tuple[int, int]:
    """Texts with a name in them, and those of them that the gate lets through to the tagger."""
    with_names = [row for row in rows if any(s.type == PiiType.NAME for s in row.spans)]
    passed = sum(may_hold_name(normalize(row.text).text) for row in with_names)
    return len(with_names), passed


def _label_map(pairs: Sequence[str]) -> dict[str, str] | None:
    if not pairs:
        return None
    known = {}
    for pair in pairs:
        theirs, separator, ours = pair.partition("=")
        if not separator:
            raise UsageError(
                f"‹label_map› {pair} has no “=”.", remedy="Write THEIRS=OURS, as in CITY=LOCATION."
            )
        known[theirs] = read_type(ours, option="label_map").value
    return known
