"""What a file says about itself, looked up in a child process under whitelists and a time limit."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mrcmv.media.child import Limits, run_child
from mrcmv.media.ffmpeg import ANY_FORMATS, MAX_PIXELS
from mrcmv.media.types import Progress

# a hostile file costs CPU; by the clock alone, a machine that is crowded would make every file look damaged
PROBE_LIMITS = Limits(wall_s=40.0, cpu_s=10, memory_bytes=3 * 1024**3, file_bytes=0)
_CHILD = Path(__file__).with_name("probe_child.py")


@dataclass(frozen=True)
class PictureStreamFacts:
    """One picture stream. ``rotation`` is counter-clockwise, in degrees; None when no frame decodes.

    ``start_s`` counts from the start of the file's own timeline, as ffmpeg does. ``spare`` are the places
    in the file of packets that need no decoding for the part that was asked about.
    """

    index: int
    codec: str
    profile: str | None
    pixel_format: str | None
    bits: int
    width: int
    height: int
    sample_aspect: float
    rotation: int | None
    fps: float
    start_s: float
    spare: tuple[int, ...] = ()

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height in square pixels after rotation."""
        width, height = max(1, round(self.width * self.sample_aspect)), self.height
        return (height, width) if (self.rotation or 0) % 180 == 90 else (width, height)


@dataclass(frozen=True)
class SoundStreamFacts:
    """One sound stream; ``start_s`` as in `PictureStreamFacts`, ``layout`` is ffmpeg's name."""

    index: int
    codec: str
    channels: int
    layout: str
    rate: int
    bits: int
    start_s: float

    @property
    def stereo_filter(self) -> str:
        """What must stand before ``aresample`` so that it can make stereo, with its comma.

        Mono is doubled at full level (swresample would take 3 dB off). Of ambisonic sound, which it
        cannot mix down, W hears everything. Layouts up to 7.1 and beyond follow ITU-R BS.775.
        """
        if self.channels == 1 or self.layout.startswith("ambisonic"):
            return "pan=stereo|c0=c0|c1=c0,"
        return ""


@dataclass(frozen=True)
class Facts:
    """Claims of a file: to choose by, never to be trusted for the amount of work.

    ``picture`` and ``sound`` are the default (else the first) streams; cover art is no picture.
    ``duration_s`` is None when the header does not tell. ``tags`` has title, artist, album,
    licence, copyright and comment where present, at most 500 characters each.
    """

    format: str
    duration_s: float | None
    picture: PictureStreamFacts | None
    sound: SoundStreamFacts | None
    tags: dict[str, str]


def probe(
    source: Path,
    *,
    formats: str = ANY_FORMATS,
    part: tuple[float, float] | None = None,
    progress: Progress | None = None,
) -> Facts:
    """Look into a clip or a sound file without trusting it; ``formats`` are the demuxers allowed.

    ``part`` is the start and the length, in seconds, of what two pictures per second are wanted of.

    Raises
    ------
    ToolError
        When nothing can be read from it within 10 s.
    """
    command = [sys.executable, "-P", str(_CHILD), str(Path(source).absolute()), formats, str(MAX_PIXELS)]
    command += [repr(float(number)) for number in part or ()]
    lines: list[str] = []

    def tick() -> None:
        if progress is not None:
            progress(0.0)

    run_child(command, PROBE_LIMITS, on_line=lines.append, tick=tick)
    return _facts(json.loads("".join(lines)))


def _facts(report: dict[str, Any]) -> Facts:
    origin = report["start_s"] or 0.0
    known = [s for s in report["streams"] if s["codec"]]
    pictures = [s for s in known if s["type"] == "video" and not s["attached"] and s["width"] and s["height"]]
    sounds = [s for s in known if s["type"] == "audio" and s["channels"] and s["rate"]]
    picture = _picture(chosen, origin) if (chosen := _first(pictures)) else None
    sound = _sound(chosen, origin) if (chosen := _first(sounds)) else None
    tags = dict(report["tags"])
    if "license" in tags:
        tags.setdefault("licence", tags.pop("license"))
    return Facts(report["format"], report["duration_s"], picture, sound, tags)


def _picture(stream: dict[str, Any], origin: float) -> PictureStreamFacts:
    names = (
        "index",
        "codec",
        "profile",
        "pixel_format",
        "width",
        "height",
        "sample_aspect",
        "rotation",
        "fps",
    )
    same = {name: stream[name] for name in (*names, "rotation", "fps")}
    if not 0.1 <= same["sample_aspect"] <= 10.0:  # no camera makes such pixels
        same["sample_aspect"] = 1.0
    spare = tuple(int(place) for place in stream.get("spare", ()))
    return PictureStreamFacts(bits=stream["bits"] or 8, start_s=_since(origin, stream), spare=spare, **same)


def _sound(stream: dict[str, Any], origin: float) -> SoundStreamFacts:
    same = {name: stream[name] for name in ("index", "codec", "channels", "layout", "rate")}
    return SoundStreamFacts(bits=stream["bits"] or 16, start_s=_since(origin, stream), **same)


def _first(streams: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((s for s in streams if s["default"]), streams[0] if streams else None)


def _since(origin: float, stream: dict[str, Any]) -> float:
    return max(0.0, (stream["start_s"] or origin) - origin) if stream["start_s"] is not None else 0.0
