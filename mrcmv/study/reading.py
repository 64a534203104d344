"""A design's YAML file read: lines for the sentences, clips found and hashed."""

from __future__ import annotations

import hashlib
import itertools
import re
from pathlib import Path
from typing import Any

from mrcmv.media import UserError, quoted, read_small
from mrcmv.study.design import Design, DesignError, Lines, Place

VIDEO_ENDINGS = (".mp4", ".mov", ".webm", ".mkv", ".avi", ".m4v")
MAX_FILE_BYTES = 500_000
MAX_DEPTH = 50
MOST_FILES = 20_000


class NoClip(DesignError):
    """A clip, or all of them, are not where the design says."""


def load_design(path: Path, made: Design | None = None) -> Design:
    """Read, check and complete a design: the clips are found and hashed.

    ``made``: the design as its stimuli were made. Clips that are not at hand (on a server, say, where only
    stimuli are needed) are then taken to be those.

    Raises
    ------
    DesignError
        One sentence for the first mistake, with its place and line.
    """
    plain, lines = read_yaml(path)
    if "clips" in plain:
        known = {} if made is None else {clip.id: clip.model_dump(mode="json") for clip in made.clips}
        plain["clips"] = _clips(plain["clips"], path.parent, lines, known)
    return Design.from_json(plain, lines)


def read_yaml(path: Path) -> tuple[dict[str, Any], Lines]:
    """The file's content and the line of every place in it."""
    import yaml

    try:
        text = read_small(path, 2 * MAX_FILE_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise DesignError(f"The design {path.name} cannot be read: give a YAML file in UTF-8.") from None
    if len(text) > MAX_FILE_BYTES or _is_deep(text) or _has_alias(text):
        raise DesignError(
            f"The design {path.name} is too large, too deep or uses YAML anchors: write it out plainly."
        )
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        plain = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        raise DesignError(f"The design {path.name} is not YAML{where}: check colons and indents.") from None
    if not isinstance(plain, dict):
        raise DesignError(f"The design {path.name} is empty: start from `study new`.")
    lines: Lines = {}
    _walk(node, (), lines)
    return plain, lines


def _is_deep(text: str) -> bool:
    """The reader's time grows with the square of open brackets, and deep indents end its stack."""
    depth = 0
    for sign in re.findall(r"[\[\]{}]", text):
        depth = max(0, depth + (1 if sign in "[{" else -1))
        if depth > MAX_DEPTH:
            return True
    return re.search(rf"^[ \t]{{{4 * MAX_DEPTH},}}", text, re.MULTILINE) is not None


def _has_alias(text: str) -> bool:
    """Anchors can make a small file unfold without end; no design needs them."""
    import yaml

    try:
        return any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return False  # told with its line by the reading itself


def _walk(node: Any, place: Place, lines: Lines) -> None:
    import yaml

    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise DesignError(
                    f"The key {quoted(key.value)} stands twice (line {key.start_mark.line + 1})."
                )
            seen.add(key.value)
            _walk(value, (*place, key.value), lines)
            lines[(*place, key.value)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _walk(value, (*place, number), lines)


def _clips(said: Any, base: Path, lines: Lines, known: dict[str, dict[str, Any]]) -> Any:
    """The list of clips, with hashes, out of a list, a folder, a pattern or a data set."""
    line = lines.get(("clips",), 1)
    if isinstance(said, dict):
        try:
            found = _found(said, base, line)
        except NoClip:
            if not known:
                raise
            return list(known.values())
    elif isinstance(said, list):
        found = [
            {"id": clip_name(Path(each)), "file": each} if isinstance(each, str) else each for each in said
        ]
    else:
        raise DesignError(f"clips (line {line}): name a folder, a glob, a data set, or a list of files.")
    for number, item in enumerate(found):
        if not isinstance(item, dict) or not isinstance(item.get("file"), str):
            continue  # the check of the parts tells
        item.setdefault("id", clip_name(Path(item["file"])))
        where = lines.get(("clips", number), line)
        try:
            found_hash = sha256_of(base / item["file"])
        except (OSError, ValueError):  # a name that no disk can hold
            found_hash = known.get(str(item["id"]), {}).get("sha256", "")
            if not found_hash:
                raise NoClip(f"clips, number {number + 1} (line {where}): this file is not there.") from None
        if item.setdefault("sha256", found_hash) != found_hash:
            raise DesignError(
                f"clips, number {number + 1} (line {where}): the file is not the one with this sha256."
            )
    return found


def _found(said: dict[str, Any], base: Path, line: int) -> list[dict[str, Any]]:
    """Clips by folder, glob or data set; ``tags`` by clip id and ``limit`` may stand beside it."""
    ways = [key for key in ("folder", "glob", "data") if key in said]
    stray = next(
        (key for key in said if key not in ("folder", "glob", "data", "split", "tags", "limit")), None
    )
    if stray is not None:
        raise DesignError(f"clips, {stray} (line {line}): this key is not known: take it out.")
    if len(ways) != 1:
        raise DesignError(f"clips (line {line}): name one of folder, glob or data.")
    tags = said.get("tags") or {}
    named: list[tuple[str, Path]]
    if ways == ["data"]:
        named = _of_data(base / str(said["data"]), str(said.get("split", "test")), line)
    else:
        pattern = f"{said['folder']}/*" if ways == ["folder"] else str(said["glob"])
        files = base.glob(pattern) if not Path(pattern).is_absolute() else Path("/").glob(pattern[1:])
        near = list(itertools.islice(files, MOST_FILES + 1))
        if len(near) > MOST_FILES:
            raise DesignError(f"clips (line {line}): there are more than {MOST_FILES} files: name a folder.")
        named = [(clip_name(file), file) for file in sorted(near) if file.suffix.lower() in VIDEO_ENDINGS]
    if not named:
        raise NoClip(f"clips (line {line}): there is no video there.")
    limit = said.get("limit")
    if limit is not None and not (isinstance(limit, int) and limit > 0):
        raise DesignError(f"clips, limit (line {line}): write a whole number.")
    names = {name for name, _ in named}
    unknown = next((name for name in tags if name not in names), None)
    if unknown is not None:
        raise DesignError(f"clips, tags (line {line}): there is no clip {quoted(unknown)}.")
    return [
        {"id": name, "file": str(_relative(file, base)), "tags": tags.get(name, [])}
        for name, file in named[:limit]
    ]


def _of_data(folder: Path, split: str, line: int) -> list[tuple[str, Path]]:
    from mrcmv.training.manifest import read_manifest

    try:
        return [(item.id, item.clip) for item in read_manifest(folder, (split,))]
    except UserError as error:
        raise NoClip(f"clips, data (line {line}): {error}") from None


def _relative(file: Path, base: Path) -> Path:
    return file.relative_to(base) if file.is_relative_to(base) else file


def clip_name(file: Path) -> str:
    """The id of a clip that was given without one: its file's name, made safe."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem).strip("-._")[:60]
    return name or "clip"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    if not path.is_file():
        raise FileNotFoundError  # a device has no end
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
