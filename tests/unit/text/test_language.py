"""A language is guessed where a text tells it; what is short stays unknown."""

import pytest

from psychescale.text.sample.language import UNKNOWN, guess_language

SENTENCES = {
    "en": [
        "I could not sleep again last night and work was no better.",
        "my sister came over and we talked until four in the morning",
        "feeling kinda low tbh, nobody at work gets it",
    ],
    "de": [
        "Ich konnte letzte Nacht wieder nicht schlafen, und die Arbeit war auch nicht besser.",
        "keine ahnung was ich noch machen soll",
    ],
    "fr": [
        "Je n'ai pas pu dormir cette nuit et le travail n'allait pas mieux.",
        "Ma sœur est venue et nous avons parlé jusqu’à quatre heures",
    ],
    "es": [
        "No pude dormir otra vez anoche y el trabajo no fue mejor.",
        "ya no sé qué hacer con mi vida",
    ],
    "it": [
        "Non sono riuscito a dormire e il lavoro non è andato meglio.",
        "non ce la faccio più con questo",
    ],
    "pt": [
        "Não consegui dormir outra vez e o trabalho não foi melhor.",
        "não aguento mais isso tudo",
    ],
    "nl": [
        "Ik kon vannacht weer niet slapen en het werk was ook niet beter.",
        "ik weet het echt niet meer",
    ],
    "sv": ["Jag kunde inte sova igen i natt och jobbet var inte bättre."],
    "pl": ["Znowu nie mogłem spać w nocy i w pracy nie było lepiej."],
    "tr": ["Dün gece yine uyuyamadım ve iş de daha iyi değildi."],
    "ru": ["Я опять не мог спать прошлой ночью, и на работе было не лучше."],
    "uk": ["Я знову не міг спати вночі, і на роботі було не краще."],
    "ar": ["لم أستطع النوم مرة أخرى الليلة الماضية ولم يكن العمل أفضل"],
    "he": ["לא הצלחתי לישון שוב אתמול בלילה והעבודה לא הייתה טובה יותר"],
    "el": ["Δεν μπόρεσα να κοιμηθώ πάλι χθες το βράδυ"],
    "zh": ["昨晚我又睡不着了，工作也没有好转。"],
    "ja": ["昨夜もまた眠れなかったし、仕事も良くなかった。"],
    "ko": ["어젯밤에 또 잠을 못 잤고 일도 나아지지 않았어요."],
}
SHORT = [
    "",
    "ok",
    "lol",
    "🙂🙂",
    "12345",
    "yes",
    "haha omg",
    "[deleted]",
    "眠い",
    "N/A",
    "\x00\ud800",
    "http://a.b/c",
]


@pytest.mark.parametrize("language", SENTENCES)
def test_sentences(language: str) -> None:
    """Sentences written by hand, with and without capitals."""
    assert [guess_language(text) for text in SENTENCES[language]] == [language] * len(
        SENTENCES[language]
    )


@pytest.mark.parametrize("text", SHORT)
def test_short(text: str) -> None:
    """What says too little is of no language."""
    assert guess_language(text) == UNKNOWN


def test_mixed() -> None:
    """Half of each is neither; a foreign name does not change a sentence."""
    assert guess_language("and the of with der die und ist") == UNKNOWN
    assert guess_language("I was with my friend 太郎 and it was good") == "en"
