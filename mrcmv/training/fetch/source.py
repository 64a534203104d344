"""Where the lists come from: a folder, an address, or what an earlier run kept of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from mrcmv.media import UserError, write_whole
from mrcmv.training.fetch.ask import Asker
from mrcmv.training.fetch.lists import (
    AUTHORS_LISTS,
    PARTS,
    Listing,
    file_name,
    find_list,
    list_url,
    read_listing,
)


def open_listing(name: str, out: Path, lists: str | None, asker: Asker) -> Listing:
    """The lists, from ``out/lists`` when they were read from the same place before."""
    folder = out / "lists"
    folder.mkdir(exist_ok=True)
    card = folder / "source.json"
    before = json.loads(card.read_text(encoding="utf-8")) if card.is_file() else {}
    if before.get("name", name) != name:
        raise UserError(f"The folder {out.name} holds {before['name']}: choose another folder for {name}.")
    source = lists or before.get("source") or AUTHORS_LISTS
    paths = {part: folder / file_name(name, part) for part in PARTS}
    local = "://" not in source and not source.lower().startswith("file:")
    kept = all(path.is_file() for path in paths.values()) and before.get("source") == source
    if not kept or (local and lists is not None):
        texts = {part: _list_text(source, name, part, local, out, asker) for part in PARTS}
        for part, path in paths.items():
            write_whole(path, texts[part])
        write_whole(card, json.dumps({"name": name, "source": source}))
    listing = read_listing(name, {part: path.read_bytes() for part, path in paths.items()})
    if not listing.videos:
        raise UserError("The lists name no video: one address a line is wanted.")
    return listing


def _list_text(source: str, name: str, part: str, local: bool, out: Path, asker: Asker) -> bytes:
    if local:
        return find_list(Path(source), name, part).read_bytes()
    url = list_url(source, name, part)
    folder = out / "partial" / "list"
    answer = asker.ask("list", url, folder)
    if answer.kind != "done":
        raise UserError(
            f"The list {file_name(name, part)} could not be read: {answer.reason}. "
            "Save both lists into a folder and name it with --lists."
        )
    text = (folder / "list.txt").read_bytes()
    shutil.rmtree(folder, ignore_errors=True)
    return text
