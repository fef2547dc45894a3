"""A guess at the language of a text, from its script and its commonest words; short texts are unknown.

For warnings and counts, never for what is done to a single text. Languages that share most of their
small words (Danish and Norwegian) are not told apart.
"""

import re
import unicodedata
from collections import Counter
from typing import Final

UNKNOWN: Final = "unknown"

_SCRIPTS: Final = {
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CJK": "zh",
    "HEBREW": "he",
    "GREEK": "el",
    "THAI": "th",
    "DEVANAGARI": "hi",
    "BENGALI": "bn",
    "TAMIL": "ta",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
}
"""First word of a letter's Unicode name → the language most written in it."""

# The commonest small words of each language, as people write them; one of two counts for both.
_WORDS: Final = {
    "en": "the and i to a of is it in that was my for you not but have with me be this so on are just"
    " do at no what like all he she they we if about can when or from been would there it's i'm"
    " don't can't get gets really how had me too feel feeling nobody work need life even only some"
    " any because more much who why them your her his their could did going want know than then",
    "de": "und ich die der das ist nicht ein eine zu es in den mit auch mir war so auf für hab habe"
    " mich wie aber was noch wir sie er mein meine nur dass wenn bei schon bin hat von mehr kann"
    " nach keine kein wieder dem im",
    "fr": "le la les et je de un une est pas que ne à pour dans ce il elle nous vous avec mais des du"
    " suis ai plus tout mon ma qui sur au c'est j'ai ça fait très me se ont été était en n'ai",
    "es": "el la los las y de que no en un una es por con para se lo me mi pero como más muy yo qué ya"
    " del al todo estoy hay fue sé está ha cuando porque su nada tengo",
    "it": "il la le di e che non un una è per con mi ho sono ma si del della in da come più anche mio"
    " mia lo gli al questo ci se tutto perché fatto molto era fino ce",
    "pt": "o a os as e de que não um uma é por com para se me mas do da em no na eu meu minha mais"
    " muito como está foi isso tudo já ele ela quando porque até às ao são",
    "nl": "de het een en ik van is dat niet te in op met voor maar mijn zijn er ook was je aan heb wel"
    " nog bij om hij zij wat als dan naar echt weer weet kon geen hebben we me",
    "sv": "och jag att det en är inte i på som för med har om men min mig den av till så var vi kan"
    " när bara ett de hade mycket igen eller skulle",
    "da": "og jeg at det en er ikke i på som for med har om men min mig den af til så var vi kan når"
    " bare et de havde meget igen eller skulle meg av hadde",
    "fi": "ja en on ei se että oli olen mutta kun minä niin minun hän ole myös mitä kuin jos nyt vain"
    " taas sitä mua mulla ollut ovat",
    "pl": "i nie w na się to z że do jest mnie ale jak mi co tak po jestem za już tylko od moja mój"
    " było mam czy przez bardzo znowu o jej",
    "cs": "a je se na to že v ne jsem mi s ale jak do co tak po si už jen být byl bylo můj moje mám"
    " jsou který pro když není zase",
    "tr": "ve bir bu da de için çok ben ne ama gibi o mi değil var daha beni benim kadar her sonra yine"
    " bana ile şey en olarak yok hiç değildi saat gün gece sabah oldu geldi",
    "id": "yang dan di aku saya itu ini tidak ke dengan untuk ada dari juga bisa sudah mau lagi tapi"
    " kamu dia akan karena kalau apa pada nggak banget",
    "vi": "tôi là và không của có một được cho này đã với mình người những trong khi nhưng thì cũng"
    " rất lại đi làm",
    "ro": "și în nu de la am este cu că o un mai să pe ce a din pentru dar mi sunt fost era foarte",
    "hu": "a az és nem hogy egy is van meg de ez már én csak volt mint vagy ha nekem még sem mert",
    "ru": "и в не я на что с это как но мне у меня он она все так же по было был за бы от мы уже"
    " ты опять очень",
    "uk": "і в не я на що з це як але мені у мене він вона все так та було був за б від ми вже ти"
    " знову дуже й до",
    "bg": "и в не аз на че с това как но ми се е да са за от ще съм беше има много пак",
    "ar": "في من على أن لا ما هذا كان إلى مع أنا لم هو هي عن كل و يا بس مش كنت ولم مرة التي الذي",
    "fa": "و در به از که این را با است من برای هم نه تا یک بود می خیلی ولی چی نمی کردم دوباره",
    "ur": "اور میں کے کی ہے نہیں سے کو یہ پر کا بھی تھا ہوں کر مجھے بہت وہ",
}
_OF_WORD: Final[dict[str, tuple[str, ...]]] = {
    word: tuple(language for language, words in _WORDS.items() if word in words.split())
    for word in {word for words in _WORDS.values() for word in words.split()}
}

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_MOST_CHARS: Final = 2_000
"""Of a text that are looked at."""
_FEWEST_LETTERS: Final = 5
"""Of a script of one language; below it a text is a name or an exclamation."""
_FEWEST_WORDS: Final = 3
"""Known words of the best language, counted with repetitions."""
_LEAST_SHARE: Final = 0.15
"""Of all words that the best language must know: names and numbers are of none."""


def guess_language(text: str) -> str:
    """The language of a text.

    Returns:
        ISO 639-1 code, or `UNKNOWN`: where the text is short, where two languages know as many of its
        words, or where none knows enough.
    """
    part = text[:_MOST_CHARS]
    by_script = _by_script(part)
    if by_script is not None:
        return by_script
    words = [word.replace("’", "'") for word in _WORD.findall(part.lower())]
    known = Counter(language for word in words for language in _OF_WORD.get(word, ()))
    if not known:
        return UNKNOWN
    (best, count), *others = known.most_common(2)
    is_clear = not others or others[0][1] < count
    if is_clear and count >= _FEWEST_WORDS and count >= _LEAST_SHARE * len(words):
        return best
    return UNKNOWN


def _by_script(text: str) -> str | None:
    """The language of a script that one language is mostly written in; None for the other scripts."""
    letters = [char for char in text if char > "\u036f" and char.isalpha()]
    if not letters:
        return None
    scripts = Counter(_SCRIPTS.get(unicodedata.name(char, "?").split()[0], "") for char in letters)
    (best, count) = max(scripts.items(), key=lambda item: item[1])
    if scripts["ja"] > len(letters) / 10:  # kanji stand among kana
        best, count = "ja", scripts["ja"] + scripts["zh"]
    n_all = sum(map(str.isalpha, text))
    if not best or 2 * count <= n_all:
        return None
    return best if count >= _FEWEST_LETTERS else UNKNOWN
