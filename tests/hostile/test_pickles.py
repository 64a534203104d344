"""Nothing that somebody else made is ever unpickled."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.makers import FIRED, pickled, torch_pickled
from tests.hostile.readers import READERS

ROOT = Path(__file__).parents[2]
NEVER = {
    *(("pickle", name) for name in ("load", "loads", "Unpickler")),
    *(("cloudpickle", name) for name in ("load", "loads")),
    *(("marshal", name) for name in ("load", "loads")),
    *(("yaml", name) for name in ("load", "full_load", "unsafe_load")),
    ("joblib", "load"),
    ("dill", "load"),
    ("shelve", "open"),
}
NEEDED = {("torch", "load"): ("weights_only", True), ("np", "load"): ("allow_pickle", False)}


def calls() -> Iterator[tuple[str, tuple[str, str], dict[str, object]]]:
    """(where, (module, function), keyword arguments) of every call of the form module.function()."""
    for path in (*(ROOT / "mrcmv").rglob("*.py"), *(ROOT / "scripts").rglob("*.py"), ROOT / "app.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            function = node.func if isinstance(node, ast.Call) else None
            if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
                given = {each.arg or "": getattr(each.value, "value", None) for each in node.keywords}
                yield f"{path}:{node.lineno}", (function.value.id, function.attr), given


def test_no_call_unpickles() -> None:
    looked = 0
    for where, name, given in calls():
        assert name not in NEVER, where
        if name in NEEDED:
            key, value = NEEDED[name]
            assert given.get(key) is value, where
            looked += 1
    assert looked > 8


@pytest.mark.parametrize("kind", sorted({*READERS} - {"rights"}))
@pytest.mark.parametrize("make", [pickled, torch_pickled])
def test_a_pickle_does_not_fire(kind: str, make, tmp_path: Path) -> None:
    from mrcmv.media import UserError

    make(tmp_path / "plain")
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in (
        "model.safetensors",
        "config.json",
        "metrics.json",
        "manifest.json",
        "manifest.jsonl",
        "model.pt",
    ):
        make(folder / name)
    for place in (tmp_path / "plain", *([folder] if kind != "package" else [])):  # that is one file, always
        with contextlib.suppress(UserError):
            READERS[kind](place)
        assert [path.name for path in tmp_path.rglob(FIRED)] == []


def test_the_pickle_would_fire(tmp_path: Path) -> None:
    import pickle

    pickled(tmp_path / "plain")
    pickle.loads((tmp_path / "plain").read_bytes()).close()
    assert (tmp_path / FIRED).exists()
