from __future__ import annotations

import pytest

from mrcmv.library import Rights, Track
from mrcmv.words import SentenceEncoder, Words

RIGHTS = Rights.state("CC0-1.0", source="https://example.org/pack")


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    return SentenceEncoder.load()


@pytest.fixture(scope="session")
def words(encoder: SentenceEncoder) -> Words:
    return Words(encoder=encoder)


def make_track(ident: str, mood: str = "", genre: str = "", **facts: object) -> Track:
    return Track(
        id=ident, title="Slow Sad Piano Without Drums", artist="Orchestra", sha256=ident * 4, pack="own",
        rights=RIGHTS, duration_s=40.0, mood=mood, genre=genre, **facts,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture(scope="session")
def tracks() -> list[Track]:
    return [
        make_track("calm-piano", "calm", "classical", tags=("piano",), tempo_bpm=64, key="C major",
                   lufs=-20, has_vocals=False),
        make_track("sad-strings", "sad", "orchestral", tags=("strings",), tempo_bpm=72, key="D minor",
                   lufs=-18, has_vocals=False),
        make_track("epic", "epic", "orchestral", tags=("brass", "drums"), tempo_bpm=120, key="E minor",
                   lufs=-11),
        make_track("metal", "energetic", "metal", tags=("guitar", "drums"), tempo_bpm=170, key="E minor",
                   lufs=-8, has_vocals=True),
        make_track("pop", "happy", "pop", tags=("female vocals", "synth"), tempo_bpm=118, key="G major",
                   lufs=-10, has_vocals=True),
        make_track("chip", "happy", "electronic", tags=("chiptune",), tempo_bpm=150, key="A major",
                   lufs=-12, has_vocals=False),
        make_track("unknown"),
    ]  # fmt: skip
