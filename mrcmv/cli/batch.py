"""`suggest` and `render` over a folder: what the single verbs do for one clip, with a report page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mrcmv.cli.common import make_recommender, say, show

if TYPE_CHECKING:
    from mrcmv.mix import MixSettings


def suggest_folder(
    clips: Path, out: Path | None, *, again: bool, as_json: bool, device: str, checkpoint: str, **options: Any
) -> None:
    """Rank the library for every clip of a folder."""
    from mrcmv.batch import Plan, suggest_one

    recommender = make_recommender(checkpoint, device)
    plain = {name: value for name, value in options.items() if name != "wish"}
    plan = Plan(
        "suggest", clips, _needed(out), {**plain, **_wish(options.get("wish")), **_net(checkpoint)}, again
    )
    _run(plan, lambda clip, folder, to: suggest_one(recommender, clip, folder, to, **options), as_json)


def render_folder(
    clips: Path,
    out: Path,
    settings: MixSettings,
    *,
    track: str | None,
    again: bool,
    as_json: bool,
    device: str,
    checkpoint: str,
) -> None:
    """Mix the best track, or one for all, under every clip of a folder."""
    from mrcmv.batch import Plan, render_one

    recommender = make_recommender(checkpoint, device)
    if track is not None:
        recommender.library.get(track)  # an unknown id is said before any work is done

    def work(clip: Path, folder: Path, to: Path) -> dict[str, Any]:
        return render_one(
            recommender,
            clip,
            folder,
            to,
            track_id=track,
            render=lambda found, ident, path: recommender.render(found, ident, path, settings),
        )

    _run(
        Plan("render", clips, out, {"track": track, **settings.to_json(), **_net(checkpoint)}, again),
        work,
        as_json,
    )


def _run(plan: Any, work: Any, as_json: bool) -> None:
    from mrcmv.batch import run

    summary = run(plan, work, say)
    result = summary.to_json()
    if as_json:
        show(result)
    else:
        print(
            f"{result['clips']} clips: {result['done']} done now, {result['kept']} done before, "
            f"{result['failed']} failed\n{result['report']}"
        )
    if summary.failed:
        raise typer.Exit(1)


def _needed(out: Path | None) -> Path:
    if out is None:
        raise typer.BadParameter("A folder of clips needs --out: the folder for the results.")
    return out


def _net(checkpoint: str) -> dict[str, str]:
    return {} if checkpoint == "compact" else {"checkpoint": checkpoint}


def _wish(wish: Any) -> dict[str, Any]:
    """What of a wish tells one batch from another; empty when nothing was wished."""
    if wish is None:
        return {}
    said = {
        "words": wish.text,
        "reference": str(wish.reference.name) if wish.reference else None,
        "like": wish.like,
        "exclude": sorted(wish.exclude),
    }
    said = {name: value for name, value in said.items() if value}
    return {**said, "strength": wish.strength} if said else {}
