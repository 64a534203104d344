"""The cut as an OpenTimelineIO timeline: picture, voice and music on tracks of their own.

All places are whole frames of the picture, which every editor can show; exact seconds are in the
metadata. An EDL (CMX 3600) is not written: its adapter for OpenTimelineIO writes the first track
only, and a picture without its sound says nothing about the music.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import opentimelineio as otio

NAMESPACE = "mrcmv"
"""Where our facts lie in the metadata of the timeline and its parts."""
DUCKED_DB = 1.0
"""The music counts as lowered where it lies this far under its own level."""
MOST_POINTS = 2000


@dataclass(frozen=True)
class Cut:
    """What an editor has to know. Media are named relative to the timeline's file.

    Attributes
    ----------
    duration_s, fps, width, height
        Of the picture.
    video
        The finished MP4.
    stems
        Sound files by name: "voice", "music" (its level as between the phrases), "music_ducked"
        (lowered under the voice), "mix". What is missing is left out.
    start_s
        Second of the track at which the music sets in; None without music.
    seams_s
        Seconds of the clip at which the music jumps back within the track.
    beats_s
        The track's beats that are heard, in seconds of the clip.
    ducking
        (seconds, dB) points of the music's gain.
    track
        The track's id, title, artist and credit line; empty without music.
    settings
        The mix settings as plain data.
    """

    name: str
    duration_s: float
    fps: float
    width: int
    height: int
    video: str
    stems: dict[str, str]
    start_s: float | None = None
    seams_s: tuple[float, ...] = ()
    beats_s: tuple[float, ...] = ()
    ducking: tuple[tuple[float, float], ...] = ()
    track: dict[str, Any] | None = None
    settings: dict[str, Any] | None = None

    @property
    def rate(self) -> float:
        """Frames per second of the timeline: a usual rate (30000/1001, say) where the picture has one."""
        import opentimelineio as otio

        if self.fps <= 0:
            return 25.0
        usual: float = otio.opentime.RationalTime.nearest_smpte_timecode_rate(self.fps)
        return usual if abs(usual - self.fps) < 0.01 * self.fps else round(self.fps, 3)

    def frame(self, seconds: float) -> int:
        return round(seconds * self.rate)


def make_timeline(cut: Cut) -> otio.schema.Timeline:
    """The timeline of a cut. Enabled tracks together sound like the finished mix before mastering."""
    import opentimelineio as otio

    facts = {"track": cut.track, "settings": cut.settings, "width": cut.width, "height": cut.height}
    timeline = otio.schema.Timeline(cut.name, metadata={NAMESPACE: facts})
    timeline.tracks.append(_track("Picture", "Video", [_clip(cut, cut.video, cut.name)]))
    if "voice" in cut.stems:
        timeline.tracks.append(_track("Voice", "Audio", [_clip(cut, cut.stems["voice"], "Voice")]))
    ducked, plain = cut.stems.get("music_ducked"), cut.stems.get("music")
    lowest = [
        otio.schema.Marker(
            f"Music {depth:+.0f} dB",
            _range(cut, start, end),
            otio.schema.MarkerColor.ORANGE,
            {NAMESPACE: {"start_s": start, "end_s": end, "depth_db": depth}},
        )
        for start, end, depth in _lowered(cut.ducking)
    ]
    beats = [round(at, 3) for at in cut.beats_s[:MOST_POINTS]]
    points = [[round(at, 3), round(db, 2)] for at, db in _thinned(cut.ducking)]
    for source, name, markers, enabled in (
        (ducked, "Music, lowered under the voice", lowest, True),
        (plain, "Music, level unchanged", [], ducked is None),
    ):
        if source is not None:
            track = _track(name, "Audio", _pieces(cut, source))
            track.markers.extend(markers)
            track.enabled = enabled
            track.metadata[NAMESPACE] = {"ducking": points, "beats_s": beats, "start_s": cut.start_s}
            timeline.tracks.append(track)
    if "mix" in cut.stems:
        track = _track("Finished mix", "Audio", [_clip(cut, cut.stems["mix"], "Finished mix")])
        track.enabled = False
        timeline.tracks.append(track)
    return timeline


def write_timeline(cut: Cut, destination: Path) -> Path:
    """Write the timeline as .otio (JSON)."""
    import opentimelineio as otio

    otio.adapters.write_to_file(make_timeline(cut), str(destination), adapter_name="otio_json")
    return destination


def _track(name: str, kind: str, children: list[Any]) -> otio.schema.Track:
    import opentimelineio as otio

    track = otio.schema.Track(name, kind=kind)
    track.extend(children)
    return track


def _range(cut: Cut, start_s: float, end_s: float) -> otio.opentime.TimeRange:
    import opentimelineio as otio

    start, end = cut.frame(start_s), max(cut.frame(end_s), cut.frame(start_s) + 1)
    time = otio.opentime.RationalTime
    return otio.opentime.TimeRange(time(start, cut.rate), time(end - start, cut.rate))


def _clip(
    cut: Cut,
    media: str,
    name: str,
    start_s: float = 0.0,
    end_s: float | None = None,
    facts: dict[str, Any] | None = None,
) -> otio.schema.Clip:
    """A stretch of a file that is as long as the whole cut."""
    import opentimelineio as otio

    reference = otio.schema.ExternalReference(media, _range(cut, 0.0, cut.duration_s))
    end_s = cut.duration_s if end_s is None else end_s
    metadata = {NAMESPACE: facts} if facts else {}
    return otio.schema.Clip(name, reference, _range(cut, start_s, end_s), metadata)


def _pieces(cut: Cut, media: str) -> list[otio.schema.Clip]:
    """The music, cut where the track jumps."""
    title = str((cut.track or {}).get("title", "Music"))
    edges = [0.0, *(at for at in cut.seams_s if 0 < at < cut.duration_s), cut.duration_s]
    return [
        _clip(
            cut,
            media,
            title if len(edges) == 2 else f"{title} ({number})",
            start,
            end,
            {"at_s": start, "track": (cut.track or {}).get("id")},
        )
        for number, (start, end) in enumerate(itertools.pairwise(edges), 1)
        if cut.frame(end) > cut.frame(start)
    ]


def _lowered(points: Sequence[tuple[float, float]]) -> list[tuple[float, float, float]]:
    """(start, end, deepest dB) of every stretch where the music is lowered, against its own highest level."""
    top = max((db for _, db in points), default=0.0)
    found: list[tuple[float, float, float]] = []
    inside: tuple[float, float] | None = None
    for at, db in points:
        if db < top - DUCKED_DB:
            inside = (inside[0], min(inside[1], db - top)) if inside else (at, db - top)
        elif inside:
            found.append((inside[0], at, round(inside[1], 2)))
            inside = None
    if inside:
        found.append((inside[0], points[-1][0], round(inside[1], 2)))
    return found


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """No more points than a reader has patience for."""
    step = -(-len(points) // MOST_POINTS) or 1
    return points if step == 1 else [*points[::step], points[-1]]
