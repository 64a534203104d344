"""Words for tracks and songs without their singing, by networks that are handed in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mrcmv.library import Ears, Library, TrackFilter
from mrcmv.library.ears import HEARD_S, energy, spread
from mrcmv.library.vocabulary import describe
from mrcmv.media import ANALYSIS_RATE, Progress, Samples, UserError, read_sound, write_sound
from tests.library.helpers import FREE, NOTES, NoteEmbedder, query, small_pack, sound_file, tone


class FakeTagger:
    """Says the same of everything."""

    def __init__(self, **tags: float) -> None:
        self.given, self.heard = {"Slow": 0.3, **tags}, 0

    def tags(self, sound: Samples) -> dict[str, float]:
        self.heard += 1
        return self.given


@dataclass
class Stems:
    voice: Path
    accompaniment: Path


class FakeSeparator:
    """Gives a high note as the voice and a low one as the rest."""

    def __init__(self, level: float = 0.3) -> None:
        self.level, self.separated = level, 0

    def separate_file(self, source: Path, folder: Path, *, progress: Progress | None = None) -> Stems:
        self.separated += 1
        seconds = len(read_sound(source)) / 44100
        stems = Stems(folder / "voice.wav", folder / "accompaniment.wav")
        write_sound(stems.voice, tone(NOTES[3], seconds, level=self.level))
        write_sound(stems.accompaniment, tone(NOTES[0], seconds, level=0.3))
        return stems


class LoudSeparator(FakeSeparator):
    """Gives the sound's own high and low halves."""

    def separate_file(self, source: Path, folder: Path, *, progress: Progress | None = None) -> Stems:
        sound = read_sound(source)
        self.level = 0.3 if np.abs(np.diff(sound, axis=0)).mean() > 0.02 else 0.01
        return super().separate_file(source, folder, progress=progress)


def song(path: Path) -> Path:
    write_sound(path, tone(NOTES[0], 4.0) + tone(NOTES[3], 4.0))
    return path


def library(folder: Path, tagger: FakeTagger | None, separator: FakeSeparator | None = None) -> Library:
    ears = Ears(lambda: (tagger,) if tagger else (), (lambda: separator) if separator else None)
    return Library(folder / "home", small_pack(folder / "pack", NOTES[1:3]), folder, ears=ears)


def test_a_song_is_found_by_its_accompaniment(tmp_path: Path) -> None:
    separator, model = FakeSeparator(), NoteEmbedder()
    ours = library(tmp_path, FakeTagger(slow=0.9), separator)
    track = ours.add(song(tmp_path / "song.wav"), FREE)
    assert separator.separated == 2  # some pieces, then the whole
    assert track.has_vocals is True
    assert track.vocal_share == pytest.approx(0.5, abs=0.02)
    accompaniment = ours.accompaniment_path(track.id)
    assert accompaniment is not None
    assert accompaniment != ours.sound_path(track.id)
    assert len(read_sound(accompaniment)) == pytest.approx(4 * 44100, abs=2000)
    match = ours.index(model).search(query(0), 1)[0]
    assert match.track.id == track.id
    assert match.similarity > 0.99  # the high note of the voice is not in it
    assert ours.search(TrackFilter(vocals=True)).tracks == (track,)
    assert ours.verify() == []
    assert ours.accompaniment_path("note-440") is None
    ours.remove(track.id)
    left = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert not [path for path in left if path.suffix in (".flac", ".mp3", ".wav")]
    assert len([path for path in left if path.suffix == ".npz"]) == 2  # the starter pack's


@pytest.mark.parametrize(
    ("said", "level", "has_vocals", "separated"),
    [(None, 0.01, False, 1), (False, 0.3, False, 0), (True, 0.01, True, 1)],
)
def test_what_is_said_settles_whether_somebody_sings(
    tmp_path: Path, said: bool | None, level: float, has_vocals: bool, separated: int
) -> None:
    separator = FakeSeparator(level)
    ours = library(tmp_path, FakeTagger(), separator)
    track = ours.add(song(tmp_path / "song.wav"), FREE, has_vocals=said)
    assert track.has_vocals is has_vocals
    assert separator.separated == separated
    assert (ours.accompaniment_path(track.id) is not None) is has_vocals


def test_of_an_instrumental_only_pieces_are_separated(tmp_path: Path) -> None:
    separator = FakeSeparator(0.01)
    ours = library(tmp_path, FakeTagger(piano=0.8), separator)
    track = ours.add(sound_file(tmp_path / "a.wav", NOTES[0]), FREE)
    assert separator.separated == 1
    assert track.has_vocals is False
    assert track.vocal_share == pytest.approx(1 / 900, rel=0.2)
    assert track.instruments == ("piano",)
    assert track.tagged["piano"] == 0.8


def test_without_a_tagger_tracks_come_in_and_are_heard_later(tmp_path: Path) -> None:
    def missing() -> list[FakeTagger]:
        raise UserError("The weights cannot be fetched.")

    deaf = Library(tmp_path / "home", small_pack(tmp_path / "pack"), tmp_path, ears=Ears(missing))
    plain = deaf.add(sound_file(tmp_path / "a.wav", NOTES[0]), FREE)
    sung = deaf.add(song(tmp_path / "song.wav"), FREE)
    assert plain.tagged == {}
    assert plain.has_vocals is None
    assert deaf.tag() == 0
    separator, tagger = LoudSeparator(), FakeTagger(piano=0.7)
    ours = Library(
        tmp_path / "home",
        small_pack(tmp_path / "pack"),
        tmp_path,
        ears=Ears(lambda: (tagger,), lambda: separator),
    )
    seen: list[float] = []
    assert ours.tag(seen.append) == 2
    assert seen == sorted(seen)
    assert ours.get(plain.id).instruments == ("piano",)
    assert ours.get(plain.id).has_vocals is False
    assert ours.get(sung.id).has_vocals is True
    assert ours.accompaniment_path(sung.id) is not None
    assert ours.search(TrackFilter(instruments=frozenset({"piano"}))).total == 2
    assert ours.tag() == 0
    assert tagger.heard == 2
    assert ours.verify() == []


def test_words_follow_the_vocabulary_without_hearing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagger = FakeTagger(harp=0.9)
    ours = library(tmp_path, tagger)
    track = ours.add(sound_file(tmp_path / "a.wav", NOTES[0]), FREE)
    assert track.instruments == ("harp",)
    monkeypatch.setattr("mrcmv.library.vocabulary.INSTRUMENTS", {"lyre": ("harp",)})
    assert ours.tag() == 0
    assert ours.get(track.id).instruments == ("lyre",)
    assert ours.facets().instruments == {"lyre": 1}
    assert tagger.heard == 1


def test_several_networks_are_averaged(tmp_path: Path) -> None:
    ears = Ears(lambda: (FakeTagger(piano=0.8, rock=0.2), FakeTagger(piano=0.4, jazz=0.001)))
    tags = ears.tags(sound_file(tmp_path / "a.wav", NOTES[0]))
    assert tags["piano"] == 0.6
    assert tags["rock"] == 0.2
    assert "jazz" not in tags
    assert list(tags.values()) == sorted(tags.values(), reverse=True)


def test_of_a_long_sound_pieces_from_everywhere_are_heard() -> None:
    short = np.arange(30 * ANALYSIS_RATE, dtype=np.float32)
    assert spread(short) is short
    long = np.arange(300 * ANALYSIS_RATE, dtype=np.float32)
    pieces = spread(long)
    assert len(pieces) == HEARD_S * ANALYSIS_RATE
    assert pieces[0] == 0
    assert pieces[-1] == long[-1]


def test_energy_is_the_sum_of_squares(tmp_path: Path) -> None:
    sound = tone(440, 1.0)
    write_sound(tmp_path / "a.wav", sound)
    assert energy(tmp_path / "a.wav") == pytest.approx(float(np.square(sound).sum()), rel=1e-4)


def test_nothing_tagged_says_nothing() -> None:
    words = describe({})
    assert (words.moods, words.genres, words.instruments) == ((), (), ())
