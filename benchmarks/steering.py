"""``python -m benchmarks.steering``: what words do to the ranking, on the library that is there.

Every query has an answer that is known without the words it is compared with: a measured tempo, a
stated mood or style asked for in other words, the package that a track came with, the name of a file.
Words out of file names (tags of packs) are taken off every track first, so that none of them answers
for itself. Printed is the share of right tracks among the first five, averaged over the example
clips: by the clip alone, with words at half and at full strength, and by chance.

With ``--words-only`` no clip is looked at, so the library need not be embedded. MRCMV_HOME names the
library; packs are installed by ``python -m mrcmv library install``.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.measure import machine, table
from mrcmv.library import Index, Track
from mrcmv.ranking import rank
from mrcmv.recommender import Recommender, Suggestions, Wish

EXAMPLES = Path(__file__).resolve().parents[1] / "assets" / "examples"
FIRST = 5
Truth = Callable[[Track, float], bool]
"""Whether a track is right; the second argument is the middle tempo of what the clip alone suggests."""


def tempo(right: Callable[[float, float], bool]) -> Truth:
    return lambda track, now: track.tempo_bpm is not None and right(track.tempo_bpm, now)


def stated(field: str, word: str) -> Truth:
    return lambda track, now: getattr(track, field) == word


def pack(*parts: str) -> Truth:
    return lambda track, now: any(part in track.pack for part in parts)


def title(*words: str) -> Truth:
    return lambda track, now: any(word in track.title.lower() for word in words)


def lacks(word: str) -> Truth:
    return lambda track, now: not any(word in each for each in (*track.instruments, track.genre))


SHOOTERS = ("noiz2sa", "parsec47", "gunroar", "mu-cade", "torus-trooper", "a7xpg", "titanion", "rrootage")
"""Packages of arcade shooters by one author, whose music is electronic by their own description."""
QUERIES: tuple[tuple[str, str, Truth], ...] = (
    ("measured tempo", "slower", tempo(lambda bpm, now: bpm < 0.95 * now)),
    ("measured tempo", "faster", tempo(lambda bpm, now: bpm > 1.05 * now)),
    ("measured tempo", "慢一点", tempo(lambda bpm, now: bpm < 0.95 * now)),
    ("measured tempo", "around 120 bpm", tempo(lambda bpm, now: abs(bpm - 120) < 8)),
    ("stated mood, other words", "lullaby", stated("mood", "calm")),
    ("stated mood, other words", "meditation", stated("mood", "calm")),
    ("stated mood, other words", "workout", stated("mood", "energetic")),
    ("stated mood, other words", "boss fight", stated("mood", "energetic")),
    ("stated mood, other words", "party", stated("mood", "happy")),
    ("stated mood, other words", "joyful", stated("mood", "happy")),
    ("stated mood, other words", "romantic", stated("mood", "tender")),
    ("stated mood, other words", "love song", stated("mood", "tender")),
    ("stated mood, other words", "wistful memories", stated("mood", "nostalgic")),
    ("stated mood, other words", "melancholic", stated("mood", "nostalgic")),
    ("stated mood, other words", "怀旧", stated("mood", "nostalgic")),
    ("stated style, other words", "techno", stated("genre", "electronic")),
    ("stated style, other words", "unplugged guitar", stated("genre", "acoustic")),
    ("stated style, other words", "8-bit chiptune", stated("genre", "electronic")),
    ("package it came with", "orchestral film score", pack("wesnoth")),
    ("package it came with", "techno arcade shooter", pack(*SHOOTERS)),
    ("name of the file", "battle", title("battle", "frantic", "casualties", "war")),
    ("name of the file", "sad", title("sad", "casualties", "doldesh", "loss", "death")),
    ("name of the file", "victory", title("victory", "heroes")),
    ("what it must not have", "no drums", lacks("drum")),
    ("what it must not have", "not electronic", lacks("electronic")),
    ("what it must not have", "不要鼓", lacks("drum")),
)


class Unnamed:
    """The index with the words of file names taken off its tracks."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.tracks = tuple(
            track if track.pack == "starter" else dataclasses.replace(track, tags=())
            for track in index.tracks
        )
        self.best_windows = index.best_windows
        self.track_vector = index.track_vector
        self.search = index.search


def precision(tracks: Sequence[Track], truth: Truth, now: float) -> float:
    return float(np.mean([truth(track, now) for track in tracks]))


Row = tuple[str, ...]


def judge(recommender: Recommender, index: Unnamed, clips: Sequence[Suggestions]) -> list[Row]:
    rows: list[Row] = []
    for kind, text, truth in QUERIES:
        found: dict[float, list[float]] = {0.0: [], 0.5: [], 1.0: []}
        chance = []
        for clip in clips:
            alone = [match.track for match in index.search(clip.query, FIRST)]
            tempos = [track.tempo_bpm for track in alone if track.tempo_bpm]
            now = float(np.median(tempos)) if tempos else 100.0
            chance.append(precision(index.tracks, truth, now))
            for strength, values in found.items():
                wish = Wish(text, strength=strength)
                matches, _ = rank(index, clip.query, wish, FIRST, words=recommender.words)  # type: ignore[arg-type]
                values.append(precision([match.track for match in matches], truth, now))
        if max(chance) == 0 or min(chance) == 1:
            continue  # in this library nothing can be right, or nothing wrong
        rows.append((kind, text, *(f"{np.mean(values):.2f}" for values in (*found.values(), chance))))
    return rows


def words_only() -> None:
    """Words alone on a library that need not be embedded; queries relative to a clip are left out."""
    recommender = Recommender()
    everything = [
        track if track.pack == "starter" else dataclasses.replace(track, tags=())
        for track in recommender.library.tracks()
    ]
    rows: list[Row] = []
    for kind, text, truth in QUERIES:
        tracks = [track for track in everything if track.mood or not kind.startswith("stated")]
        asks = recommender.words.understand(text).asks
        if any(ask.kind in ("more", "less") for ask in asks):
            continue
        steered = recommender.words.score(asks, tracks, ())
        order = np.argsort(-(steered.total - 1000 * steered.refused), kind="stable")[:FIRST]
        chance = precision(tracks, truth, 100.0)
        if 0 < chance < 1:
            right = precision([tracks[i] for i in order], truth, 100.0)
            rows.append(
                (kind, text, f"{right:.2f}", f"{chance:.2f}", ", ".join(tracks[i].title for i in order[:3]))
            )
    print("# Words alone\n")
    print(f"{len(everything)} tracks of {len({track.pack for track in everything})} packs.")
    print(f"Moods and styles: among the tracks for which they are stated. Right among the first {FIRST}:\n")
    print(table([("known by", "words", "words alone", "chance", "first three"), *rows]))
    failed = [row[1] for row in rows if float(row[2]) <= float(row[3])]
    print(f"\nNo better than chance: {', '.join(failed) or 'none'}.")


def main() -> None:
    if "--words-only" in sys.argv:
        words_only()
        return
    recommender = Recommender()
    whole = recommender.index()
    index = Unnamed(whole)
    clips = []
    for path in sorted(EXAMPLES.glob("*.mp4")):
        with tempfile.TemporaryDirectory(prefix="mrcmv-") as folder:
            clips.append(recommender.suggest(path, Path(folder)))
    began = time.perf_counter()
    recommender.words.prepare(index.tracks)
    prepared = time.perf_counter() - began
    rows = judge(recommender, index, clips)
    began = time.perf_counter()
    for _ in range(10):
        recommender.rerank(clips[0], Wish("slower, no drums, orchestral"))
    again = (time.perf_counter() - began) / 10

    print("# Words beside the clip\n")
    print(machine() + "\n")
    print(f"{len(index.tracks)} tracks, {len(clips)} clips. Right among the first {FIRST}:\n")
    columns = ("clip alone", "half", "words alone", "chance")
    print(table([("known by", "words", *columns), *rows]) + "\n")
    print(table([("known by", "queries", *columns), *means(rows)]))
    failed = [row[1] for row in rows if float(row[4]) <= float(row[5])]
    print(f"\nNo better than chance, words alone: {', '.join(failed) or 'none'}.")
    print(f"Texts of all tracks: {prepared:.2f} s; ranking again with three wishes: {1000 * again:.0f} ms.")


def means(rows: Sequence[Row]) -> list[Row]:
    """The table by kind of truth."""
    kinds = dict.fromkeys(row[0] for row in rows)
    return [
        (kind, str(len(part)), *(f"{np.mean([float(row[i]) for row in part]):.2f}" for i in range(2, 6)))
        for kind in kinds
        if (part := [row for row in rows if row[0] == kind])
    ]


if __name__ == "__main__":
    main()
