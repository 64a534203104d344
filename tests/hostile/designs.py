"""Hostile settings, designs of studies and their stimuli."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from tests.hostile.makers import JSON_ODD, NAMES, Maker, PlainCase, folder, plain_json, put, text
from tests.study.designs import YAML, written


@cache
def good_settings() -> dict[str, Any]:
    from mrcmv.export.settings import settings_document
    from mrcmv.mix import MixSettings

    return settings_document(MixSettings().to_json(), track=None, measured={})


def settings(**changes: Any) -> Maker:
    def made(path: Path) -> None:
        document = good_settings()
        path.write_text(json.dumps({**document, "settings": {**document["settings"], **changes}}))

    return made


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def design(old: str = "", new: str = "", *, links: str = "") -> Maker:
    """A design with something replaced; ``links`` is where its last clip leads."""

    def made(path: Path) -> None:
        written(path.parent).unlink()
        if links:
            (path.parent / "three.mp4").unlink()
            (path.parent / "three.mp4").symlink_to(links)
        path.write_bytes(YAML.replace(old, new).encode("utf-8", "surrogatepass"))

    return made


def stimuli(change: Callable[[dict[str, Any]], Any] = lambda plain: plain) -> Maker:
    """A folder of stimuli with its manifest changed."""

    def made(path: Path) -> None:
        from tests.study.designs import small
        from tests.study.stimuli import fake_manifest

        fake_manifest(path, small())
        file = path / "manifest.json"
        file.write_text(json.dumps(change(json.loads(file.read_text()))))

    return made


SETTINGS: list[PlainCase] = [
    *(PlainCase(title, "settings", make, must) for title, make, must in JSON_ODD),
    PlainCase("as exported", "settings", settings(), "taken"),
    *(
        PlainCase(f"a level of {value!r:.12}", "settings", settings(level_lu=value))
        for value in (float("nan"), float("inf"), -1e308, 10**400, True, "13", None, [13], {})
    ),
    PlainCase("an unknown setting", "settings", settings(__class__="x")),
    PlainCase("a setting named in HTML", "settings", settings(**{"<img src=x onerror=alert(1)>": 1})),
    PlainCase("another format", "settings", plain_json({"format": "x", "settings": {}})),
    PlainCase(
        "another version", "settings", plain_json({"format": "mrcmv-mix", "version": 10**30, "settings": {}})
    ),
    PlainCase(
        "a track that is a path",
        "settings",
        lambda path: (
            path.write_text(json.dumps({**good_settings(), "track": {"id": "../../etc/passwd"}})) and None
        ),
        "taken",
    ),
]
DESIGNS: list[PlainCase] = [
    *(PlainCase(title, "design", make, must) for title, make, must in JSON_ODD),
    PlainCase("as written", "design", design(), "taken"),
    PlainCase("a billion laughs", "design", text(LAUGHS)),
    PlainCase("one anchor", "design", design("title: Music", "title: &a Music"), "taken"),
    PlainCase("an alias", "design", design("[calm]", "[&a calm, *a]")),
    PlainCase("a merge of itself", "design", text("a: &a {<<: *a}\n")),
    PlainCase(
        "!!python/object",
        "design",
        design("Music for game clips", "!!python/object/apply:os.system ['touch fired']"),
    ),
    PlainCase("!!python/name", "design", design("seed: 7", "seed: !!python/name:os.system")),
    PlainCase("an unknown tag", "design", design("seed: 7", "seed: !x 7")),
    PlainCase("!!binary", "design", design("Music for game clips", "!!binary aGVsbG8="), "either"),
    PlainCase("3 MB of text", "design", design("I take part.", "x" * 3_000_000)),
    PlainCase("20,000 nested braces", "design", text("{a: " * 20_000)),
    PlainCase("20,000 nested indents", "design", text("".join(" " * n + "a:\n" for n in range(800)))),
    PlainCase("a NUL byte in a title", "design", design("Music", "Mu\0sic")),
    PlainCase("a seed of 5000 digits", "design", design("seed: 7", "seed: " + "9" * 5000)),
    PlainCase("a seed that is a list", "design", design("seed: 7", "seed: [7]")),
    PlainCase("NaN assignments", "design", design("assignments_per_cell: 20", "assignments_per_cell: .nan")),
    PlainCase("a billion trials", "design", design("trials: 3", "trials: 1000000000")),
    PlainCase("a key that is a list", "design", design("seed: 7", "seed: 7\n? [a]\n: b")),
    PlainCase("a key twice", "design", design("seed: 7", "seed: 7\nseed: 8")),
    PlainCase(
        "methods that are a text",
        "design",
        design(
            "methods:\n  - {name: network, kind: checkpoint}\n  - {name: chance, kind: random}",
            "methods: all",
        ),
    ),
    *(
        PlainCase(
            f"a clip called {name!r:.24}",
            "design",
            design("file: one.mp4", f"file: {json.dumps(name)}"),
            "either",
        )
        for name in NAMES
    ),
    PlainCase("a clip that is a link to a device", "design", design(links="/dev/zero")),
    PlainCase("a clip that is a link to itself", "design", design(links="three.mp4")),
    PlainCase("an id of HTML and emoji", "design", design("id: one", 'id: "<b>\U0001f3ae"')),
    PlainCase(
        "a title of HTML and emoji",
        "design",
        design("Music for game clips", '"<script>alert(1)</script> \U0001f3ae"'),
        "taken",
    ),
    PlainCase(
        "a folder of everything",
        "design",
        design(YAML[YAML.index("clips:") : YAML.index("methods:")], "clips: {glob: /**/*}\n"),
        "either",
    ),
]
STIMULI: list[PlainCase] = [
    *(PlainCase(title, "stimuli", folder("manifest.json", make), must) for title, make, must in JSON_ODD),
    PlainCase("as made", "stimuli", stimuli(), "taken"),
    PlainCase("no manifest", "stimuli", lambda path: path.mkdir()),
    PlainCase("another design's hash", "stimuli", stimuli(put("design_hash", value="0" * 64))),
    PlainCase("an unknown key", "stimuli", stimuli(put("stimuli", 0, "x", value=1))),
    *(
        PlainCase(f"a stimulus called {name!r:.24}", "stimuli", stimuli(put("stimuli", 0, "id", value=name)))
        for name in NAMES
    ),
    PlainCase("a number as the file's name", "stimuli", stimuli(put("stimuli", 0, "id", value=7))),
    PlainCase("stimuli that are a text", "stimuli", stimuli(put("stimuli", value="all"))),
    PlainCase("a length of NaN", "stimuli", stimuli(put("stimuli", 0, "duration_s", value=float("nan")))),
]
