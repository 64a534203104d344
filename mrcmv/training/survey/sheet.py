"""A contact sheet: six pictures of each clip, and beside them what the clip was meant to be."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import (
    Progress,
    ToolError,
    UserError,
    input_args,
    probe,
    run_ffmpeg,
    work_folder,
    write_whole,
)

from .sample import Seen

FRAMES = 6
WIDTH, HEIGHT = 96, 72
"""Size of one picture on the sheet, in pixels; other shapes than 4:3 get bars."""
COLUMNS = 2
LINE, GAP = 13, 10
NOTES = 3
BYTES = 490_000
"""A larger PNG is drawn with fewer colours."""
COLOURS = (256, 192, 128, 96, 64, 48, 32)
BACK, INK, FAINT = (250, 250, 248), (20, 20, 20), (110, 110, 110)
SPLIT_INK = {"train": (30, 90, 160), "validation": (150, 100, 0), "test": (160, 30, 40)}
TOLD = ("game", "delivery", "light", "pitch", "cuts", "pauses")


def contact_sheet(clips: Sequence[Seen], out: Path, progress: Progress | None = None) -> Path:
    """Draw ``clips`` to ``out``: .png (a palette, so that it stays under `BYTES`) or .jpg.

    Raises `UserError` for another ending. A clip that cannot be decoded gets grey pictures: the
    sheet is there to show faults.
    """
    from PIL import Image, ImageDraw, ImageFont

    if out.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise UserError("A contact sheet is a picture: name a file that ends in .png or .jpg.")
    cell = (FRAMES * (WIDTH + 1), HEIGHT + NOTES * LINE + GAP)
    columns = min(COLUMNS, len(clips))
    rows = -(-len(clips) // columns)
    sheet = Image.new("RGB", (columns * (cell[0] + GAP) + GAP, rows * cell[1] + GAP), BACK)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=11)
    for number, seen in enumerate(clips):
        left = GAP + number // rows * (cell[0] + GAP)  # down the first column, then the second
        top = GAP + number % rows * cell[1]
        for place, frame in enumerate(_frames(seen.item.clip, seen.item.duration_s)):
            sheet.paste(Image.fromarray(frame), (left + place * (WIDTH + 1), top))
        ink = SPLIT_INK.get(seen.item.split, INK)
        for line, (text, colour) in enumerate(zip(notes(seen), (ink, INK, FAINT), strict=True)):
            text = _fitting(text, cell[0], font)
            draw.text((left, top + HEIGHT + 1 + line * LINE), text, fill=colour, font=font)
        if progress is not None:
            progress((number + 1) / len(clips))
    _save(sheet, out)
    return out


def notes(seen: Seen) -> tuple[str, str, str]:
    """What stands under a clip: who and where; the scores that drove it; the music and its licence."""
    item, scores = seen.item, seen.scores
    who = " · ".join(part for part in (item.speaker, item.engine, seen.place) if part)
    driven = "  ".join(f"{name} {scores[name]:+.1f}" for name in TOLD if name in scores)
    music = [f"{name} {scores[name]:+.1f}" for name in ("arousal", "brightness") if name in scores]
    credit = " by ".join(part for part in (seen.title, seen.author) if part)
    return (
        f"{item.id}  {item.split}  {item.duration_s:g} s   {who}",
        f"music: {'  '.join(music)}   clip: {driven}" if scores else "no plan",
        f"{credit}  ({seen.licence})" if seen.licence else credit,
    )


def _fitting(text: str, width: int, font: Any) -> str:
    """A line cut to a width in pixels."""
    while font.getlength(text) > width and len(text) > 4:
        text = text[:-2].rstrip() + "…"
    return text


def _frames(clip: Path, duration_s: float) -> NDArray[np.uint8]:
    """Pictures spread over a clip, [FRAMES, HEIGHT, WIDTH, 3]; the middles of six equal parts."""
    frames = np.full((FRAMES, HEIGHT, WIDTH, 3), 128, np.uint8)
    with work_folder("mrcmv-") as folder:
        raw = Path(folder) / "frames.raw"
        try:
            part_s = max(duration_s or probe(clip).duration_s or 0.0, 0.1) / FRAMES
            run_ffmpeg([*_picking(clip, part_s), "-f", "rawvideo", f"file:{raw}"])
        except (UserError, ToolError):
            return frames
        known = np.fromfile(raw, np.uint8)
    count = min(FRAMES, len(known) // (HEIGHT * WIDTH * 3))
    frames[:count] = known[: count * HEIGHT * WIDTH * 3].reshape(count, HEIGHT, WIDTH, 3)
    return frames


def _picking(clip: Path, part_s: float) -> list[str]:
    """Arguments that take the middle picture of every part: the file is opened once for each, behind a
    seek, so that only a few pictures before it are decoded."""
    size = f"{WIDTH}:{HEIGHT}"
    look = f"scale={size}:force_original_aspect_ratio=decrease:flags=area,pad={size}:-1:-1,format=rgb24"
    inputs: list[str] = []
    graph = ""
    for place in range(FRAMES):
        inputs += input_args(clip, "-ss", f"{(place + 0.5) * part_s:.3f}", "-an", "-sn", "-dn")
        graph += f"[{place}:v:0]trim=end_frame=1,setpts=0,{look}[p{place}];"
    graph += "".join(f"[p{place}]" for place in range(FRAMES)) + f"concat=n={FRAMES}[out]"
    return [*inputs, "-filter_complex", graph, "-map", "[out]", "-fps_mode", "passthrough"]


def _save(sheet: Any, out: Path) -> None:
    """Encode, for PNG with as many colours as the size allows, and put the file in place whole."""
    kept = b""
    if out.suffix.lower() == ".png":
        for colours in COLOURS:
            buffer = io.BytesIO()
            sheet.quantize(colours, dither=0).save(buffer, "PNG", optimize=True)
            kept = buffer.getvalue()
            if len(kept) <= BYTES:
                break
    else:
        buffer = io.BytesIO()
        sheet.save(buffer, "JPEG", quality=80, optimize=True)
        kept = buffer.getvalue()
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, kept)
