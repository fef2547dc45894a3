"""The challenge suite: pairs of sentences, written for this project, that differ in one respect.

In each pair a person's own, present state is told in one sentence and taken back in the other: denied,
supposed, over, someone else's, a manner of speaking, or words of a form. Word counting cannot tell
them apart; a model that reads should give the label less probability where it does not hold. Whether
someone else's or a past state counts is a matter of the labels' definition: read those categories by
the definition that the raters had.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Category(StrEnum):
    """What the two sentences of a pair differ in."""

    NEGATION = "negation"
    HYPOTHETICAL = "hypothetical"
    PAST = "past"
    SOMEONE_ELSE = "someone else's experience"
    IDIOM = "idiom"
    TEMPLATE = "template text"
    NON_ENGLISH = "non-English"


@dataclass(frozen=True)
class Pair:
    """Two sentences and a label that must be less probable in the first.

    Attributes:
        category: What they differ in.
        label: Name of the state, a key of `ALIASES`.
        lower: Where the label does not hold, or less.
        higher: Where it holds.
    """

    category: Category
    label: str
    lower: str
    higher: str


ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "anger": ("anger", "angry"),
        "annoyance": ("annoyance", "irritability"),
        "anxiety": ("anxiety", "nervousness", "anxious", "worry"),
        "confusion": ("confusion",),
        "curiosity": ("curiosity",),
        "depression": ("depression", "depressed mood", "low mood", "hopelessness"),
        "disappointment": ("disappointment",),
        "disgust": ("disgust",),
        "embarrassment": ("embarrassment", "shame"),
        "excitement": ("excitement",),
        "fear": ("fear", "panic"),
        "gratitude": ("gratitude",),
        "grief": ("grief", "bereavement"),
        "joy": ("joy", "happiness"),
        "optimism": ("optimism", "hope"),
        "pride": ("pride",),
        "relief": ("relief",),
        "remorse": ("remorse", "guilt"),
        "sadness": ("sadness", "sad"),
        "stress": ("stress", "overwhelm"),
        "surprise": ("surprise",),
    }
)
"""State → names that a model's label for it may have, compared in lower case; all that it has are
tested."""

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "anger": "furious",
        "annoyance": "annoyed",
        "anxiety": "anxious",
        "confusion": "confused",
        "curiosity": "curious",
        "depression": "depressed",
        "disappointment": "disappointed",
        "disgust": "disgusted",
        "embarrassment": "embarrassed",
        "excitement": "excited",
        "fear": "scared",
        "gratitude": "grateful",
        "grief": "heartbroken over losing her",
        "joy": "happy",
        "optimism": "hopeful",
        "pride": "proud",
        "relief": "relieved",
        "remorse": "full of remorse",
        "sadness": "sad",
        "stress": "overwhelmed",
        "surprise": "surprised",
    }
)

_FRAMES: tuple[tuple[Category, str, str], ...] = (
    (Category.NEGATION, "I am not {} today.", "I am really {} today."),
    (Category.NEGATION, "I never feel {} about this.", "I always feel {} about this."),
    (Category.NEGATION, "Nobody could say that I am {}.", "Anybody could see that I am {}."),
    (
        Category.HYPOTHETICAL,
        "If the answer were different, I might be {}.",
        "Now that I have the answer, I am {}.",
    ),
    (
        Category.HYPOTHETICAL,
        "Suppose that one day I felt {}; what would change?",
        "Today I feel {}, and it changes everything.",
    ),
    (
        Category.PAST,
        "Ten years ago I was {}, and that is long over.",
        "As of this morning I am {}, and it is not over.",
    ),
    (Category.PAST, "As a child I used to be {}; not any more.", "At my age I am {} once more."),
    (
        Category.SOMEONE_ELSE,
        "The man on the radio said that he was {}.",
        "I have to say it out loud: I am {}.",
    ),
    (
        Category.SOMEONE_ELSE,
        "A character in the novel feels {} in every chapter.",
        "I myself feel {} in every hour of the day.",
    ),
    (
        Category.TEMPLATE,
        "Item 4. Over the last two weeks, have you been {}? Tick one: yes / no / no answer.",
        "Over the last two weeks I have been {}.",
    ),
    (
        Category.TEMPLATE,
        "This page explains what to do when people feel {}. Last updated in March.",
        "I do not know what to do, because I feel {}.",
    ),
)

_IDIOMS: tuple[tuple[str, str, str], ...] = (
    ("anger", "She is mad about jazz and plays it daily.", "She makes me mad and I yell daily."),
    ("anger", "The storm raged all night over the sea.", "I raged all night over what he did."),
    ("anger", "This curry is angry red and smells great.", "I am angry and I see red."),
    ("annoyance", "Do not bother, I will carry the bags.", "Stop it, you bother me every day."),
    ("anxiety", "I am anxious to see the new garden.", "I am anxious and cannot calm down."),
    ("confusion", "The old maps confuse north and east.", "I am lost, none of this makes sense."),
    ("depression", "The road crosses a shallow depression.", "I sink into a deep depression."),
    ("depression", "Depress the lever to open the gate.", "I am depressed and do not get up."),
    ("disgust", "That trick shot was sick, well played.", "That smell makes me feel sick, yuck."),
    ("excitement", "The current excites the outer electrons.", "I am so excited, it is today!"),
    ("fear", "I am afraid we are out of milk.", "I am afraid of what he may do to me."),
    ("fear", "That was scary good, bravo.", "That was scary, I am still shaking."),
    ("gratitude", "No thanks to the rain, the match was off.", "Thank you all for your help."),
    ("gratitude", "Thanks for nothing.", "Thanks for everything."),
    ("grief", "Good grief, what a traffic jam.", "My grief since his funeral has no end."),
    ("joy", "He is not exactly a happy camper.", "He made me a very happy person."),
    ("joy", "The happy hour starts at five.", "I am happy from morning on."),
    ("optimism", "Hope is a village near the lake.", "I have hope, it will get better."),
    ("pride", "A pride of lions crossed the plain.", "With pride I tell you that I passed."),
    ("relief", "The relief on the temple shows a horse.", "What a relief, the test was fine."),
    ("remorse", "Sorry, which platform is this?", "I am sorry, I should never have hurt you."),
    ("sadness", "The sad state of this printer amuses us.", "I sit here and cry, I feel so sad."),
    ("sadness", "I laughed until I cried.", "I lay down and cried."),
    ("stress", "The stress is on the second syllable.", "The stress is more than I can take."),
    ("surprise", "Surprise, surprise, the bus is late again.", "Wow, I did not expect that!"),
)

_OTHER_LANGUAGES: tuple[tuple[str, str, str], ...] = (
    ("anger", "Ich bin heute im Garten.", "Ich bin heute sehr wütend."),
    ("anger", "Je suis dans la cuisine.", "Je suis vraiment furieux."),
    ("anger", "Estoy en la cocina.", "Estoy muy enfadado."),
    ("anxiety", "Ich sitze gerade im Zug.", "Ich habe gerade große Angst."),
    ("anxiety", "Je suis assis dans le train.", "Je suis très angoissé."),
    ("anxiety", "Estoy sentado en el tren.", "Estoy muy nervioso y preocupado."),
    ("depression", "Ich wohne im dritten Stock.", "Ich bin niedergeschlagen und ohne Hoffnung."),
    ("depression", "J'habite au troisième étage.", "Je suis déprimé et sans espoir."),
    ("fear", "Das Fenster ist offen.", "Ich fürchte mich so sehr."),
    ("fear", "La fenêtre est ouverte.", "J'ai tellement peur."),
    ("fear", "La ventana está abierta.", "Tengo mucho miedo."),
    ("gratitude", "Der Zug fährt um acht.", "Vielen Dank für eure Hilfe."),
    ("gratitude", "Le train part à huit heures.", "Merci beaucoup pour votre aide."),
    ("gratitude", "El tren sale a las ocho.", "Muchas gracias por vuestra ayuda."),
    ("gratitude", "Il treno parte alle otto.", "Grazie mille per il vostro aiuto."),
    ("joy", "Das Buch liegt auf dem Tisch.", "Ich bin so glücklich."),
    ("joy", "Le livre est sur la table.", "Je suis tellement heureux."),
    ("joy", "El libro está en la mesa.", "Estoy muy feliz."),
    ("joy", "Il libro è sul tavolo.", "Sono molto felice."),
    ("remorse", "Die Tür ist blau.", "Es tut mir leid, verzeih mir."),
    ("remorse", "La porte est bleue.", "Je suis désolé, pardonne-moi."),
    ("remorse", "La puerta es azul.", "Lo siento mucho, perdóname."),
    ("sadness", "Ich bin heute in der Schule.", "Ich bin heute sehr traurig."),
    ("sadness", "Je suis à l'école.", "Je suis très triste."),
    ("sadness", "Estoy en la escuela.", "Estoy muy triste."),
    ("sadness", "Sono a scuola.", "Sono molto triste."),
    ("surprise", "Das Auto steht draußen.", "Ich bin völlig überrascht."),
    ("surprise", "La voiture est dehors.", "Je suis très surpris."),
)


def suite() -> tuple[Pair, ...]:
    """All pairs, category by category."""
    return tuple(_pairs())


def _pairs() -> Iterator[Pair]:
    for category, lower, higher in _FRAMES:
        for label, word in _WORDS.items():
            yield Pair(category, label, lower.format(word), higher.format(word))
    for label, lower, higher in _IDIOMS:
        yield Pair(Category.IDIOM, label, lower, higher)
    for label, lower, higher in _OTHER_LANGUAGES:
        yield Pair(Category.NON_ENGLISH, label, lower, higher)
