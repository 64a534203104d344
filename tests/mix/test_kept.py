from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import SAMPLE_RATE, Clip, Samples, Speech, write_sound
from mrcmv.mix import MixSettings
from mrcmv.mix.kept import Kept, what_is_kept
from tests.mix import sounds

MakeClip = Callable[..., Clip]
SPEECH = Speech(((1.0, 2.0),))
SILENT = Speech(())


class Stems:
    """A clip whose voice is one tone and whose game is another, so that each can be weighed."""

    def __init__(self, make_clip: MakeClip, folder: Path) -> None:
        at = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
        spoken = ((at >= 1) & (at < 2)).astype(np.float32)[:, None]
        self.said, self.game = sounds.tone(4, 440) * spoken, sounds.tone(4, 1000)
        self.clip = make_clip(4.0, self.said + self.game)
        self.voice, self.rest = folder / "voice.wav", folder / "rest.wav"
        write_sound(self.voice, self.said)
        write_sound(self.rest, self.game)

    def kept(self, settings: MixSettings, speech: Speech = SPEECH, *, music: bool = True) -> Kept:
        spoken = bool(speech)
        return what_is_kept(
            self.clip,
            settings,
            voice=self.voice if spoken else None,
            rest=self.rest if spoken else None,
            speech=speech,
            music=music,
        )


@pytest.fixture
def stems(make_clip: MakeClip, tmp_path: Path) -> Stems:
    return Stems(make_clip, tmp_path)


def heard(kept: Kept) -> Samples:
    blocks = list(kept.blocks(10_000))
    return np.concatenate(blocks) if blocks else np.zeros((0, 2), np.float32)


def share(sound: Samples, of: Samples, begin_s: float, end_s: float) -> float:
    """The factor with which one tone is in a sound, between two seconds."""
    part = slice(round(begin_s * SAMPLE_RATE), round(end_s * SAMPLE_RATE))
    return float((sound[part] * of[part]).sum() / (of[part] * of[part]).sum())


def test_a_cleaned_voice_is_the_voice_alone(stems: Stems) -> None:
    kept = stems.kept(MixSettings())
    assert np.array_equal(heard(kept), stems.said)
    assert kept.measured == stems.voice


def test_the_game_lies_beside_a_cleaned_voice_at_its_level(stems: Stems) -> None:
    for game_db in (0.0, -12.0, -40.0):
        sound = heard(stems.kept(MixSettings(game_db=game_db)))
        wanted = stems.said + 10 ** (game_db / 20) * stems.game
        assert np.abs(sound - wanted).max() < 1e-6


def test_a_recorded_voice_brings_its_surroundings_while_somebody_speaks(stems: Stems) -> None:
    sound = heard(stems.kept(MixSettings(voice="recorded")))
    assert share(sound, stems.game, 1.0, 2.0) == pytest.approx(1.0, abs=0.001)
    assert share(sound, stems.said, 1.0, 2.0) == pytest.approx(1.0, abs=0.001)
    for begin, end in ((0.0, 0.7), (2.6, 4.0)):
        assert np.abs(sound[round(begin * SAMPLE_RATE) : round(end * SAMPLE_RATE)]).max() < 1e-6


def test_between_phrases_of_a_recorded_voice_the_game_goes_on_at_its_level(stems: Stems) -> None:
    sound = heard(stems.kept(MixSettings(voice="recorded", game_db=-20.0)))
    assert share(sound, stems.game, 1.0, 2.0) == pytest.approx(1.0, abs=0.001)
    for begin, end in ((0.0, 0.7), (2.6, 4.0)):
        assert share(sound, stems.game, begin, end) == pytest.approx(0.1, abs=0.002)
    steps = np.abs(np.diff(sound, axis=0)).max()
    assert steps <= np.abs(np.diff(stems.said + stems.game, axis=0)).max() * 1.05, "it opens without a click"


def test_the_original_is_kept_as_it_was_and_weighed_by_its_voice(stems: Stems) -> None:
    kept = stems.kept(MixSettings(keep="original"))
    assert np.array_equal(heard(kept), stems.said + stems.game)
    assert kept.measured == stems.voice
    unspoken = stems.kept(MixSettings(keep="original"), SILENT)
    assert np.array_equal(heard(unspoken), stems.said + stems.game)
    assert unspoken.measured == stems.clip.sound


def test_where_nobody_speaks_a_kept_voice_is_nothing_but_the_game_if_asked(stems: Stems) -> None:
    assert not stems.kept(MixSettings(), SILENT).parts
    kept = stems.kept(MixSettings(game_db=-6.0), SILENT)
    assert np.abs(heard(kept) - 10 ** (-6 / 20) * (stems.said + stems.game)).max() < 1e-6
    assert kept.measured_gain == pytest.approx(10 ** (-6 / 20))


def test_nothing_is_kept_when_nothing_is_asked_for(stems: Stems) -> None:
    for speech in (SPEECH, SILENT):
        assert not stems.kept(MixSettings(keep="none"), speech).parts


def test_without_music_the_clip_is_never_silent(stems: Stems) -> None:
    """No music under nothing would tell a listener nothing: the voice, else the clip's own sound."""
    assert np.array_equal(heard(stems.kept(MixSettings(keep="none"), music=False)), stems.said)
    whole = heard(stems.kept(MixSettings(keep="none"), SILENT, music=False))
    assert np.array_equal(whole, stems.said + stems.game)
    whole = heard(stems.kept(MixSettings(keep="voice"), SILENT, music=False))
    assert np.array_equal(whole, stems.said + stems.game)


def test_a_clip_without_sound_has_nothing_to_keep(make_clip: MakeClip) -> None:
    clip = make_clip(1.0)
    for music in (True, False):
        kept = what_is_kept(
            clip, MixSettings(keep="original"), voice=None, rest=None, speech=SILENT, music=music
        )
        assert not kept.parts
        assert kept.measured is None


def test_a_part_that_ends_earlier_goes_on_in_silence(stems: Stems, tmp_path: Path) -> None:
    write_sound(tmp_path / "rest.wav", stems.game[: 3 * SAMPLE_RATE])
    sound = heard(stems.kept(MixSettings(game_db=0.0)))
    assert len(sound) == 4 * SAMPLE_RATE
    assert np.array_equal(sound[3 * SAMPLE_RATE :], stems.said[3 * SAMPLE_RATE :])
