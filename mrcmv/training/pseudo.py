"""Pseudo labels: which crops count as the same moment (section 3.3 and 4.1 of the paper)."""

from __future__ import annotations

from collections.abc import Iterable

BIN_S = 7.0
"""Crops of one video that start less than 7 s apart have similar meaning."""


def pseudo_bin(start_s: float) -> int:
    """The bin of a crop that starts at ``start_s`` seconds: floor(start / 7 s)."""
    if start_s < 0:
        raise ValueError("a crop starts at or after 0 s")
    return int(start_s // BIN_S)


class PseudoLabels:
    """Numbers every (video, bin) of the training set, so that classifiers can name them.

    Parameters
    ----------
    videos
        (id, duration in seconds) of every training video.
    window_s
        Length of a crop; the last possible start is ``duration - window``.
    """

    def __init__(self, videos: Iterable[tuple[str, float]], window_s: float) -> None:
        self.durations = dict(videos)
        self._first: dict[str, int] = {}
        self._bins: dict[str, int] = {}
        self.count = 0
        for video, duration_s in self.durations.items():
            self._first[video] = self.count
            self._bins[video] = pseudo_bin(max(0.0, duration_s - window_s)) + 1
            self.count += self._bins[video]

    def label(self, video: str, start_s: float) -> int:
        """The label of a crop, 0 .. count - 1."""
        within = pseudo_bin(start_s)
        if within >= self._bins[video]:
            raise ValueError(f"no crop of {video} starts at {start_s} s")
        return self._first[video] + within
