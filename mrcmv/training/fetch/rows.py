"""From states to ``manifest.jsonl``: what training reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mrcmv.media import write_whole
from mrcmv.training.fetch.clips import STEMS, clip_path, stem_path
from mrcmv.training.fetch.lists import Listing, Video
from mrcmv.training.fetch.status import Book, Status

_FIRST = ("test", "validation", "train")


def is_done(out: Path, video: Video, book: Book) -> bool:
    """Whether the video's clip is here (and was not taken away by hand)."""
    status = book.get(video.id)
    return status is not None and status.state == "done" and clip_path(out, video.id).is_file()


def rows(out: Path, listing: Listing, book: Book) -> list[dict[str, Any]]:
    """A row for every surviving video, in the order of the lists.

    There is no ``music``: the clean track is not known, so preparation takes the accompaniment that Spleeter
    leaves. A file that was uploaded under several addresses stands once, in test rather than in train.
    """
    there = [video for video in listing.videos if is_done(out, video, book)]
    kept: dict[str, str] = {}
    for video in sorted(there, key=lambda video: _FIRST.index(video.split)):
        kept.setdefault(_state(book, video).sha256 or video.id, video.id)
    return [_row(out, video, _state(book, video)) for video in there if video.id in kept.values()]


def write_manifest(out: Path, listing: Listing, book: Book) -> list[dict[str, Any]]:
    """Replace ``manifest.jsonl`` as a whole; gives its rows."""
    found = rows(out, listing, book)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found)
    write_whole(out / "manifest.jsonl", text)
    return found


def _row(out: Path, video: Video, status: Status) -> dict[str, Any]:
    stems = {stem: stem_path(out, video.id, stem).relative_to(out).as_posix() for stem in STEMS}
    return {
        "id": video.id,
        "split": video.split,
        "duration_s": round(status.duration_s, 3),
        "clip": clip_path(out, video.id).relative_to(out).as_posix(),
        **stems,
        "source": {
            "url": video.url,
            "title": status.title,
            "uploader": status.uploader,
            "site": status.site,
            "fetched": status.date,
            "sha256": status.sha256,
        },
    }


def _state(book: Book, video: Video) -> Status:
    status = book.get(video.id)
    assert status is not None
    return status
