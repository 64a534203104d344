"""Licence and author of single files, from a package's machine-readable copyright file.

Format: Debian's DEP-5 ("copyright-format/1.0"): paragraphs with patterns of files, their copyright
holders and the licence's short name. Of several paragraphs that fit, the last one counts.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mrcmv.library.licences import find_licence
from mrcmv.media import UserError

_YEARS = re.compile(r"^[\s©(Cc)]*[\d,\s–-]+\s*,?\s*(?=\D)")
_ADDRESS = re.compile(r"(?<!\s)\s*(?:<[^<>]*>|\((?:https?:|www\.)[^()]*\))")
_MOST_BYTES = 4_000_000
_MOST_NAMES = 3


class TermsError(UserError):
    """A package's copyright file cannot be the one that is known."""


@dataclass(frozen=True)
class Terms:
    """What a copyright file says of one file: the licence's id, and whom to credit."""

    licence: str
    author: str


@dataclass(frozen=True)
class _Paragraph:
    patterns: tuple[str, ...]
    terms: Terms


def read_terms(copyright_file: Path) -> list[_Paragraph]:
    """The paragraphs about files; empty when the file is of another form or not there.

    Paragraphs under a licence that the library does not know are kept with an empty licence, so
    that their files are refused and not taken under another paragraph's terms.

    Raises
    ------
    TermsError
        The file is too large to be one.
    """
    try:
        if copyright_file.stat().st_size > _MOST_BYTES:
            raise TermsError(
                "The package's copyright file is larger than 4 MB: it is not the one that is known."
            )
        text = copyright_file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    if "copyright-format" not in text[:400]:
        return []
    paragraphs = []
    for part in re.split(r"\n[ \t]*\n", text):
        fields = _fields(part)
        if "files" in fields:
            terms = Terms(_licence(fields.get("license", "")), _author(fields.get("copyright", "")))
            paragraphs.append(_Paragraph(tuple(fields["files"].split()), terms))
    return paragraphs


def terms_of(path: str, paragraphs: list[_Paragraph]) -> Terms | None:
    """What is said of a file of the package, named by its path there.

    A pattern names the file in the source tree, which is unpacked elsewhere; so it is enough when
    the last parts agree, at least the file's folder and name.
    """
    found = None
    for paragraph in paragraphs:
        if any(_fits(path, pattern) for pattern in paragraph.patterns):
            found = paragraph.terms
    return found


def _fits(path: str, pattern: str) -> bool:
    parts = PurePosixPath(pattern).parts
    if parts == ("*",):
        return True
    return any(
        fnmatch.fnmatchcase(path, "*/" + "/".join(parts[skipped:]))
        for skipped in range(max(1, len(parts) - 1))
    )


def _fields(paragraph: str) -> dict[str, str]:
    fields: dict[str, list[str]] = {}
    name = ""
    for line in paragraph.splitlines():
        if line[:1] in (" ", "\t"):
            fields.setdefault(name, [""]).append(line.strip())
        elif ":" in line and not line.startswith("#"):
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = [value.strip()]
    return {name: "\n".join(lines) for name, lines in fields.items()}


def _licence(field: str) -> str:
    """The first of the licences offered that the library knows; empty when there is none."""
    short = field.strip().splitlines()[0] if field.strip() else ""
    for name in re.split(r"\s+or\s+", short):
        try:
            known = find_licence(name)
        except UserError:
            known = None
        if known is not None:
            return known.id
    return ""


def _author(field: str) -> str:
    names = []
    for line in field.splitlines():
        name = _ADDRESS.sub("", _YEARS.sub("", line)).strip(" ,")
        if name and name not in names:
            names.append(name)
    if len(names) > _MOST_NAMES:
        return f"{', '.join(names[:_MOST_NAMES])} and others"
    return ", ".join(names)
