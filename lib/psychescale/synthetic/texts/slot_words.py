"""Words that fill the slots of the templates.

No word here realizes a feature by itself unless its slot is used by that feature only (``kin``,
``limb``, ``limbs``, ``ache``, ``shift``, ``earlier``): the tests hold this.
Every noun is singular and every adjective starts with a consonant sound, so that the templates
need no rules of agreement.
"""

from collections.abc import Mapping
from typing import Final

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# fmt: off
VOCABULARY: Final[Mapping[str, tuple[str, ...]]] = {
    "weekday": _WEEKDAYS,
    "when": (
        "yesterday", "this morning", "last night", "last weekend", "this week", "earlier today",
        "the other day", "this afternoon", "last week", *(f"on {day}" for day in _WEEKDAYS),
    ),
    "part": ("morning", "afternoon", "evening", "day"),
    "clock": (
        "half past ten", "6:15", "quarter to eight", "5:30", "nine", "10:40", "four", "8ish",
        "seven sharp", "one o'clock", "11:20", "twenty past two",
    ),
    "late": (
        "11 pm", "3 am", "2:40", "half past four", "4 in the morning", "around midnight", "1:20",
        "5:30", "two", "quarter to three", "1ish",
    ),
    "n": (
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "15",
        "twenty", "30",
    ),
    "few": ("two", "three", "four", "five"),
    "minutes": ("5", "10", "15", "20", "30", "45"),
    "digit": ("3", "4", "5", "6", "7", "8", "9"),
    "percent": ("42", "55", "61", "68", "73", "77", "80", "86", "91", "96"),
    "hours": (
        "four", "five", "six", "seven", "maybe five", "almost nine", "barely four", "a solid eight",
        "three and a half", "about six",
    ),
    "food": (
        "pasta", "curry", "tomato soup", "lentil stew", "apple pie", "banana bread", "porridge",
        "pizza", "fried rice", "potato salad", "lasagna", "chocolate cake", "risotto", "toast",
        "pumpkin soup", "garlic bread", "chili", "ramen",
    ),
    "drink": (
        "coffee", "green tea", "cocoa", "lemonade", "mint tea", "orange juice", "oat milk",
        "iced coffee", "ginger tea", "sparkling water",
    ),
    "meal": ("breakfast", "lunch", "dinner"),
    "weather": (
        "rainy", "grey", "windy", "sunny", "foggy", "snowy", "muggy", "chilly", "bright", "stormy",
        "drizzly", "frosty",
    ),
    "feel": (
        "weird", "lovely", "dull", "fine", "chaotic", "boring", "great", "frustrating", "pleasant",
        "confusing", "stressful", "nice", "strange", "calm", "messy", "funny", "hectic", "perfect",
        "tedious", "wonderful",
    ),
    "nice": ("lovely", "great", "wonderful", "nice", "perfect", "pleasant", "sweet", "soothing"),
    "look": ("lovely", "strange", "cosy", "messy", "dull", "magical", "dusty", "cheerful", "sad"),
    "rated": (
        "fair", "poor", "good", "fine", "patchy", "pleasant", "stressful", "hectic", "calm",
        "so-so", "tedious", "manageable",
    ),
    "mood": (
        "nervous", "calm", "restless", "cheerful", "grumpy", "bored", "hopeful", "distracted",
        "content", "lonely", "jittery", "gloomy", "relaxed", "stressed", "curious",
    ),
    "very": ("kind of", "pretty", "really", "quite", "so", "rather", "seriously", "just"),
    "pet": ("cat", "dog", "hamster", "parrot", "rabbit", "tortoise", "goldfish", "puppy"),
    "pets": ("cats", "dogs", "hamsters", "parrots", "rabbits", "budgies", "guinea pigs"),
    "shop": (
        "bakery", "library", "bookshop", "supermarket", "flower shop", "cafe", "charity shop",
        "garden centre", "market", "laundrette", "corner shop", "hardware store",
    ),
    "gadget": ("phone", "tablet", "laptop", "radio", "tv", "camera", "game console"),
    "show": (
        "the baking show", "that old detective series", "the quiz show", "the penguin documentary",
        "the space thing", "the late film", "the cooking channel", "the news", "season two",
        "the game", "a podcast about maps",
    ),
    "hobby": (
        "knitting", "chess", "painting", "gardening", "baking", "pottery", "birdwatching",
        "drawing", "journaling", "photography", "sewing", "origami", "model building",
        "calligraphy", "stargazing", "ukulele", "crochet",
    ),
    "topic": (
        "money", "the weather", "small talk", "the rent", "recycling", "meal planning",
        "time management", "gift wrapping", "parking", "the phone contract", "public transport",
        "social media", "being on time", "saying no", "the garden", "moving house", "decluttering",
        "the heating bill", "making friends", "the class schedule", "holiday planning",
        "the broken dishwasher",
    ),
    "thing": (
        "the exam", "the driving test", "the appointment", "the phone call", "the tax form",
        "the landlord's letter", "the move", "the choir concert", "the group project", "the essay",
        "the birthday party", "the school reunion", "the house viewing", "the language course",
        "the picnic", "the train trip", "the library event", "the book club",
        "the insurance letter", "the power cut",
    ),
    "good": (
        "a quiet evening", "the soup you left", "your patience", "a long chat", "the second chance",
        "a seat on the train", "the borrowed umbrella", "your honest reply", "a bit of sunshine",
        "the lift home", "a free afternoon", "the playlist", "the company", "a kind note",
        "the welcome here", "your encouragement",
    ),
    "kind": ("kind", "thoughtful", "patient", "funny", "honest", "gentle", "long", "clever"),
    "paper": ("report", "form", "letter", "leaflet", "spreadsheet", "bill", "brochure"),
    "transport": ("bus", "tram", "train", "ferry", "metro"),
    "furniture": ("table", "sofa", "bookshelf", "door frame", "piano", "coffee table"),
    "noise": (
        "traffic", "fridge", "rain", "radio next door", "party upstairs", "wind", "washing machine",
        "building site", "dripping tap", "thunder",
    ),
    "dream": (
        "a talking goose", "missing the ferry", "an endless staircase", "my old school",
        "a flying sofa", "losing my shoes", "a house with no doors", "a parade of snails",
    ),
    "pillow": ("feather", "firm", "ridiculous", "cheap", "banana-shaped", "second-hand"),
    "shift": ("early", "late", "weekend", "double", "Sunday", "closing"),
    "workplace": (
        "bakery", "school", "garage", "call centre", "warehouse", "library", "hotel", "museum",
        "small firm", "town hall", "nursery", "print shop",
    ),
    "agenda": (
        "next year's budget", "the new logo", "parking spaces", "the coffee machine",
        "the holiday rota", "the website", "stock levels", "a form nobody reads", "fire drills",
    ),
    "kin": (
        "mum", "mom", "dad", "sister", "brother", "aunt", "uncle", "cousin", "grandma",
        "grandfather", "nephew", "niece", "husband", "wife", "daughter", "son", "stepdad",
    ),
    "ache": ("stiff", "tight", "funny", "sore", "tense", "weird", "heavy", "warm"),
    "limb": ("my neck", "my stomach", "my jaw", "my lower back", "my left knee", "my right wrist"),
    "limbs": ("my shoulders", "my hands", "my feet", "my knees", "my legs", "my eyes"),
    "earlier": (
        "a month ago", "two years ago", "half a year ago", "six weeks ago", "a while ago",
        "a year ago", "ten weeks ago",
    ),
    "then": (
        "last month", "the spring", "the start of the year", "the holidays", "last winter",
        "the move", "my birthday", "the first week", "last term", "the summer",
    ),
    "span": (
        "two weeks", "ten days", "three months", "six weeks", "several months", "five weeks",
        "four months",
    ),
    "more": (
        "calmer", "more patient", "lighter", "busier", "more scattered", "more relaxed", "quieter",
        "more hopeful", "grumpier", "less nervous", "steadier", "more organised",
    ),
    "distance": ("short", "very short", "5k", "three mile", "half hour", "muddy"),
    "url": (
        "https://www.example.org/threads/4821", "https://example.org/recipes#soups",
        "http://blog.example.com/2023/rainy-days", "https://example.net/a/guide-to-plants",
        "www.example.com/timetable", "https://example.org/faq#parking",
    ),
}
# fmt: on
