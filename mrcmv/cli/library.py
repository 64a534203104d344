"""Verbs about the music library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mrcmv.cli.common import (
    AsJson,
    Checkpoint,
    Device,
    make_recommender,
    say,
    show,
    show_progress,
)

app = typer.Typer(help="The music library: list, add, remove, verify.", no_args_is_help=True)


@app.command("list")
def library_list(as_json: AsJson = False) -> None:
    """Every track with its rights and sound facts."""
    from mrcmv.library import Library

    tracks = Library.open().tracks()
    if as_json:
        show({"tracks": [track.to_json() for track in tracks]})
        return
    for track in tracks:
        tempo = "" if track.tempo_bpm is None else f"{track.tempo_bpm:.0f} bpm"
        print(
            f"{track.id}  {track.title} - {track.artist}  {track.duration_s:.0f} s  "
            f"{track.mood or ''}  {tempo}  {track.key or ''}  [{track.rights.licence}]"
        )


@app.command("add")
def library_add(
    source: Annotated[Path, typer.Argument(metavar="FILE|FOLDER")],
    licence: Annotated[str, typer.Option(prompt="Licence (SPDX id such as CC-BY-4.0, or its name)")],
    origin: Annotated[str, typer.Option("--source", prompt="Where it is from (address or shop)")],
    title: Annotated[str | None, typer.Option(help="Default: the file's own tag, else its name.")] = None,
    artist: Annotated[str | None, typer.Option(help="Default: the file's own tag.")] = None,
    credit: Annotated[str | None, typer.Option(help="Credit text to be shown word for word.")] = None,
    commercial: Annotated[
        bool | None, typer.Option(help="May it be used for money? Needed when the licence is not known.")
    ] = None,
    derivatives: Annotated[
        bool | None, typer.Option(help="May it be cut and mixed? Needed when the licence is not known.")
    ] = None,
    proof: Annotated[
        str | None, typer.Option(help="Where the licence can be proven (a receipt, say).")
    ] = None,
    content_id: Annotated[str, typer.Option(help="unknown, not registered or registered.")] = "unknown",
    mood: Annotated[str | None, typer.Option(help="One word, such as calm.")] = None,
    genre: Annotated[str | None, typer.Option(help="Such as acoustic.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A word about it; may be repeated.")] = None,
    vocals: Annotated[bool | None, typer.Option("--vocals/--instrumental", help="Does anybody sing?")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a track, or all tracks of a folder, with the rights you state."""
    from mrcmv.library import Rights

    library = make_recommender().library
    rights = Rights.state(
        licence,
        source=origin,
        credit=credit,
        commercial=commercial,
        derivatives=derivatives,
        content_id=content_id,
        proof=proof,
    )
    said: dict[str, Any] = {"artist": artist, "mood": mood, "genre": genre}
    said |= {"tags": tag or (), "has_vocals": vocals, "progress": show_progress("Adding")}
    if source.is_dir():
        report = library.add_folder(source, rights, **said)
        added, refused = list(report.added), [f"{name}: {why}" for name, why in report.refused]
    else:
        added, refused = [library.add(source, rights, title=title, **said)], []
    if as_json:
        show({"added": [track.to_json() for track in added], "refused": refused})
    else:
        for track in added:
            print(f"{track.id}  {track.title} - {track.artist}")
        for line in refused:
            say(line)
    if refused and not added:
        raise typer.Exit(1)


@app.command("remove")
def library_remove(track_id: str) -> None:
    """Remove one track; one of an installed pack stays away until the pack is installed anew."""
    from mrcmv.library import Library

    Library.open().remove(track_id)


@app.command("packs")
def library_packs(as_json: AsJson = False) -> None:
    """Where the tracks come from, and which packs of open game music can be installed."""
    from mrcmv.library import Library

    library = Library.open()
    packs, offers = library.packs(), library.available_packs()
    if as_json:
        show(
            {
                "packs": [pack.to_json() for pack in packs],
                "available": [offer.to_json() for offer in offers],
            }
        )
        return
    for pack in packs:
        print(f"{pack.name}  {pack.tracks} tracks  {pack.licence}")
    print("\nTo be installed (name, megabytes, tracks, minutes, licences):")
    for offer in offers:
        state = "" if not offer.installed else f"  installed: {offer.installed}"
        state += "" if offer.complete or not offer.installed else ", not finished"
        print(
            f"{offer.name}  {offer.megabytes} MB  {offer.tracks} tracks  {offer.minutes} min  "
            f"{', '.join(offer.licences)}  by {offer.author}{state}"
        )
    if offers and offers[0].why_not:
        say(offers[0].why_not)


@app.command("install")
def library_install(
    packs: Annotated[list[str], typer.Argument(metavar="PACK [PACK ...]", help="As library packs says.")],
    embed: Annotated[bool, typer.Option(help="Make the tracks searchable at once.")] = True,
    checkpoint: Checkpoint = "compact",
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Fetch packs of open game music and take their tracks in. Stopped, it goes on the next time."""
    import time

    from mrcmv.media import UserError

    recommender = make_recommender(checkpoint, device)
    reports, failed = [], {}
    for pack in packs:
        try:
            report = recommender.library.install(pack, progress=show_progress(f"Installing {pack}"))
        except UserError as error:  # the others can still come in
            failed[pack] = str(error)
            say(f"{pack}: {error}")
            continue
        reports.append(report)
        left = ", ".join(f"{count} {why}" for why, count in report.left_out.items()) or "none"
        say(f"{pack}: {report.added} tracks added, {report.tracks} there; left out: {left}")
        say("  " + ", ".join(f"{step} {seconds / 60:.1f} min" for step, seconds in report.seconds.items()))
    began, embedding_s = time.perf_counter(), None
    if embed and reports:
        recommender.index(progress=show_progress("Embedding"))
        embedding_s = round(time.perf_counter() - began, 1)
        say(f"embedding {embedding_s / 60:.1f} min")
    if as_json:
        packs_done = [report.to_json() for report in reports]
        show({"packs": packs_done, "failed": failed, "embedding_s": embedding_s})
    if failed:
        raise typer.Exit(1)


@app.command("remove-pack")
def library_remove_pack(pack: str) -> None:
    """Remove all tracks of an installed pack."""
    from mrcmv.library import Library

    say(f"{Library.open().remove_pack(pack)} tracks removed.")


@app.command("tag")
def library_tag(device: Device = "auto") -> None:
    """Hear the tracks that have no tags yet: mood, genre, instruments, singing."""
    count = make_recommender(device=device).library.tag(progress=show_progress("Hearing"))
    say(f"{count} tracks heard.")


@app.command("duplicates")
def library_duplicates(as_json: AsJson = False) -> None:
    """Tracks that are the same recording in different files."""
    from mrcmv.library import Library

    pairs = Library.open().duplicates(progress=show_progress("Comparing"))
    if as_json:
        show(
            {
                "pairs": [
                    {"first": first.id, "second": second.id, "difference": round(difference, 4)}
                    for first, second, difference in pairs
                ]
            }
        )
        return
    for first, second, difference in pairs:
        print(
            f"{first.id}  {first.title} ({first.pack})  =  {second.id}  {second.title} ({second.pack})  "
            f"{100 * difference:.1f} % of bits differ"
        )


@app.command("verify")
def library_verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Delete files that interrupted work left behind.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read every sound file again and compare it with its hash."""
    from mrcmv.library import Library

    problems = Library.open().verify(repair=repair, progress=show_progress("Verifying"))
    if as_json:
        show({"problems": [str(problem) for problem in problems]})
    else:
        for problem in problems:
            say(str(problem))
    if problems:
        raise typer.Exit(1)


@app.command("embed")
def library_embed(checkpoint: Checkpoint = "compact", device: Device = "auto") -> None:
    """Bring the index up to date now instead of at the next suggestion."""
    index = make_recommender(checkpoint, device).index(progress=show_progress("Embedding"))
    say(f"{len(index.tracks)} tracks ready.")
