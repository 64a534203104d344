"""``python -m benchmarks.why``: whether the explanations hold, on the three example clips.

1. Shares sum to 1.
2. What is called the strongest moment matters: its sound or picture is replaced by another clip's (not
   by the blank that found it), and the loss of similarity is compared with that of the other stretches.
3. What it costs, and how well the map agrees with the similarities it shows.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from benchmarks.measure import machine, table
from mrcmv.explain import Why
from mrcmv.media import ANALYSIS_RATE, read_sound, to_mono
from mrcmv.recommender import Recommender, Suggestions

EXAMPLES = Path(__file__).resolve().parents[1] / "assets" / "examples"
Row = tuple[str, ...]


def heard(found: Suggestions) -> NDArray[np.float32] | None:
    return None if found.voice is None else to_mono(read_sound(found.voice))


def losses(
    recommender: Recommender, found: Suggestions, other: Suggestions, why: Why, music: NDArray[np.float32]
) -> dict[str, NDArray[np.float64]]:
    """Similarity lost in each stretch when its picture, or its voice, is that of another clip."""
    frames, voice, strange = found.clip.read_frames(), heard(found), heard(other)
    start, end = found.clip.window_s
    length = end - start
    lost: dict[str, list[float]] = {"picture": [], "voice": []}
    for stretch in why.stretches:
        begin, until = stretch.start_s - start, stretch.end_s - start
        times = np.mod(np.arange(len(frames)) / 2, length)
        inside = (times >= begin - 1e-6) & (times < until - 1e-6)
        swapped = np.where(inside[:, None, None, None], other.clip.read_frames(), frames)
        lost["picture"].append(similarity(recommender, swapped, voice, music))
        if voice is not None and strange is not None:
            spoken = voice.copy()
            a, b = round(begin * ANALYSIS_RATE), min(round(until * ANALYSIS_RATE), len(voice))
            spoken[a:b] = np.resize(strange[a:b] if b <= len(strange) else strange, b - a)
            lost["voice"].append(similarity(recommender, frames, spoken, music))
    return {name: why.similarity - np.array(values) for name, values in lost.items()}


def similarity(
    recommender: Recommender,
    frames: NDArray[np.uint8],
    voice: NDArray[np.float32] | None,
    music: NDArray[np.float32],
) -> float:
    vector = recommender.model.embed_query(frames, voice).vector
    return float(vector @ music / np.linalg.norm(vector) / np.linalg.norm(music))


def main() -> None:
    recommender = Recommender()
    index = recommender.index()
    folder = tempfile.TemporaryDirectory(prefix="mrcmv-")
    clips = {}
    for path in sorted(EXAMPLES.glob("*.mp4")):
        (place := Path(folder.name) / path.stem).mkdir()
        clips[path.stem] = recommender.suggest(path, place)
    rows: list[Row] = []
    costs: list[Row] = []
    others = {"calm": "excited", "excited": "calm", "no_voice": "calm"}
    for name, found in clips.items():
        cpu, wall = time.process_time(), time.perf_counter()
        why = recommender.why(found, found.matches[0].track.id)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        began = time.perf_counter()
        recommender.why(found, found.matches[1].track.id)
        second = time.perf_counter() - began
        sums = [s.picture_share + s.voice_share for s in why.stretches] + [
            why.picture_share + why.voice_share
        ]
        placed = recommender.map(found)
        near = index.best_windows(found.query)[0]
        far = np.linalg.norm(placed.layout.points - np.array(placed.clip), axis=1)
        agrees = float(spearmanr(-far, near).statistic)
        off = max(abs(total - 1) for total in sums)
        costs.append(
            (name, f"{cpu:.1f}", f"{wall:.1f}", f"{1000 * second:.0f}", f"{off:.0e}", f"{agrees:.2f}")
        )
        for match in found.matches[:3]:
            why = recommender.why(found, match.track.id)
            music = index.window_vector(match.track.id, match.start_s)
            assert music is not None
            lost = losses(recommender, found, clips[others[name]], why, music)
            if not why.moments:
                rows.append((name, match.track.id, "none stands out", "", "", "", ""))
                continue
            top = why.moments[0]
            values = lost[top.source]
            at = next(i for i, s in enumerate(why.stretches) if s.start_s == top.start_s)
            rest = np.delete(values, at)
            stands = int((values > values[at]).sum()) + 1
            rows.append(
                (
                    name,
                    match.track.id,
                    f"{top.source} {top.start_s:.0f}-{top.end_s:.0f} s",
                    f"{values[at]:+.3f}",
                    f"{rest.mean():+.3f}",
                    f"{stands} of {len(values)}",
                    "yes" if values[at] > rest.mean() else "no",
                )
            )
    print("# Why this track\n")
    print(machine() + "\n")
    print(table([("clip", "CPU s", "s", "2nd track ms", "shares off 1", "map agrees"), *costs]) + "\n")
    print("The strongest moment, replaced by another clip's, against the mean of the other stretches:\n")
    heads = ("clip", "track", "moment", "lost", "others lost", "its place", "more")
    print(table([heads, *rows]))
    counted = [row[-1] for row in rows if row[-1]]
    print(f"\nMore than a random stretch: {counted.count('yes')} of {len(counted)}.")


if __name__ == "__main__":
    main()
