"""`export`: everything that a video editor needs of one clip with one track."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mrcmv.cli.clip import KeepSound, MusicLevel, mix_settings
from mrcmv.cli.common import AsJson, Checkpoint, Device, make_recommender, say, show, show_progress
from mrcmv.media import work_folder

app = typer.Typer()


@app.command()
def export(
    clip: Path,
    out: Annotated[Path, typer.Option(help="A file that ends in .zip, or a folder.")],
    track: Annotated[
        str | None, typer.Option(help="Id of a track, from `suggest` or `library list`; else the best one.")
    ] = None,
    music_level: MusicLevel = None,
    keep: Annotated[KeepSound | None, typer.Option(help="What stays of the clip's own sound.")] = None,
    start: Annotated[
        str, typer.Option(help="Second of the track to begin at; auto takes its best moment.")
    ] = "auto",
    settings: Annotated[Path | None, typer.Option(help="A settings.json of an earlier export.")] = None,
    checkpoint: Checkpoint = "compact",
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """MP4, voice and music as WAV, a timeline (OpenTimelineIO), settings and credits for an editor."""
    from mrcmv.media import UserError

    track, chosen = mix_settings(settings, track, music_level, keep, start)
    recommender = make_recommender(checkpoint, device)
    if track is not None:
        recommender.library.get(track)  # an unknown id is said before any work is done
    with work_folder("mrcmv-") as folder:
        found = recommender.suggest(clip, Path(folder), top_k=max(1, len(recommender.library.tracks())))
        if not found.matches:
            raise UserError("The library has no tracks yet. Add some with `library add`.")
        track = track or found.matches[0].track.id
        names = recommender.export(
            found, track, out, chosen, name=clip.stem, progress=show_progress("Exporting")
        )
    music = recommender.library.get(track)
    if as_json:
        show(
            {
                "out": str(out),
                "files": names,
                "track_id": music.id,
                "credit": music.credit_line(),
                "duties": music.rights.duties(),
            }
        )
        return
    print(out, *(f"  {name}" for name in names), f"Credit: {music.credit_line()}", sep="\n")
    for duty in music.rights.duties():
        say(duty)
