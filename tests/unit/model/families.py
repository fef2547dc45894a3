"""Tiny models of the families that people bring, each with a tokenizer laid out as its own."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LABELS = ("sleep", "work", "family", "thanks", "body")
POSITIONS = 64
VOCABULARY_SIZE = 800


@dataclass(frozen=True)
class Family:
    """An architecture, small.

    Attributes:
        name: As in the table.
        model_type: As in `config.json`.
        layout: Name of a tokenizer layout.
        config: What its configuration has of its own; None takes a key away.
    """

    name: str
    model_type: str
    layout: str
    config: Mapping[str, Any]


@dataclass(frozen=True)
class TokenizerLayout:
    """Special tokens, and where they stand.

    Attributes:
        special: Special tokens, in the order of their ids.
        single: Template of one text, None for none.
        pair: Template of two.
        options: Of the tokenizer.
    """

    special: Sequence[str]
    single: str | None
    pair: str | None
    options: Mapping[str, Any]


_MASKED = ("input_ids", "attention_mask")
_TYPED = ("input_ids", "token_type_ids", "attention_mask")
_BERT = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
_ROBERTA = {
    "cls_token": "<s>",
    "sep_token": "</s>",
    "bos_token": "<s>",
    "eos_token": "</s>",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
    "model_input_names": _MASKED,
}
_LAYOUTS = {
    "bert": TokenizerLayout(
        ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
        "[CLS] $A [SEP]",
        "[CLS] $A [SEP] $B:1 [SEP]:1",
        {**_BERT, "model_input_names": _TYPED},
    ),
    "unmasked": TokenizerLayout(
        ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
        "[CLS] $A [SEP]",
        "[CLS] $A [SEP] $B:1 [SEP]:1",
        {**_BERT, "model_input_names": ("input_ids", "token_type_ids")},
    ),
    "roberta": TokenizerLayout(
        ("<s>", "<pad>", "</s>", "<unk>", "<mask>"),
        "<s> $A </s>",
        "<s> $A </s> </s> $B </s>",
        _ROBERTA,
    ),
    "xlnet": TokenizerLayout(
        ("<unk>", "<s>", "</s>", "<cls>", "<sep>", "<pad>", "<mask>"),
        "$A:0 <sep>:0 <cls>:2",
        "$A:0 <sep>:0 $B:1 <sep>:1 <cls>:2",
        {
            "cls_token": "<cls>",
            "sep_token": "<sep>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "padding_side": "left",
            "pad_token_type_id": 3,
            "model_input_names": _TYPED,
        },
    ),
    "gpt": TokenizerLayout(
        ("<|endoftext|>",),
        None,
        None,
        {
            "bos_token": "<|endoftext|>",
            "eos_token": "<|endoftext|>",
            "model_input_names": _MASKED,
        },
    ),
    "gpt-padded": TokenizerLayout(
        ("<|endoftext|>", "<pad>"),
        None,
        None,
        {"eos_token": "<|endoftext|>", "pad_token": "<pad>", "model_input_names": _MASKED},
    ),
    "llama": TokenizerLayout(
        ("<unk>", "<s>", "</s>"),
        "<s> $A",
        "<s> $A $B",
        {
            "bos_token": "<s>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "padding_side": "left",
            "model_input_names": _MASKED,
        },
    ),
    "t5": TokenizerLayout(
        ("<pad>", "</s>", "<unk>"),
        "$A </s>",
        "$A </s> $B </s>",
        {
            "eos_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "model_input_names": _MASKED,
        },
    ),
}

_SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}
_OFFSET = {**_SIZES, "max_position_embeddings": POSITIONS + 2, "pad_token_id": 1}
_GPT = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": POSITIONS}
_GROUPED = {**_SIZES, "num_key_value_heads": 2}
_DEBERTA = {
    **_SIZES,
    "relative_attention": True,
    "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False,
    "pooler_hidden_size": 32,
}
_ENDED = {"bos_token_id": 0, "eos_token_id": 2}

FAMILIES = (
    Family("BERT", "bert", "bert", _SIZES),
    Family(
        "DistilBERT",
        "distilbert",
        "bert",
        {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64},
    ),
    Family("RoBERTa", "roberta", "roberta", {**_OFFSET, **_ENDED}),
    Family("XLM-RoBERTa", "xlm-roberta", "roberta", {**_OFFSET, **_ENDED}),
    Family("CamemBERT", "camembert", "roberta", {**_OFFSET, **_ENDED}),
    Family("ELECTRA", "electra", "bert", {**_SIZES, "embedding_size": 32}),
    Family("ALBERT", "albert", "bert", {**_SIZES, "embedding_size": 16}),
    Family("DeBERTa", "deberta", "bert", _DEBERTA),
    Family("DeBERTa-v2, v3", "deberta-v2", "bert", _DEBERTA),
    Family(
        "ModernBERT",
        "modernbert",
        "bert",
        {
            **_SIZES,
            "pad_token_id": 0,
            "cls_token_id": 2,
            "sep_token_id": 3,
            "bos_token_id": 2,
            "eos_token_id": 3,
            "local_attention": 16,
        },
    ),
    Family("MPNet", "mpnet", "roberta", _OFFSET),
    Family(
        "Longformer",
        "longformer",
        "roberta",
        {**_OFFSET, "attention_window": [8, 8], "sep_token_id": 2},
    ),
    Family("FNet (no attention mask)", "fnet", "unmasked", _SIZES),
    Family(
        "ConvBERT",
        "convbert",
        "bert",
        {**_SIZES, "embedding_size": 32, "head_ratio": 2, "conv_kernel_size": 3},
    ),
    Family(
        "XLNet",
        "xlnet",
        "xlnet",
        {
            "d_model": 32,
            "n_layer": 2,
            "n_head": 2,
            "d_inner": 64,
            "pad_token_id": 5,
            "max_position_embeddings": None,
        },
    ),
    Family("GPT-2, no padding token", "gpt2", "gpt", _GPT),
    Family("GPT-2, padding named by config.json", "gpt2", "gpt", {**_GPT, "pad_token_id": 0}),
    Family("GPT-2, padding of its own", "gpt2", "gpt-padded", {**_GPT, "pad_token_id": 1}),
    Family("Llama, no padding token", "llama", "llama", _GROUPED),
    Family(
        "Llama, padding named by config.json", "llama", "llama", {**_GROUPED, "pad_token_id": 2}
    ),
    Family("Mistral", "mistral", "llama", {**_GROUPED, "pad_token_id": 2}),
    Family("Qwen2", "qwen2", "gpt", {**_GROUPED, "pad_token_id": 0}),
    Family(
        "T5",
        "t5",
        "t5",
        {
            "d_model": 32,
            "d_kv": 16,
            "d_ff": 64,
            "num_layers": 2,
            "num_heads": 2,
            "pad_token_id": 0,
            "eos_token_id": 1,
            "decoder_start_token_id": 0,
        },
    ),
    Family(
        "BART",
        "bart",
        "roberta",
        {
            "d_model": 32,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 2,
            "decoder_attention_heads": 2,
            "encoder_ffn_dim": 64,
            "decoder_ffn_dim": 64,
            "pad_token_id": 1,
            "decoder_start_token_id": 2,
            **_ENDED,
        },
    ),
    Family(
        "BigBird (block-sparse)",
        "big_bird",
        "roberta",
        {**_SIZES, **_ENDED, "pad_token_id": 1, "block_size": 2, "num_random_blocks": 1},
    ),
    Family(
        "Reformer (hashed attention)",
        "reformer",
        "bert",
        {
            "hidden_size": 32,
            "num_attention_heads": 2,
            "attention_head_size": 16,
            "feed_forward_size": 64,
            "attn_layers": ["lsh", "local"],
            "axial_pos_embds": False,
            "is_decoder": False,
            "lsh_attn_chunk_length": 8,
            "local_attn_chunk_length": 8,
            "num_hashes": 1,
            "num_buckets": 4,
        },
    ),
)


def write_family(family: Family, folder: Path, texts: Sequence[str]) -> Path:
    """Write a random classifier of a family, and its tokenizer trained on `texts`."""
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    tokenizer = _make_tokenizer(_LAYOUTS[family.layout], _train(family.layout, tuple(texts)))
    tokenizer.save_pretrained(folder)
    stated = {
        "vocab_size": len(tokenizer),
        "max_position_embeddings": POSITIONS,
        "problem_type": "multi_label_classification",
        "id2label": dict(enumerate(LABELS)),
        "label2id": {name: index for index, name in enumerate(LABELS)},
        **family.config,
    }
    config = AutoConfig.for_model(
        family.model_type, **{key: value for key, value in stated.items() if value is not None}
    )
    torch.manual_seed(3)
    model: Any = AutoModelForSequenceClassification.from_config(config)  # type: ignore[no-untyped-call]
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1:  # all texts would come out alike with the usual 0.02
            torch.nn.init.normal_(parameter, std=0.5 if "embed" in name else 0.15)
    model.save_pretrained(folder)
    return folder


@functools.cache
def _train(layout: str, texts: Sequence[str]) -> str:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # type: ignore[assignment]
    backend.decoder = decoders.ByteLevel()  # type: ignore[assignment]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=list(_LAYOUTS[layout].special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    return backend.to_str()


def _make_tokenizer(layout: TokenizerLayout, trained: str) -> Any:
    from tokenizers import Tokenizer, processors
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer.from_str(trained)
    if layout.single is not None:
        used = [t for t in layout.special if t in f"{layout.single} {layout.pair}"]
        backend.post_processor = processors.TemplateProcessing(  # type: ignore[assignment]
            single=layout.single,
            pair=layout.pair,
            special_tokens=[(token, backend.token_to_id(token)) for token in used],
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, model_max_length=POSITIONS, **layout.options
    )
