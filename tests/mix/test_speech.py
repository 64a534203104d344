import numpy as np
import pytest

from mrcmv.media import SILENCE_LUFS, Speech
from mrcmv.media.loudness import integrated_lufs, measure_energies
from mrcmv.mix.speech import on_speech, speech_share
from tests.mix import sounds


def test_on_speech_hears_only_the_speech() -> None:
    samples = np.concatenate(
        [sounds.tone(1, level=0.5), sounds.tone(2, level=0.05), sounds.tone(1, level=0.5)]
    )
    energies = measure_energies(samples)
    whole = integrated_lufs(measure_energies(sounds.tone(2, level=0.05)))
    assert on_speech(energies, Speech(((1.1, 2.9),))) == pytest.approx(whole, abs=0.1)
    assert on_speech(energies, Speech(())) == SILENCE_LUFS


def test_speech_share_counts_parts_of_a_hop_and_no_moment_twice() -> None:
    share = speech_share(Speech(((0.005, 0.02), (0.01, 0.03))), 5)
    assert share == pytest.approx([0.5, 1.0, 1.0, 0.0, 0.0])
