"""From a plan (how long, which features, identified or not) to one text of a source."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from psychescale.synthetic.features import LABELS
from psychescale.synthetic.texts.rendering import Passage, Register, Style, realize

_SHORT_WORDS: Final = 6  # below this no clause fits, only a fragment
_SLACK_WORDS: Final = 10  # how far planted clauses may push a text beyond its target
_RETRIES: Final = 8  # draws until a template is used twice in one text


@dataclass(frozen=True, slots=True)
class TextPlan:
    """What a text should become. ``features`` are planted as far as ``target_words`` has room."""

    target_words: int
    features: tuple[str, ...]
    identified: bool


def write_text(rng: Random, register: Register, plan: TextPlan) -> Passage:
    """One text of ``register``; its labels are the features that were in fact planted."""
    style = rng.choice(register.styles)
    if plan.target_words < _SHORT_WORDS:
        sentences = [_write_fragment(rng, register, plan.features)]
        return register.arrange(rng, sentences, style, False)
    sentences = _Sentences(rng, register, style, plan).write()
    return register.arrange(rng, sentences, style, plan.identified)


def _write_fragment(rng: Random, register: Register, features: Sequence[str]) -> Passage:
    if features:
        feature = rng.choice(features)
        return realize(rng.choice(register.short[feature]), rng, labels=(feature,))
    return realize(rng.choice(register.short_filler), rng)


class _Sentences:
    """The clauses of one text under way: which templates it has used, how long it is."""

    def __init__(self, rng: Random, register: Register, style: Style, plan: TextPlan) -> None:
        self._rng = rng
        self._register = register
        self._style = style
        self._plan = plan
        self._used: set[str] = set()
        self._words = 0
        self._clauses: list[Passage] = []

    def write(self) -> list[Passage]:
        """Planted clauses first, so that there is room for them, then filler; then shuffled."""
        self._plant_identifiers()
        planted = self._plant_features()
        while self._words < self._plan.target_words:
            if planted and self._plan.target_words > 120 and self._rng.random() < 0.3:
                feature = self._rng.choice(planted)
                self._add(self._draw(self._register.realizations[feature], (feature,)))
            else:
                self._add(self._draw(self._register.filler))
        self._rng.shuffle(self._clauses)
        return self._clauses

    def _plant_identifiers(self) -> None:
        if self._plan.identified:
            for _ in range(1 + self._plan.target_words // 60):
                self._add_if_room(self._draw(self._register.identifying))

    def _plant_features(self) -> list[str]:
        """Plant the planned features in random order; return those that found room."""
        rng = self._rng
        open_features = list(self._plan.features)
        rng.shuffle(open_features)
        planted: list[str] = []
        while open_features:
            labels: tuple[str, ...] = (open_features.pop(),)
            pair = self._find_pair(labels[0], open_features)
            if pair and rng.random() < 0.3:
                open_features = [f for f in open_features if f not in pair]
                labels = pair
                templates = self._register.pairs[pair]
            else:
                templates = self._templates_of(labels[0])
            if self._add_if_room(self._draw(templates, labels)):
                planted.extend(labels)
        return planted

    def _find_pair(self, feature: str, others: Sequence[str]) -> tuple[str, str] | None:
        for other in others:
            first, second = sorted((feature, other), key=LABELS.index)
            if (first, second) in self._register.pairs:
                return first, second
        return None

    def _templates_of(self, feature: str) -> tuple[str, ...]:
        naming = self._register.identifying_by_label.get(feature)
        if naming and self._plan.identified and self._rng.random() < 0.4:
            return naming
        return self._register.realizations[feature]

    def _draw(self, templates: Sequence[str], labels: tuple[str, ...] = ()) -> Passage:
        template = self._rng.choice(templates)
        for _ in range(_RETRIES):
            if template not in self._used:
                break
            template = self._rng.choice(templates)
        self._used.add(template)
        return realize(template, self._rng, labels=labels, misspelling=self._style.misspelling)

    def _add_if_room(self, clause: Passage) -> bool:
        room = self._plan.target_words + _SLACK_WORDS - self._words
        fits = not self._clauses or len(clause.text.split()) <= room
        if fits:
            self._add(clause)
        return fits

    def _add(self, clause: Passage) -> None:
        self._clauses.append(clause)
        self._words += len(clause.text.split())
