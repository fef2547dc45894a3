"""A small word list of our own for common labels: a baseline, not an instrument."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "admiration": ("admir*", "impressive", "brilliant", "amazing", "talented", "well done"),
        "amusement": ("lol", "haha*", "funny", "hilarious", "laugh*", "lmao", "joke*"),
        "anger": ("angry", "anger*", "furious", "rage", "hate*", "mad at", "outrag*"),
        "annoyance": ("annoy*", "irritat*", "fed up", "sick of", "ugh", "bother*"),
        "approval": ("agree*", "good idea", "support*", "exactly", "fair enough", "makes sense"),
        "caring": ("take care", "hope you", "here for you", "hug*", "stay safe", "look after"),
        "confusion": ("confus*", "don't understand", "no idea", "not sure", "puzzl*", "unclear"),
        "curiosity": ("curious*", "wonder*", "how come", "what is", "why", "does anyone"),
        "desire": ("i want", "wish", "i'd love", "would love", "crave", "craving", "longing"),
        "disappointment": ("disappoint*", "let down", "unfortunately", "too bad", "hoped for"),
        "disapproval": ("disagree*", "wrong", "shouldn't", "not okay", "against", "unacceptable"),
        "disgust": ("disgust*", "gross", "nasty", "revolting", "sickening", "yuck"),
        "embarrassment": ("embarrass*", "asham*", "awkward*", "cringe*", "humiliat*"),
        "excitement": ("excit*", "can't wait", "thrill*", "hyped", "woohoo", "pumped"),
        "fear": ("afraid", "fear*", "scared", "scary", "terrif*", "frighten*", "panic*"),
        "gratitude": ("thank*", "grateful*", "appreciat*", "thx", "gratitude"),
        "grief": ("grief", "griev*", "rest in peace", "rip", "mourn*", "passed away", "funeral"),
        "joy": ("happy", "joy*", "glad", "delight*", "cheerful", "great day", "wonderful"),
        "love": ("love", "loved", "loves", "adore*", "in love", "darling", "sweetheart"),
        "nervousness": ("nervous*", "anxious*", "anxiety", "worr*", "uneasy", "on edge"),
        "optimism": ("hope*", "optimis*", "will get better", "look forward", "good luck"),
        "pride": ("proud*", "pride", "accomplish*", "achiev*"),
        "realization": ("realiz*", "realis*", "turns out", "now i see", "just noticed", "it hit me"),
        "relief": ("relie*", "phew", "at last", "weight off", "thank god", "finally over"),
        "remorse": ("sorry", "regret*", "apolog*", "guilt*", "forgive me", "my fault"),
        "sadness": ("sad*", "cry*", "unhappy", "miserable", "tears", "heartbroken", "lonely"),
        "surprise": ("surpris*", "wow", "unexpected*", "shocked", "no way", "astonish*"),
        "anxiety": ("anxious*", "anxiety", "worr*", "panic*", "nervous*", "on edge"),
        "depression": ("depress*", "hopeless*", "worthless", "empty inside", "no energy"),
        "stress": ("stress*", "overwhelm*", "pressure", "burnt out", "burned out", "deadline*"),
        "sleep": ("sleep*", "insomnia", "awake", "nightmare*", "tired", "asleep"),
        "work": ("work*", "boss", "job*", "colleague*", "office", "shift*", "manager"),
        "school": ("school*", "exam*", "homework", "class*", "teacher*", "college", "grade*"),
        "financial problem": ("money", "debt*", "rent", "bill*", "afford*", "loan*", "broke"),
        "family issues": ("mother", "father", "mom", "dad", "parent*", "brother", "sister", "son"),
        "social relationships": ("friend*", "girlfriend", "boyfriend", "partner", "breakup"),
        "emotional turmoil": ("cry*", "overwhelm*", "depress*", "anxious*", "angry", "sad*"),
        "health, fatigue, or physical pain": ("pain*", "sick*", "tired", "ill", "hurt*", "doctor*"),
        "everyday decision making": ("decide*", "decision*", "choos*", "what to", "traffic", "late"),
        "mentions sleep": ("sleep*", "insomnia", "awake", "bed", "nap*", "tired"),
        "mentions work": ("work*", "boss", "job*", "colleague*", "office", "shift*"),
        "mentions family": ("mother", "father", "mum", "dad", "sister", "brother", "family"),
        "asks a question": ("what", "how", "why", "does anyone", "anyone", "should i"),
        "expresses thanks": ("thank*", "grateful*", "appreciat*", "cheers"),
        "reports change over time": ("since", "lately", "better than", "worse than", "used to"),
        "mentions body": ("head*", "stomach", "back", "chest", "pain*", "shoulder*"),
        "mentions exercise": ("run*", "gym", "walk*", "swim*", "yoga", "cycl*", "exercis*"),
    }
)  # fmt: skip
"""Label, in lower case → words and phrases; ``*`` at the end stands for any ending."""


def find_words(words: Sequence[str]) -> re.Pattern[str]:
    """A pattern that finds whole words and phrases in lower-case text; it finds nothing in none."""
    parts = [
        re.escape(word.lower().removesuffix("*")) + (r"\w*" if word.endswith("*") else "")
        for word in words
    ]
    return re.compile(rf"\b(?:{'|'.join(parts)})\b" if parts else r"(?!)")
