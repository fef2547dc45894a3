"""Everyday clauses that realize two features at once."""

from collections.abc import Mapping
from typing import Final

from psychescale.synthetic.features import (
    BODY,
    CHANGE,
    EXERCISE,
    FAMILY,
    QUESTION,
    SLEEP,
    THANKS,
    WORK,
)

EVERYDAY_PAIRS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    (SLEEP, WORK): (
        "I slept {hours} hours before the {shift} shift",
        "my alarm for work goes off at {clock}",
        "I was awake until {late} thinking about the meeting on {weekday}",
    ),
    (SLEEP, FAMILY): (
        "the kids woke me up at {late} {when}",
        "my {kin} sleeps through everything, even the {noise}",
    ),
    (SLEEP, QUESTION): (
        "how do you fall asleep when the {noise} is so loud?",
        "is going to bed at {late} normal?",
    ),
    (SLEEP, CHANGE): (
        "I sleep better than I did {earlier}",
        "I no longer wake up at {late}",
        "my sleep has improved since {then}",
    ),
    (SLEEP, BODY): ("I woke up with a stiff neck {when}", "a headache kept me awake until {late}"),
    (WORK, FAMILY): (
        "my {kin} asked about work for {n} minutes straight",
        "my {kin} works at a {workplace} too",
    ),
    (WORK, QUESTION): (
        "how do you tell your boss that {weekday} is too much?",
        "does anyone else dread the office on a {weather} {weekday}?",
    ),
    (WORK, THANKS): ("I am grateful that my boss moved the meeting to {weekday}",),
    (WORK, CHANGE): (
        "work is less {feel} than it was {earlier}",
        "I have changed jobs since {then} and feel {more}",
    ),
    (WORK, BODY): (
        "my shoulders are tense after {few} hours at the office",
        "my eyes were sore after the {shift} shift",
    ),
    (FAMILY, QUESTION): (
        "how do you talk to your parents about {topic}?",
        "what do you cook when the kids refuse {food}?",
    ),
    (FAMILY, THANKS): ("I thanked my {kin} for {good}", "I am grateful for my {kin} and {good}"),
    (FAMILY, CHANGE): ("my {kin} and I get along better than {earlier}",),
    (FAMILY, EXERCISE): ("my {kin} and I went for a walk {when}",),
    (QUESTION, EXERCISE): ("does anyone go swimming on a {weekday}?",),
    (CHANGE, EXERCISE): ("I used to run {n} miles, these days it is one",),
    (BODY, EXERCISE): (
        "my legs are sore after {n} squats",
        "yoga on {weekday} was good for {limb}",
    ),
}
"""Keys are in label order."""
