from pathlib import Path

import numpy as np
import pytest

from mrcmv.media import Speech, UserError
from mrcmv.training.prepared import Prepared, load_prepared, save_prepared, to_int16


def ramp(seconds: float, speech: tuple[tuple[float, float], ...] = ()) -> Prepared:
    """Frame k is all k, the sample at t seconds is t / 100."""
    frames = np.arange(int(np.ceil(seconds * 2)), dtype=np.uint8)[:, None, None, None]
    sound = to_int16((np.arange(round(seconds * 16_000)) / 16_000 / 100).astype(np.float32))
    return Prepared(np.tile(frames, (1, 4, 4, 3)), sound, -sound, Speech(speech), seconds)


def test_a_crop_is_64_frames_and_32_s_from_its_start() -> None:
    crop = ramp(40.0, ((30.0, 38.0),)).crop(7.5)
    assert crop.frames[:, 0, 0, 0].tolist() == list(range(15, 79))
    assert crop.voice is not None
    assert crop.music is not None
    assert len(crop.voice) == len(crop.music) == 32 * 16_000
    assert crop.voice[0] == pytest.approx(0.075, abs=1e-4)
    assert crop.music[-1] == pytest.approx(-0.395, abs=1e-4)


def test_nobody_speaks_in_the_crop() -> None:
    clip = ramp(40.0, ((35.0, 38.0),))
    assert clip.crop(0.0).voice is None
    assert clip.crop(4.0).voice is not None


def test_a_short_clip_repeats() -> None:
    clip = ramp(10.0, ((1.0, 2.0),))
    assert clip.last_start_s() == 0.0
    crop = clip.crop()
    assert crop.frames[:, 0, 0, 0].tolist() == [*range(20), *range(20), *range(20), *range(4)]
    # the sound is as long as the clip: the network's own recipe repeats it
    assert crop.music is not None
    assert len(crop.music) == 160_000


@pytest.mark.parametrize("start_s", [-0.5, 8.5, 0.25])
def test_starts_off_the_grid_are_refused(start_s: float) -> None:
    with pytest.raises(ValueError, match="half second"):
        ramp(40.0).crop(start_s)


def test_saved_and_loaded_is_the_same(tmp_path: Path) -> None:
    clip = ramp(33.0, ((1.0, 2.5), (4.0, 5.0)))
    save_prepared(tmp_path / "a.npz", clip)
    again = load_prepared(tmp_path / "a.npz")
    assert np.array_equal(again.frames, clip.frames)
    assert np.array_equal(again.voice, clip.voice)
    assert np.array_equal(again.music, clip.music)
    assert (again.speech, again.duration_s) == (clip.speech, clip.duration_s)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_a_damaged_file_is_a_plain_sentence(tmp_path: Path) -> None:
    save_prepared(tmp_path / "a.npz", ramp(33.0))
    whole = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="prepare the data again"):
        load_prepared(tmp_path / "a.npz")


def test_sound_beyond_full_scale_is_clipped_not_wrapped() -> None:
    assert to_int16(np.array([1.5, -1.5, 0.5], dtype=np.float32)).tolist() == [32767, -32768, 16384]
