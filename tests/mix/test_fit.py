from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import SAMPLE_RATE, Samples, read_sound, write_sound
from mrcmv.mix import fit
from tests.mix import sounds


def power_db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-12))


def test_a_long_track_is_cut_from_the_asked_moment_and_faded() -> None:
    track = sounds.noise(20)
    bed = fit.fit_music(track, 8 * SAMPLE_RATE, start=5 * SAMPLE_RATE)
    out = bed.samples()
    assert out.shape == (8 * SAMPLE_RATE, 2)
    middle = slice(SAMPLE_RATE, 6 * SAMPLE_RATE)
    assert np.array_equal(out[middle], track[5 * SAMPLE_RATE :][middle])
    assert bed.fade_in == SAMPLE_RATE // 2
    assert 1.5 <= bed.fade_out / SAMPLE_RATE <= 2.0
    assert out[0].max() == 0
    assert out[-1].max() == 0
    assert power_db(out[: SAMPLE_RATE // 20]) < power_db(out[middle]) - 15
    assert power_db(out[-SAMPLE_RATE // 10 :]) < power_db(out[middle]) - 25
    assert power_db(out[int(6.6 * SAMPLE_RATE) : int(6.9 * SAMPLE_RATE)]) < power_db(out[middle]) - 0.4


def test_fades_of_a_short_clip_are_short() -> None:
    out = fit.fit_music(sounds.noise(20), SAMPLE_RATE).samples()
    assert power_db(out[SAMPLE_RATE // 5 : SAMPLE_RATE // 2]) == pytest.approx(-20, abs=0.3)


@pytest.mark.parametrize("frames", [1, 2, 100, 5_000])
def test_a_clip_of_nearly_nothing(frames: int) -> None:
    out = fit.fit_music(sounds.noise(3), frames).samples()
    assert out.shape == (frames, 2)
    assert np.isfinite(out).all()


@pytest.mark.parametrize(
    "name", ["calm/calm_acoustic_1", "energetic/energetic_electronic_2", "happy/happy_acoustic_s411"]
)
def test_a_loop_is_not_heard(name: str) -> None:
    track = read_sound(sounds.starter_track(name))
    bed = fit.fit_music(track, 50 * SAMPLE_RATE, start=8 * SAMPLE_RATE)
    assert bed.seams, "the rest of the track is shorter than the clip"
    out = bed.samples()
    assert len(out) == 50 * SAMPLE_RATE
    steepest = np.abs(np.diff(track, axis=0)).max()
    for seam, piece in zip(bed.seams, bed.pieces[1:], strict=True):
        assert 0.05 <= piece.fade_in / SAMPLE_RATE <= 0.15
        around = slice(seam - SAMPLE_RATE // 10, seam + SAMPLE_RATE // 10)
        if seam + SAMPLE_RATE > len(out) - bed.fade_out:
            continue
        assert np.abs(np.diff(out[around], axis=0)).max() <= steepest, "a click"
        half = piece.fade_in // 2
        crossing = power_db(out[seam - half : seam + half])
        before = bed.pieces[0].source + bed.pieces[0].frames - piece.fade_in
        going = power_db(track[before : before + 2 * half])
        coming = power_db(track[piece.source : piece.source + 2 * half])
        assert min(going, coming) - 1.5 <= crossing <= max(going, coming) + 1.5, "the energy is kept"


def test_a_loop_keeps_the_beat() -> None:
    beat = SAMPLE_RATE // 2
    bar = np.concatenate([sounds.tone(0.5, hertz) for hertz in (220, 330, 440, 330)])
    hits = np.zeros_like(bar)
    for k in range(4):
        hits[k * beat : k * beat + 2_000] += sounds.noise(1, seed=k)[:2_000] * 3
    track = np.tile(bar + hits, (8, 1))[: round(15.3 * SAMPLE_RATE)]
    bed = fit.fit_music(track, 30 * SAMPLE_RATE, start=3 * SAMPLE_RATE)
    assert bed.seams
    out = bed.samples()[SAMPLE_RATE : 28 * SAMPLE_RATE]
    period = len(bar)
    assert power_db(out[period:] - out[:-period]) < power_db(out) - 30, "the bar goes on over the jump"


def test_silence_and_fade_at_a_tracks_end_are_not_looped() -> None:
    body = sounds.noise(12)
    fade = sounds.noise(4, seed=1) * np.linspace(1, 0, 4 * SAMPLE_RATE, dtype=np.float32)[:, None]
    track = np.concatenate([np.zeros((SAMPLE_RATE, 2), np.float32), body, fade, 0 * body[: 3 * SAMPLE_RATE]])
    out = fit.fit_music(track, 30 * SAMPLE_RATE, start=SAMPLE_RATE).samples()
    levels = [power_db(out[k * 4_410 : (k + 1) * 4_410]) for k in range(10, 280)]
    assert min(levels) > -28


def test_a_track_whose_end_meets_the_clips_end_is_not_looped() -> None:
    bed = fit.fit_music(sounds.noise(10), 6 * SAMPLE_RATE, start=4 * SAMPLE_RATE)
    assert bed.seams == []


@pytest.mark.parametrize("length_s", [1.0, 1.7, 4.0])
def test_a_jingle_repeats_without_a_hole(length_s: float) -> None:
    out = fit.fit_music(sounds.noise(length_s), 12 * SAMPLE_RATE).samples()
    levels = [power_db(out[k * 4_410 : (k + 1) * 4_410]) for k in range(6, 100)]
    assert max(levels) - min(levels) < 2


def test_a_start_beyond_the_sound_begins_at_the_beginning() -> None:
    track = np.concatenate([sounds.noise(5), np.zeros((5 * SAMPLE_RATE, 2), np.float32)])
    for start in (-5, 8 * SAMPLE_RATE, 99 * SAMPLE_RATE):
        assert fit.fit_music(track, 2 * SAMPLE_RATE, start=start).pieces[0].source == 0


def test_silence_and_less_than_a_second() -> None:
    assert not fit.fit_music(np.zeros((90_000, 2), np.float32), 200_000).samples().any()
    with pytest.raises(fit.MusicError, match="shorter than a second"):
        fit.fit_music(sounds.noise(0.9), 1000)


def test_blocks_are_the_whole() -> None:
    bed = fit.fit_music(sounds.noise(3), 9 * SAMPLE_RATE)
    parts = [bed.block(k, min(k + 12_345, bed.frames)) for k in range(0, bed.frames, 12_345)]
    assert np.allclose(np.concatenate(parts), bed.samples(), atol=1e-7)


def test_a_file_gives_what_its_samples_give(tmp_path: Path) -> None:
    track = sounds.noise(60)
    write_sound(tmp_path / "track.wav", track)
    for start_s in (2.0, 40.0):  # only a part is read; the whole is read for its loop
        bed = fit.load_music(tmp_path / "track.wav", 10 * SAMPLE_RATE, start_s=start_s)
        expected = fit.fit_music(track, 10 * SAMPLE_RATE, start=round(start_s * SAMPLE_RATE))
        assert np.array_equal(bed.samples(), expected.samples())
    track[4 * SAMPLE_RATE : 12 * SAMPLE_RATE] = 0  # a rest at the clip's end is no reason to loop
    write_sound(tmp_path / "track.wav", track)
    assert fit.load_music(tmp_path / "track.wav", 10 * SAMPLE_RATE, start_s=1.0).seams == []
    assert len(fit.load_music(tmp_path / "track.wav", SAMPLE_RATE, start_s=2.0).track) <= SAMPLE_RATE + 1
    assert fit.load_music(tmp_path / "track.wav", 1000, start_s=float("nan")).pieces[0].source == 0
