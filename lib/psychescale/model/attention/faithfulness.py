"""How much of a prediction hangs on the tokens that a ranking puts first.

DeYoung et al. 2020, "ERASER: a benchmark to evaluate rationalized NLP models", section 4: with r the
top tokens of a text x for a label,

    comprehensiveness = p(x) − p(x without r): high where the rest does not suffice
    sufficiency       = p(x) − p(r alone): low where r suffices

each the mean over several sizes of r (their AOPC). Attention is reported beside two others: occlusion
(how far the logit falls when one token is taken out), and random tokens, which a ranking worth reading
must beat.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from psychescale.model.attention.reader import Reader, typed_texts

Ranking = Literal["attention", "occlusion", "random"]

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
"""Sizes of r as shares of a text's tokens, as in the paper."""

_RANDOM_DRAWS = 5


@dataclass(frozen=True)
class Faithfulness:
    """Means over texts, each for its most probable label.

    Attributes:
        ranking: What ordered the tokens.
        comprehensiveness: In probability, from −1 to 1; higher is more faithful.
        sufficiency: In probability, from −1 to 1; lower is more faithful.
        n_texts: Texts with at least two content tokens.
    """

    ranking: Ranking
    comprehensiveness: float
    sufficiency: float
    n_texts: int

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return asdict(self)


def measure_faithfulness(
    reader: Reader, texts: str | Iterable[str], *, from_corpus: bool = False, seed: int = 0
) -> list[Faithfulness]:
    """Comprehensiveness and sufficiency of attention, occlusion and random tokens.

    Only means come out, so a job may call this for a corpus with `from_corpus`.

    Args:
        reader: The model; without a label-attention head, occlusion and random are measured alone.
        texts: The texts.
        from_corpus: The texts are a corpus's.
        seed: Of the random rankings.

    Returns:
        One entry per ranking; empty where no text has two content tokens.
    """
    rng = np.random.default_rng(seed)
    rankings: list[Ranking] = ["occlusion", "random"]
    if reader.has_attention:
        rankings.insert(0, "attention")
    found: dict[Ranking, list[tuple[float, float]]] = {ranking: [] for ranking in rankings}
    for text in typed_texts(texts, from_corpus=from_corpus):
        ids = reader.encode(text)
        content = _content(reader, ids)
        if len(content) < 2:  # noqa: PLR2004 - with one token, nothing remains
            continue
        label = int(reader.logits([ids])[0].argmax())
        for ranking in rankings:
            orders = _orders(reader, ids, content, label, ranking=ranking, rng=rng)
            found[ranking].append(_measure(reader, ids, content, label, orders))
    return [
        Faithfulness(
            ranking,
            comprehensiveness=float(np.mean([one for one, _ in values])),
            sufficiency=float(np.mean([other for _, other in values])),
            n_texts=len(values),
        )
        for ranking, values in found.items()
        if values
    ]


def _content(reader: Reader, ids: list[int]) -> NDArray[np.int64]:
    """Places of the tokens that are not special."""
    special = set(reader.tokenizer.all_special_ids)
    return np.array([place for place, token in enumerate(ids) if token not in special], np.int64)


def _orders(
    reader: Reader,
    ids: list[int],
    content: NDArray[np.int64],
    label: int,
    *,
    ranking: Ranking,
    rng: np.random.Generator,
) -> list[NDArray[np.int64]]:
    """Places of the content tokens, the most important first."""
    if ranking == "random":
        return [rng.permutation(content) for _ in range(_RANDOM_DRAWS)]
    if ranking == "attention":
        importance = reader.label_attention(ids)[label, content].astype(np.float64)
    else:
        without = [_without(ids, [place]) for place in content]
        importance = -reader.logits(without)[:, label]
    return [content[np.argsort(-importance, kind="stable")]]


def _measure(
    reader: Reader,
    ids: list[int],
    content: NDArray[np.int64],
    label: int,
    orders: Sequence[NDArray[np.int64]],
) -> tuple[float, float]:
    """Comprehensiveness and sufficiency, meaned over shares and orders."""
    tops = [
        set(order[: max(1, round(share * len(content)))].tolist())
        for order in orders
        for share in SHARES
    ]
    rest = [_without(ids, top) for top in tops]
    alone = [_without(ids, set(content.tolist()) - top) for top in tops]
    logits = torch.from_numpy(reader.logits([ids, *rest, *alone])[:, label])
    probabilities = logits.sigmoid().numpy()
    whole, parts = probabilities[0], probabilities[1:].reshape(2, -1).mean(axis=1)
    return float(whole - parts[0]), float(whole - parts[1])


def _without(ids: list[int], places: Iterable[int]) -> list[int]:
    out = set(places)
    return [token for place, token in enumerate(ids) if place not in out]
