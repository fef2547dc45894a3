"""Real, tiny models and what plain transformers makes of a text: the oracle of every tier.

Nothing here imports pyspark, and torch only where a fixture needs it.
"""

import functools
import gc
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

from psychescale.synthetic import generate_labelled

settings.register_profile("default", deadline=None, derandomize=True, max_examples=30)
settings.load_profile("default")

# Every JVM that a test starts: what runs once gains nothing from the second compiler, nor from threads
# that collect garbage side by side. The first compiler alone has room for 48 MB of code, which a tier
# fills in a minute: then code is thrown away and compiled anew.
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m"
os.environ.setdefault("JDK_JAVA_OPTIONS", JAVA_OPTIONS)

# Models this small only lose time when threads share them: most of it in waiting for each other, where
# other tests run beside. Read when torch is imported, here and in processes of tests.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_finish() -> None:
    """Leave alone what is imported by now: each training collects garbage, half a second of looking."""
    gc.collect()
    gc.freeze()


LABELS = ("sleep", "work", "family", "thanks", "body")
TAGS = ("O", "B-NAME", "I-NAME", "B-PLACE", "I-PLACE")
HIDDEN = 32
VOCABULARY_SIZE = 2_000

# Size of the weights: with the usual 0.02 all texts would come out alike, and a mix-up of rows
# would pass unseen.
SPREAD = 0.2


@pytest.fixture(scope="session")
def corpus_texts() -> list[str]:
    """Two thousand English texts of 5 to 60 words."""
    return [document.text or "" for document in generate_labelled(2000, seed=1)]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real, public corpora."""
    stated = os.environ.get("PSYCHESCALE_DATA")
    folder = Path(stated) if stated else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no public corpora at {folder}; name their folder with PSYCHESCALE_DATA")
    return folder


@pytest.fixture(scope="session")
def architecture(
    tmp_path_factory: pytest.TempPathFactory, corpus_texts: list[str]
) -> Callable[..., Path]:
    """A function (model type, positions) → folder of a real tiny classifier, written once."""

    @functools.cache
    def build(model_type: str = "bert", positions: int = 64) -> Path:
        folder = tmp_path_factory.mktemp(f"{model_type}-{positions}")
        tokenizer = _make_tokenizer(model_type, corpus_texts, positions)
        tokenizer.save_pretrained(folder)
        _write_classifier(model_type, folder, len(tokenizer), positions)
        return folder

    return build


@pytest.fixture(scope="session")
def tiny_model(architecture: Callable[..., Path]) -> Path:
    """Folder of a two-layer BERT with five labels and a WordPiece tokenizer. Not to be changed."""
    return architecture("bert")


@pytest.fixture(scope="session")
def make_tagger(
    tmp_path_factory: pytest.TempPathFactory, architecture: Callable[..., Path]
) -> Callable[..., Path]:
    """A function (model type, labels) → folder of a random token classifier."""

    def make(model_type: str = "bert", labels: tuple[str, ...] = TAGS) -> Path:
        import torch
        from transformers import AutoConfig, AutoModelForTokenClassification

        source = architecture(model_type)
        folder = tmp_path_factory.mktemp("tagger")
        shutil.copytree(source, folder, dirs_exist_ok=True)
        config = AutoConfig.from_pretrained(
            source,
            id2label=dict(enumerate(labels)),
            label2id={name: index for index, name in enumerate(labels)},
        )
        torch.manual_seed(5)
        model: Any = AutoModelForTokenClassification.from_config(config)  # type: ignore[no-untyped-call]
        torch.nn.init.normal_(model.classifier.weight, std=1.0)
        model.save_pretrained(folder)
        return folder

    return make


@pytest.fixture
def make_model(
    tmp_path_factory: pytest.TempPathFactory, architecture: Callable[..., Path]
) -> Callable[..., Path]:
    """A function that writes a model folder of one's own; `...` as a value takes the key away."""

    def make(
        model_type: str = "bert",
        *,
        positions: int = 64,
        config: Mapping[str, Any] | None = None,
        tokenizer_config: Mapping[str, Any] | None = None,
        scoring: Mapping[str, Any] | None = None,
        tensors: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
        delete: Sequence[str] = (),
    ) -> Path:
        folder = tmp_path_factory.mktemp("model")
        shutil.copytree(architecture(model_type, positions), folder, dirs_exist_ok=True)
        _patch(folder / "config.json", config or {})
        _patch(folder / "tokenizer_config.json", tokenizer_config or {})
        if scoring is not None:
            (folder / "scoring.json").write_text(json.dumps(scoring), encoding="utf-8")
        if tensors is not None:
            from safetensors.torch import load_file, save_file

            path = folder / "model.safetensors"
            save_file(tensors(load_file(path)), path, metadata={"format": "pt"})
        for name in delete:
            (folder / name).unlink()
        return folder

    return make


@pytest.fixture(scope="session")
def load_plain() -> Iterator[Callable[[Path], tuple[Any, Any]]]:
    """A function folder → (tokenizer, model), the way the documentation of transformers does it."""

    @functools.cache
    def load(folder: Path) -> tuple[Any, Any]:
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        model = AutoModelForSequenceClassification.from_pretrained(folder)
        return AutoTokenizer.from_pretrained(folder), model.eval()

    yield load
    load.cache_clear()


@pytest.fixture(scope="session")
def oracle(
    load_plain: Callable[[Path], tuple[Any, Any]],
) -> Callable[..., NDArray[np.float64]]:
    """A function texts → probabilities: one text at a time, padding nothing, float32.

    Shape of its result: (n_texts, n_labels). Texts longer than `max_length` are cut there; the
    default is the tokenizer's own.
    """
    import torch

    @functools.cache
    def score_one(
        folder: Path, text: str, second: str | None, activation: str, max_length: int | None
    ) -> NDArray[np.float64]:
        tokenizer, model = load_plain(folder)
        inputs = tokenizer(
            text, second, truncation=True, max_length=max_length, return_tensors="pt"
        )
        with torch.no_grad():
            logits = model(**inputs).logits[0]
        probabilities = logits.sigmoid() if activation == "sigmoid" else logits.softmax(-1)
        result: NDArray[np.float64] = probabilities.double().numpy()
        return result

    def score(
        folder: Path,
        texts: Sequence[str],
        activation: str = "sigmoid",
        second_texts: Sequence[str | None] | None = None,
        max_length: int | None = None,
    ) -> NDArray[np.float64]:
        seconds = [None] * len(texts) if second_texts is None else second_texts
        rows = [
            score_one(folder, text, second, activation, max_length)
            for text, second in zip(texts, seconds, strict=True)
        ]
        return np.array(rows).reshape(len(rows), -1)

    return score


def _patch(path: Path, changes: Mapping[str, Any]) -> None:
    if changes:
        merged = {**json.loads(path.read_text(encoding="utf-8")), **changes}
        kept = {key: value for key, value in merged.items() if value is not ...}
        path.write_text(json.dumps(kept), encoding="utf-8")


def _make_tokenizer(model_type: str, texts: Sequence[str], positions: int) -> Any:
    return (
        _train_byte_level(texts, positions)
        if model_type == "roberta"
        else _make_word_piece(model_type, texts, positions)
    )


def _make_word_piece(model_type: str, texts: Sequence[str], positions: int) -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertTokenizer, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    normalizer = normalizers.BertNormalizer(lowercase=True)
    splitter = pre_tokenizers.BertPreTokenizer()
    words = Counter(
        word
        for text in texts
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))
    )
    vocabulary = dict.fromkeys([*special, *_pieces(words)])  # a dict keeps the order
    ids = {piece: index for index, piece in enumerate(list(vocabulary)[:VOCABULARY_SIZE])}
    backend = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))  # noqa: S106 - no password
    backend.normalizer = normalizer
    backend.pre_tokenizer = splitter
    backend.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    kind: Any = BertTokenizer if model_type == "bert" else PreTrainedTokenizerFast
    names = ["input_ids", "token_type_ids", "attention_mask"]
    if model_type == "distilbert":  # its forward takes no token types
        names.remove("token_type_ids")
    return kind(
        tokenizer_object=backend,
        **{f"{token.strip('[]').lower()}_token": token for token in special},
        model_max_length=positions,
        model_input_names=names,
    )


def _pieces(words: Counter[str]) -> Iterator[str]:
    """Word pieces: letters, common words, common endings.

    The library's trainer breaks ties in the order of a hash table, so that every run would have a
    model of its own.
    """
    letters = sorted({letter for word in words for letter in word})
    yield from letters
    yield from ("##" + letter for letter in letters)
    yield from (word for word, _ in words.most_common(1_000))
    endings = Counter("##" + word[cut:] for word in words for cut in range(1, len(word) - 1))
    yield from (ending for ending, _ in endings.most_common())


def _train_byte_level(texts: Sequence[str], positions: int) -> Any:
    from tokenizers import ByteLevelBPETokenizer
    from transformers import RobertaTokenizer

    backend = ByteLevelBPETokenizer(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    backend.train_from_iterator(
        texts, vocab_size=VOCABULARY_SIZE, special_tokens=special, show_progress=False
    )
    model = json.loads(backend.to_str())["model"]
    merges: Any = [tuple(pair) for pair in model["merges"]]
    return RobertaTokenizer(vocab=model["vocab"], merges=merges, model_max_length=positions)


def _write_classifier(model_type: str, folder: Path, n_tokens: int, positions: int) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    sizes: dict[str, Any] = {
        "hidden_size": HIDDEN,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 2 * HIDDEN,
    }
    own: dict[str, dict[str, Any]] = {
        "bert": {},
        # Positions count from the padding id on, so that two of them are never used.
        "roberta": {
            "max_position_embeddings": positions + 2,
            "pad_token_id": 1,
            "bos_token_id": 0,
            "eos_token_id": 2,
            "type_vocab_size": 1,
        },
        "distilbert": {"dim": HIDDEN, "n_layers": 2, "n_heads": 2, "hidden_dim": 2 * HIDDEN},
        "deberta-v2": {
            "relative_attention": True,
            "pos_att_type": ["p2c", "c2p"],
            "position_biased_input": False,
            "pooler_hidden_size": HIDDEN,
        },
    }
    config = AutoConfig.for_model(
        model_type,
        **{
            "vocab_size": n_tokens,
            "max_position_embeddings": positions,
            "initializer_range": SPREAD,
            "problem_type": "multi_label_classification",
            "id2label": dict(enumerate(LABELS)),
            "label2id": {name: index for index, name in enumerate(LABELS)},
            **(sizes if model_type != "distilbert" else {}),
            **own[model_type],
        },
    )
    torch.manual_seed(20)
    model: Any = AutoModelForSequenceClassification.from_config(config)  # type: ignore[no-untyped-call]
    last = getattr(model.classifier, "out_proj", model.classifier)
    torch.nn.init.normal_(last.weight, std=1.0)
    torch.nn.init.normal_(last.bias, std=1.0)
    model.save_pretrained(folder)
