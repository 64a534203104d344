"""What words do to tracks whose facts are known."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mrcmv.library import Track
from mrcmv.media import Cancelled
from mrcmv.words import SentenceEncoder, Steered, Words
from mrcmv.words.describe import said_words, sentence
from mrcmv.words.kept import KeptTexts


def first(words: Words, tracks: list[Track], text: str, present: tuple[int, ...] = (2, 3, 4)) -> list[str]:
    steered = score(words, tracks, text, present)
    return [tracks[i].id for i in np.argsort(-steered.total, kind="stable")]


def score(words: Words, tracks: list[Track], text: str, present: tuple[int, ...] = (2, 3, 4)) -> Steered:
    return words.score(words.understand(text).asks, tracks, present)


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("sad violin", "sad-strings"), ("piano", "calm-piano"), ("heavy metal", "metal"),
        ("8-bit chiptune", "chip"), ("epic orchestral", "epic"), ("around 64 bpm", "calm-piano"),
        ("fast", "metal"), ("slow", "calm-piano"), ("悲伤的管弦乐", "sad-strings"),
    ],
)  # fmt: skip
def test_a_description_puts_the_right_track_first(
    words: Words, tracks: list[Track], text: str, best: str
) -> None:
    assert first(words, tracks, text)[0] == best


def test_the_title_says_nothing(words: Words, tracks: list[Track]) -> None:
    assert sentence(tracks[-1]) == "music"
    assert sentence(tracks[1]) == "sad orchestral music, strings, slow, minor key, instrumental"
    assert first(words, tracks, "sad piano")[0] != "unknown"


def test_slower_is_slower_than_what_is_suggested_now(words: Words, tracks: list[Track]) -> None:
    steered = score(words, tracks, "slower")
    assert steered.judged[0].reference == pytest.approx(120)
    slow = {"calm-piano", "sad-strings"}
    assert set(first(words, tracks, "slower")[:2]) == slow
    assert set(first(words, tracks, "faster")[-2:]) == slow
    assert steered.parts[0, -1] == 0.0  # a track without a tempo is neither
    assert abs(steered.parts[0, 0] - steered.parts[0, 1]) < 0.1  # the slowest of all is not much slower


def test_axes_of_sense(words: Words, tracks: list[Track]) -> None:
    assert first(words, tracks, "calmer")[0] in ("calm-piano", "sad-strings")
    assert first(words, tracks, "more energetic")[0] == "metal"
    assert first(words, tracks, "darker")[0] in ("sad-strings", "metal", "epic")
    assert first(words, tracks, "happier")[0] in ("pop", "chip")


def test_what_surely_has_it_is_refused(words: Words, tracks: list[Track]) -> None:
    refused = score(words, tracks, "no drums").refused
    assert {track.id for track, no in zip(tracks, refused, strict=True) if no} == {"epic", "metal"}
    refused = score(words, tracks, "without vocals").refused
    assert {track.id for track, no in zip(tracks, refused, strict=True) if no} == {"metal", "pop"}
    assert not score(words, tracks, "drums").refused.any()


def test_negation_pushes_the_other_way(words: Words, tracks: list[Track]) -> None:
    wanted, unwanted = score(words, tracks, "orchestral").total, score(words, tracks, "not orchestral").total
    assert np.corrcoef(wanted, unwanted)[0, 1] < -0.99


def test_strange_words_are_told(words: Words, tracks: list[Track]) -> None:
    assert score(words, tracks, "tax declaration form").judged[0].strange
    assert not score(words, tracks, "piano").judged[0].strange


def test_measured_tags_count_by_their_strength() -> None:
    tagged = SimpleNamespace(
        mood="",
        genre="rock",
        tags=("Own",),
        instruments=("Electric_Guitar",),
        tagged={"guitar": 0.9, "drums": 0.4, "piano": 0.1},
    )
    assert said_words(tagged) == {"rock": 1, "electric guitar": 0.8, "guitar": 0.9, "drums": 0.4}


def test_nothing_at_all(words: Words, tracks: list[Track]) -> None:
    assert score(words, tracks, "").total.tolist() == [0.0] * len(tracks)
    assert score(words, [], "slower, no drums, piano", ()).parts.shape == (3, 0)


class CountingEncoder:
    def __init__(self, encoder: SentenceEncoder) -> None:
        self.encoder, self.count = encoder, 0

    def __call__(self) -> SentenceEncoder:
        return self  # type: ignore[return-value]

    def encode(self, texts: list[str]) -> np.ndarray:
        self.count += len(texts)
        return self.encoder.encode(texts)


def test_texts_are_encoded_once_and_survive_a_restart(encoder: SentenceEncoder, tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(40)]
    counting = CountingEncoder(encoder)
    kept = KeptTexts(counting, "a" * 64, tmp_path)
    before = kept.vectors(texts + texts)
    assert counting.count == 40
    again = KeptTexts(counting, "a" * 64, tmp_path)
    assert (again.vectors(texts) == before[:40]).all()
    assert counting.count == 40
    KeptTexts(counting, "b" * 64, tmp_path).vectors(texts[:1])  # other weights, other vectors
    assert counting.count == 41


def test_a_damaged_file_is_made_again(
    encoder: SentenceEncoder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"{'a' * 16}.npz"
    path.write_bytes(b"PK nothing")
    with caplog.at_level(logging.WARNING):
        kept = KeptTexts(lambda: encoder, "a" * 64, tmp_path)
    assert "made again" in caplog.text
    assert kept.vectors(["piano"]).shape == (1, 384)


def test_preparing_can_be_stopped(encoder: SentenceEncoder, tracks: list[Track], tmp_path: Path) -> None:
    def stop(done: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        Words(tmp_path, encoder).prepare(tracks, stop)
