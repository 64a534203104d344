"""What `FakeRecommender` does with words, examples, why and the map: real data classes, made-up numbers."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from mrcmv.explain import Fact, Map, Moment, Stretch, Why, lay_out, place_clip
from mrcmv.media import UserError
from mrcmv.recommender import Suggestions, Wish
from mrcmv.suggestions import EXAMPLE, Lift, Steering
from mrcmv.words import Judged, understand


class FakeWords:
    """Words sort by tempo, an example turns the order round; the rest is made up."""

    library: Any
    calls: list[tuple[str, Any]]

    def rerank(self, suggestions: Suggestions, wish: Wish, top_k: int = 5) -> Suggestions:
        self.calls.append(("rerank", wish))
        if "broken" in wish.text:
            raise UserError("Words cannot be understood here.")
        tracks = [track for track in self.library.tracks() if wish.allows(track)]
        before = {track.id: rank for rank, track in enumerate(tracks, start=1)}
        if wish.steers:
            tracks = (
                tracks[::-1] if not wish.text else sorted(tracks, key=lambda track: track.tempo_bpm or 999)
            )
        matches = tuple(
            SimpleNamespace(track=track, similarity=0.8 - 0.1 * rank, start_s=2.0)
            for rank, track in enumerate(tracks[:top_k])
        )
        understood = understand(wish.text)
        asks = tuple(Judged(ask, len(tracks), reference=120.0) for ask in understood.asks)
        because = asks[0].ask.said if asks else EXAMPLE
        lifts = tuple(
            Lift(match.track.id, before[match.track.id], rank, 0.5 - 0.1 * rank, 0.5, because)
            for rank, match in enumerate(matches, start=1)
        )
        steering = Steering(wish.strength, lifts, asks, understood.unknown) if wish.steers else None
        return dataclasses.replace(suggestions, matches=matches, wish=wish, steering=steering)  # type: ignore[arg-type]

    def hear(self, sound: Path, progress: Any = None) -> np.ndarray:
        self.calls.append(("hear", sound.read_bytes()[:4]))
        for step in range(5):
            progress(step / 5)
        if not sound.read_bytes().startswith(b"RIFF"):
            raise UserError("This file holds no music that can be read.")
        return np.ones(512, np.float32)

    def why(self, suggestions: Suggestions, track_id: str) -> Why:
        self.calls.append(("why", track_id))
        start, end = suggestions.clip.window_s
        edges = np.linspace(start, end, 9).tolist()
        voice = 0.6 if suggestions.speech else 0.0
        stretches = tuple(
            Stretch(edges[i], edges[i + 1], 1 - voice, voice, 0.01 * i, 0.02 * (7 - i) - 0.03)
            for i in range(8)
        )
        moments = (Moment(edges[5], edges[6], "voice", 0.1, 0.5), Moment(edges[7], end, "picture", 0.07, 0.3))
        facts = (
            Fact("without_voice", {"rank": 9}),
            Fact("same_word", {"word": "calm", "count": 1, "others": 4}),
        )
        return Why(track_id, 0.5, 1 - voice, voice, stretches, moments, facts)

    def map(self, suggestions: Suggestions) -> Map:
        self.calls.append(("map", None))
        tracks = self.library.tracks()
        vectors = np.random.default_rng(1).normal(size=(len(tracks), 16)).astype(np.float32)
        layout = lay_out([track.id for track in tracks], vectors, [[track.mood] for track in tracks])
        return place_clip(layout, np.linspace(0.9, 0.1, len(tracks)))
