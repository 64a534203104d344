"""The shipped facts of the starter pack are those of the package."""

import hashlib
import importlib.metadata
import json
import re
import shutil
from pathlib import Path

import numpy as np

from mrcmv.library import Badge, Library
from mrcmv.library.shipped import read_prints, read_shipped
from mrcmv.library.starter import FACTS, FOLDER, load_starter, sounds_folder
from mrcmv.library.twins import compare
from mrcmv.library.vocabulary import describe
from mrcmv.library.windows import window_starts
from mrcmv.media import fingerprint


def test_every_sound_of_the_package_is_there_with_its_hash(tmp_path: Path) -> None:
    library = Library.open(tmp_path)
    sounds = sounds_folder()
    assert sounds is not None
    assert len(library.tracks()) == 28
    assert {library.sound_path(track.id) for track in library.tracks()} == set(sounds.glob("*/*.opus"))
    for track in library.tracks():
        path = library.sound_path(track.id)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == track.sha256
        assert track.mood == path.parent.name
        assert track.badge is Badge.FREE
        assert track.rights.licence == "MIT"


def test_tempo_and_key_are_what_the_package_states() -> None:
    package = importlib.metadata.distribution("immich-memories-music")
    terms = next(file for file in package.files or [] if file.name == "LICENSE-MUSIC")
    text = Path(str(terms.locate())).read_text(encoding="utf-8")
    stated = dict(re.findall(r"(\w+)\.opus\s+(\d+ bpm\s+\S+ \w+)", text))
    tracks = load_starter().tracks
    assert len(stated) == len(tracks) == 28
    for track in tracks:
        bpm, key = stated[track.id.removeprefix("starter-").replace("-", "_")].split(" bpm")
        assert track.tempo_bpm == float(bpm)
        assert track.key == key.strip()
        assert 29 < track.duration_s < 33
        assert -20 < track.lufs < -8
        assert -3 < track.true_peak_db < 0.5
        assert len(track.peaks) == 200
        assert 0.3 < max(track.peaks) <= 1


def test_titles_are_for_people_and_differ() -> None:
    titles = [track.title for track in load_starter().tracks]
    assert len(set(titles)) == 28
    assert "Energetic Electronic II" in titles
    assert not any("_" in title for title in titles)


def test_a_changed_or_missing_file_is_left_out_and_named(tmp_path: Path) -> None:
    sounds = sounds_folder()
    assert sounds is not None
    copy = Path(shutil.copytree(sounds, tmp_path / "tracks"))
    (copy / "calm" / "calm_acoustic_1.opus").write_bytes(b"something else")
    (copy / "happy" / "happy_acoustic_1.opus").unlink()
    pack = load_starter(sounds=copy)
    assert len(pack.tracks) == 26
    assert [problem.split(":")[0] for problem in pack.problems] == [
        "The starter track “Calm Acoustic I” was changed",
        "The starter track “Happy Acoustic I” is missing",
    ]


def test_without_its_facts_the_program_says_so(tmp_path: Path) -> None:
    pack = load_starter(facts=tmp_path / "nothing.json")
    assert pack.tracks == ()
    assert "starter.json" in pack.problems[0]


def test_the_facts_say_how_they_were_made() -> None:
    about = json.loads(FACTS.read_text(encoding="utf-8"))
    assert about["package"] == "immich-memories-music==0.1.0"
    assert "file names" in about["titles"]


def test_what_ships_for_a_checkpoint_fits_the_pack() -> None:
    tracks = load_starter().tracks
    checkpoint = FOLDER.parents[1] / "checkpoints" / "compact" / "metrics.json"
    wanted = [json.loads(checkpoint.read_text(encoding="utf-8"))["sha256"]] if checkpoint.is_file() else []
    shipped = {path.stem.removeprefix("vectors-"): path for path in FOLDER.glob("vectors-*.npz")}
    assert {sha256[:16] for sha256 in wanted} <= set(shipped), "run assets/library/make.py vectors"
    for path in shipped.values():
        with np.load(path, allow_pickle=False) as kept:
            vectors = read_shipped(FOLDER, str(kept["model"]))
        assert set(vectors) == {track.sha256 for track in tracks}
        for track in tracks:
            part = vectors[track.sha256]
            assert part.starts_s.tolist() == window_starts(track.duration_s)
            assert np.allclose(np.linalg.norm(part.vectors, axis=1), 1, atol=1e-5)


def test_every_track_was_heard_and_its_words_follow_the_vocabulary() -> None:
    for track in load_starter().tracks:
        words = describe(track.tagged)
        assert track.tagged
        assert (track.heard_moods, track.heard_genres, track.instruments) == (
            words.moods,
            words.genres,
            words.instruments,
        ), "run assets/library/make.py tags"
        assert track.genre in track.genres
        assert ("electronic" in track.heard_genres) == (track.genre == "electronic")


def test_every_track_has_its_fingerprint() -> None:
    pack, prints = load_starter(), read_prints(FOLDER)
    assert set(prints) == {track.sha256 for track in pack.tracks}
    track = pack.tracks[0]
    assert compare(prints[track.sha256], fingerprint(pack.paths[track.id])) < 0.01
