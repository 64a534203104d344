"""The cast: synthetic speakers of two engines, told apart by voice, vocal tract and base pitch.

A vocal tract is scaled by k by speaking k times slower and lower, then playing the sound k times
faster: formants move by k, speed and pitch stay as asked. Speakers of train and test are disjoint,
and two Pico voices (de-DE, es-ES, speaking English with an accent) are heard in test only. A third
engine, eSpeak NG, is kept out of the data set altogether: with it the test can be spoken anew.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from mrcmv.media import Samples, UserError

from .sounds import ffmpeg

VOICE_RATE = 24_000
"""Rate of commentary, in Hz, mono."""
PICO = """
import sys
sys.path.insert(0, sys.argv[1])
import py_nanotts
words = sys.stdin.buffer.read().decode()
voice, speed, pitch = sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
sys.stdout.buffer.write(py_nanotts.NanoTTS().speak(words, voice=voice, speed=speed, pitch=pitch))
"""
"""What a process of its own does with a line."""
ESPEAK = """
import ctypes, sys
sys.path.insert(0, sys.argv[1])
import espeakng_loader
library = ctypes.CDLL(espeakng_loader.get_library_path())
rate = library.espeak_Initialize(1, 0, espeakng_loader.get_data_path().encode(), 0)
kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
def hear(samples, count, events):
    if samples and count:
        sys.stdout.buffer.write(ctypes.string_at(samples, 2 * count))
    return 0
callback = kind(hear)
library.espeak_SetSynthCallback(callback)
assert rate == 22050 and library.espeak_SetVoiceByName(sys.argv[2].encode()) == 0
library.espeak_ng_SetRandSeed(1)
library.espeak_SetParameter(1, int(sys.argv[3]), 0)
words = sys.stdin.buffer.read()
library.espeak_Synth(words, len(words) + 1, 0, 1, 0, 1, None, None)
library.espeak_Synchronize()
"""
ESPEAK_RATE, ESPEAK_WORDS_PER_MINUTE = 22_050, 165


@dataclass(frozen=True)
class Speaker:
    """name; engine ("hibari", "pico" or "espeak"); the engine's voice; tract: factor on the formants;
    pitch: factor on the engine's own pitch; speed: factor on its own speed; split ("unheard": none)."""

    name: str
    engine: str
    voice: str
    tract: float
    pitch: float
    speed: float
    split: str


SPEAKERS: tuple[Speaker, ...] = (
    Speaker("hana", "hibari", "heart", 1.00, 1.00, 1.00, "train"),
    Speaker("hugo", "hibari", "heart", 0.84, 0.66, 1.00, "train"),
    Speaker("hedy", "hibari", "heart", 1.09, 1.16, 1.00, "train"),
    Speaker("amos", "pico", "en-US", 0.88, 0.62, 1.00, "train"),
    Speaker("amy", "pico", "en-US", 1.00, 1.00, 1.00, "train"),
    Speaker("bella", "pico", "en-GB", 1.04, 1.08, 1.00, "train"),
    Speaker("bruno", "pico", "en-GB", 0.85, 0.58, 1.00, "train"),
    Speaker("ivo", "pico", "it-IT", 0.88, 0.70, 1.00, "train"),
    Speaker("flora", "pico", "fr-FR", 1.02, 1.05, 1.00, "train"),
    Speaker("hilde", "hibari", "heart", 0.93, 0.82, 1.00, "test"),
    Speaker("ada", "pico", "en-US", 1.08, 1.18, 1.00, "test"),
    Speaker("basil", "pico", "en-GB", 0.93, 0.75, 1.00, "test"),
    Speaker("dora", "pico", "de-DE", 1.00, 1.00, 1.00, "test"),
    Speaker("pablo", "pico", "es-ES", 0.90, 0.72, 1.00, "test"),
    Speaker("emil", "espeak", "en-us", 0.95, 0.90, 1.00, "unheard"),
    Speaker("elsa", "espeak", "en-us", 1.13, 1.80, 1.00, "unheard"),
    Speaker("edgar", "espeak", "en-gb-x-rp", 0.92, 0.85, 1.00, "unheard"),
    Speaker("enid", "espeak", "en-gb-scotland", 1.16, 1.95, 1.00, "unheard"),
)


def cast(split: str) -> tuple[Speaker, ...]:
    """The speakers of "test", of "train" (validation clips are cut from train), or those "unheard"."""
    return tuple(speaker for speaker in SPEAKERS if speaker.split == split)


def speak(speaker: Speaker, line: str, *, rate: float, pitch: float, seed: int) -> Samples:
    """A spoken line: float32, mono, `VOICE_RATE`, without silence around it.

    rate and pitch are factors on the speaker's own (1 = as usual). Deterministic by seed.
    """
    slow, low = rate * speaker.speed / speaker.tract, pitch * speaker.pitch / speaker.tract
    if speaker.engine == "hibari":
        sound, own = _hibari(line, slow, low, seed), 24_000
    elif speaker.engine == "espeak":
        sound, own = _espeak(line, speaker.voice, slow, low), VOICE_RATE
    else:
        sound, own = _pico(line, speaker.voice, slow, low), 16_000
    return trim(resample(sound, own * speaker.tract, VOICE_RATE))


def resample(sound: Samples, rate_in: float, rate_out: float) -> Samples:
    """Band-limited resampling between any two rates (to 1 part in 200), mono or [n, channels]."""
    from fractions import Fraction

    from scipy.signal import resample_poly

    ratio = Fraction(rate_out / rate_in).limit_denominator(200)
    if ratio == 1:
        return sound
    return np.asarray(resample_poly(sound, ratio.numerator, ratio.denominator, axis=0), dtype=np.float32)


def trim(sound: Samples, threshold: float = 0.02) -> Samples:
    """Cut what is quieter than ``threshold`` of the peak from both ends, but for 20 ms."""
    loud = np.flatnonzero(np.abs(sound) > threshold * (np.abs(sound).max() + 1e-9))
    if not len(loud):
        return sound[:0]
    margin = VOICE_RATE // 50
    return sound[max(0, loud[0] - margin) : loud[-1] + margin]


@lru_cache(maxsize=1)
def _hibari_engine() -> Any:
    from hibari import Hibari

    return Hibari(threads=1)


def _hibari(line: str, speed: float, pitch: float, seed: int) -> Samples:
    """hibari has no pitch of its own to set: rubberband shifts it and leaves the formants in place."""
    sound = np.asarray(_hibari_engine()(line, speed=float(np.clip(speed, 0.5, 2.0)), seed=seed), np.float32)
    return sound if abs(pitch - 1) < 0.01 else shift_pitch(sound, pitch)


def shift_pitch(sound: Samples, pitch: float) -> Samples:
    """Mono sound at `VOICE_RATE` with its pitch multiplied and its formants kept."""
    raw = ["-f", "f32le", "-ac", "1", "-ar", str(VOICE_RATE)]
    change = f"rubberband=pitch={pitch:.4f}:formant=preserved"
    command = [ffmpeg(), "-v", "error", "-threads", "1", *raw, "-i", "-", "-af", change, *raw, "-"]
    shifted = subprocess.run(command, input=sound.tobytes(), capture_output=True, check=True).stdout
    return np.frombuffer(shifted, np.float32).copy()


def _pico(line: str, voice: str, speed: float, pitch: float) -> Samples:
    """Pico reads memory that it has not set: only a new process, with nothing in it by chance, gives the
    same sound for the same line every time."""
    return _apart("py_nanotts", PICO, line, voice, f"{speed:.4f}", f"{pitch:.4f}")


def _espeak(line: str, voice: str, speed: float, pitch: float) -> Samples:
    """eSpeak NG at `VOICE_RATE`; its pitch is moved as hibari's is."""
    words_per_minute = round(float(np.clip(ESPEAK_WORDS_PER_MINUTE * speed, 80, 450)))
    sound = resample(_apart("espeakng_loader", ESPEAK, line, voice, str(words_per_minute)),
                     ESPEAK_RATE, VOICE_RATE)  # fmt: skip
    return sound if abs(pitch - 1) < 0.01 else shift_pitch(sound, pitch)


def _apart(module: str, program: str, line: str, *arguments: str) -> Samples:
    """Run an engine's program in a process of its own: 16-bit mono samples come back as float32."""
    from importlib.util import find_spec

    found = find_spec(module)
    if found is None or found.origin is None:
        raise UserError("The speech engine is missing: pip install -r requirements-train.txt and try again.")
    packages = str(Path(found.origin).parents[1])
    raw = subprocess.run(
        [sys.executable, "-S", "-c", program, packages, *arguments],
        input=line.encode(),
        capture_output=True,
        check=True,
        env={"PYTHONHASHSEED": "0"},
    ).stdout
    return np.frombuffer(raw, "<i2").astype(np.float32) / np.float32(32768)
