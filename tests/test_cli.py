"""The verbs as their user types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def mrcmv(debug_home: Path):  # type: ignore[no-untyped-def]
    def call(*args: object, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mrcmv", *map(str, args)],
            cwd=ROOT,
            env={**os.environ, "MRCMV_HOME": str(debug_home)},
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return call


def test_suggest_prints_one_json_object(mrcmv, examples, debug_checkpoint) -> None:  # type: ignore[no-untyped-def]
    done = mrcmv(
        "suggest", examples["excited"], "--until", 8, "--top-k", 3, "--json", "--checkpoint", debug_checkpoint
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert [row["rank"] for row in result["suggestions"]] == [1, 2, 3]
    assert result["checkpoint"]["name"] == "debug"
    assert result["clip"]["has_voice"]
    assert "Separating the voice" in done.stderr


def test_render_writes_the_mp4_and_names_the_credit(mrcmv, examples, tmp_path) -> None:  # type: ignore[no-untyped-def]
    tracks = json.loads(mrcmv("library", "list", "--json").stdout)["tracks"]
    out = tmp_path / "out.mp4"
    done = mrcmv("render", examples["calm"], "--track", tracks[0]["id"], "--out", out, "--start", 2, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert out.stat().st_size > 100_000
    assert abs(result["integrated_lufs"] + 14) <= 1.5
    assert result["true_peak_db"] <= -1.0
    assert abs(result["voice_to_music_lu"] - 13) <= 1.5
    assert tracks[0]["title"] in result["credit"]
    assert result["duties"] == []


def test_separate_writes_both_stems(mrcmv, examples, tmp_path) -> None:  # type: ignore[no-untyped-def]
    done = mrcmv("separate", examples["calm"], "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    for name in ("voice.wav", "accompaniment.wav"):
        facts = soundfile.info(str(tmp_path / name))
        assert (facts.samplerate, facts.channels, facts.subtype) == (44_100, 2, "FLOAT")
        assert facts.duration > 25


def test_library_list_has_the_starter_tracks_with_rights(mrcmv) -> None:  # type: ignore[no-untyped-def]
    done = mrcmv("library", "list", "--json")
    tracks = json.loads(done.stdout)["tracks"]
    assert len(tracks) == 28
    assert {track["mood"] for track in tracks} == {"calm", "energetic", "happy", "nostalgic", "tender"}
    assert "MIT" in done.stdout
    assert mrcmv("library", "verify").returncode == 0


def test_library_add_keeps_what_is_said_about_a_track(mrcmv, tmp_path) -> None:  # type: ignore[no-untyped-def]
    sound = tmp_path / "song.wav"
    soundfile.write(sound, np.sin(np.arange(3 * 44_100) / 16) / 4, 44_100)
    rights = ("--licence", "CC-BY-4.0", "--source", "https://example.org/song", "--content-id", "registered")
    words = ("--mood", "Calm", "--genre", "Folk", "--tag", "piano", "--tag", "slow", "--instrumental")
    done = mrcmv("library", "add", sound, "--artist", "Ann", *rights, *words, "--json")
    assert done.returncode == 0, done.stderr
    (track,) = json.loads(done.stdout)["added"]
    assert (track["mood"], track["genre"], track["tags"]) == ("calm", "folk", ["piano", "slow"])
    assert track["has_vocals"] is False
    assert track["rights"]["content_id"] == "registered"
    assert mrcmv("library", "remove", track["id"]).returncode == 0


@pytest.mark.parametrize(
    "args",
    [
        ("suggest", "README.md"),
        ("suggest", "no-such-file.mp4"),
        ("render", "README.md", "--track", "nothing", "--out", "x.mp4"),
        ("separate", "README.md", "--out", "{tmp}"),
        ("evaluate", "--data", "{tmp}"),
        ("suggest", "README.md", "--checkpoint", "no-such-checkpoint"),
    ],
)
def test_mistake_is_one_sentence(mrcmv, tmp_path, args) -> None:  # type: ignore[no-untyped-def]
    done = mrcmv(*(str(arg).format(tmp=tmp_path) for arg in args))
    assert done.returncode == 1
    assert done.stdout == ""
    lines = [line for line in done.stderr.strip().splitlines() if line]
    assert len(lines) == 1
    assert lines[0].rstrip().endswith(".")
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr
    assert str(tmp_path) not in done.stderr


def test_wrong_command_line_is_exit_2(mrcmv) -> None:  # type: ignore[no-untyped-def]
    assert mrcmv("suggest").returncode == 2
    assert mrcmv("render", "clip.mp4").returncode == 2
    assert mrcmv("data", "build", "no-such-set", "--out", "nowhere").returncode == 2


def test_doctor_finds_everything(mrcmv) -> None:  # type: ignore[no-untyped-def]
    done = mrcmv("doctor", "--json")
    findings = {finding["what"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == 0
    assert findings["library"]["says"] == "28 tracks"
    assert findings["checkpoint"]["says"].startswith("compact")
    assert all(finding["good"] or finding["optional"] for finding in findings.values())


def test_suggest_takes_words_and_filters(mrcmv, examples, debug_checkpoint) -> None:  # type: ignore[no-untyped-def]
    done = mrcmv(
        "suggest", examples["calm"], "--until", 4, "--words", "slower, no drums", "--mood", "calm",
        "--exclude", "starter-calm-acoustic-1", "--top-k", 9, "--checkpoint", debug_checkpoint, "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    found = [row["track_id"] for row in result["suggestions"]]
    assert len(found) == 4
    assert all(name.startswith("starter-calm-") for name in found)
    assert "starter-calm-acoustic-1" not in found
    assert [ask["said"] for ask in result["steering"]["asks"]] == ["slower", "drums"]
