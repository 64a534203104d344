"""Verbs about a clip: suggest, separate, render, and the page itself."""

from __future__ import annotations

import logging
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mrcmv.cli.batch import render_folder, suggest_folder
from mrcmv.cli.common import (
    AsJson,
    Checkpoint,
    Device,
    make_recommender,
    say,
    show,
    show_progress,
    show_stage,
)
from mrcmv.media import work_folder

if TYPE_CHECKING:
    from mrcmv.mix import MixSettings

app = typer.Typer()

From = Annotated[float, typer.Option("--from", min=0.0, help="Go by the clip from this second on.")]
Until = Annotated[float | None, typer.Option("--until", help="Go by the clip until this second.")]
Source = Annotated[Path, typer.Argument(metavar="CLIP_OR_FOLDER", help="A video, or a folder of videos.")]
Again = Annotated[bool, typer.Option("--again", help="Folder: do also what is done already.")]


MusicLevel = Annotated[
    float | None,
    typer.Option(min=0, max=40, help="How far the music lies under the voice, in LU; 13 when not said."),
]


class KeepSound(StrEnum):
    """What stays of the clip's own sound."""

    VOICE = "voice"
    ORIGINAL = "original"
    NONE = "none"


@app.command("app")
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 7860,
    mcp: Annotated[bool, typer.Option("--mcp", help="Offer the verbs as MCP tools as well.")] = False,
) -> None:
    """Open the page."""
    from mrcmv.web import launch

    logging.getLogger("mrcmv.media").setLevel(logging.WARNING)
    launch(host, port, mcp or None)


@app.command()
def suggest(
    clip: Source,
    out: Annotated[Path | None, typer.Option(help="Folder of clips: where results and report go.")] = None,
    again: Again = False,
    top_k: Annotated[int, typer.Option(min=1, max=100, help="How many tracks.")] = 5,
    start: From = 0.0,
    end: Until = None,
    words: Annotated[
        str, typer.Option(help='What the music should be beside the clip, such as "slower, no drums".')
    ] = "",
    reference: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A sound file that it should resemble.")
    ] = None,
    like: Annotated[
        str | None, typer.Option(help="Id of a track of the library that the music should resemble.")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Id of a track to leave out; repeatable.")] = None,
    strength: Annotated[
        float,
        typer.Option(min=0, max=1, help="How far the wish steers: 0 not at all, 1 instead of the clip."),
    ] = 0.5,
    mood: Annotated[list[str] | None, typer.Option(help="Only tracks of this mood; repeatable.")] = None,
    genre: Annotated[list[str] | None, typer.Option(help="Only tracks of this style; repeatable.")] = None,
    vocals: Annotated[
        bool | None, typer.Option("--vocals/--instrumental", help="Only tracks with, or without, singing.")
    ] = None,
    monetise_safe: Annotated[
        bool, typer.Option("--monetise-safe", help="Only tracks that a video may earn money with.")
    ] = False,
    checkpoint: Checkpoint = "compact",
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Rank the library for a clip, or for every clip of a folder."""
    from mrcmv.library import TrackFilter
    from mrcmv.recommender import Wish

    only = TrackFilter(
        moods=frozenset(mood or ()),
        genres=frozenset(genre or ()),
        vocals=vocals,
        monetise_safe=monetise_safe,
        exclude=frozenset(exclude or ()),
    )
    wish = Wish(words, reference, like, filter=only or None, strength=strength)
    if clip.is_dir():
        options: dict[str, Any] = {"start_s": start, "end_s": end, "top_k": top_k, "wish": wish}
        suggest_folder(
            clip, out, again=again, as_json=as_json, device=device, checkpoint=checkpoint, **options
        )
        return
    with work_folder("mrcmv-") as folder:
        found = make_recommender(checkpoint, device).suggest(
            clip, Path(folder), start_s=start, end_s=end, top_k=top_k, wish=wish, on_stage=show_stage
        )
        result = found.to_json()
    if as_json:
        show(result)
        return
    weights = result["weights"]
    print(f"picture {weights['picture']:.0%}, voice {weights['voice']:.0%}")
    for line in _understood(result.get("steering")):
        print(line)
    for row in result["suggestions"]:
        print(
            f"{row['rank']:>2}  {row['similarity']:+.3f}  from {row['start_s']:>5.1f} s  "
            f"{row['title']} - {row['artist']}  [{row['track_id']}, {row['licence']}]{_moved(row)}"
        )


def _understood(steering: dict[str, Any] | None) -> list[str]:
    """What was understood of the words, one line each."""
    if steering is None:
        return []
    lines = []
    for ask in steering["asks"]:
        against = f" (now about {ask['reference']:.0f} bpm)" if ask["reference"] else ""
        strange = ": nothing here is described like that" if ask["strange"] else ""
        lines.append(f"{ask['kind']}: {ask['said']}{against}{strange}")
    if steering["unknown"]:
        lines.append(f"not understood: {' '.join(steering['unknown'])}")
    return lines


def _moved(row: dict[str, Any]) -> str:
    """How far the wish moved a suggestion, and what of it did."""
    if "steering" not in row or not row["steering"]["moved"]:
        return ""
    moved, because = row["steering"]["moved"], row["steering"]["because"]
    return f"  {'up' if moved > 0 else 'down'} {abs(moved)}" + (
        f" because of: {because}" if moved > 0 else ""
    )


@app.command()
def separate(
    source: Annotated[Path, typer.Argument(metavar="CLIP_OR_AUDIO")],
    out: Annotated[Path, typer.Option(help="Folder for voice.wav and accompaniment.wav.")],
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Split the sound of a clip or sound file into voice.wav and accompaniment.wav (44.1 kHz, float)."""
    from mrcmv.recommender import separate_source

    stems = separate_source(source, out, device=device, progress=show_progress("Separating"))
    result = {"voice": str(stems.voice), "accompaniment": str(stems.accompaniment)}
    if as_json:
        show(result)
    else:
        print(*result.values(), sep="\n")


@app.command()
def render(
    clip: Source,
    out: Annotated[Path, typer.Option(help="The MP4 to write; for a folder, the folder for them.")],
    track: Annotated[
        str | None, typer.Option(help="Id of a track, from `suggest` or `library list`; else the best one.")
    ] = None,
    again: Again = False,
    music_level: MusicLevel = None,
    keep: Annotated[KeepSound | None, typer.Option(help="What stays of the clip's own sound.")] = None,
    start: Annotated[
        str, typer.Option(help="Second of the track to begin at; auto takes its best moment.")
    ] = "auto",
    settings: Annotated[
        Path | None, typer.Option(help="All mix settings as JSON, as `export` writes them.")
    ] = None,
    checkpoint: Checkpoint = "compact",
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Mix a track under a clip, or under every clip of a folder, and write MP4."""
    from mrcmv.media import UserError, open_clip

    track, chosen_settings = mix_settings(settings, track, music_level, keep, start)
    if clip.is_dir():
        render_folder(
            clip, out, chosen_settings, track=track, again=again, as_json=as_json, device=device,
            checkpoint=checkpoint,
        )  # fmt: skip
        return
    recommender = make_recommender(checkpoint, device)
    if track is not None:
        recommender.library.get(track)  # an unknown id is said before any work is done
    with work_folder("mrcmv-") as name:
        folder = Path(name)
        taken: Any
        if chosen_settings.start_s is None or track is None:  # only the ranking knows the best moment
            taken = recommender.suggest(clip, folder, top_k=max(1, len(recommender.library.tracks())))
            if not taken.matches:
                raise UserError("The library has no tracks yet. Add some with `library add`.")
            track = track or taken.matches[0].track.id
        else:
            taken = open_clip(clip, folder)
        preview = recommender.render(taken, track, out, chosen_settings, progress=show_progress("Mixing"))
    chosen = recommender.library.get(track)
    result: dict[str, Any] = {
        "file": str(out),
        "track_id": chosen.id,
        "duration_s": round(preview.duration_s, 3),
        "integrated_lufs": _rounded(preview.integrated_lufs),
        "true_peak_db": _rounded(preview.true_peak_db),
        "voice_to_music_lu": _rounded(preview.voice_to_music_lu),
        "credit": chosen.credit_line(),
        "duties": chosen.rights.duties(),
        "note": preview.note,
    }
    if as_json:
        show(result)
    else:
        print(f"{out}\nCredit: {result['credit']}")
        for sentence in (*result["duties"], *filter(None, [preview.note])):
            say(sentence)


def mix_settings(
    file: Path | None, track: str | None, level: float | None, keep: KeepSound | None, start: str
) -> tuple[str | None, MixSettings]:
    """(track, settings): the file's, and over them what the command line says."""
    from mrcmv.export import read_settings
    from mrcmv.mix import MixSettings

    named, plain = (None, {}) if file is None else read_settings(file)
    if level is not None:
        plain["level_lu"] = level
    if keep is not None:
        plain["keep"] = keep.value
    if start != "auto":
        try:
            plain["start_s"] = max(0.0, float(start))
        except ValueError:
            raise typer.BadParameter("--start takes auto or a number of seconds.") from None
    return track or named, MixSettings.from_json(plain)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
