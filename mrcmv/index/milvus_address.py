"""What an address of Milvus says: where it is, who asks, which index, how sure answers are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from mrcmv.index.types import TrackIndexError


@dataclass(frozen=True)
class Kind:
    """Parameters of a kind of index: when it is made, and for a query that wants so many windows."""

    made_with: dict[str, int]
    searched_with: Callable[[int], dict[str, int]]


KINDS = {
    "AUTOINDEX": Kind({}, lambda count: {}),
    "FLAT": Kind({}, lambda count: {}),
    "IVF_SQ8": Kind({"nlist": 4096}, lambda count: {"nprobe": 32}),
    "HNSW": Kind({"M": 16, "efConstruction": 200}, lambda count: {"ef": max(128, count)}),
}
LEVELS = {"strong": "Strong", "session": "Session", "bounded": "Bounded", "eventually": "Eventually"}


@dataclass(frozen=True)
class Address:
    """``connection`` are the client's arguments; name and password leave the address, which may be logged."""

    connection: dict[str, str]
    kind: str = "AUTOINDEX"
    consistency: str = "Session"
    timeout_s: float = 10.0


def read_address(address: str) -> Address:
    """``http://user:password@host:19530/database?index=HNSW&consistency=bounded&timeout=10``, or a file.

    ``index`` (`KINDS`) counts when the collection is made. ``consistency``: what was written is found at
    once by everybody (strong), by whoever wrote it (session, the default), or a little later (bounded,
    eventually). ``timeout``: seconds until a call gives up.

    Raises
    ------
    TrackIndexError
        It asks for something that there is not.
    """
    if "://" not in address:
        return Address({"uri": str(Path(address).absolute())})
    parts = urlsplit(address)
    connection = {"uri": urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))}
    if parts.username:
        connection |= {"user": parts.username, "password": parts.password or ""}
    if database := parts.path.strip("/"):
        connection["db_name"] = database
    asked: dict[str, Any] = dict(parse_qsl(parts.query))
    kind = str(asked.pop("index", "AUTOINDEX")).upper()
    level = str(asked.pop("consistency", "session")).lower()
    try:
        timeout_s = float(asked.pop("timeout", 10.0))
    except ValueError as error:
        raise TrackIndexError("The timeout of Milvus's address is no number of seconds.") from error
    if kind not in KINDS:
        raise TrackIndexError(f"There is no such index of Milvus: choose one of {', '.join(KINDS)}.")
    if level not in LEVELS:
        raise TrackIndexError(f"There is no such consistency: choose one of {', '.join(LEVELS)}.")
    if asked or timeout_s <= 0:
        raise TrackIndexError("Milvus's address knows index, consistency and timeout, nothing else.")
    return Address(connection, kind, LEVELS[level], timeout_s)
