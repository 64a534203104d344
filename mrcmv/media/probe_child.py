"""Looks into one hostile file with PyAV and prints what it found as JSON; run by `probe` as a child.

    python -P probe_child.py FILE DEMUXERS MAX_PIXELS [START_S LENGTH_S]

With a part named it also tells which packets can stay undecoded when only two pictures per second are
wanted of that part. It imports nothing of this program, so that it starts fast and a crash of a decoder
hurts nobody.
"""

from __future__ import annotations

import json
import sys
import time
from bisect import bisect_right
from typing import Any

import av

TAGS = ("title", "artist", "album", "album_artist", "license", "licence", "copyright", "comment")


RATE = 2
"""Pictures per second that are wanted of the part."""
LEEWAY_S = 0.005
"""What is shown this little before or after a wanted time is decoded too: times are rounded on the way."""
EDGE_S = 0.6
"""Near its end a part is decoded whole, so that its last picture is where it always was."""
LEAD = 16
"""The first packets are always decoded, so that the decoder learns how far pictures are out of order."""
ANY_PIXELS = 2**31 - 1
"""ffmpeg's own limit."""
MOST_SPARE, MOST_PACKETS, PATIENCE_S = 2800, 20_000, 1.0


def seconds(value: int | None, base: Any) -> float | None:
    return None if value is None else float(value * base)


def picture_facts(stream: Any, path: str, options: dict[str, str]) -> dict[str, Any]:
    codec = stream.codec_context
    sample_aspect = stream.sample_aspect_ratio or codec.sample_aspect_ratio or 1
    width, height = codec.width, codec.height
    if not (width and height):
        width, height = claimed_size(stream.index, path, options)
    return {
        "width": width,
        "height": height,
        "pixel_format": codec.format.name if codec.format else None,
        "bits": max((c.bits for c in codec.format.components), default=8) if codec.format else None,
        "profile": stream.profile,
        "sample_aspect": float(sample_aspect) or 1.0,
        "fps": float(stream.average_rate or stream.base_rate or 0),
        "attached": bool(stream.disposition & av.stream.Disposition.attached_pic),
        **first_frame(stream.index, path, options),
    }


def claimed_size(index: int, path: str, options: dict[str, str]) -> tuple[int, int]:
    """Width and height of a picture that is above the limit of pixels: under that limit ffmpeg forgets what
    the container claims. Nothing is decoded for it, so it costs no more for being large."""
    try:
        with av.open(
            path, options={**options, "max_pixels": str(ANY_PIXELS), "skip_frame": "all"}
        ) as container:
            stream: Any = container.streams[index]
            return stream.codec_context.width, stream.codec_context.height
    except av.error.FFmpegError:
        return 0, 0


def first_frame(index: int, path: str, options: dict[str, str]) -> dict[str, Any]:
    """Counter-clockwise turn in degrees out of the display matrix, which PyAV shows with a frame, and
    whether the picture comes in fields; no turn when nothing can be decoded."""
    with av.open(path, options=options) as container:
        stream: Any = container.streams[index]
        stream.thread_type = "SLICE"  # a frame thread would first swallow several pictures
        for count, packet in enumerate(container.demux(stream)):
            try:
                frames: list[Any] = packet.decode()
            except av.error.FFmpegError:
                frames = []
            if frames:
                return {"rotation": int(frames[0].rotation), "fields": bool(frames[0].interlaced_frame)}
            if count > 200:
                break
    return {"rotation": None, "fields": True}  # nothing could be decoded


def spare_packets(
    stream_facts: dict[str, Any], path: str, options: dict[str, str], start_s: float, length_s: float
) -> list[int]:
    """Where in the file the pictures lie that nobody shows and no other picture refers to.

    H.264 says of each picture whether others may refer to it (nal_ref_idc, ITU-T H.264 7.4.1); of those
    that none may, only the ones shown at a wanted time have to be decoded. The others come out the same.
    Empty whenever something is unusual: then everything is decoded.
    """
    if stream_facts["codec"] != "h264" or stream_facts["fields"]:
        return []
    shown: list[float] = []
    spare: dict[int, float] = {}
    with av.open(path, options=options) as container:
        stream: Any = container.streams[stream_facts["index"]]
        header = bytes(stream.codec_context.extradata or b"")
        if header[:1] != b"\1" or len(header) < 7 or stream.start_time is None:
            return []  # also where units come without their lengths, as in transport streams
        size, base = (header[4] & 3) + 1, stream.time_base
        origin_s = float(stream.start_time * base) + start_s
        if start_s > 0:
            container.seek(int(origin_s / base), stream=stream)
        deadline = time.monotonic() + PATIENCE_S
        for count, packet in enumerate(container.demux(stream)):
            if packet.size == 0:
                break
            if packet.pts is None or packet.dts is None or packet.pos is None or packet.pos < 0:
                return []
            if count > MOST_PACKETS or time.monotonic() > deadline:
                return []
            at_s = float(packet.pts * base) - origin_s
            shown.append(at_s)
            if count >= LEAD and serves_no_other(memoryview(packet), size):
                spare[packet.pos] = at_s
            if float(packet.dts * base) - origin_s > length_s + 1.0:
                break
    return unshown(sorted(shown), spare, length_s)


def unshown(shown: list[float], spare: dict[int, float], length_s: float) -> list[int]:
    """Of the ``spare`` pictures (place: time) those that no wanted time shows; ``shown`` are all times."""
    if not shown:
        return []
    end_s = min(length_s, shown[-1]) - EDGE_S
    wanted = set()
    for tick in range(int(length_s * RATE) + 1):
        for edge in (tick / RATE - LEEWAY_S, tick / RATE + LEEWAY_S):
            wanted.add(shown[max(bisect_right(shown, edge) - 1, 0)])
    places = sorted(place for place, at_s in spare.items() if at_s < end_s and at_s not in wanted)
    return places if len(places) <= MOST_SPARE else []


def serves_no_other(packet: memoryview, size: int) -> bool:
    """Whether every slice in a packet says so; ``size`` is how many bytes tell a unit's length."""
    at, slices = 0, 0
    while at + size < len(packet):
        head = packet[at + size]
        if 1 <= head & 31 <= 5:
            if head & 0x60:
                return False
            slices += 1
        at += size + int.from_bytes(packet[at : at + size], "big")
    return slices > 0 and at == len(packet)


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


def main(path: str, demuxers: str, max_pixels: str, *part: str) -> None:
    options = {"format_whitelist": demuxers, "protocol_whitelist": "file", "max_pixels": max_pixels}
    with av.open(f"file:{path}", options=options, metadata_errors="replace") as container:
        tags: dict[str, str] = {}
        owners: list[Any] = [*container.streams.audio, container]
        for owner in owners:
            tags |= {k.lower(): v[:500] for k, v in owner.metadata.items() if k.lower() in TAGS}
        report: dict[str, Any] = {
            "format": container.format.name,
            "start_s": seconds(container.start_time, 1e-6),
            "duration_s": seconds(container.duration, 1e-6),
            "tags": tags,
            "streams": [stream_facts(s, f"file:{path}", options) for s in list(container.streams)[:64]],
        }
    for stream in report["streams"] if part else []:
        if stream["type"] == "video" and stream["codec"] and not stream["attached"]:
            try:
                stream["spare"] = spare_packets(stream, f"file:{path}", options, *map(float, part))
            except (av.error.FFmpegError, OverflowError, ValueError, ZeroDivisionError):
                stream["spare"] = []
    print(json.dumps(report))  # noqa: T201 - the answer to the parent


if __name__ == "__main__":
    main(*sys.argv[1:])
