"""Made-up catalogues in the likeness of real music under the shipped checkpoint.

    python -m benchmarks.likeness FOLDER     measures vectors of real tracks, writes benchmarks/likeness.npz

FOLDER holds the vectors of a catalogue as `python -m mrcmv catalogue embed` writes them. What is kept of
it: the directions that the vectors span, the middle of every track, how far its windows lie around it, and
27 queries of the example clips (each picture with each voice, at three starts). New tracks and queries are
drawn by the smoothed bootstrap (Silverman and Young, 1987): a real one, moved by noise of the whole set's
covariance, so that mean, spread and clusters are those of the real ones, and no two are the same.
"""

from __future__ import annotations

import argparse
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.index.cells import spanned
from mrcmv.index.types import Vectors, unit

KEPT = Path(__file__).with_name("likeness.npz")
MEAN_WINDOWS = 5
STARTS_S = (0.0, 3.0, 6.0)
OUTSIDE, OUTSIDE_WITHIN = 0.05, 0.005
"""Of the harder catalogue: share of a track's and of a window's squared length outside the directions."""


class Likeness:
    """Draws tracks and queries; the same for the same seed.

    Parameters
    ----------
    spread_out
        Puts a part of every vector outside the directions that `compact` uses, so that they fill all 512:
        harder to index, as vectors of a network without a narrow last layer would be.
    """

    def __init__(self, *, spread_out: bool = False, path: Path = KEPT) -> None:
        with np.load(path) as kept:
            self.axes: Vectors = kept["axes"].astype(np.float32)
            self._middles: Vectors = kept["middles"].astype(np.float32)
            self._scales: Vectors = kept["scales"].astype(np.float32)
            self._within: Vectors = kept["within"].astype(np.float32)
            self._clips: Vectors = kept["clips"].astype(np.float32)
        self.spread_out = spread_out
        self.dimension = self.axes.shape[1]

    @cached_property
    def _around(self) -> Vectors:
        return root(np.cov(self._middles.T))

    @cached_property
    def _rest(self) -> Vectors:
        """The directions [512 - r, 512] that `compact` does not use, scaled by a falling spread."""
        whole = np.linalg.qr(np.vstack([self.axes, np.eye(self.dimension)]).T)[0].T
        rest = whole[len(self.axes) : self.dimension]
        sizes = np.arange(1, len(rest) + 1) ** -0.5
        return np.asarray(rest * (sizes / np.linalg.norm(sizes))[:, None], np.float32)

    def counts(self, first: int, count: int) -> NDArray[np.int64]:
        """Windows of each of ``count`` tracks from number ``first`` on; at least one."""
        return 1 + np.random.default_rng([3, first]).poisson(MEAN_WINDOWS - 1, count)

    def tracks(self, first: int, count: int) -> tuple[Vectors, NDArray[np.int64]]:
        """Unit vectors of all windows [n, 512] of some tracks, and how many each track has [count]."""
        rng, counts = np.random.default_rng([1, first]), self.counts(first, count)
        middles = smoothed(self._middles, self._around, count, rng)
        owners = np.repeat(np.arange(count), counts)
        scales = rng.choice(self._scales, count)[owners, None]
        noise = rng.standard_normal((len(owners), len(self.axes)), dtype=np.float32)
        windows = unit(middles[owners] + scales * (noise @ self._within)) @ self.axes
        if self.spread_out:
            own = rng.standard_normal((count, len(self._rest)), dtype=np.float32)[owners]
            each = rng.standard_normal((len(owners), len(self._rest)), dtype=np.float32)
            windows += (OUTSIDE**0.5 * own + OUTSIDE_WITHIN**0.5 * each) @ self._rest
        return unit(windows), counts

    def queries(self, count: int) -> Vectors:
        """Unit vectors [count, 512] as of clips."""
        rng = np.random.default_rng(2)
        found = smoothed(self._clips, root(np.cov(self._clips.T)), count, rng) @ self.axes
        if self.spread_out:
            found += (
                OUTSIDE**0.5 * rng.standard_normal((count, len(self._rest)), dtype=np.float32) @ self._rest
            )
        return unit(found)


def smoothed(real: Vectors, around: Vectors, count: int, rng: np.random.Generator) -> Vectors:
    """``count`` vectors [count, r] like the real ones [n, r]; ``around`` is a root of their covariance."""
    width = len(real) ** (-1 / 9)  # Silverman's rule for the five dimensions that hold most of the spread
    chosen = real[rng.integers(len(real), size=count)]
    noise = rng.standard_normal((count, real.shape[1]), dtype=np.float32) @ around
    middle = real.mean(axis=0)
    made: Vectors = (middle + (chosen - middle + width * noise) / np.sqrt(1 + width**2)).astype(np.float32)
    return made


def root(covariance: NDArray[np.float64]) -> Vectors:
    """A matrix [r, r] whose product with white noise has this covariance."""
    sizes, axes = np.linalg.eigh(covariance)
    return np.asarray((np.sqrt(np.maximum(sizes, 0.0)) * axes).T, np.float32)


def measure(tracks: list[Vectors], clips: Vectors) -> dict[str, NDArray[np.float32]]:
    """What `Likeness` keeps of real tracks, each [w, 512], and real queries [n, 512]."""
    axes = spanned(np.concatenate(tracks))
    if axes is None:
        raise SystemExit("these vectors fill all dimensions: more tracks than dimensions are needed")
    inner = [vectors @ axes.T for vectors in tracks]
    middles = np.array([each.mean(axis=0) for each in inner])
    away = [each - each.mean(axis=0) for each in inner if len(each) > 2]
    scales = np.array([np.sqrt((each**2).sum() / (len(each) - 1)) for each in away])
    shapes = np.concatenate([each / scale for each, scale in zip(away, scales, strict=True)])
    shapes *= np.sqrt(len(shapes) / (shapes**2).sum())  # mean squared length 1
    return {
        "axes": axes,
        "middles": middles,
        "scales": scales,
        "within": root(shapes.T.astype(np.float64) @ shapes / len(shapes)),
        "clips": clips @ axes.T,
    }


def example_queries(checkpoint: str = "compact") -> Vectors:
    """Each picture of the example clips with each voice and none, at `STARTS_S`: [27, 512]."""
    from mrcmv.media import open_clip, read_sound, to_mono
    from mrcmv.recommender import Recommender

    recommender, found = Recommender(checkpoint), []
    for start_s in STARTS_S:
        pictures, voices = [], []
        for path in sorted((Path(__file__).parent.parent / "assets/examples").glob("*.mp4")):
            with tempfile.TemporaryDirectory() as folder:
                clip = open_clip(path, Path(folder), start_s=start_s)
                pictures.append(clip.read_frames())
                voice, _ = recommender.separate_window(clip)
                voices.append(None if voice is None else to_mono(read_sound(voice)))
        found += [recommender.model.embed_query(p, v).vector for p in pictures for v in voices]
    return unit(np.array(found))


def main() -> None:
    from mrcmv.catalogue import read_embedded

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="vectors of a catalogue")
    asked = parser.parse_args()
    tracks = [entry.vectors for entry in read_embedded(asked.folder)]
    kept = measure(tracks, example_queries())
    arrays: dict[str, Any] = {name: values.astype(np.float32) for name, values in kept.items()}
    np.savez_compressed(KEPT, **arrays)
    windows = sum(map(len, tracks))
    print(f"{len(tracks)} tracks, {windows} windows, {len(kept['axes'])} directions")


if __name__ == "__main__":
    main()
