"""What the rooms know of a finished mix, put together for the export room."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mrcmv.media import Clip, Progress

if TYPE_CHECKING:
    from mrcmv.export import Credit
    from mrcmv.library import Track
    from mrcmv.mix import Mix


def pack(
    destination: Path,
    *,
    name: str,
    clip: Clip,
    track: Track | None,
    made: Mix,
    stems: dict[str, Path],
    progress: Progress | None = None,
) -> list[str]:
    """Write the package for an editor; returns the names inside. See `mrcmv.export.write_package`.

    ``name`` is the clip's; ``track`` is None when there is no music.
    """
    from mrcmv.export import Cut, Package, credits_text, settings_document, write_package

    if track is None:
        stems = {stem: path for stem, path in stems.items() if not stem.startswith("music")}
    places = {stem: f"stems/{stem}.wav" for stem in stems}
    settings = made.settings.to_json()
    cut = Cut(
        name=name if track is None else f"{name} with {track.title}",
        duration_s=clip.duration_s,
        fps=clip.fps,
        width=clip.width,
        height=clip.height,
        video="video.mp4",
        stems=places,
        start_s=made.start_s,
        seams_s=tuple(made.seams_s),
        beats_s=tuple(made.beats_s),
        ducking=tuple(made.ducking) if track else (),
        track={**_named(track), "licence": track.licence, "credit": track.credit_line()} if track else None,
        settings=settings,
    )
    document = settings_document(
        settings,
        track={**_named(track), "sha256": track.sha256} if track else None,
        measured={
            "start_s": _rounded(made.start_s, 3),
            "duration_s": round(made.duration_s, 3),
            "integrated_lufs": round(made.integrated_lufs, 2),
            "true_peak_db": round(made.true_peak_db, 2),
            "voice_to_music_lu": _rounded(made.voice_to_music_lu, 2),
        },
    )
    files = {"video.mp4": made.path, **{places[stem]: path for stem, path in stems.items()}}
    text = credits_text(name, credit_of(track) if track else None)
    return write_package(Package(cut, document, text, files), destination, progress)


def credit_of(track: Track) -> Credit:
    """What has to be said about a track."""
    from mrcmv.export import Credit
    from mrcmv.library import CHANGES

    rights = track.rights
    return Credit(
        title=track.title,
        artist=track.artist,
        line=track.credit_line(),
        licence=rights.licence,
        licence_url=rights.licence_url,
        source=track.source_url,
        changes=CHANGES,
        duties=tuple(rights.duties()),
        required=rights.credit_required,
    )


def _named(track: Track) -> dict[str, Any]:
    return {"id": track.id, "title": track.title, "artist": track.artist}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
