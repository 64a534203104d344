"""A track fitted to a clip: from the best moment on, looped where it is too short, faded at both ends."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import (
    MAX_CLIP_S,
    SAMPLE_RATE,
    Beats,
    Progress,
    Samples,
    UserError,
    read_blocks,
    sound_length_s,
)
from mrcmv.mix.grid import Grid
from mrcmv.mix.loop import find_loop

FADE_IN_S = 0.5
FADE_OUT_S = 1.75
CROSSFADE_S = 0.1
MIN_TRACK_S = 1.0
_TAIL_S = 30.0  # so much more of a track must be left than the clip needs to spare the look for its end
_LEAD_S = MAX_CLIP_S  # of a track that has to loop everything is read: it may jump back to anywhere
_FRAME = SAMPLE_RATE // 10
_BLOCK = 1 << 16


class MusicError(UserError):
    """A music file that cannot lie under a clip."""


@dataclass(frozen=True)
class Piece:
    """``frames`` samples of the track from ``source`` on, heard from ``at`` on, crossfaded at its ends.

    ``likeness`` is how far the sound that comes in correlates with the one that goes (-1..1).
    """

    at: int
    source: int
    frames: int
    fade_in: int = 0
    fade_out: int = 0
    likeness_in: float = 0.0
    likeness_out: float = 0.0

    def jump_to(self, other: Piece) -> tuple[int, int]:
        """(from, to): samples of the track in the middle of the crossfade into the next piece."""
        middle = other.at + other.fade_in // 2
        return self.source + middle - self.at, other.source + other.fade_in // 2


@dataclass(frozen=True)
class MusicBed:
    """The music of a clip: pieces of a track, never held in memory as a whole.

    Attributes
    ----------
    track
        Samples [n, 2], 44.1 kHz.
    pieces
        In order; neighbours overlap by the length of their crossfade.
    frames
        Length of the bed in samples.
    fade_in, fade_out
        Length of the fades at the clip's ends in samples.
    origin
        Sample of the track's file with which ``track`` begins.
    struck
        Sample of the bed at which the last beat is struck; None where it was fitted without beats.
    """

    track: Samples
    pieces: tuple[Piece, ...]
    frames: int
    fade_in: int
    fade_out: int
    origin: int = 0
    struck: int | None = None

    @property
    def start_s(self) -> float:
        """Second of the track's file at which the music sets in."""
        return (self.origin + self.pieces[0].source) / SAMPLE_RATE if self.pieces else 0.0

    def place(self, at: int) -> int:
        """Sample of ``track`` that is heard at a sample of the bed."""
        piece = next((each for each in reversed(self.pieces) if each.at <= at), self.pieces[0])
        return piece.source + at - piece.at

    @property
    def seams(self) -> list[int]:
        """The middle of every crossfade, in samples."""
        return [piece.at + piece.fade_in // 2 for piece in self.pieces[1:]]

    def block(self, start: int, stop: int, *, fades: bool = True) -> Samples:
        """Samples ``start`` to ``stop`` of the bed, [stop - start, 2]."""
        out: Samples = np.zeros((max(0, stop - start), 2), np.float32)
        for piece in self.pieces:
            low, high = max(start, piece.at), min(stop, piece.at + piece.frames)
            if low >= high:
                continue
            shift = piece.source - piece.at
            sound = self.track[low + shift : high + shift]
            if low < piece.at + piece.fade_in or high > piece.at + piece.frames - piece.fade_out:
                sound = sound * _piece_gain(piece, low - piece.at, high - piece.at)[:, None]
            out[low - start : high - start] += sound
        if fades and (start < self.fade_in or stop > self.frames - self.fade_out):
            out *= self._fades(start, stop)[:, None]
        return out

    def samples(self) -> Samples:
        """The whole bed [frames, 2]."""
        return self.block(0, self.frames)

    def _fades(self, start: int, stop: int) -> NDArray[np.float32]:
        at = np.arange(start, stop, dtype=np.float64)
        rise = np.clip(at / max(1, self.fade_in), 0, 1)
        fall = np.clip((self.frames - 1 - at) / max(1, self.fade_out), 0, 1)
        gain: NDArray[np.float32] = (np.sin(rise * np.pi / 2) * (0.5 - 0.5 * np.cos(fall * np.pi))).astype(
            np.float32
        )
        return gain


def _piece_gain(piece: Piece, low: int, high: int) -> NDArray[np.float32]:
    at = np.arange(low, high, dtype=np.float64) + 0.5
    gain = np.ones(len(at))
    if piece.fade_in:
        gain *= _cross(np.clip(at / piece.fade_in, 0, 1), piece.likeness_in)
    if piece.fade_out:
        gain *= _cross(np.clip((piece.frames - at) / piece.fade_out, 0, 1), piece.likeness_out)
    return gain.astype(np.float32)


def _cross(part: NDArray[np.float64], likeness: float) -> NDArray[np.float64]:
    """Gain of the sound that comes in. Equal power: sine and cosine, made smaller by what sounds
    that are alike add up to (two equal sounds get equal *gain*, else the seam would swell by 3 dB)."""
    rising, falling = np.sin(part * np.pi / 2), np.cos(part * np.pi / 2)
    gain: NDArray[np.float64] = rising / np.sqrt(1 + 2 * likeness * rising * falling)
    return gain


@dataclass(frozen=True)
class Fades:
    """At the clip's ends, in seconds; shortened for short clips."""

    in_s: float = FADE_IN_S
    out_s: float = FADE_OUT_S


NO_MUSIC = np.zeros((0, 2), np.float32)


def no_music(frames: int) -> MusicBed:
    """A bed of silence."""
    return MusicBed(NO_MUSIC, (), frames, 0, 0)


def fit_music(
    track: Samples,
    frames: int,
    *,
    start: int = 0,
    fades: Fades = Fades(),
    grid: Grid | None = None,
) -> MusicBed:
    """Lay a track [n, 2] under a clip of ``frames`` samples, from the track's sample ``start`` on.

    When the rest of the track is too short, it jumps back to where it sounds alike (see
    `mrcmv.mix.loop`), or to its beginning when it is too short for a choice. With a ``grid`` it
    jumps from a downbeat to a downbeat, and sets in a little earlier or later so that its last beat is
    struck just before the clip's end and rings out there (`Grid.ring`).

    Raises
    ------
    MusicError
        When the track is shorter than a second.
    """
    if len(track) < MIN_TRACK_S * SAMPLE_RATE:
        raise MusicError("This track is shorter than a second. Choose a longer one.")
    first, last, heard = _body(track)
    start = start if 0 <= start < heard - SAMPLE_RATE // 4 else 0
    room = heard + SAMPLE_RATE // 2 - frames
    ring = None if grid is None else grid.ring(fades.out_s, frames)
    moved = None
    if grid is not None and ring is not None:
        moved = grid.moved(start, start + frames - ring, 0, room)
        start = start if moved is None else moved
    if start <= room:
        piece = Piece(0, start, min(frames, len(track) - start))
        return _bed(track, (piece,), frames, fades, None if moved is None else ring)
    bars = grid.bars_within(first, last) if grid is not None else None
    found = find_loop(track, first=first, last=last, start=start, needed=frames, bars=bars)
    if found is None and bars is not None:
        found = find_loop(track, first=first, last=last, start=start, needed=frames)
    leave, enter = found or (last if last - start >= SAMPLE_RATE else heard, first)
    moved = None
    if grid is not None and ring is not None:
        moved = grid.moved(start, _end_of(frames - ring, start, leave, enter), 0, leave - SAMPLE_RATE)
        start = start if moved is None else moved
    pieces = _pieces(track, frames, start, leave, enter)
    return _bed(track, pieces, frames, fades, None if moved is None else ring)


def _end_of(frames: int, start: int, leave: int, enter: int) -> int:
    """Sample of the track at which the music ends when it jumps from ``leave`` to ``enter`` as needed."""
    left = frames - (leave - start)
    return enter + (left - 1) % (leave - enter) + 1 if left > 0 else start + frames


def _bed(
    track: Samples,
    pieces: tuple[Piece, ...],
    frames: int,
    fades: Fades,
    ring: int | None = None,
    origin: int = 0,
) -> MusicBed:
    """``ring`` is how long the last beat rings; None fades without one."""
    fade_in = round(min(fades.in_s * SAMPLE_RATE, 0.1 * frames if fades.in_s <= FADE_IN_S else 0.5 * frames))
    fade_out = round(
        min(fades.out_s * SAMPLE_RATE, 0.25 * frames if fades.out_s <= FADE_OUT_S else 0.5 * frames)
    )
    if ring is not None:
        return MusicBed(track, pieces, frames, fade_in, ring, origin, frames - ring)
    return MusicBed(track, pieces, frames, fade_in, fade_out, origin)


def load_music(
    path: Path,
    frames: int,
    *,
    start_s: float = 0.0,
    fades: Fades = Fades(),
    beats: Beats | None = None,
    free: bool = True,
    progress: Progress | None = None,
) -> MusicBed:
    """As `fit_music`, for a file: reads only what is needed (at most the track's last ten minutes).

    Parameters
    ----------
    beats
        The track's pulse; without it the music is fitted plainly.
    free
        Whether the start may move by up to half a bar for the sake of an end on a downbeat; else by
        half a beat.
    """
    length = sound_length_s(path)
    start_s = start_s if math.isfinite(start_s) and 0 <= start_s < length else 0.0
    wanted_s = frames / SAMPLE_RATE
    grid = Grid.of(beats, free=free) if beats else None
    ring = None
    if grid is not None:
        room = round((length - _TAIL_S - wanted_s) * SAMPLE_RATE)
        start = round(start_s * SAMPLE_RATE)
        ring = grid.ring(fades.out_s, frames)
        moved = grid.moved(start, start + frames - ring, 0, room)
        start_s, ring = (start_s, None) if moved is None else (moved / SAMPLE_RATE, ring)
    first_s, end_s = start_s, start_s + wanted_s
    long_enough = end_s + _TAIL_S < length
    if not long_enough:
        first_s, end_s = max(0.0, min(start_s - _LEAD_S, length - MAX_CLIP_S)), length
    track: Samples = np.zeros((math.ceil((end_s - first_s) * SAMPLE_RATE) + 1, 2), np.float32)
    at = 0
    for block in read_blocks(path, _BLOCK, start_s=first_s, end_s=end_s):
        block = block[: len(track) - at]
        track[at : at + len(block)] = block
        at += len(block)
        if progress is not None:
            progress(min(1.0, at / len(track)))
    origin = round(first_s * SAMPLE_RATE)
    if long_enough:  # nothing to look for, and a rest at the clip's end is not the track's end
        return _bed(track, (Piece(0, 0, min(frames, at)),), frames, fades, ring, origin)
    start = round(start_s * SAMPLE_RATE) - origin
    made = fit_music(
        track[:at], frames, start=start, fades=fades, grid=grid.behind(origin) if grid is not None else None
    )
    return replace(made, origin=origin)


def _body(track: Samples) -> tuple[int, int, int]:
    """(first, last, heard) in samples: where the track has its usual level for the first and the
    last time (no silence, no fade), and where it can be heard for the last time."""
    count = len(track) // _FRAME
    parts = (track[k * _FRAME : (k + 1) * _FRAME] for k in range(count))
    power = np.array([np.einsum("ij,ij->", part, part) / part.size for part in parts], np.float64)
    if power.max() <= 0:
        return 0, len(track), len(track)
    smooth = np.convolve(power, np.ones(5) / 5, mode="same")
    usual = float(np.median(smooth[smooth > smooth.max() * 1e-5]))
    body = np.flatnonzero(smooth > usual * 10**-0.6)
    audible = np.flatnonzero(power > usual * 1e-4)
    first, last, heard = int(body[0]), int(body[-1]) + 1, int(audible[-1]) + 1
    if last - first < 10:  # a single hit: its silence is part of the music
        first, last, heard = 0, count, count
    ends = [len(track) if frame == count else frame * _FRAME for frame in (last, heard)]
    return first * _FRAME, min(ends), ends[1]


def _pieces(track: Samples, frames: int, start: int, leave: int, enter: int) -> tuple[Piece, ...]:
    """``start`` to ``leave``, then ``enter`` to ``leave`` again and again; crossfades lie around
    the jump as far as the track reaches."""
    fade = min(round(CROSSFADE_S * SAMPLE_RATE), (leave - enter) // 4, (leave - start) // 2)
    fade = max(0, fade // 2 * 2)
    after = min(fade // 2, len(track) - leave)  # what is heard of the track after the jump
    before = min(fade - after, enter)
    after = min(fade - before, len(track) - leave)
    fade = before + after
    likeness = _likeness(track[leave - before : leave + after], track[enter - before : enter + after])
    length = leave + after - start
    pieces = [Piece(0, start, length, 0, fade, 0.0, likeness)]
    at = length - fade
    while at + fade < frames:
        length = leave + after - (enter - before)
        pieces.append(Piece(at, enter - before, length, fade, fade, likeness, likeness))
        at += length - fade
    return tuple(pieces)


def _likeness(out: Samples, coming: Samples) -> float:
    """Correlation of two excerpts, as far as it matters for the power of their crossfade."""
    power = (
        float(np.sum(np.square(out), dtype=np.float64)),
        float(np.sum(np.square(coming), dtype=np.float64)),
    )
    if min(power) <= 0:
        return 0.0
    correlation = float(np.sum(out * coming, dtype=np.float64)) / math.sqrt(power[0] * power[1])
    return min(1.0, max(-0.5, correlation))
