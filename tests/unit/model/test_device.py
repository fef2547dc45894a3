"""Which device is taken: what was asked for, what Spark gave, or what there is."""

import pytest
import torch

from psychescale.errors import ModelError
from psychescale.model.device import choose_device


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.usefixtures("gpu")
class TestWithGpu:
    def test_any(self) -> None:
        """Without a word from anyone, it is the first GPU."""
        assert torch.device("cuda", 0) == choose_device(environ={})

    def test_what_spark_gave(self) -> None:
        """A task computes on the GPU that Spark gave it."""
        assert torch.device("cuda", 2) == choose_device(gpu_addresses=["2", "3"], environ={})

    def test_visible_devices(self) -> None:
        """Where the cluster shows a process its own GPU only, that one is number 0 to torch."""
        environ = {"CUDA_VISIBLE_DEVICES": "2"}

        assert torch.device("cuda", 0) == choose_device(gpu_addresses=["2"], environ=environ)

    def test_empty_visible_devices_say_nothing(self) -> None:
        """An empty variable is as good as none."""
        environ = {"CUDA_VISIBLE_DEVICES": ""}

        assert torch.device("cuda", 1) == choose_device(gpu_addresses=["1"], environ=environ)

    @pytest.mark.parametrize("requested", ["cpu", "cuda:1"])
    def test_request_settles_the_matter(self, requested: str) -> None:
        """What was asked for is taken, whatever else is said."""
        environ = {"CUDA_VISIBLE_DEVICES": "2"}
        chosen = choose_device(requested, gpu_addresses=["3"], environ=environ)

        assert torch.device(requested) == chosen

    def test_process_environment_is_the_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without an environment given, the process's own is read."""
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5")
        assert torch.device("cuda", 0) == choose_device(gpu_addresses=["5"])

        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
        assert torch.device("cuda", 5) == choose_device(gpu_addresses=["5"])


@pytest.mark.usefixtures("no_gpu")
class TestWithoutGpu:
    def test_cpu(self) -> None:
        """Without a GPU it is the CPU."""
        assert torch.device("cpu") == choose_device(environ={})

    def test_promised_gpu_that_is_not_there(self) -> None:
        """A GPU that Spark promised and torch cannot see is an error, not a slow run."""
        with pytest.raises(ModelError) as refusal:
            choose_device(gpu_addresses=["1"], environ={})

        assert refusal.value.problem == "Spark gave this task GPU 1, but torch sees none."
        assert "driver" in refusal.value.remedy

    def test_request_settles_the_matter(self) -> None:
        """A request for the CPU is taken even then."""
        assert torch.device("cpu") == choose_device("cpu", gpu_addresses=["1"], environ={})
