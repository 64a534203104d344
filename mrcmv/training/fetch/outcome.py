"""What the end of a question to the network means for the video."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

GONE_STATUS = frozenset((404, 410, 451))
AGAIN_STATUS = frozenset((408, 425, 429, 500, 502, 503, 504))
GONE_WORDS = re.compile(
    r"removed|deleted|no longer (?:available|exists)|not exist|video (?:is )?(?:unavailable|not found)|"
    r"不存在|下架|已删除|被删除|已失效",
    re.IGNORECASE,
)
PASSING = frozenset(("TransportError", "URLError", "TimeoutError", "ConnectionError", "ContentTooShortError"))
NO_NAME = re.compile(r"name resolution|name or service|nodename nor|getaddrinfo|resolve host", re.IGNORECASE)
REASON_LENGTH = 200


@dataclass(frozen=True)
class Answer:
    """``kind``: done, gone, refused, failed, or again (a failure that may pass). ``reason``: a short line."""

    kind: str
    reason: str


def judge(end: dict[str, Any]) -> Answer:
    """The answer to what `child.end_of` tells; an empty ``end`` is a success.

    "Gone" is only what a site says in so many words or by its status: videos that are gone are not asked for
    again, so a doubt counts as a failure.
    """
    if not end:
        return Answer("done", "")
    if end["refusal"]:
        return Answer("refused", plain(end["refusal"]))
    if end["kept_from"]:
        return Answer("refused", "it lies on this machine or its network, not on the internet")
    status, reason = end["status"], plain(end["text"])
    if status is not None:
        kind = "gone" if status in GONE_STATUS else "again" if status in AGAIN_STATUS else "failed"
        return Answer(kind, f"the site answers {status}")
    if GONE_WORDS.search(reason):
        return Answer("gone", reason)
    if PASSING & set(end["errors"]):
        return Answer("again", f"the site does not answer ({_passing(reason)})")
    return Answer("failed", reason or "it could not be read")


def _passing(reason: str) -> str:
    if NO_NAME.search(reason):
        return "its name is not found: is there a connection?"
    last = re.sub(r"<urlopen error |\[Errno -?\d+\] ", "", reason.rsplit(": ", 1)[-1])
    return last.strip("\"'()<> ")


def plain(text: str) -> str:
    """One short line without colours and the name of the one video, so that reasons can be counted."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = re.sub(r"^\s*ERROR:\s*", "", text)
    text = re.sub(r"^\[[\w:+.-]+\]\s*[^\s:]+:\s*", "", text)
    text = re.sub(r"[;.] *please report this issue on.*$", "", text, flags=re.IGNORECASE | re.DOTALL)
    text = re.sub(r"\s*\(caused by .*$", "", text, flags=re.DOTALL)
    text = "".join(c if c.isprintable() else " " for c in text)
    return text.strip()[:REASON_LENGTH]
