import xml.etree.ElementTree as ElementTree

import numpy as np

from mrcmv.web.drawing import bars, deepest_db, ducking_path, mini_waveform, mix_drawing, resample_peaks, thin


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def test_peaks_keep_the_highest_of_each_part_and_are_scaled_to_the_loudest():
    peaks = resample_peaks([0.1, 0.4, 0.0, 0.2, -0.8, 0.3], 3)
    np.testing.assert_allclose(peaks, [0.5, 0.25, 1.0])


def test_peaks_survive_silence_nothing_and_what_is_no_number():
    assert resample_peaks([], 4).tolist() == [0, 0, 0, 0]
    assert resample_peaks([0, 0, 0], 2).tolist() == [0, 0]
    assert resample_peaks([np.nan, 0.5, np.inf, 0.25], 4).tolist() == [0, 1, 0, 0.5]
    assert resample_peaks([0.5], 3).tolist() == [1, 1, 1]


def test_bars_stand_around_the_middle_as_high_as_asked():
    path = bars([1.0, 0.5], count=2, height=40, middle=20, width=100)
    assert path == "M25.0 0.0V40.0M75.0 10.0V30.0"


def test_mini_waveform_marks_the_part_from_the_moment_on_as_long_as_the_clip():
    part = parse(mini_waveform([0.2] * 50, duration_s=60.0, start_s=15.0, clip_s=30.0)).find("rect")
    assert part is not None
    assert (part.get("x"), part.get("width")) == ("150.0", "300.0")
    late = parse(mini_waveform([0.2] * 50, duration_s=60.0, start_s=50.0, clip_s=30.0)).find("rect")
    assert late is not None
    assert float(late.get("x", 0)) + float(late.get("width", 0)) == 600


def test_ducking_goes_down_where_the_music_does():
    path = ducking_path([(0.0, 0.0), (1.0, -9.0), (2.0, 0.0)], 2.0, top=10, height=40, deepest_db=18)
    assert path == "M0 10.0L0.0 10.0L300.0 30.0L600.0 10.0L600 10.0"
    assert ducking_path([], 2.0, top=10, height=40, deepest_db=18) == "M0 10.0H600"
    assert deepest_db([(0, 0), (1, -7.5), (2, -3)]) == 7.5


def test_a_long_curve_is_thinned_without_losing_its_corners():
    curve = [(i / 100, -8.0 if 3000 <= i < 3010 else 0.0) for i in range(60_000)]
    kept = thin(curve)
    assert len(kept) <= 410
    assert min(g for _, g in kept) == -8.0
    assert kept[0] == curve[0]
    assert kept[-1] == curve[-1]
    assert [t for t, _ in kept] == sorted(t for t, _ in kept)


def test_mix_drawing_is_whole_xml_and_leaves_out_a_voice_that_is_not_there():
    spoken = parse(mix_drawing(np.ones(600), np.ones(600), [(0, 0), (1, -6)], 1.0))
    by_class = {path.get("class"): path.get("d") for path in spoken.iter("path")}
    assert by_class["bars voice"]
    assert by_class["bars music"]
    silent = parse(mix_drawing(np.zeros(600), np.ones(600), [], 1.0))
    assert {p.get("class"): p.get("d") for p in silent.iter("path")}["bars voice"] == ""
