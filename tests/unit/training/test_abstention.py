"""Outside the bands few decisions are wrong, in texts that nobody has looked at too."""

import numpy as np
import pytest
from numpy.typing import NDArray

from psychescale.training.abstention import ALWAYS, fit_abstention
from psychescale.training.calibration import sigmoid

CUTS = np.array([0.5, 0.3])


def draw(n: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Calibrated probabilities of two labels, and the truth."""
    rng = np.random.default_rng(seed)
    p = sigmoid(rng.normal(-1, 2, (n, 2)))
    return p.astype(np.float32), (rng.random((n, 2)) < p).astype(np.float32)


def wrong_share(
    p: NDArray[np.float32], truth: NDArray[np.float32], bands: list[tuple[float, float] | None]
) -> list[float]:
    """Share of texts that are decided, and wrongly."""
    shares = []
    for one, band in enumerate(bands):
        low, high = band or (2.0, 2.0)
        decided = (p[:, one] < low) | (p[:, one] > high)
        shares.append(float((decided & ((p[:, one] >= CUTS[one]) != (truth[:, one] > 0))).mean()))
    return shares


@pytest.mark.parametrize("risk", [0.02, 0.05, 0.10])
def test_the_risk_is_kept_on_average(risk: float) -> None:
    """Bands of 100 samples of 200 rows: new texts are decided wrongly at most as often as promised."""
    new = draw(50_000, 1_000_000)
    found = []
    for seed in range(100):
        chosen = fit_abstention(*draw(200, seed), CUTS, risk=risk, groups=np.arange(200))
        found.append(wrong_share(*new, list(chosen.bands)))
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / 10
    assert (mean <= risk + 2 * error).all(), mean
    assert (mean >= 0.6 * risk).all(), mean  # and not by deciding nothing


def test_none_is_needed() -> None:
    """A model that errs less than the risk decides everything."""
    p, truth = draw(500, 0)
    chosen = fit_abstention(p, truth, CUTS, risk=0.5, groups=np.arange(500))
    assert chosen.bands == [None, None]
    assert chosen.to_json()["bands"] == [None, None]


def test_too_few_rows_decide_nothing() -> None:
    """Twenty rows can promise no risk of .01, a hundred could; rows of a group count for less."""
    p, truth = draw(20, 0)
    chosen = fit_abstention(p, truth, CUTS, risk=0.01, groups=np.arange(20))
    assert list(chosen.bands) == [ALWAYS, ALWAYS]
    assert "100 rows could" in chosen.told[0]
    p, truth = draw(200, 0)
    five = fit_abstention(p, truth, CUTS, risk=0.05, groups=np.arange(200) // 20)
    assert list(five.bands) == [ALWAYS, ALWAYS]


def test_no_end_is_a_rows_own() -> None:
    """Bands end on a grid around the threshold, and stand around it, at its ends too."""
    p, truth = draw(300, 3)
    for cuts in (CUTS, np.array([0.0, 1.0000001])):
        chosen = fit_abstention(p, truth, cuts, risk=0.05, groups=np.arange(300))
        for cut, band in zip(cuts, chosen.bands, strict=True):
            assert band is not None
            assert band[0] <= min(max(cut, 1e-6), 1 - 1e-6) <= band[1]
        if cuts is CUTS:
            margins = [np.log(b[1] / (1 - b[1])) - np.log(c / (1 - c))
                       for b, c in zip(chosen.bands, cuts, strict=True) if b]  # fmt: skip
            np.testing.assert_allclose(np.array(margins) / 0.05, np.round(np.array(margins) / 0.05))
