"""What the rooms know of a finished mix, put together for the export room."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mrcmv.media import Clip, Progress

if TYPE_CHECKING:
    from mrcmv.library import Track
    from mrcmv.mix import Mix


def pack(
    destination: Path,
    *,
    name: str,
    clip: Clip,
    track: Track,
    made: Mix,
    stems: dict[str, Path],
    progress: Progress | None = None,
) -> list[str]:
    """Write the package for an editor; returns the names inside. See `mrcmv.export.write_package`."""
    from mrcmv.export import Credit, Cut, Package, credits_text, settings_document, write_package
    from mrcmv.library import CHANGES

    start_s = made.start_s or 0.0
    settings = made.settings.to_json()
    names = {name: f"stems/{name}.wav" for name in stems}
    facts = {"id": track.id, "title": track.title, "artist": track.artist}
    rights = track.rights
    cut = Cut(
        name=f"{name} with {track.title}",
        duration_s=clip.duration_s,
        fps=clip.fps,
        width=clip.width,
        height=clip.height,
        video="video.mp4",
        stems=names,
        start_s=start_s,
        seams_s=made.seams_s,
        beats_s=made.beats_s,
        ducking=tuple(made.ducking),
        track={**facts, "licence": track.licence, "credit": track.credit_line()},
        settings=settings,
    )
    credit = Credit(
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
    document = settings_document(
        settings,
        track={**facts, "sha256": track.sha256},
        measured={
            "start_s": round(start_s, 3),
            "duration_s": round(made.duration_s, 3),
            "integrated_lufs": round(made.integrated_lufs, 2),
            "true_peak_db": round(made.true_peak_db, 2),
            "voice_to_music_lu": None if made.voice_to_music_lu is None else round(made.voice_to_music_lu, 2),
        },
    )
    files = {"video.mp4": made.path, **{names[name]: path for name, path in stems.items()}}
    return write_package(Package(cut, document, credits_text(name, credit), files), destination, progress)
