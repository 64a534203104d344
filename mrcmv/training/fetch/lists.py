"""The authors' lists of HoK400 and CFM400: which videos there are and in which split each stands.

They are four text files in the GitHub repository ``pixel-333/MRCMV``, one address of a page a line
(nearly all ``https://v.qq.com/x/page/<11 letters>.html``). An older state of them held direct links to
files, addresses twice and pages of other sites, so the reader takes those too.
"""

from __future__ import annotations

import hashlib
import re
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mrcmv.media import UserError

AUTHORS_LISTS = "https://raw.githubusercontent.com/pixel-333/MRCMV/HEAD"
NAMES = {"hok400": "HoK400", "cfm400": "CFM400"}
EXPECTED = {"hok400": {"train": 265, "test": 162}, "cfm400": {"train": 270, "test": 131}}
"""Videos per list when the paper was written."""
PARTS = {"train": "training", "test": "test"}
VALIDATION_SHARE = 10
"""One in so many of the training videos is kept for validation."""
ONLY_WEB = "only addresses that begin with http:// or https:// are asked"
_VIDEO_ID = re.compile(r"[A-Za-z0-9]{11}")
_QQ = re.compile(r"https?://v\.qq\.com/(?:x/)?page/(?:\w/)*(\w{1,60})\.html")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True)
class Video:
    """One line of a list. ``problem`` says why its address will never be asked (None: it may be)."""

    id: str
    url: str
    split: str
    problem: str | None = None


@dataclass(frozen=True)
class Listing:
    """All videos of a data set, each once, in the order of the lists (training first).

    ``counts`` are the lines with an address per list, ``twice`` how many of them named a video again,
    ``sha256`` the hashes of the two lists.
    """

    name: str
    videos: tuple[Video, ...]
    counts: dict[str, int]
    twice: int
    sha256: dict[str, str]

    def in_random_order(self) -> list[Video]:
        """Sorted by a hash of the id: any beginning of it has its share of every split."""
        return sorted(self.videos, key=lambda video: digest(video.id))


def file_name(name: str, part: str) -> str:
    """The authors' name of a list, e.g. ``training_part_HoK400.txt``."""
    return f"{PARTS[part]}_part_{NAMES[name]}.txt"


def known(name: str) -> str:
    if name.lower() not in NAMES:
        raise UserError(f"There is no list of {name!r}: choose {' or '.join(NAMES)}.")
    return name.lower()


def list_url(base: str, name: str, part: str) -> str:
    """Where a list lies: below ``base``, which may be the address of a GitHub repository itself.

    Raises
    ------
    UserError
        For anything that is not http or https.
    """
    if problem := url_problem(base):
        raise UserError(f"The lists cannot be read from there: {problem}.")
    parts = urllib.parse.urlsplit(base)
    if parts.hostname in ("github.com", "www.github.com"):
        owner_and_name = parts.path.strip("/").removesuffix(".git").split("/")[:2]
        base = f"https://raw.githubusercontent.com/{'/'.join(owner_and_name)}/HEAD"
    return f"{base.rstrip('/')}/{file_name(name, part)}"


def find_list(folder: Path, name: str, part: str) -> Path:
    """The list in a local folder; large and small letters do not count."""
    wanted = file_name(name, part).lower()
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.lower() == wanted:
            return path
    raise UserError(f"The folder of the lists has no {file_name(name, part)}.")


def read_listing(name: str, texts: dict[str, bytes]) -> Listing:
    """Videos of the lists ``{"train": ..., "test": ...}`` with their splits.

    A video that both name stays in test. A tenth of train, chosen by a hash of the id, is validation.
    """
    parsed = {part: list(parse(texts[part].decode("utf-8-sig", "replace"), part)) for part in PARTS}
    test = {video.id: video for video in parsed["test"]}
    train = {video.id: video for video in parsed["train"] if video.id not in test}
    ranked = sorted(train, key=digest)
    held_out = set(ranked[: len(ranked) // VALIDATION_SHARE])
    videos = [replace(v, split="validation") if v.id in held_out else v for v in train.values()]
    videos += test.values()
    counts = {part: len(rows) for part, rows in parsed.items()}
    hashes = {part: hashlib.sha256(text).hexdigest() for part, text in texts.items()}
    return Listing(name, tuple(videos), counts, sum(counts.values()) - len(videos), hashes)


def parse(text: str, split: str) -> Iterable[Video]:
    """One video a line: an address or an id of v.qq.com, further columns and ``#`` comments left out."""
    for line in text.splitlines():
        fields = re.split(r'[\s,"]+', line.strip().strip('"'))
        field = next((f for f in fields if _SCHEME.match(f) or _VIDEO_ID.fullmatch(f)), fields[0])
        if not field or fields[0].startswith("#"):
            continue
        if _VIDEO_ID.fullmatch(field):
            field = f"https://v.qq.com/x/page/{field}.html"
        yield Video(video_id(field), field, split, url_problem(field))


def video_id(url: str) -> str:
    """A short name of letters and digits: the site's own id for v.qq.com, else from name and hash."""
    if match := _QQ.match(url):
        return match[1]
    stem = Path(urllib.parse.urlsplit(url).path).stem if url_problem(url) is None else ""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-")[:40]
    return f"{slug or 'video'}-{digest(url)[:8]}"


def url_problem(url: str) -> str | None:
    """Why an address is not asked, or None. (Where its name leads to is judged on connecting.)"""
    try:
        parts = urllib.parse.urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "the address cannot be read"
    if parts.scheme not in ("http", "https"):
        return ONLY_WEB
    if not host or parts.username or parts.password or not url.isprintable() or len(url) > 2000:
        return "the address cannot be read"
    return None


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
