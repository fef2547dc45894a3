"""A model folder on disk: which files count, what they hash to, whether they can be trusted."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psychescale.errors import ModelError

# Only these are read, hashed and sent to executors. Whatever else lies in the folder (pickles,
# optimizer states, training logs) is left alone.
CONFIG_FILES = ("config.json",)
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "spiece.model",
    "spm.model",
    "tokenizer.model",
)
WEIGHTS_FILES = ("*.safetensors", "model.safetensors.index.json")
SCORING_FILE = "scoring.json"
CHECKSUMS_FILE = "SHA256SUMS"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_SAME_MODEL = "Give the folder of the same model that holds model.safetensors."
_OLDER = (
    "With transformers 4 and that library, AutoModelForSequenceClassification.from_pretrained(FOLDER, "
    "from_{}=True).save_pretrained(FOLDER) writes model.safetensors."
)
_FOREIGN = (
    ("TensorFlow", ("*.h5",), _OLDER.format("tf")),
    ("Flax", ("*.msgpack",), _OLDER.format("flax")),
    ("ONNX", ("*.onnx", "onnx/*.onnx"), _SAME_MODEL),
    ("llama.cpp", ("*.gguf",), _SAME_MODEL),
)
"""Weights of other libraries: files, and what to do."""

VOCABULARY_FILES = tuple(
    name
    for name in TOKENIZER_FILES
    if name.endswith((".model", ".txt", ".json"))
    and name not in ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
)


@dataclass(frozen=True)
class Checkpoint:
    """A model folder whose files are there and whole.

    Attributes:
        folder: Where it is.
        config: `config.json`, parsed.
        scoring: `scoring.json`, parsed; empty for a plain Hugging Face folder.
        digests: SHA-256 (hex) of every file that counts, by file name.
    """

    folder: Path
    config: dict[str, Any]
    scoring: dict[str, Any]
    digests: dict[str, str]

    def digest(self, *patterns: str) -> str:
        """SHA-256 (hex) over the names and digests of the files that match any of `patterns`."""
        matching = sorted(n for n in self.digests if any(Path(n).match(p) for p in patterns))
        return _sha256(*(f"{name} {self.digests[name]}\n" for name in matching))

    @property
    def content_digest(self) -> str:
        """SHA-256 (hex) over all files that count: the name of this model on an executor."""
        return self.digest("*")

    @property
    def weights(self) -> list[Path]:
        """The safetensors files."""
        return [
            self.folder / name for name in sorted(self.digests) if name.endswith(".safetensors")
        ]


def find_model(model: str, *, revision: str | None = None) -> Path:
    """The local folder of `model`: the folder itself, or a hub id fetched at a pinned revision.

    Raises:
        ModelError: No such folder and not a hub id, a hub id without a full commit hash, or a hub
            that does not answer.
    """
    folder = local_folder(model, revision=revision)
    return _download(model, str(revision)) if folder is None else folder


def local_folder(model: str, *, revision: str | None = None) -> Path | None:
    """The folder of `model`; None where it is a hub id with a pinned revision, to be fetched.

    Raises:
        ModelError: It is neither.
    """
    folder = Path(model)
    if folder.is_dir():
        return folder
    if folder.exists():
        raise ModelError(f"{model} is a file.", remedy="Give the folder that holds config.json.")
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", model):
        raise ModelError(
            f"There is no model folder {model}.",
            remedy="Give a model folder, or a hub id such as org/name with ‹revision› COMMIT.",
        )
    if revision is None or not re.fullmatch(r"[0-9a-f]{40}", revision):
        raise ModelError(
            f"{model} is no folder here, and as a hub id it has no pinned revision.",
            remedy="Add ‹revision› with the 40 hex digits of a commit; a branch or tag can move.",
        )
    return None


def _download(model: str, revision: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError

    # README.md because SHA256SUMS of a bundle names it.
    others = [SCORING_FILE, CHECKSUMS_FILE, "README.md"]
    patterns = [*CONFIG_FILES, *TOKENIZER_FILES, *WEIGHTS_FILES, *others]
    try:
        return Path(snapshot_download(model, revision=revision, allow_patterns=patterns))
    except GatedRepoError:
        raise ModelError(
            f"{model} is gated: its owners grant access by name.",
            remedy="Accept its conditions on its page, then `hf auth login` (or set HF_TOKEN).",
        ) from None
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(
            f"{model} at {revision} could not be fetched ({type(error).__name__}).",
            remedy=f"Where there is a network, `hf download {model} ‹revision› {revision} "
            "--local-dir FOLDER`; bring FOLDER here and give it instead.",
        ) from None


def open_checkpoint(folder: Path) -> Checkpoint:
    """Read the small files of a model folder and hash all that count.

    Raises:
        ModelError: A file is missing or unreadable, a digest differs from `SHA256SUMS` or is not in it,
            a link leaves the folder, the weights are of another kind (pickled, an adapter, of another
            library), or the folder asks for code of its own.
    """
    _refuse_links(folder)
    _refuse_adapters(folder)
    _refuse_outer_folders(folder)
    config = _read_json(folder / "config.json", "It is no model folder.")
    _refuse_remote_code(folder, config)
    _require_safetensors(folder, config)
    if not any((folder / name).is_file() for name in VOCABULARY_FILES):
        raise ModelError(
            f"{folder} holds no tokenizer.",
            remedy="Copy tokenizer.json and tokenizer_config.json of the model it was trained with "
            "into the folder (AutoTokenizer.from_pretrained(…).save_pretrained(FOLDER)).",
        )
    names = [*CONFIG_FILES, *TOKENIZER_FILES, *WEIGHTS_FILES, SCORING_FILE]
    files = sorted({path for name in names for path in folder.glob(name) if path.is_file()})
    _refuse_pointers(files)
    digests = {path.name: file_digest(path) for path in files}
    _verify_checksums(folder, digests)
    scoring = folder / SCORING_FILE
    return Checkpoint(
        folder=folder,
        config=config,
        scoring=_read_json(scoring, "") if scoring.is_file() else {},
        digests=digests,
    )


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file.

    Raises:
        ModelError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read: {error.strerror}.", remedy="Check its permissions."
        ) from None


def _sha256(*parts: str) -> str:
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _read_json(path: Path, meaning: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{path.parent} has no {path.name}. {meaning}",
            remedy="Give the folder that save_pretrained wrote.",
        ) from None
    except (OSError, ValueError):
        raise ModelError(
            f"{path} cannot be read as JSON.", remedy="Copy the model folder again."
        ) from None
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds no JSON object.", remedy="Copy the model folder again.")
    return content


def _refuse_remote_code(folder: Path, config: dict[str, Any]) -> None:
    encoder = config.get("encoder")  # that of a label-attention head has a configuration of its own
    if config.get("auto_map") or (isinstance(encoder, dict) and encoder.get("auto_map")):
        raise ModelError(
            f"{folder} wants to run code of its own (auto_map in config.json).",
            remedy="psychescale runs no code from a model folder; use a model of a class that "
            "transformers holds.",
        )


def _refuse_links(folder: Path) -> None:
    """Refuse links to files elsewhere: whatever they lead to would be sent to every executor."""
    inside = [folder.resolve()]
    if (
        inside[0].parent.name == "snapshots"
    ):  # of the hub's cache, whose files are links into its blobs
        inside.append(inside[0].parents[1] / "blobs")
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and not any(path.resolve().is_relative_to(place) for place in inside):
            raise ModelError(
                f"{folder} has a link that leaves it ({path.relative_to(folder)}).",
                remedy="Copy the file itself into the folder (cp -L).",
            )


def _refuse_adapters(folder: Path) -> None:
    if (folder / "adapter_config.json").is_file():
        raise ModelError(
            f"{folder} holds a PEFT adapter (adapter_config.json), which is a part of a model.",
            remedy="Merge it into its model: AutoPeftModelForSequenceClassification.from_pretrained("
            "FOLDER).merge_and_unload().save_pretrained(MERGED); save the tokenizer there too.",
        )


def _refuse_pointers(files: Sequence[Path]) -> None:
    for path in files:
        with path.open("rb") as file:
            if file.read(len(_POINTER)) == _POINTER:
                raise ModelError(
                    f"{path} is a pointer of Git LFS in the place of the file.",
                    remedy="Fetch the files themselves: `git lfs pull` where the folder was cloned.",
                )


_POINTER = b"version https://git-lfs"


def _refuse_outer_folders(folder: Path) -> None:
    """Name the model that lies one folder below: a trainer's checkpoints, a hub's cache."""
    inner = sorted(path.parent for path in folder.glob("*/config.json"))
    inner += sorted(path.parent for path in folder.glob("snapshots/*/config.json"))
    if inner and not (folder / "config.json").is_file():
        raise ModelError(
            f"{folder} is no model folder; {len(inner)} below it are.", remedy=f"Give {inner[-1]}."
        )


def _require_safetensors(folder: Path, config: dict[str, Any]) -> None:
    index = folder / "model.safetensors.index.json"
    if index.is_file() or (folder / "model.safetensors").is_file():
        _require_shards(folder)
        return
    # Loading a backbone as anything else would save a head of random numbers with it.
    kind = (config.get("architectures") or ["AutoModel"])[0]
    convert = (
        f"On a machine you can lose, load it with transformers.{kind}.from_pretrained and "
        "save_pretrained(FOLDER): that writes model.safetensors."
    )
    for what, patterns, remedy in (
        ("pickled weights only ({}); unpickling can run any code", _PICKLES, convert),
        *((f"weights for {library} only ({{}})", files, way) for library, files, way in _FOREIGN),
    ):
        found = next((p for glob in patterns for p in sorted(folder.glob(glob))), None)
        if found is not None:
            raise ModelError(f"{folder} has {what.format(found.name)}.", remedy=remedy)
    other = next(iter(sorted(folder.glob("*.safetensors"))), None)
    if other is not None:
        raise ModelError(
            f"{folder} has {other.name}, but no model.safetensors.",
            remedy="If it is the whole model, name it model.safetensors; if it is a part (an adapter, "
            "a shard), give the folder of the whole model.",
        )
    raise ModelError(
        f"{folder} has no model.safetensors.",
        remedy=f"If there is only a pytorch_model.bin where it comes from: {convert}",
    )


def _require_shards(folder: Path) -> None:
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return
    shards = _read_json(index, "").get("weight_map")
    for name in sorted(set(shards.values())) if isinstance(shards, dict) else ():
        if not (folder / str(name)).is_file():
            raise ModelError(
                f"{folder} lacks {name}, a part of the weights that {index.name} names.",
                remedy="Copy the model folder again, all parts of it.",
            )


def _verify_checksums(folder: Path, digests: dict[str, str]) -> None:
    sums = folder / CHECKSUMS_FILE
    if not sums.is_file():
        return
    named = _read_checksums(sums)
    for name, expected in named.items():
        path = folder / name
        if Path(name).is_absolute() or ".." in Path(name).parts or not path.is_file():
            raise ModelError(f"{folder} lacks {name}, which SHA256SUMS names.", remedy=_COPY_AGAIN)
        if (digests.get(name) or file_digest(path)) != expected:
            raise ModelError(
                f"{path} is not the file that SHA256SUMS was written for.",
                remedy=_COPY_AGAIN,
            )
    unnamed = sorted(digests.keys() - named.keys())
    if unnamed:
        raise ModelError(
            f"{folder} holds {unnamed[0]}, which SHA256SUMS does not name.",
            remedy=f"Take it away if it does not belong there. {_COPY_AGAIN}",
        )


def _read_checksums(sums: Path) -> dict[str, str]:
    """Digest by file name, as `sha256sum` writes them."""
    try:
        lines = sums.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ModelError(f"{sums} cannot be read as text.", remedy=_COPY_AGAIN) from None
    # The name stands after a blank, or after the asterisk of a file read as binary.
    parts = [line.partition(" ") for line in lines if line.strip()]
    if not all(rest[1:] for _, _, rest in parts):
        raise ModelError(f"{sums} is no list of checksums.", remedy=_COPY_AGAIN)
    return {rest[1:].removeprefix("./"): expected for expected, _, rest in parts}


_COPY_AGAIN = "Copy the bundle again, or pack it again if the change was meant."
