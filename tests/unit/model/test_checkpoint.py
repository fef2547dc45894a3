"""A model folder is found, whole and free of code, or it is refused with the next step."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from psychescale.errors import ModelError
from psychescale.model.checkpoint import (
    CONFIG_FILES,
    TOKENIZER_FILES,
    WEIGHTS_FILES,
    Checkpoint,
    file_digest,
    find_model,
    open_checkpoint,
)

REVISION = "0123456789abcdef0123456789abcdef01234567"
MakeModel = Callable[..., Path]


def refuse_folder(folder: Path) -> ModelError:
    with pytest.raises(ModelError) as refusal:
        open_checkpoint(folder)
    assert refusal.value.exit_code == 4
    assert str(folder) in refusal.value.problem
    return refusal.value


def refuse_name(model: str, *, revision: str | None = None) -> ModelError:
    with pytest.raises(ModelError) as refusal:
        find_model(model, revision=revision)
    assert refusal.value.exit_code == 4
    assert model in refusal.value.problem
    return refusal.value


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub, and no network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path


class TestFindModel:
    def test_folder(self, tiny_model: Path) -> None:
        """A folder is taken as it is, with or without a revision."""
        assert tiny_model == find_model(str(tiny_model))
        assert tiny_model == find_model(str(tiny_model), revision=REVISION)

    def test_folder_wins_over_hub(
        self, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A folder whose relative path looks like a hub id is that folder."""
        (tmp_path / "org").mkdir()
        (tmp_path / "org" / "name").symlink_to(tiny_model)
        monkeypatch.chdir(tmp_path)

        assert Path("org/name") == find_model("org/name")

    def test_file(self, tiny_model: Path) -> None:
        """A file is no model; the folder around it is."""
        error = refuse_name(str(tiny_model / "config.json"))

        assert "is a file" in error.problem
        assert error.remedy == "Give the folder that holds config.json."

    @pytest.mark.parametrize("model", ["/nowhere/model", "nowhere", "a/b/c", "org/na me"])
    def test_no_such_folder(self, model: str) -> None:
        """What is neither a folder nor a hub id is refused as a folder that is not there."""
        error = refuse_name(model)

        assert error.problem == f"There is no model folder {model}."
        assert "--revision COMMIT" in error.remedy

    @pytest.mark.parametrize("revision", [None, "main", "v1.0", REVISION[:7], REVISION.upper()])
    def test_hub_id_without_pinned_revision(self, revision: str | None) -> None:
        """A branch, a tag or an abbreviation can move: only a full commit hash is taken."""
        error = refuse_name("org/name", revision=revision)

        assert "no pinned revision" in error.problem
        assert "--revision" in error.remedy
        assert "40 hex digits" in error.remedy

    def test_hub_id_in_the_cache(self, tiny_model: Path, hub_cache: Path) -> None:
        """A pinned hub id that was downloaded before is found without a network."""
        snapshot = hub_cache / "models--org--name" / "snapshots" / REVISION
        snapshot.parent.mkdir(parents=True)
        snapshot.symlink_to(tiny_model)

        found = find_model("org/name", revision=REVISION)

        assert snapshot == found
        assert open_checkpoint(tiny_model).digests == open_checkpoint(found).digests

    @pytest.mark.usefixtures("hub_cache")
    def test_hub_id_that_cannot_be_fetched(self) -> None:
        """Without a network and a cached copy, the remedy is the command for a machine that has one."""
        error = refuse_name("org/name", revision=REVISION)

        assert f"at {REVISION} could not be fetched" in error.problem
        command = f"`hf download org/name --revision {REVISION} --local-dir FOLDER`"
        assert command in error.remedy

    @pytest.mark.parametrize("model", ["../nowhere", "./nowhere"])
    def test_relative_path_is_no_hub_id(self, model: str) -> None:
        """A relative path that does not exist is told so."""
        assert "There is no model folder" in refuse_name(model).problem


class TestRefusals:
    def test_empty_folder(self, tmp_path: Path) -> None:
        """A folder without config.json is no model folder."""
        error = refuse_folder(tmp_path)

        assert "has no config.json. It is no model folder." in error.problem
        assert error.remedy == "Give the folder that save_pretrained wrote."

    @pytest.mark.parametrize("content", [b"{", b"\xff", b""])
    def test_config_that_is_no_json(self, make_model: MakeModel, content: bytes) -> None:
        """A damaged config.json is named."""
        folder = make_model()
        (folder / "config.json").write_bytes(content)
        error = refuse_folder(folder)

        assert error.problem == f"{folder / 'config.json'} cannot be read as JSON."
        assert error.remedy == "Copy the model folder again."

    @pytest.mark.parametrize("name", ["config.json", "scoring.json"])
    def test_json_that_is_no_object(self, make_model: MakeModel, name: str) -> None:
        """A config.json or scoring.json that holds a list is named."""
        folder = make_model()
        (folder / name).write_text("[]", encoding="utf-8")

        assert refuse_folder(folder).problem == f"{folder / name} holds no JSON object."

    def test_scoring_that_is_no_json(self, make_model: MakeModel) -> None:
        """A damaged scoring.json is named: going on without it could drop a calibration."""
        folder = make_model()
        (folder / "scoring.json").write_text("{", encoding="utf-8")

        assert f"{folder / 'scoring.json'} cannot be read" in refuse_folder(folder).problem

    def test_remote_code(self, make_model: MakeModel) -> None:
        """A model that brings code of its own is refused: none is ever run."""
        folder = make_model(config={"auto_map": {"AutoModel": "modeling.Evil"}})
        error = refuse_folder(folder)

        assert "auto_map in config.json" in error.problem
        assert "runs no code from a model folder" in error.remedy

    @pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.pth", "last.ckpt"])
    def test_pickled_weights_only(self, make_model: MakeModel, name: str) -> None:
        """Pickled weights are refused unread, with the way to convert them."""
        folder = make_model(delete=["model.safetensors"])
        (folder / name).write_bytes(b"not even a pickle")
        error = refuse_folder(folder)

        assert f"pickled weights only ({name})" in error.problem
        assert "transformers.BertForSequenceClassification.from_pretrained" in error.remedy
        assert "save_pretrained(FOLDER)" in error.remedy

    def test_pickled_backbone(self, make_model: MakeModel) -> None:
        """A backbone is converted as what it is: another class would save a random head with it."""
        folder = make_model(
            config={"architectures": ["BertForMaskedLM"]}, delete=["model.safetensors"]
        )
        (folder / "pytorch_model.bin").write_bytes(b"not even a pickle")

        assert "transformers.BertForMaskedLM.from_pretrained" in refuse_folder(folder).remedy

    def test_pickle_beside_safetensors_is_left_alone(self, make_model: MakeModel) -> None:
        """Where there is safetensors, a pickle beside it is neither read, hashed nor sent."""
        folder = make_model()
        before = open_checkpoint(folder)
        (folder / "training_args.bin").write_bytes(b"not even a pickle")

        assert before == open_checkpoint(folder)

    def test_no_weights(self, make_model: MakeModel) -> None:
        """A folder without any weights is refused."""
        error = refuse_folder(make_model(delete=["model.safetensors"]))

        assert error.problem.endswith("has no model.safetensors.")
        assert "save_pretrained" in error.remedy

    def test_no_tokenizer(self, make_model: MakeModel) -> None:
        """A folder without a tokenizer is refused with the files to copy."""
        error = refuse_folder(make_model(delete=["tokenizer.json"]))

        assert error.problem.endswith("holds no tokenizer.")
        assert "tokenizer.json" in error.remedy

    def test_file_that_vanished(self, tmp_path: Path) -> None:
        """A file that cannot be hashed is named with the reason."""
        with pytest.raises(ModelError) as refusal:
            file_digest(tmp_path / "gone.safetensors")

        expected = f"{tmp_path / 'gone.safetensors'} cannot be read: No such file or directory."
        assert expected == refusal.value.problem


class TestDigests:
    def test_files_that_count(self, make_model: MakeModel) -> None:
        """Config, tokenizer, weights and scoring.json are hashed, and nothing else in the folder."""
        folder = make_model(scoring={})
        (folder / "README.md").write_text("card", encoding="utf-8")
        (folder / "optimizer.pt").write_bytes(b"x")
        names = [
            "config.json",
            "model.safetensors",
            "scoring.json",
            "tokenizer.json",
            "tokenizer_config.json",
        ]
        expected = {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names
        }

        assert expected == open_checkpoint(folder).digests

    def test_same_content_same_digests(self, tiny_model: Path, make_model: MakeModel) -> None:
        """A copy elsewhere has the same digests: the path is no part of them."""
        original, copy = open_checkpoint(tiny_model), open_checkpoint(make_model())

        assert original.digests == copy.digests
        assert original.content_digest == copy.content_digest

    @pytest.mark.parametrize(
        ("name", "changed"),
        [
            ("config.json", "config"),
            ("tokenizer.json", "tokenizer"),
            ("tokenizer_config.json", "tokenizer"),
            ("model.safetensors", "weights"),
            ("scoring.json", "scoring"),
        ],
    )
    def test_one_byte_changes_its_digest_alone(
        self, make_model: MakeModel, name: str, changed: str
    ) -> None:
        """One changed byte changes the digest of its kind, and of no other kind."""
        folder = make_model(scoring={"max_length": 64})
        before = digests_by_kind(open_checkpoint(folder))
        content = bytearray((folder / name).read_bytes())
        if name == "model.safetensors":
            content[-1] ^= 1  # the last bit of the last number
        else:
            content += b"\n"  # JSON does not mind
        (folder / name).write_bytes(content)
        after = digests_by_kind(open_checkpoint(folder))

        assert {changed, "content"} == {kind for kind in before if before[kind] != after[kind]}

    def test_added_file_changes_its_digest(self, make_model: MakeModel) -> None:
        """So does a file that was not there before."""
        folder = make_model()
        before = digests_by_kind(open_checkpoint(folder))
        (folder / "added_tokens.json").write_text("{}", encoding="utf-8")
        after = digests_by_kind(open_checkpoint(folder))

        assert {"tokenizer", "content"} == {k for k in before if before[k] != after[k]}

    def test_names_are_part_of_the_digest(self) -> None:
        """Files that swap their contents, or are renamed, do not hash to the same."""

        def checkpoint(**digests: str) -> Checkpoint:
            return Checkpoint(Path(), {}, {}, digests)

        assert checkpoint(a="1", b="2").digest("*") != checkpoint(a="2", b="1").digest("*")
        assert checkpoint(a="1").digest("*") != checkpoint(b="1").digest("*")
        assert checkpoint(a="1", b="2").digest("*") == checkpoint(b="2", a="1").digest("*")

    def test_sharded_weights(self, make_model: MakeModel) -> None:
        """Every shard and the index count."""
        folder = make_sharded(make_model)
        checkpoint = open_checkpoint(folder)
        shards = sorted(folder.glob("model-*.safetensors"))

        assert len(shards) > 1
        assert shards == checkpoint.weights
        assert "model.safetensors.index.json" in checkpoint.digests


class TestChecksums:
    def test_right(self, make_model: MakeModel) -> None:
        """A folder that is what its SHA256SUMS says is taken."""
        folder = make_model()
        (folder / "README.md").write_text("card", encoding="utf-8")
        plain = open_checkpoint(folder)
        write_checksums(folder)

        assert plain == open_checkpoint(folder)

    @pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "README.md"])
    def test_wrong(self, make_model: MakeModel, name: str) -> None:
        """A file that was changed after SHA256SUMS was written is named, whatever file it is."""
        folder = make_model()
        (folder / "README.md").write_text("card", encoding="utf-8")
        write_checksums(folder)
        with (folder / name).open("ab") as file:
            file.write(b"\n")
        error = refuse_folder(folder)

        expected = f"{folder / name} is not the file that SHA256SUMS was written for."
        assert expected == error.problem
        assert error.remedy.startswith("Copy the bundle again")

    def test_missing_file(self, make_model: MakeModel) -> None:
        """A file that SHA256SUMS names and the folder lacks is named."""
        folder = make_model()
        (folder / "README.md").write_text("card", encoding="utf-8")
        write_checksums(folder)
        (folder / "README.md").unlink()
        error = refuse_folder(folder)

        assert error.problem == f"{folder} lacks README.md, which SHA256SUMS names."
        assert error.remedy.startswith("Copy the bundle again")

    @pytest.mark.parametrize("change", [lambda s: s + "\n", lambda s: s.replace("  ", " *")])
    def test_other_spellings(self, make_model: MakeModel, change: Callable[[str], str]) -> None:
        """A blank line and the mark of binary mode are as good as none: sha256sum takes both."""
        folder = make_model()
        write_checksums(folder)
        sums = folder / "SHA256SUMS"
        sums.write_text(change(sums.read_text(encoding="utf-8")), encoding="utf-8")

        assert open_checkpoint(folder).digests

    @pytest.mark.parametrize("name", ["added_tokens.json", "vocab.txt", "model-2.safetensors"])
    def test_unnamed_file(self, make_model: MakeModel, name: str) -> None:
        """A file that would be read, and that SHA256SUMS does not name, is refused."""
        folder = make_model()
        write_checksums(folder)
        (folder / name).write_text("{}", encoding="utf-8")
        (folder / "notes.md").write_text("not read, so not asked for", encoding="utf-8")

        assert f"holds {name}, which SHA256SUMS does not name" in refuse_folder(folder).problem

    @pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"caf\xe9  config.json\n"])
    def test_no_text(self, make_model: MakeModel, content: bytes) -> None:
        """A SHA256SUMS that is no UTF-8 is told as such."""
        folder = make_model()
        (folder / "SHA256SUMS").write_bytes(content)

        assert refuse_folder(folder).problem == f"{folder}/SHA256SUMS cannot be read as text."

    @pytest.mark.parametrize("name", ["../secret", "/etc/hostname"])
    def test_names_elsewhere(self, make_model: MakeModel, name: str) -> None:
        """A name that leads out of the folder is none of its files."""
        folder = make_model()
        (folder.parent / "secret").write_text("x", encoding="utf-8")
        write_checksums(folder)
        with (folder / "SHA256SUMS").open("a", encoding="utf-8") as file:
            file.write(f"{hashlib.sha256(b'x').hexdigest()}  {name}\n")

        assert f"lacks {name}" in refuse_folder(folder).problem


class TestLinks:
    @pytest.mark.parametrize(
        "name", ["vocab.txt", "added_tokens.json", "chat.jinja", "more/x", "folder"]
    )
    def test_out_of_the_folder(self, make_model: MakeModel, tmp_path: Path, name: str) -> None:
        """A link that leaves the folder is refused, whatever it would be: it would be sent."""
        folder = make_model()
        (tmp_path / "secret").write_text("[PAD]", encoding="utf-8")
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).symlink_to(tmp_path if name == "folder" else tmp_path / "secret")

        assert refuse_folder(folder).problem == f"{folder} has a link that leaves it ({name})."

    def test_inside(self, make_model: MakeModel, tmp_path: Path) -> None:
        """Links inside a folder, to it, and of a hub snapshot into its own blobs are taken."""
        folder = make_model()
        plain = open_checkpoint(folder)
        (tmp_path / "link").symlink_to(folder)
        assert open_checkpoint(tmp_path / "link").digests == plain.digests
        hub = tmp_path / "models--a--b"
        snapshot, blobs = hub / "snapshots" / ("0" * 40), hub / "blobs"
        snapshot.mkdir(parents=True)
        blobs.mkdir()
        for path in folder.iterdir():
            path.rename(blobs / f"blob-{path.name}")
            (snapshot / path.name).symlink_to(f"../../blobs/blob-{path.name}")
        assert open_checkpoint(snapshot).digests == plain.digests
        write_checksums(snapshot)
        assert open_checkpoint(snapshot).digests == plain.digests
        (snapshot / "vocab.txt").symlink_to(tmp_path / "link" / ".." / "x")
        assert "leaves it" in refuse_folder(snapshot).problem


def digests_by_kind(checkpoint: Checkpoint) -> dict[str, str]:
    return {
        "weights": checkpoint.digest(*WEIGHTS_FILES),
        "tokenizer": checkpoint.digest(*TOKENIZER_FILES),
        "config": checkpoint.digest(*CONFIG_FILES),
        "scoring": checkpoint.digest("scoring.json"),
        "content": checkpoint.content_digest,
    }


def write_checksums(folder: Path) -> None:
    """SHA256SUMS over every file, as sha256sum writes it."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir())
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def make_sharded(make_model: MakeModel) -> Path:
    """A model folder with its weights in several files."""
    from transformers import AutoModelForSequenceClassification

    folder = make_model()
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="100KB")
    return folder
