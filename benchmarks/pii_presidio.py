"""Presidio's analyzer as a process: texts in as JSON lines, spans out as JSON lines.

Runs in an environment of its own (presidio-analyzer and a spaCy model), which knows nothing of
psychescale: standard library and Presidio only. The first line in is ``{"model": …, "ner": …}``: false
takes the entity recognizer out of the model, whose lemmas the others use; a model of null leaves them
a tokenizer alone. Every other line is a text as a JSON string. The first line out says that it
is ready; the last one says how much processor time the texts took, without start and model load.
"""

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

# For whatever is made at first use.
WARM_UP = (
    "Dr. Sarah Moon, 12 Main Street: +44 20 7946 0958, 312-555-0134, nora@example.org, 3 May 2021"
)


def main() -> None:
    """Analyze each text by itself, as Presidio's own row-wise samples do."""
    analyzer = _engine(**json.loads(sys.stdin.readline()))
    analyzer.analyze(WARM_UP, language="en")
    print(json.dumps("ready"), flush=True)
    texts = [json.loads(line) for line in sys.stdin]
    began = time.process_time()
    for spans in _find(analyzer, texts):
        print(json.dumps(spans))
    print(json.dumps({"seconds": time.process_time() - began}))


def _engine(model: str | None, *, ner: bool) -> Any:
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    _stay_offline()
    if model is None:
        return AnalyzerEngine(nlp_engine=_tokenizer_alone(), supported_languages=["en"])
    provider = NlpEngineProvider(
        nlp_configuration={
            "nlp_engine_name": "spacy",
            "models": [{"lang_code": "en", "model_name": model}],
        }
    )
    engine = provider.create_engine()
    if not ner:
        engine.nlp["en"].remove_pipe("ner")
    return AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])


def _stay_offline() -> None:
    """Its recognizer of mail addresses would fetch the public suffix list; a copy came along."""
    import tldextract

    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def _tokenizer_alone() -> Any:
    import spacy
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Tokenizer(SpacyNlpEngine):
        def load(self) -> None:
            self.nlp = {"en": spacy.blank("en")}

    return Tokenizer(models=[{"lang_code": "en", "model_name": "blank"}])


def _find(analyzer: Any, texts: list[str]) -> Iterator[list[tuple[int, int, str, float]]]:
    for text in texts:
        found = analyzer.analyze(text, language="en")
        yield [(r.start, r.end, r.entity_type, r.score) for r in found]


if __name__ == "__main__":
    main()
