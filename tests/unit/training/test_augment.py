"""Augmentation varies training rows, and leaves alone what a label turns on."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.training.classifier.augment import (
    PROTECTED,
    AugmentOptions,
    augment,
    is_protected,
    protect,
    vary,
)

# What must survive is between stars.
SURVIVE = """
my *brother* is suicidal
*she* is *no longer* depressed
i am *not* anxious *anymore*
my *mum* was diagnosed with bipolar
*only* my *sister* cries at night
i feel *far from* happy
the doctors *ruled out* depression
i got *rid of* the anxiety
he is *free of* symptoms
*instead of* crying i ran
i would *rather* run *than* cry
*Anna is* suicidal
i think *Anna* hurts herself
the *nurse is* exhausted
our *neighbour* drinks
*nobody* sleeps here
my *wife's* panic attacks
i do *not* sleep *at all*
*never* felt hopeless
*without* any pain
i *used to* cut
he *hardly* eats
i *stopped* drinking
*in no way* am *i* depressed
*by no means* hopeless
it is *anything but* easy
*neither* sad *nor* tired
i *can't* cope
i *cannot* cope
my *ex* says *he* wants to die
a *friend* of *mine* overdosed
*people* get depressed
my *daughter* self harms
*if* i were suicidal
i was depressed *in the past*
*as if* i were dead
i *failed to* sleep
*yesterday* i cried
*I* am *just* tired
my *patient* hears voices
his *therapist* quit
*Other than* that i am fine
cancer is *in remission*
i *got over* the grief
*nothing but* pain
*no more* panic attacks
*less* anxious *than* before
i *refuse to* die
the *character* kills himself
my *boss is* depressed
*apart from* that fine
*even though* i cry
my *kids* have adhd
i *deny* suicidal thoughts
*no* suicidal ideation
*denies* feeling low
my *roommate* has anorexia
*everyone* feels lonely
i *wasn't* scared
*almost* jumped
my *grandma has* dementia
the *man was* crying
my *son's* autism
*let alone* happy
""".strip().splitlines()
HEAVY = AugmentOptions(deletion=0.4, swap=0.4, masking=0.3)
CUES = ["not", "never", "I", "she", "might", "yesterday", "don't", "I'm", "they’ve", "(nobody)"]
CONTENT = ["sleep", "tired", "house", "want", "important", "walking", "spent", "happy,", "river."]
WORDS = st.lists(
    st.sampled_from([*CUES, "coffee", "tired", "house", "important", "river."]), max_size=20
)

TARGETS = np.array([[1, 0]] * 3 + [[0, 1]] * 20, np.float32)
TEXTS = [f"text number {i} about a tired river" for i in range(23)]


class TestProtected:
    @pytest.mark.parametrize("word", [*CUES, "Not", "NEVER,", "he's", "won't.", "[NAME]", "dont"])
    def test_cues(self, word: str) -> None:
        """Negators, pronouns, modals, times, contractions and redaction marks, however written."""
        assert is_protected(word)

    @pytest.mark.parametrize("word", ["tired", "important", "different", "notable", "spent", "--"])
    def test_content(self, word: str) -> None:
        """Words that only look alike are content."""
        assert not is_protected(word)

    def test_lists_are_written_as_they_are_compared(self) -> None:
        """Lower case, no apostrophes: else an entry would never match."""
        assert all(word == word.casefold() and word.isalpha() for word in PROTECTED)


class TestSurvive:
    @pytest.mark.parametrize("marked", SURVIVE)
    def test_person_and_denial(self, marked: str) -> None:
        """Who it is about, and whether it is denied, is there however much else is deleted."""
        words = marked.replace("*", "").split()
        inside = np.cumsum([word.count("*") for word in marked.split()]) % 2 == 1
        starred = inside | np.array(["*" in word for word in marked.split()])

        assert protect(words)[starred].all()

    def test_content_varies(self) -> None:
        """Of a text of sixty cases a good third is left to be varied."""
        words = " ".join(SURVIVE).replace("*", "").split()

        assert (~protect(words)).mean() > 0.3


class TestVary:
    @given(WORDS, st.integers(0, 2**32 - 1))
    def test_cues_stay_in_their_order(self, words: list[str], seed: int) -> None:
        """However heavy the variation, the protected words of a text are all there, in order."""
        varied = vary(" ".join(words), HEAVY, mask="[MASK]", rng=np.random.default_rng(seed))
        expected = [word for word in words if is_protected(word)]

        assert expected == [w for w in varied.split() if is_protected(w) and w != "[MASK]"]

    @given(WORDS, st.integers(0, 2**32 - 1))
    def test_nothing_moves_across_a_cue(self, words: list[str], seed: int) -> None:
        """Swapped words stay on their side of every protected word."""
        numbered = [w if is_protected(w) else f"{w}{i}" for i, w in enumerate(words)]
        swaps = AugmentOptions(swap=0.9)
        varied = vary(" ".join(numbered), swaps, mask="", rng=np.random.default_rng(seed)).split()

        def stretches(text: list[str]) -> list[list[str]]:
            marks = [-1, *(i for i, w in enumerate(text) if is_protected(w)), len(text)]
            return [sorted(text[a + 1 : b]) for a, b in pairwise(marks)]

        assert stretches(numbered) == stretches(varied)

    def test_rates(self) -> None:
        """Words are deleted and masked as often as asked for."""
        text = " ".join(f"word{i}" for i in range(20_000))
        options = AugmentOptions(deletion=0.1, masking=0.2)
        varied = vary(text, options, mask="[MASK]", rng=np.random.default_rng(0)).split()

        assert abs(varied.count("[MASK]") / 20_000 - 0.2) < 0.01
        assert abs(len(varied) / 20_000 - (1 - 0.8 * 0.1)) < 0.01

    def test_never_empty(self) -> None:
        """A text of content alone is not deleted as a whole."""
        options = AugmentOptions(deletion=1.0)

        assert vary("tired river", options, mask="", rng=np.random.default_rng(0)) == "tired river"

    def test_unchanged_text_keeps_its_space(self) -> None:
        """Where nothing is varied, not a byte changes."""
        assert vary("a\n  b", AugmentOptions(), mask="", rng=np.random.default_rng(0)) == "a\n  b"


class TestAugment:
    def test_defaults_change_nothing(self) -> None:
        """Without options the rows are the rows."""
        result = augment(TEXTS, TARGETS, AugmentOptions(), mask="[MASK]")

        assert result.texts == TEXTS
        assert list(range(23)) == result.origin.tolist()

    def test_oversampling(self) -> None:
        """A label of 3 rows gets the 10 asked for; the frequent one gets no copies."""
        result = augment(TEXTS, TARGETS, AugmentOptions(rare_rows=10), mask="")

        assert result.targets.sum(axis=0).tolist() == [10, 20]
        assert {0, 1, 2} == set(result.origin[23:].tolist())

    def test_most_repeats(self) -> None:
        """One row is not repeated without end."""
        options = AugmentOptions(rare_rows=1000, max_repeats=2)
        result = augment(TEXTS, TARGETS, options, mask="")

        assert result.targets.sum(axis=0).tolist() == [9, 60]

    def test_copies_follow_the_rows(self) -> None:
        """The rows come first and unchanged; a copy has its row's labels; the seed decides all."""
        options = AugmentOptions(copies=2, deletion=0.3, seed=4)
        first, again = (augment(TEXTS, TARGETS, options, mask="") for _ in range(2))

        assert first.texts[:23] == TEXTS
        assert first.texts == again.texts
        assert first.texts[23:46] != TEXTS
        np.testing.assert_array_equal(first.targets, TARGETS[first.origin])
