"""Music fitted to a clip on its beats: judged by the clicks in the finished, decoded file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mrcmv.media import SAMPLE_RATE, Beats, Clip, Samples, Speech, read_sound, write_sound
from mrcmv.mix import Grid, Mix, MixSettings, Source, mix_sound
from mrcmv.mix.fit import Fades, fit_music
from mrcmv.mix.grid import LEAST_BAR_CONFIDENCE, LEAST_CONFIDENCE
from mrcmv.mix.result import UNSURE
from tests.mix import sounds

MakeClip = Callable[..., Clip]
NEAR_S = 0.04


def mixed(
    clip: Clip, track: Samples, beats: Beats, folder: Path, best_s: float = 0.0, **settings: Any
) -> Mix:
    write_sound(folder / "track.wav", track)
    source = Source(clip, Speech(()), music=folder / "track.wav", beats=beats, best_s=best_s)
    return mix_sound(source, folder / "mix.m4a", MixSettings(fade_in_s=0.0, **settings))


@pytest.mark.parametrize(
    ("bpm", "metre", "duration_s"), [(68.0, 4, 9.17), (100.0, 4, 6.4), (151.3, 4, 7.77), (92.0, 3, 8.0)]
)
def test_the_last_beat_is_struck_just_before_the_end(
    bpm: float, metre: int, duration_s: float, make_clip: MakeClip, tmp_path: Path
) -> None:
    track, beats = sounds.clicks(bpm, 70, metre=metre)
    mix = mixed(make_clip(duration_s), track, beats, tmp_path, best_s=11.1)
    heard = sounds.heard_clicks(read_sound(mix.path))
    assert mix.last_beat_s is not None
    assert mix.ends_on_beat_s is not None
    assert mix.ends_on_beat_s < 0.001
    last_s, low = heard[-1]
    assert last_s == pytest.approx(mix.last_beat_s, abs=NEAR_S)
    assert low, "it is the first beat of a bar"
    assert 0.3 <= duration_s - last_s <= 0.84, "it rings for a beat, and no other beat comes after it"
    assert abs(mix.duration_s - duration_s) <= NEAR_S
    assert mix.start_s == pytest.approx(11.1, abs=0.51 * metre * 60 / bpm)
    for told, (found, _) in zip(mix.beats_s, heard, strict=False):
        assert found == pytest.approx(told, abs=NEAR_S)
    assert not mix.beats_unsure
    assert UNSURE not in (mix.note or "")


@pytest.mark.parametrize(("bpm", "metre"), [(75.0, 4), (104.0, 3)])
def test_a_track_that_is_too_short_loops_from_downbeat_to_downbeat(
    bpm: float, metre: int, make_clip: MakeClip, tmp_path: Path
) -> None:
    track, beats = sounds.clicks(bpm, 17.3, metre=metre)
    mix = mixed(make_clip(31.0), track, beats, tmp_path, best_s=2.0)
    assert mix.seams_s
    assert mix.loops_on_bar
    heard = sounds.heard_clicks(read_sound(mix.path))
    times = np.array([time for time, _ in heard])
    assert np.abs(np.diff(times) - 60 / bpm).max() <= NEAR_S, "no beat is lost or doubled at a seam"
    lows = np.flatnonzero([low for _, low in heard])
    assert set(np.diff(lows)) == {metre}, "no bar is cut short or drawn out"
    assert heard[-1][1]
    assert mix.last_beat_s is not None
    assert times[-1] == pytest.approx(mix.last_beat_s, abs=NEAR_S)


def test_a_chosen_start_moves_by_half_a_beat_at_most(make_clip: MakeClip, tmp_path: Path) -> None:
    track, beats = sounds.clicks(80, 60)
    mix = mixed(make_clip(8.0), track, beats, tmp_path, best_s=30.0, start_s=10.0)
    assert mix.start_s == pytest.approx(10.0, abs=0.51 * 60 / 80)
    assert mix.last_beat_s is not None
    assert sounds.heard_clicks(read_sound(mix.path))[-1][0] == pytest.approx(mix.last_beat_s, abs=NEAR_S)


def test_how_long_the_last_beat_rings_follows_the_fade() -> None:
    track, beats = sounds.clicks(75, 60)  # a beat lasts 0.8 s
    grid = Grid.of(beats)
    assert grid is not None
    for asked_s, rings_s in ((0.0, 0.0), (0.2, 0.2), (0.5, 0.5), (1.75, 0.8), (2.0, 0.8), (4.0, 4.0)):
        bed = fit_music(track, 20 * SAMPLE_RATE, fades=Fades(0.5, asked_s), grid=grid)
        assert bed.fade_out / SAMPLE_RATE == pytest.approx(rings_s, abs=0.001)
        assert bed.struck == bed.frames - bed.fade_out
        assert grid.off_beat_s(bed.place(bed.struck)) < 0.001
    short = fit_music(track, SAMPLE_RATE, fades=Fades(), grid=grid)
    assert short.fade_out <= SAMPLE_RATE / 4


@pytest.mark.parametrize(
    "change",
    [
        {"confidence": LEAST_CONFIDENCE - 0.01},
        {"times_s": (1.0, 2.0, 3.0), "downbeats_s": (1.0,)},
        {"times_s": (), "downbeats_s": (), "confidence": 0.0},
    ],
)
def test_a_track_whose_beats_are_unsure_is_faded_plainly(
    change: dict[str, Any], make_clip: MakeClip, tmp_path: Path
) -> None:
    track, beats = sounds.clicks(80, 30)
    mix = mixed(make_clip(8.0), track, replace(beats, **change), tmp_path, best_s=4.2)
    assert mix.start_s == pytest.approx(4.2, abs=0.001)
    assert mix.last_beat_s is None
    assert mix.ends_on_beat_s is None
    assert mix.loops_on_bar is None
    assert mix.beats_s == ()
    assert mix.beats_unsure
    assert mix.note is not None
    assert UNSURE in mix.note


def test_plainly_is_plain_and_nothing_to_tell(make_clip: MakeClip, tmp_path: Path) -> None:
    track, beats = sounds.clicks(80, 30)
    mix = mixed(make_clip(8.0), track, beats, tmp_path, best_s=4.2, fit="plain")
    assert mix.start_s == pytest.approx(4.2, abs=0.001)
    assert mix.last_beat_s is None
    assert not mix.beats_unsure
    assert UNSURE not in (mix.note or "")


def test_without_sure_bars_it_goes_by_beats() -> None:
    track, beats = sounds.clicks(80, 30)
    unsure = Grid.of(replace(beats, bar_confidence=LEAST_BAR_CONFIDENCE - 0.01))
    assert unsure is not None
    assert not len(unsure.bars)
    start = 5 * SAMPLE_RATE
    bed = fit_music(track, 10 * SAMPLE_RATE, start=start, grid=unsure)
    assert bed.struck is not None
    assert unsure.off_beat_s(bed.place(bed.struck)) < 0.001
    assert abs(bed.pieces[0].source - start) <= 0.51 * 0.75 * SAMPLE_RATE


def test_a_clip_shorter_than_a_bar_still_ends_on_a_beat() -> None:
    track, beats = sounds.clicks(60, 30)
    grid = Grid.of(beats)
    assert grid is not None
    for frames in (1, 1_000, SAMPLE_RATE, 2 * SAMPLE_RATE):
        bed = fit_music(track, frames, start=7 * SAMPLE_RATE, grid=grid)
        assert len(bed.samples()) == frames
        assert bed.struck is not None
        assert grid.off_beat_s(bed.place(bed.struck)) < 0.001
