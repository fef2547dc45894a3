"""More, and other, training rows: word deletion, swap and masking, and copies of rare labels' rows.

Deletion and swap: Wei and Zou 2019, "EDA: easy data augmentation techniques for boosting performance
on text classification tasks". Masking: word dropout, as in Iyyer et al. 2015, "Deep unordered
composition rivals syntactic methods for text classification", with the model's own mask for the word.
Copies: Charte, Rivera, del Jesus and Herrera 2015, "Addressing imbalance in multilabel classification"
(ML-ROS).

What a mental-health label turns on is left as it is: who it is about, whether it is denied, whether it
is certain, and when it was.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEGATORS = _words("""
    no not never none nobody nothing nowhere neither nor without hardly barely scarcely rarely seldom
    cannot cant dont doesnt didnt wont wouldnt shouldnt couldnt isnt arent wasnt werent hasnt havent
    hadnt aint nah nope lack lacks lacking deny denies denied denying absent negative free unable
    stop stopped quit except but only just merely nor zero anymore instead unlike despite although
    though however false untrue wrong against lacked ceased ended gone fewer less rather than
""")
PRONOUNS = _words("""
    i me my mine myself im ive id ill we us our ours ourselves you your yours yourself yourselves he
    him his himself she her hers herself it its itself they them their theirs themselves who whom
    whose someone somebody anyone anybody everyone everybody one myself oneself
    this that these those u ur ya yall
""")
PERSONS = _words("""
    mother mom mum mommy mummy mama ma father dad daddy papa pa parent parents stepmother stepmom
    stepmum stepfather stepdad sibling siblings brother bro brothers sister sis sisters stepbrother
    stepsister son sons daughter daughters kid kids child children baby toddler teen teens teenager
    teenagers grandmother grandma nan nana gran granny grandfather grandpa grandad granddad
    grandparents grandson granddaughter grandchild grandchildren aunt auntie aunty uncle cousin
    cousins niece nephew inlaws husband hubby wife spouse partner fiance fiancee boyfriend girlfriend
    bf gf ex exes lover crush family relative relatives twin twins friend friends bff buddy mate mates
    pal roommate flatmate housemate neighbour neighbor neighbours neighbors colleague colleagues
    coworker coworkers boss manager supervisor teacher professor tutor coach student students
    classmate classmates pupil pupils doctor dr gp psychiatrist psychologist therapist counsellor
    counselor nurse midwife carer caregiver patient patients client clients inmate veteran veterans
    stranger strangers person people persons folks man men woman women guy guys girl girls boy boys
    lady ladies gentleman dude adult adults character protagonist hero heroine author celebrity
    singer actor landlord customer customers employee employees staff pt
""")
MODALS = _words("""
    can could may might must shall should will would ought need want wanna gonna gotta maybe perhaps
    possibly probably likely unlikely if unless whether seem seems seemed think thought guess suppose
    wish hope wonder imagine almost nearly supposed
""")
TEMPORAL_CUES = _words("""
    now then today tonight yesterday tomorrow ago before after since until till while when whenever
    already still yet anymore once always often sometimes usually again recently lately soon later
    earlier currently previously formerly was were been had did used ever past future last next
    during day days week weeks month months year years hour hours morning night history
    childhood
""")
PROTECTED = NEGATORS | PRONOUNS | PERSONS | MODALS | TEMPORAL_CUES
"""Words (lower case, without apostrophes) that are never deleted, masked or moved."""

_CONTRACTED = re.compile(r"(n['’]t|['’](m|ve|d|ll|re))$")
_POSSESSIVE = re.compile(r"['’]s$")
# What only together denies, ends, or turns away.
_PHRASES = tuple(
    tuple(phrase.split())
    for phrase in """
        no longer|not longer|any longer|no more|any more|far from|free from|free of|rid of|ruled out|
        rule out|instead of|rather than|other than|apart from|in no way|by no means|at all|used to|
        let alone|on behalf of|as if|as though|in case|in remission|in recovery|grew out of|
        got over|gotten over|over it|in the past|back then|long ago|other people|too good to be true|
        failed to|fails to|fail to|refuse to|refused to|refuses to|opposite of|anything but|
        nothing but|everything but|not only|even though|even if|as opposed to|in place of|
        to be honest|kidding|joking|under control|put an end to|put behind|left behind
    """.replace("\n", " ").split("|")
)
# Whoever stands right before one of these is whom the sentence is about.
_VERBS = _words("""
    is isnt was wasnt are arent were werent has hasnt had hadnt does doesnt did didnt feels felt says
    said seems suffers suffered struggles struggled tells told thinks wants wanted keeps kept gets got
    becomes became attempted tried died cries cried lives lived hates loves needs
""")
_MARKER = re.compile(r"^\W*[\[<{].*[\]>}]\W*$")  # what a redactor left for a name
_PARTS = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True)
class AugmentOptions:
    """How training rows are multiplied and varied. The defaults change nothing.

    Attributes:
        copies: Varied copies of every row, beside the row itself.
        rare_rows: Rows of a label with fewer rows than this are copied until it has as many, or
            `max_repeats` copies of each.
        max_repeats: Most copies of one row for the sake of rare labels.
        deletion: Probability that a word of a copy is deleted.
        swap: Probability that a word of a copy changes places with its neighbour.
        masking: Probability that a word of a copy is masked.
        seed: Of all choices.
    """

    copies: int = 0
    rare_rows: int = 0
    max_repeats: int = 4
    deletion: float = 0.0
    swap: float = 0.0
    masking: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Augmented:
    """Training rows with their copies.

    Attributes:
        texts: First the rows as they were, then the copies.
        targets: float32, shape (n_texts, n_labels).
        origin: int64, shape (n_texts,): the row that each is, or is a copy of.
    """

    texts: list[str]
    targets: NDArray[np.float32]
    origin: NDArray[np.int64]


def protect(words: Sequence[str]) -> NDArray[np.bool_]:
    """Which words of a text carry person, denial, doubt or time; bool, shape (n_words,).

    By themselves, as part of a phrase that denies ("no longer"), as a name, or because they stand
    before the verb: whom a sentence is about.
    """
    plain = [_plain(word) for word in words]
    kept = np.array([is_protected(word) for word in words], np.bool_)
    for place, word in enumerate(words[:-1]):
        follows = plain[place + 1] in _VERBS or _is_contracted(words[place + 1])
        kept[place] |= follows and word[-1:].isalnum()
        kept[place + 1] |= kept[place] and plain[place + 1] in _VERBS
    for place in range(1, len(words)):  # the first word of a sentence is no name
        kept[place] |= words[place][:1].isupper() and words[place - 1][-1:] not in ".!?:"
    for phrase in _PHRASES:
        for place in range(len(words) - len(phrase) + 1):
            if tuple(plain[place : place + len(phrase)]) == phrase:
                kept[place : place + len(phrase)] = True
    return kept


def _is_contracted(word: str) -> bool:
    return any(_CONTRACTED.search(part) for part in _PARTS.findall(word.casefold()))


def _plain(word: str) -> str:
    """Lower case, without what hangs on it; an apostrophe is left out."""
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def is_protected(word: str) -> bool:
    """Whether a word, with what punctuation hangs on it, carries person, denial, doubt or time."""
    if _MARKER.match(word):
        return True
    return any(_is_cue(part) for part in _PARTS.findall(word.casefold()))


def _is_cue(part: str) -> bool:
    if _CONTRACTED.search(part) or _POSSESSIVE.search(part):  # somebody's
        return True
    return part.replace("'", "").replace("’", "") in PROTECTED


def augment(
    texts: Sequence[str],
    targets: NDArray[np.float32],
    options: AugmentOptions,
    *,
    mask: str,
) -> Augmented:
    """Rows and their varied copies. For training rows only.

    A second text (a survey item's question) is not varied: take it by `Augmented.origin`.

    Args:
        texts: Training texts.
        targets: 0 or 1, shape (n_texts, n_labels).
        options: How many copies, and how they vary.
        mask: The tokenizer's mask token.
    """
    rng = np.random.default_rng(options.seed)
    every = np.arange(len(texts))
    origin = np.concatenate([every, np.tile(every, options.copies), _repeats(targets, options)])
    copies = [vary(texts[row], options, mask=mask, rng=rng) for row in origin[len(texts) :]]
    return Augmented([*texts, *copies], targets[origin], origin)


def vary(text: str, options: AugmentOptions, *, mask: str, rng: np.random.Generator) -> str:
    """One varied copy of a text: masked, deleted and swapped words, protected ones in their order.

    A text never loses its last word that could be deleted; where nothing changes, white space stays
    as it was too.
    """
    words = text.split()
    free = ~protect(words)
    draws = rng.random((3, len(words)))
    masked = free & (draws[0] < options.masking)
    deleted = free & ~masked & (draws[1] < options.deletion)
    if deleted.sum() == free.sum():
        deleted[:] = False
    swapped = _swap(free & ~deleted, draws[2] < options.swap)
    if not masked.any() and not deleted.any() and (swapped == np.arange(len(words))).all():
        return text
    varied = [mask if masked[place] else words[place] for place in swapped if not deleted[place]]
    return " ".join(varied)


def _swap(free: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """An order in which some words changed places with the next, where neither is protected."""
    order = np.arange(len(free))
    place = 0
    while place < len(free) - 1:
        if wanted[place] and free[place] and free[place + 1]:
            order[[place, place + 1]] = order[[place + 1, place]]
            place += 1  # a word moves one place at most
        place += 1
    return order


def _repeats(targets: NDArray[np.float32], options: AugmentOptions) -> NDArray[np.int64]:
    """Rows to copy so that rare labels have `rare_rows` rows, the rarest label first."""
    times = np.zeros(len(targets), np.int64)
    for label in np.argsort(targets.sum(axis=0), kind="stable"):
        rows = np.flatnonzero(targets[:, label])
        missing = options.rare_rows - int((1 + times[rows]).sum())
        while missing > 0 and len(rows):
            open_rows = rows[times[rows] < options.max_repeats][:missing]
            if not len(open_rows):
                break
            times[open_rows] += 1
            missing -= len(open_rows)
    return np.repeat(np.arange(len(targets)), times)
