"""A hostile music file -> canonical sound, its tags and its fingerprint."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from mrcmv.media.child import Limits
from mrcmv.media.errors import SoundError, TooBigError, ToolError
from mrcmv.media.ffmpeg import ANY_FORMATS, input_args, run_ffmpeg
from mrcmv.media.probe import Facts, SoundStreamFacts, probe
from mrcmv.media.sniff import check_sound, no_sound, take
from mrcmv.media.sound import sound_length_s
from mrcmv.media.trouble import trouble
from mrcmv.media.types import SAMPLE_RATE, Progress
from mrcmv.media.workfolder import work_folder

MAX_TRACK_S = 20 * 60.0
"""Longest piece of music that is taken, in seconds."""
MP3_QUALITY = "2"
"""LAME's V2. Every browser plays it and libsndfile reads it in any part; the Opus that the current
ffmpeg writes is malformed to libsndfile 1.2, and older Safari plays no Ogg."""
_SLACK_S = 1.0
_LOSSY = {"mp3", "mp3float", "aac", "vorbis", "opus", "libopus", "wmav2", "mp2"}


@dataclass(frozen=True)
class SoundFacts:
    """What is known of an accepted sound file.

    Attributes
    ----------
    path
        The canonical file: 44.1 kHz, stereo; FLAC, float WAV or MP3.
    duration_s
        Measured in the canonical file.
    sha256
        Of the source file's bytes, in hex.
    title, artist, album, licence, comment
        Tags of the source, unchecked; None where absent.
    """

    path: Path
    duration_s: float
    sha256: str
    title: str | None = None
    artist: str | None = None
    album: str | None = None
    licence: str | None = None
    comment: str | None = None


def open_sound(
    source: Path,
    destination: Path,
    *,
    max_s: float = MAX_TRACK_S,
    progress: Progress | None = None,
) -> SoundFacts:
    """Make a sound file safe: MP3, M4A, OGG, Opus, FLAC, WAV, AIFF, the sound of a clip.

    ``destination`` ends in ``.flac`` (16 bit, or 24 when the source has more), ``.wav`` (float) or
    ``.mp3`` (about 190 kbit/s, a third of FLAC) and appears whole or not at all. Cover art is left
    out. Tags are reported, not written.

    Raises
    ------
    SoundError, TooBigError
        With one sentence for the user.
    """
    check_sound(source)
    with work_folder("sound-", destination.parent) as work:
        made = work / f"made{destination.suffix}"
        upload = work / "upload"
        take(source, upload)
        facts = _probe(upload, max_s, progress)
        assert facts.sound is not None
        _decode(upload, facts.sound, made, min(facts.duration_s or max_s, max_s), max_s, progress)
        duration_s = sound_length_s(made)
        if duration_s > max_s + 0.05:
            raise _too_long(max_s)
        if duration_s < 0.05:
            raise no_sound()
        digest = _sha256(upload)
        os.replace(made, destination)
    names = ("title", "artist", "album", "licence", "comment")
    tags = {name: facts.tags[name].strip() for name in names if facts.tags.get(name, "").strip()}
    return SoundFacts(path=destination, duration_s=duration_s, sha256=digest, **tags)


def _probe(source: Path, max_s: float, progress: Progress | None) -> Facts:
    try:
        facts = probe(source, formats=ANY_FORMATS, progress=progress)
    except ToolError as error:
        raise trouble(error) or no_sound() from error
    if facts.sound is None:
        raise no_sound()
    if facts.duration_s is not None and facts.duration_s > max_s + _SLACK_S:
        raise _too_long(max_s)
    return facts


def _decode(
    source: Path,
    stream: SoundStreamFacts,
    made: Path,
    claimed_s: float,
    max_s: float,
    progress: Progress | None,
) -> None:
    graph = f"{stream.stereo_filter}aresample={SAMPLE_RATE}:ochl=stereo"
    if made.suffix == ".mp3":
        coding = ["-c:a", "libmp3lame", "-q:a", MP3_QUALITY, "-f", "mp3"]
    elif made.suffix == ".flac":
        deep = stream.bits > 16 and stream.codec not in _LOSSY
        # Resampled or mixed sound is rounded to 16 bit with dither; plain 16-bit sound stays as it is
        graph += ":dither_method=triangular" if not deep and _is_changed(stream) else ""
        depth = ("-sample_fmt", "s32", "-bits_per_raw_sample", "24") if deep else ("-sample_fmt", "s16")
        coding = ["-c:a", "flac", *depth, "-f", "flac"]
    else:
        coding = ["-c:a", "pcm_f32le", "-f", "wav"]
    args = [
        *input_args(source, "-vn", "-sn", "-dn", formats=ANY_FORMATS),
        *("-map", f"0:{stream.index}", "-af", graph, "-max_error_rate", "1"),
        *("-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"),
        *("-t", f"{max_s + _SLACK_S}", *coding, f"file:{made}"),
    ]
    limits = Limits(wall_s=120.0 + max_s / 4, cpu_s=int(120 + max_s / 4), file_bytes=1024**3)
    try:
        run_ffmpeg(args, duration_s=claimed_s, progress=progress, limits=limits)
    except ToolError as error:
        damaged = SoundError("This sound file is damaged. Save it again and choose it once more.")
        raise trouble(error) or damaged from error


def _is_changed(stream: SoundStreamFacts) -> bool:
    return stream.rate != SAMPLE_RATE or stream.channels > 2 or stream.codec in _LOSSY


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _too_long(max_s: float) -> TooBigError:
    most = f"{max_s / 60:.0f} minutes" if max_s >= 120 else f"{max_s:.0f} seconds"
    return TooBigError(f"This sound is longer than {most}. Cut it and choose it once more.")
