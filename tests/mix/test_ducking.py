import numpy as np
import pyloudnorm
import pytest

from mrcmv.media import Speech, read_sound
from mrcmv.media.loudness import integrated_lufs, measure_energies
from mrcmv.mix import ducking
from mrcmv.mix.speech import on_speech
from tests.mix import sounds


def test_times_of_the_envelope() -> None:
    curve = ducking.ducking_curve(Speech(((3.0, 4.5),)), 10.0)
    at = np.arange(len(curve)) / 100
    assert len(curve) == 1001
    assert (curve[(at >= 3.0) & (at <= 4.5)] == 1).all(), "down before the first syllable"
    attack = at[(curve > 0) & (at < 3)]
    assert 0.1 <= 3.0 - attack[0] + 0.01 <= 0.25
    hold = at[(curve == 1) & (at > 4.5)]
    assert 0.3 <= hold[-1] - 4.5 <= 0.5
    release = at[(curve > 0) & (curve < 1) & (at > 4.5)]
    assert 0.5 <= release[-1] - release[0] <= 1.0
    assert np.abs(np.diff(curve)).max() < 0.12, "no step"


def test_a_short_gap_does_not_lift_the_music_and_a_long_one_does() -> None:
    short = ducking.ducking_curve(Speech(((1.0, 2.0), (2.7, 3.5))), 6.0)
    assert (short[100:350] == 1).all()
    long = ducking.ducking_curve(Speech(((1.0, 2.0), (4.0, 5.0))), 6.0)
    assert long[340] == 0


def test_overlapping_segments_and_segments_past_the_end_are_taken() -> None:
    curve = ducking.ducking_curve(Speech(((0.0, 1.0), (0.5, 3.0), (7.9, 9.0))), 8.0)
    assert curve[0] == 1
    assert (curve[:300] == 1).all()
    assert curve[600] == 0
    assert curve[-1] == 1


@pytest.mark.parametrize("level_lu", [10.0, 13.0, 20.0])
@pytest.mark.parametrize("name", ["calm/calm_acoustic_1", "energetic/energetic_electronic_2"])
def test_the_music_lies_as_far_under_the_voice_as_asked(name: str, level_lu: float) -> None:
    voice, speech = sounds.commentary(14)
    music = read_sound(sounds.starter_track(name), duration_s=14)
    solved = ducking.solve_ducking(
        measure_energies(voice), measure_energies(music), speech, level_lu=level_lu
    )
    ducked = music * solved.gain(0, len(music))[:, None]
    meter = pyloudnorm.Meter(44_100)  # judged by somebody else's meter
    spoken, under = (
        meter.integrated_loudness(sounds.active(sound, speech).astype(np.float64))
        for sound in (voice, ducked)
    )
    assert spoken - under == pytest.approx(level_lu, abs=1.5)
    ours = on_speech(measure_energies(voice), speech) - on_speech(measure_energies(ducked), speech)
    assert ours == pytest.approx(level_lu, abs=0.2)


@pytest.mark.parametrize("level_lu", [0.0, 10.0, 13.0, 20.0, 40.0])
def test_between_phrases_the_music_comes_up_but_never_by_more_than_18_db(level_lu: float) -> None:
    voice, speech = sounds.commentary(14)
    music = sounds.noise(14)
    solved = ducking.solve_ducking(
        measure_energies(voice), measure_energies(music), speech, level_lu=level_lu
    )
    drops = [db for _, db in solved.points()]
    assert max(drops) == 0
    assert min(drops) >= -ducking.MAX_DEPTH_DB - 1e-9
    assert min(drops) == pytest.approx(-min(18.0, 0.6 * level_lu))
    gain = 20 * np.log10(solved.gain(0, len(music)))
    assert gain.max() - gain.min() == pytest.approx(-min(drops), abs=0.01)


def test_points_draw_the_curve() -> None:
    solved = ducking.Ducking(-3.0, 9.0, ducking.ducking_curve(Speech(((2.0, 3.0), (6.0, 7.0))), 12.0))
    points = np.array(solved.points())
    assert len(points) < 120
    assert (np.diff(points[:, 0]) > 0).all()
    drawn = np.interp(np.arange(1201) / 100, points[:, 0], points[:, 1])
    assert np.abs(drawn - -9.0 * solved.curve).max() < 0.6


def test_gain_in_blocks_is_the_gain_as_a_whole() -> None:
    solved = ducking.Ducking(-3.0, 9.0, ducking.ducking_curve(Speech(((0.4, 1.0),)), 2.0))
    whole = solved.gain(0, 88_200)
    parts = [solved.gain(k, min(k + 12_345, 88_200)) for k in range(0, 88_200, 12_345)]
    assert np.allclose(np.concatenate(parts), whole, atol=1e-6)


def test_without_voice_the_music_stays_as_it_is() -> None:
    energies = measure_energies(sounds.noise(3))
    silence = np.zeros(300)
    for voice, speech in ((silence, Speech(((1.0, 2.0),))), (energies, Speech(()))):
        solved = ducking.solve_ducking(voice, energies, speech, level_lu=13)
        assert (solved.gain(0, 1000) == 1).all()
        assert {db for _, db in solved.points()} == {0.0}


def test_music_that_is_silent_under_the_voice_does_not_explode_elsewhere() -> None:
    voice, speech = sounds.commentary(8)
    music = sounds.noise(8)
    for start, end in speech.segments:
        music[round((start - 0.2) * 44_100) : round((end + 0.2) * 44_100)] *= 1e-4
    solved = ducking.solve_ducking(measure_energies(voice), measure_energies(music), speech, level_lu=13)
    lifted = integrated_lufs(measure_energies(music * solved.gain(0, len(music))[:, None]))
    assert lifted < on_speech(measure_energies(voice), speech) + 10


def test_beside_a_clips_own_sound_the_level_still_counts() -> None:
    own, music = measure_energies(sounds.noise(3)), measure_energies(sounds.noise(3, seed=1, level=0.01))
    gains = [ducking.level_without_voice(own, music, level_lu=level).gain_db for level in (10.0, 13.0, 20.0)]
    assert gains == pytest.approx([20.0, 17.0, 10.0], abs=0.2)
