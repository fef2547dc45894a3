"""Texts that a classifier of English prose has no label for: other languages, emoji, nothing."""

from random import Random
from typing import Final

from psychescale.synthetic.texts.rendering import Passage, concatenate, realize

BLANKS: Final = ("", " ", "\n\n", "\t", "   \n ", "\u00a0", "\u3000")
"""Texts without a visible character."""

_EMOJI_TEXTS: Final = (
    "😂😂😂",
    "🙏",
    "👍🏽👍🏽",
    "🤷‍♀️",
    "🎉🎉 🥳",
    "❤️",
    "☕🌧️🐈",
    "😅",
    "🌱🌱🌱🌱",
    "🏳️‍🌈✨",
    "🙃 🙃",
    "👨‍👩‍👧‍👦",
)

_LANGUAGES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        " ",
        (
            "Hoy hace mucho viento y he cerrado las ventanas.",
            "Compré {digit} tomates en el mercado y uno estaba verde.",
            "El autobús llegó {digit} minutos tarde.",
            "Mañana tengo una cita a las {digit} de la tarde.",
            "El perro del vecino ladra cuando llueve.",
            "He leído {digit} capítulos de una novela muy larga.",
            "La sopa de lentejas salió demasiado salada.",
            "Puede escribirme a {email}.",
        ),
    ),
    (
        " ",
        (
            "Il pleut depuis {digit} jours et le parapluie est cassé.",
            "J'ai acheté {digit} pommes et une baguette au marché.",
            "Le train avait {digit} minutes de retard.",
            "J'ai rendez-vous mardi à {digit} heures.",
            "La bibliothèque était pleine, alors je suis rentrée.",
            "Le gâteau au chocolat est un peu trop cuit.",
            "Le chat du voisin regarde par la fenêtre.",
            "Mon numéro est le {phone}.",
        ),
    ),
    (
        " ",
        (
            "Heute regnet es, und der Schirm liegt natürlich im Zug.",
            "Ich habe {digit} Brötchen gekauft und eines schon gegessen.",
            "Die Straßenbahn kam {digit} Minuten zu spät.",
            "Am Dienstag um {digit} Uhr habe ich einen Termin.",
            "Der Kuchen ist etwas zu süß geworden.",
            "Die Prüfung dauerte {digit} Stunden.",
            "Der Hund der Nachbarn bellt bei jedem Gewitter.",
            "Bitte schreiben Sie an {email}.",
        ),
    ),
    (
        " ",
        (
            "الطقس بارد اليوم والسماء مليئة بالغيوم.",
            "اشتريت {digit} كتب من المكتبة القريبة.",
            "تأخرت الحافلة {digit} دقائق.",
            "الشاي بالنعناع لذيذ في هذا المساء.",
            "القطة جالسة قرب النافذة.",
            "عندي موعد يوم الثلاثاء.",
            "الحساء مالح قليلا.",
            "رقم الهاتف هو {phone}.",
        ),
    ),
    (
        " ",
        (
            "היום קר בחוץ והשמיים אפורים.",
            "קניתי {digit} תפוחים בשוק.",
            "האוטובוס איחר {digit} דקות.",
            "יש לי תור ביום שלישי.",
            "החתול יושב ליד החלון.",
            "המרק יצא קצת מלוח.",
            "קראתי {digit} פרקים בספר ארוך.",
            "אפשר לכתוב אל {email}.",
        ),
    ),
    (
        "",
        (
            "今天下雨了。我忘了带伞。",
            "我在超市买了{digit}个苹果。",
            "公交车晚了{digit}分钟。",
            "星期二下午有一个预约。",
            "邻居的猫坐在窗边。",
            "汤有一点咸。",
            "这本书我看了{digit}章。",
            "我的邮箱是{email}。",
        ),
    ),
    (
        "",
        (
            "今日は風が強くて、洗濯物が飛ばされそうです。",
            "市場でりんごを{digit}個買いました。",
            "電車が{digit}分遅れました。",
            "火曜日に予約があります。",
            "となりの犬は雨の日に静かです。",
            "スープが少ししょっぱかったです。",
            "長い小説を{digit}章まで読みました。",
            "電話番号は{phone}です。",
        ),
    ),
)
"""Joint between sentences, sentences: Spanish, French, German, Arabic, Hebrew, Chinese, Japanese.

The last sentence of each language plants an identifier."""


def write_foreign(rng: Random, *, identified: bool) -> Passage:
    """Two to five sentences in one other language, none of them twice."""
    joint, templates = rng.choice(_LANGUAGES)
    *plain, identifying = templates
    rng.shuffle(plain)
    chosen = plain[: rng.randrange(2, 6)]
    if identified:
        chosen.append(identifying)
    parts: list[Passage | str] = []
    for template in chosen:
        parts.extend((realize(template, rng), joint))
    return concatenate(parts[:-1])


def write_emoji(rng: Random) -> Passage:
    """Emoji and nothing else, among them sequences with joiners and skin tones."""
    return Passage(rng.choice(_EMOJI_TEXTS))
