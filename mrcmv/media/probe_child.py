"""Looks into one hostile file with PyAV and prints what it found as JSON; run by `probe` as a child.

    python -P probe_child.py FILE DEMUXERS MAX_PIXELS

It imports nothing of this program, so that it starts fast and a crash of a decoder hurts nobody.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import av

TAGS = ("title", "artist", "album", "album_artist", "license", "licence", "copyright", "comment")


def seconds(value: int | None, base: Any) -> float | None:
    return None if value is None else float(value * base)


def picture_facts(stream: Any, path: str, options: dict[str, str]) -> dict[str, Any]:
    codec = stream.codec_context
    sample_aspect = stream.sample_aspect_ratio or codec.sample_aspect_ratio or 1
    return {
        "width": codec.width,
        "height": codec.height,
        "pixel_format": codec.format.name if codec.format else None,
        "bits": max((c.bits for c in codec.format.components), default=8) if codec.format else None,
        "profile": stream.profile,
        "sample_aspect": float(sample_aspect) or 1.0,
        "fps": float(stream.average_rate or stream.base_rate or 0),
        "attached": bool(stream.disposition & av.stream.Disposition.attached_pic),
        "rotation": rotation(stream.index, path, options),
    }


def rotation(index: int, path: str, options: dict[str, str]) -> int | None:
    """Counter-clockwise turn in degrees out of the display matrix, which PyAV shows with a frame."""
    with av.open(path, options=options) as container:
        stream: Any = container.streams[index]
        stream.thread_type = "SLICE"  # a frame thread would first swallow several pictures
        for count, packet in enumerate(container.demux(stream)):
            try:
                frames: list[Any] = packet.decode()
            except av.error.FFmpegError:
                frames = []
            if frames:
                return int(frames[0].rotation)
            if count > 200:
                break
    return None  # nothing could be decoded


def stream_facts(stream: Any, path: str, options: dict[str, str]) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "index": stream.index,
        "type": stream.type,
        "default": bool(stream.disposition & av.stream.Disposition.default),
        "start_s": seconds(stream.start_time, stream.time_base),
        "duration_s": seconds(stream.duration, stream.time_base),
        "codec": stream.codec_context.name if stream.codec_context else None,
    }
    if facts["codec"] and stream.type == "video":
        facts |= picture_facts(stream, path, options)
    if facts["codec"] and stream.type == "audio":
        facts |= {
            "channels": stream.codec_context.channels,
            "layout": stream.codec_context.layout.name,
            "rate": stream.codec_context.rate,
            "bits": stream.codec_context.format.bits if stream.codec_context.format else None,
        }
    return facts


def main(path: str, demuxers: str, max_pixels: str) -> None:
    options = {"format_whitelist": demuxers, "protocol_whitelist": "file", "max_pixels": max_pixels}
    with av.open(f"file:{path}", options=options, metadata_errors="replace") as container:
        tags: dict[str, str] = {}
        owners: list[Any] = [*container.streams.audio, container]
        for owner in owners:
            tags |= {k.lower(): v[:500] for k, v in owner.metadata.items() if k.lower() in TAGS}
        report = {
            "format": container.format.name,
            "start_s": seconds(container.start_time, 1e-6),
            "duration_s": seconds(container.duration, 1e-6),
            "tags": tags,
            "streams": [stream_facts(s, f"file:{path}", options) for s in list(container.streams)[:64]],
        }
    print(json.dumps(report))  # noqa: T201 - the answer to the parent


if __name__ == "__main__":
    main(*sys.argv[1:4])
