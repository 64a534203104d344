"""Where somebody speaks in a separated voice, and whether anybody does.

The detector is silero-vad (https://github.com/snakers4/silero-vad, MIT licence), whose wheel carries its
network. The wheel's code is not imported: that would set torch's number of threads for the process.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import ANALYSIS_RATE, SAMPLE_RATE, Samples, Speech, UserError, read_sound, to_mono

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

STEP = 512
"""Samples at 16 kHz that the detector judges at a time: 32 ms."""
CONTEXT = 64
"""Samples of the step before that it sees again."""
BATCH_STEPS = 512
"""Steps in one call: 16 s, 1 MB."""
STATE_SHAPE = (1, 1, 128)

ENTER_PROBABILITY = 0.5
"""Speech begins at the detector's own default ..."""
STAY_PROBABILITY = 0.35
"""... and goes on while the probability stays over its own default for that."""
MERGE_GAP_S = 0.3
"""Shorter pauses lie between words, not between remarks."""
SHORTEST_S = 0.25
"""Shorter stretches are shots and clicks; the shortest exclamations last longer."""
SURE_PROBABILITY = 0.95
"""Every stretch reaches this somewhere: spoken ones did (0.96 to 1.00), most beeps and growls did not."""
SHORTEST_IN_ALL_S = 1.0
"""With less than this in all, nobody speaks: a creature's growl passes now and then, alone and briefly."""
PADDING_S = 0.06
"""Added on both sides: soft consonants at the ends of words come under the thresholds."""
LOUD_ENOUGH_DBFS = -50.0
"""A voice-over lies 20 dB above it; most of what separation leaves of music without a voice lies below."""
SHARE_OF_MIX_DB = -10.0
"""Level of the voice against the mix over a stretch: remarks among equally loud shots came at -7 dB, residue
of an engine at -10.3 dB. (Found on other mixes than those of ``benchmarks.voice_activity``.)"""


class DetectorError(UserError):
    """The voice detector's network is missing."""


def find_speech(voice: Samples | Path, mix: Samples | Path | None = None) -> Speech:
    """Stretches in which somebody speaks, in seconds from the start of ``voice``.

    Parameters
    ----------
    voice
        The separated voice: float32 [n, 2] at 44.1 kHz, or a canonical sound file.
    mix
        The sound it was separated from, of the same length. Music, shots and other game sounds leave
        voice-like residue in the voice; with the mix at hand, a stretch counts only where the voice is
        loud enough against it.

    Returns
    -------
    Speech
        Empty when nobody speaks.

    Raises
    ------
    DetectorError
        When the wheel of silero-vad is missing or too old.
    """
    mono = _mono16(voice)
    probabilities = _probabilities(mono)
    reference = None if mix is None else _mono16(mix)
    spans = [
        (first, last)
        for first, last in _stretches(probabilities)
        if probabilities[first // STEP : last // STEP].max() >= SURE_PROBABILITY
        and _is_loud_enough(mono, reference, first, last)
    ]
    if sum(last - first for first, last in spans) < SHORTEST_IN_ALL_S * ANALYSIS_RATE:
        return Speech(())
    return Speech(_in_seconds(spans, len(mono)))


def _mono16(sound: Samples | Path) -> Samples:
    return to_mono(read_sound(sound) if isinstance(sound, Path) else sound, SAMPLE_RATE, ANALYSIS_RATE)


@lru_cache(maxsize=1)
def _detector() -> InferenceSession:
    """The network, loaded once. One thread: it works through its steps one after the other."""
    import onnxruntime

    spec = importlib.util.find_spec("silero_vad")  # finds the package without running it
    folder = Path(next(iter(spec.submodule_search_locations or ()))) if spec else Path()
    path = folder / "data" / "silero_vad_16k_sequence.onnx"
    if not path.is_file():
        raise DetectorError("The voice detector is missing: install it with pip install 'silero-vad>=6.2.3'.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _probabilities(mono: Samples) -> NDArray[np.float32]:
    """Probability of speech in each step of 32 ms, float32 [ceil(n / 512)]."""
    steps = -(-len(mono) // STEP)
    padded = np.zeros(CONTEXT + steps * STEP, np.float32)
    padded[CONTEXT : CONTEXT + len(mono)] = mono
    windows = (
        np.lib.stride_tricks.sliding_window_view(padded, CONTEXT + STEP)[::STEP] if steps else padded[:0]
    )
    hidden, cell = np.zeros(STATE_SHAPE, np.float32), np.zeros(STATE_SHAPE, np.float32)
    found = [np.zeros(0, np.float32)]
    for start in range(0, steps, BATCH_STEPS):
        batch = np.ascontiguousarray(windows[start : start + BATCH_STEPS])
        probabilities, hidden, cell = _detector().run(
            ["speech_probs", "hn", "cn"], {"input": batch, "h": hidden, "c": cell}
        )
        found.append(probabilities)
    return np.concatenate(found)


def _stretches(probabilities: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Spans [first, last) in samples at 16 kHz in which speech goes on, short pauses merged."""
    spans: list[tuple[int, int]] = []
    begin: int | None = None
    for i, probability in enumerate([*probabilities.tolist(), 0.0]):
        if begin is None and probability >= ENTER_PROBABILITY:
            begin = i * STEP
        elif begin is not None and probability < STAY_PROBABILITY:
            if spans and begin - spans[-1][1] < MERGE_GAP_S * ANALYSIS_RATE:
                begin = spans.pop()[0]
            spans.append((begin, i * STEP))
            begin = None
    return [(first, last) for first, last in spans if last - first >= SHORTEST_S * ANALYSIS_RATE]


def _is_loud_enough(voice: Samples, mix: Samples | None, first: int, last: int) -> bool:
    power = _power(voice[first:last])
    if power < 10 ** (LOUD_ENOUGH_DBFS / 10):
        return False
    return mix is None or power >= 10 ** (SHARE_OF_MIX_DB / 10) * _power(mix[first:last])


def _power(samples: Samples) -> float:
    return float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0


def _in_seconds(spans: list[tuple[int, int]], length: int) -> tuple[tuple[float, float], ...]:
    """Padded, kept inside the sound and apart."""
    padding = round(PADDING_S * ANALYSIS_RATE)
    padded: list[tuple[int, int]] = []
    for first, last in spans:
        first, last = max(first - padding, 0), min(last + padding, length)
        if padded and first <= padded[-1][1]:
            first = padded.pop()[0]
        padded.append((first, last))
    return tuple((first / ANALYSIS_RATE, last / ANALYSIS_RATE) for first, last in padded)
