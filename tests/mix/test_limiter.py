import numpy as np
import pytest

from mrcmv.media import PEAK_FRAME, Samples, integrated_lufs
from mrcmv.media.loudness import measure_energies
from mrcmv.media.peaks import true_peak_db, true_peak_frames
from mrcmv.mix import limiter
from tests.mix import sounds


def mastered(samples: Samples, ceiling_db: float = -1.0) -> tuple[Samples, limiter.Mastering]:
    found = limiter.master(
        true_peak_frames(samples), measure_energies(samples), target_lufs=-14.0, ceiling_db=ceiling_db
    )
    step = 10_000  # in blocks, as the renderer does it
    parts = [found.apply(samples[k : k + step], k) for k in range(0, len(samples), step)]
    return np.concatenate(parts), found


def test_sound_without_high_peaks_is_only_turned_up() -> None:
    out, found = mastered(sounds.tone(2, 997.0, level=0.05))
    assert found.limited_lu == 0
    assert found.gain_db == pytest.approx(12.0, abs=0.2)
    assert integrated_lufs(measure_energies(out)) == pytest.approx(-14.0, abs=0.1)


def test_peaks_are_held_and_the_loudness_is_still_reached() -> None:
    samples = sounds.noise(4, level=0.05)
    samples[:: 44_100 // 3] *= 6
    samples[20_000:20_200] += 0.6
    out, found = mastered(samples)
    assert true_peak_db(out) <= -0.9
    assert 0 < found.limited_lu <= limiter.MAX_LIMITED_LU
    assert found.lufs == pytest.approx(-14.0, abs=0.1)
    assert integrated_lufs(measure_energies(out)) == pytest.approx(found.lufs, abs=0.2)


def test_the_gain_is_smooth_and_looks_ahead() -> None:
    frames = np.full(4_000, 0.2, np.float32)
    frames[2_000] = 2.0
    nodes = limiter.limiter_nodes(frames, 0.5)
    decibels = 20 * np.log10(nodes)
    assert nodes[2_000] <= 0.25 + 1e-6
    assert nodes[2_001] <= 0.25 + 1e-6
    assert nodes[1_980] == 1.0, "nothing happens more than 5 ms before"
    per_s = 44_100 / PEAK_FRAME
    recovery = (np.flatnonzero(decibels > -0.01) / per_s)[np.flatnonzero(decibels > -0.01) > 2_001][0]
    assert recovery - 2_001 / per_s == pytest.approx(12.04 / limiter.RELEASE_DB_PER_S, rel=0.05)
    assert np.abs(np.diff(decibels)).max() < 4, "the slope down takes several frames"


def test_a_ticking_clock_is_not_pressed_to_the_asked_loudness() -> None:
    samples = np.zeros((4 * 44_100, 2), np.float32)
    samples[:: 44_100 // 2] = 0.9
    out, found = mastered(samples)
    assert found.limited_lu <= limiter.MAX_LIMITED_LU
    assert found.lufs < -20
    assert true_peak_db(out) <= -0.9


def test_near_silence_is_not_blown_up() -> None:
    out, found = mastered(sounds.noise(2, level=0.0008))
    assert found.gain_db == pytest.approx(limiter.MAX_BOOST_DB)
    assert np.abs(out).max() < 0.1
    silent, found = mastered(np.zeros((44_100, 2), np.float32))
    assert found.gain_db == 0
    assert not silent.any()


@pytest.mark.parametrize("length", [1, 31, 32, 33, 441, 5_000])
def test_the_shortest_sounds_do_not_break_it(length: int) -> None:
    out, _ = mastered(sounds.noise(1, level=0.4)[:length])
    assert out.shape == (length, 2)
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 10 ** (-0.9 / 20)
