"""32 s every 8 s, round the end of the track."""

import numpy as np
import pytest

from mrcmv.library.windows import WINDOW_SAMPLES, cut_window, cut_windows, window_starts
from mrcmv.media import ANALYSIS_RATE


@pytest.mark.parametrize(
    ("duration_s", "starts"),
    [
        (0.5, [0]),
        (20.0, [0]),
        (23.99, [0]),
        (24.0, [0, 8]),
        (31.9, [0, 8]),
        (32.0, [0, 8, 16]),
        (36.0, [0, 8, 16]),
        (64.0, [0, 8, 16, 24, 32, 40, 48]),
    ],
)
def test_starts_leave_at_least_sixteen_seconds(duration_s: float, starts: list[float]) -> None:
    assert window_starts(duration_s) == starts


def test_a_window_inside_is_the_track_itself() -> None:
    mono = np.arange(60 * ANALYSIS_RATE, dtype=np.float32)
    window = cut_window(mono, 8.0)
    assert np.array_equal(window, mono[8 * ANALYSIS_RATE : 40 * ANALYSIS_RATE])


def test_a_window_over_the_end_goes_on_from_the_start() -> None:
    mono = np.arange(40 * ANALYSIS_RATE, dtype=np.float32)
    window = cut_window(mono, 24.0)
    rest = 16 * ANALYSIS_RATE
    assert np.array_equal(window[:rest], mono[24 * ANALYSIS_RATE :])
    assert np.array_equal(window[rest:], mono[:rest])


def test_a_short_track_repeats() -> None:
    mono = np.arange(5 * ANALYSIS_RATE, dtype=np.float32)
    ((start, window),) = cut_windows(mono)
    assert start == 0.0
    assert len(window) == WINDOW_SAMPLES == 512_000
    assert np.array_equal(window, np.tile(mono, 7)[:WINDOW_SAMPLES])
