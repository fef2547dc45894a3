"""What a tagger's folder says about itself."""

from psychescale.notice import NOTICE
from psychescale.training.tagger.data import TAGS
from psychescale.training.tagger.fit import TaggerFit


def tagger_card(seed: int, *, n_clean: int, n_planted: int, n_posts: int, fit: TaggerFit) -> str:
    """The model card, Markdown.

    Args:
        seed: Of the training.
        n_clean: Generated texts read from files.
        n_planted: Texts of our own grammar.
        n_posts: Real posts.
        fit: How the training on posts ended.
    """
    return f"""# Tagger for names in texts

{NOTICE}

Labels words as {", ".join(TAGS)} (begin, inside, outside): the second tier of
`psychescale anonymize`.

```bash
psychescale anonymize --tagger FOLDER --input posts.csv --output redacted --key-file KEY
```

Made by `psychescale tagger` with seed {seed} from {n_clean:,} generated texts, {n_planted:,} of
psychescale's own grammar, and {n_posts:,} real posts. F2 of words (identifier or not) in wordings
held out: {fit.validation_f2:.3f}, after {fit.epochs:g} passes over the posts.

It misses names. Measure it on texts like yours before you rely on it:
`psychescale evaluate --task pii`. English only. Dates, numbers, mail and web addresses are left to
the rules.
"""
