"""The contact sheet and the measured sound of a data set, on a set made here in a moment."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mrcmv.media import UserError, run_ffmpeg
from mrcmv.training.manifest import Item
from mrcmv.training.survey import Seen, as_table, contact_sheet, hear, pick, read_seen, sample
from mrcmv.training.survey.sheet import HEIGHT, notes

RATE = 32_000
SECONDS = 4.0
VOICE_GAIN, MUSIC_GAIN = 0.5, 0.25


def a_voice() -> np.ndarray:
    """Bursts of a buzz, mono, silent in between."""
    time = np.arange(round(SECONDS * RATE)) / RATE
    noise = np.random.default_rng(1).standard_normal(len(time))
    return 0.3 * (np.sin(2 * np.pi * 160 * time) + 0.5 * noise) * (np.sin(2 * np.pi * 0.5 * time) > 0)


def some_music() -> np.ndarray:
    time = np.arange(round(SECONDS * RATE)) / RATE
    noise = np.random.default_rng(2).standard_normal((len(time), 2))
    return 0.15 * (np.sin(2 * np.pi * 900 * time)[:, None] + noise)


def make_set(folder: Path, late_s: float = 0.0) -> Path:
    """One clip, red then blue, whose sound is half the voice, ``late_s`` late, and a quarter of the music."""
    clip = folder / "clips" / "0000"
    clip.mkdir(parents=True)
    voice, music = a_voice(), some_music()
    delayed = np.roll(voice, round(late_s * RATE))
    soundfile.write(folder / "mix.wav", VOICE_GAIN * delayed[:, None] + MUSIC_GAIN * music, RATE)
    soundfile.write(clip / "voice.flac", voice, RATE)
    soundfile.write(clip / "music.flac", music, RATE)
    colours = "color=red:s=64x48:r=5:d=2[a];color=blue:s=64x48:r=5:d=2[b];[a][b]concat[v]"
    sound = ["-i", str(folder / "mix.wav"), "-filter_complex", colours, "-map", "[v]", "-map", "0:a"]
    run_ffmpeg([*sound, "-c:a", "aac", "-b:a", "256k", "-f", "mp4", str(clip / "clip.mp4")])
    labels = {
        "plan": {"game": 1.25, "light": -0.5, "factors": {"arousal": 0.7}, "blocks": []},
        "levels": {"voice_to_music_lu": 11.0},
    }
    (clip / "labels.json").write_text(json.dumps(labels))
    names = {"clip": "clip.mp4", "voice": "voice.flac", "music": "music.flac", "labels": "labels.json"}
    row = {
        "id": "0000", "split": "test", "duration_s": SECONDS, "speaker": "ada", "map": "E1M1",
        "track": {"id": "t", "title": "A Song", "author": "Nobody", "licence": "MIT"},
        **{key: f"clips/0000/{name}" for key, name in names.items()},
    }  # fmt: skip
    (folder / "manifest.jsonl").write_text(json.dumps(row) + "\n")
    return folder


def a_clip(number: int, split: str, arousal: float) -> Seen:
    item = Item(f"{number:04d}", split, Path("none.mp4"), None, None, "t", "s", "e", 1.0)
    return Seen(item, scores={"arousal": arousal})


def test_a_sample_has_every_split_and_both_ends_of_arousal() -> None:
    split = ["train"] * 20 + ["validation"] * 2 + ["test"] * 10
    clips = [a_clip(number, name, float(number * 7 % 32)) for number, name in enumerate(split)]
    found = sample(clips, 8)
    assert [each.item.split for each in found].count("train") == 5
    assert [each.item.split for each in found].count("test") == 2
    assert [each.item.split for each in found].count("validation") == 1
    arousal = [each.arousal for each in found]
    assert arousal == sorted(arousal)
    assert arousal[0] < 6
    assert arousal[-1] > 25
    assert sample(list(reversed(clips)), 8) == found
    assert len(sample(clips, 100)) == len(clips) == len({each.item.id for each in sample(clips, 100)})


def test_the_mix_is_taken_apart_and_a_late_voice_is_found(tmp_path: Path) -> None:
    heard = hear(read_seen(make_set(tmp_path, late_s=0.06))[0])
    voice = 20 * np.log10(VOICE_GAIN) + 20 * np.log10(np.sqrt(np.mean(a_voice()[: RATE // 2] ** 2)))
    music = 20 * np.log10(MUSIC_GAIN) + 20 * np.log10(np.sqrt(np.mean(some_music()[: RATE // 2] ** 2)))
    assert heard.voice_offset_ms == pytest.approx(60, abs=2)
    assert heard.music_offset_ms == pytest.approx(0, abs=2)
    assert heard.voice_match > 0.97
    assert heard.music_match > 0.97
    # K-weighting lifts the brighter music a little more than the voice
    assert heard.under_lu == pytest.approx(voice - music, abs=1.5)
    assert heard.told_lu == 11.0
    assert heard.rest_lufs < heard.music_lufs - 10
    assert heard.speaking == pytest.approx(0.5, abs=0.06)
    assert heard.silence == 0
    assert heard.clipped == 0
    assert "| offset of the voice, ms | 60" in as_table([heard])


def test_a_sheet_shows_the_pictures_in_order_and_stays_small(tmp_path: Path) -> None:
    from PIL import Image

    data = make_set(tmp_path / "data")
    out = contact_sheet(read_seen(data), tmp_path / "sheet.png")
    with Image.open(out) as image:
        sheet = np.asarray(image.convert("RGB")).astype(int)
    middle = sheet[10 + HEIGHT // 2]
    first, last = middle[10 + 48], middle[10 + 5 * 97 + 48]
    assert first[0] > 200 > 100 > first[2]
    assert last[2] > 200 > 100 > last[0]
    assert out.stat().st_size < 500_000
    assert not list(tmp_path.glob("*.partial"))
    with pytest.raises(UserError, match="png"):
        contact_sheet(read_seen(data), tmp_path / "sheet.txt")


def test_the_notes_tell_speaker_mood_and_licence_and_the_picks_are_by_name(tmp_path: Path) -> None:
    seen = pick(make_set(tmp_path), ["0000"])[0]
    who, mood, credit = notes(seen)
    assert who.startswith("0000  test")
    assert "ada" in who
    assert "E1M1" in who
    assert "arousal +0.7" in mood
    assert "game +1.2" in mood
    assert "light -0.5" in mood
    assert credit == "A Song by Nobody  (MIT)"
    with pytest.raises(UserError, match="no clip"):
        pick(tmp_path, ["9999"])
