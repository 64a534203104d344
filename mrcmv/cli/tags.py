"""The verb that describes music in words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mrcmv.cli.common import AsJson, Device, show, show_progress
from mrcmv.media import work_folder

app = typer.Typer()


@app.command()
def tags(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A piece of music, or a clip.")],
    model: Annotated[str, typer.Option(help="MTT (MagnaTagATune) or MSD (Million Song Dataset).")] = "MTT",
    top: Annotated[int, typer.Option(min=1, max=50, help="How many tags.")] = 10,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """What FILE sounds like in words (slow, techno, strings, ...), likeliest first."""
    from mrcmv.media import open_sound, read_sound, to_mono
    from mrcmv.model import pick_device
    from mrcmv.tagging import Tagger

    tagger = Tagger.load(model, pick_device(device))
    with work_folder("mrcmv-") as folder:
        sound = Path(folder) / "sound.flac"
        open_sound(source, sound, progress=show_progress("Reading"))
        found = list(tagger.tags(to_mono(read_sound(sound))).items())[:top]
    if as_json:
        show({"model": model, "tags": [{"tag": tag, "likelihood": round(value, 4)} for tag, value in found]})
    else:
        for tag, value in found:
            print(f"{value:.2f}  {tag}")
