"""Where somebody speaks, and whether."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.mixes import mix
from mrcmv.media import SAMPLE_RATE, Samples, UserError, write_sound
from mrcmv.separation import Separator, find_speech, speech
from mrcmv.separation.speech import STEP


@pytest.fixture(scope="module")
def voice() -> tuple[Samples, tuple[tuple[float, float], ...]]:
    """A clean commentary of 8 s and where it is spoken."""
    made = mix(21, 8.0, voice="en-US", music=None)
    return made.voice, made.spoken


def test_a_commentary_is_found_where_it_is(voice: tuple[Samples, tuple[tuple[float, float], ...]]) -> None:
    sound, spoken = voice
    found = find_speech(sound)
    assert found
    assert found.total_s == pytest.approx(sum(end - start for start, end in spoken), rel=0.35)
    for start, end in found.segments:
        assert 0 <= start < end <= len(sound) / SAMPLE_RATE
        assert any(begin - 0.2 < start and end < finish + 0.3 for begin, finish in spoken)
    for (_, before), (after, _) in zip(found.segments, found.segments[1:], strict=False):
        assert after > before


def test_a_file_gives_what_memory_gives(
    voice: tuple[Samples, tuple[tuple[float, float], ...]], tmp_path: Path
) -> None:
    write_sound(tmp_path / "voice.wav", voice[0])
    assert find_speech(tmp_path / "voice.wav", tmp_path / "voice.wav") == find_speech(voice[0], voice[0])


def test_residue_far_under_the_mix_is_no_voice(
    voice: tuple[Samples, tuple[tuple[float, float], ...]],
) -> None:
    sound, _ = voice
    rng = np.random.default_rng(0)
    hiss = rng.normal(0, 1, sound.shape).astype(np.float32)
    assert find_speech(sound, sound + 0.02 * hiss)
    assert not find_speech(0.05 * sound, 0.05 * sound + 0.1 * hiss)
    assert not find_speech(0.002 * sound), "55 dB under a voice-over: leakage"


def test_voice_under_music_and_shots_is_found_and_game_alone_is_not(separator: Separator) -> None:
    with_voice = mix(22, 6.0, voice="en-GB", music=4, game="shots")
    found = find_speech(separator.separate(with_voice.sound).voice, with_voice.sound)
    spoken = with_voice.spoken
    assert found
    assert all(any(s - 0.3 < start and end < e + 0.4 for s, e in spoken) for start, end in found.segments)
    without = mix(23, 6.0, voice=None, music=4, game="shots", game_db=-18.0)
    assert not find_speech(separator.separate(without.sound).voice, without.sound)


@pytest.mark.parametrize("samples", [0, 1, 700, SAMPLE_RATE])
def test_silence_is_no_voice(samples: int) -> None:
    silence = np.zeros((samples, 2), np.float32)
    assert find_speech(silence, silence).segments == ()


def test_short_pauses_are_merged_and_clicks_dropped() -> None:
    probabilities = np.zeros(100, np.float32)
    probabilities[2:4] = 0.9  # 64 ms: a click
    probabilities[20:40] = 0.9
    probabilities[40:45] = 0.2  # 160 ms: between words
    probabilities[45:60] = 0.6
    probabilities[60:62] = 0.4  # too low to begin, high enough to go on
    probabilities[80:95] = 0.8
    assert speech._stretches(probabilities) == [(20 * STEP, 62 * STEP), (80 * STEP, 95 * STEP)]


def test_batches_do_not_show(voice: tuple[Samples, tuple[tuple[float, float], ...]], monkeypatch) -> None:
    mono = voice[0][: 3 * SAMPLE_RATE, 0].copy()
    whole = speech._probabilities(mono)
    monkeypatch.setattr(speech, "BATCH_STEPS", 7)
    np.testing.assert_allclose(speech._probabilities(mono), whole, atol=1e-4)
    assert len(whole) == -(-len(mono) // STEP)


def test_the_wheels_code_is_not_run(voice: tuple[Samples, tuple[tuple[float, float], ...]]) -> None:
    find_speech(voice[0][:SAMPLE_RATE])
    assert "silero_vad" not in sys.modules


def test_a_missing_detector_is_a_plain_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    speech._detector.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install") as caught:
        find_speech(np.zeros((SAMPLE_RATE, 2), np.float32))
    assert "/" not in str(caught.value)
