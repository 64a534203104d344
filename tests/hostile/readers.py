"""What reads each kind of file that is no media, as the program does it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def read_design(path: Path) -> str:
    from mrcmv.study.reading import load_design

    made = load_design(path)
    return f"{len(made.clips)} clips, {len(made.method_names)} methods"


def read_stimuli(path: Path) -> str:
    from mrcmv.media import UserError
    from mrcmv.study.manifest import read_manifest

    made = read_manifest(path)
    problems = made.problems()
    if problems:
        raise UserError(problems[0])
    return f"{len(made.stimuli)} stimuli"


def read_data(path: Path) -> str:
    from mrcmv.training.manifest import read_manifest

    return f"{len(read_manifest(path))} clips"


def read_settings(path: Path) -> str:
    from mrcmv.cli.clip import mix_settings

    track, settings = mix_settings(path, None, None, None, "auto")
    return f"{settings.level_lu:g} LU" + (", a track" if track else "")


def read_checkpoint(path: Path) -> str:
    from mrcmv.model import load_model

    model = load_model(path, device="cpu")
    return f"{sum(each.numel() for each in model.net.parameters()):,} numbers"


def read_published(path: Path) -> str:
    """Published weights of VGGish, which lie in a file of torch."""
    from mrcmv.model import ModelConfig
    from mrcmv.model.net import MrcmvNet
    from mrcmv.model.public import load_public_vggish

    load_public_vggish(MrcmvNet(ModelConfig.debug()).voice_encoder, path)
    return "weights"


def read_catalogue(path: Path) -> str:
    """The list of own tracks and packs."""
    from mrcmv.library.catalog import Catalog

    return f"{len(Catalog(path).tracks())} tracks"


def read_facts(path: Path) -> str:
    """The manifest of the starter pack."""
    from mrcmv.library.starter import load_starter

    found = load_starter(path, path.parent)
    if found.problems:
        from mrcmv.media import UserError

        raise UserError(found.problems[0])
    return f"{len(found.tracks)} tracks"


def read_rights(path: Path) -> str:
    """What is stated of an own track, as the page gets it."""
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    from mrcmv.media import UserError
    from mrcmv.web.shelf import Access, Bookcase, routes
    from tests.web.fakes import FakeRecommender

    case = Bookcase(FakeRecommender(path.parent / "fake", mixed=False), Access(editable=True))  # type: ignore[arg-type]
    client = TestClient(Starlette(routes=routes(case)), base_url="http://127.0.0.1")
    answer = client.post(
        "/library/own", content=path.read_bytes(), headers={"Content-Type": "application/json"}
    )
    case.close()
    if answer.status_code >= 500:
        raise RuntimeError(answer.text)
    if answer.status_code != 200:
        raise UserError(_english(answer.json()["error"]))
    return "rights"


def read_package(path: Path) -> str:
    """A package of music that has just arrived. Whatever comes of it, nothing may lie there afterwards."""
    from mrcmv.library import debian
    from mrcmv.library.installing import clear_workshop
    from mrcmv.library.packs import MusicPack, sound_files
    from mrcmv.library.terms import TermsError, read_terms

    workshop = path.parent / "workshop"
    workshop.mkdir()
    path.rename(workshop / "some-music_1_all.deb")
    try:
        root = debian.fetch("some-music", workshop)
        odd = [each.name for each in root.rglob("*") if each.is_symlink() or not _is_plain(each)]
        files = sound_files(MusicPack("some-music", "MIT", "Ada"), root)
        read_terms(root / "usr" / "share" / "doc" / "some-music" / "copyright")
        if odd or not files:
            raise RuntimeError(f"{odd} came out and {len(files)} files")
        clear_workshop("some-music", workshop)
    except TermsError:
        clear_workshop("some-music", workshop)
        raise
    finally:
        workshop.rmdir()
    return f"{len(files)} sound files"


def read_record(path: Path) -> str:
    """A session that a killed process left, as the next start reads it, and its first record after that."""
    from mrcmv.library import UnknownTrack
    from mrcmv.web import record

    def track(ident: str) -> Any:
        if ident != "song":
            raise UnknownTrack(ident)
        return SimpleNamespace(id=ident)

    try:
        session = record.read(path, track)
    except ValueError:
        return "dropped"
    record.write(session)
    plain = json.loads((path / record.NAME).read_text())
    if plain["ticket"] != session.ticket or session.folder != path or session.source != path / "upload":
        raise RuntimeError("another session was read")
    outside = [each for each in path.rglob("*") if each.is_symlink()]
    if outside and session.suggestions is not None:
        raise RuntimeError(f"{outside} was kept")
    return "clip and music" if session.suggestions is not None else "clip alone"


def _is_plain(path: Path) -> bool:
    return path.is_file() or path.is_dir()


def _english(html: str) -> str:
    from html import unescape

    found = re.search(r'<span class="en"[^>]*>(.*?)</span>', html, re.DOTALL)
    return unescape(found[1] if found else html)


READERS: dict[str, Callable[[Path], str]] = {
    "design": read_design,
    "stimuli": read_stimuli,
    "data set": read_data,
    "settings": read_settings,
    "checkpoint": read_checkpoint,
    "published weights": read_published,
    "list of tracks": read_catalogue,
    "starter pack": read_facts,
    "rights": read_rights,
    "package": read_package,
    "session record": read_record,
}

NEEDS: dict[str, tuple[str, ...]] = {
    "design": ("mrcmv.study.reading",),
    "stimuli": ("mrcmv.study.manifest",),
    "data set": ("mrcmv.training.manifest",),
    "settings": ("mrcmv.cli.clip",),
    "checkpoint": ("mrcmv.model",),
    "published weights": ("mrcmv.model.net", "mrcmv.model.public"),
    "list of tracks": ("mrcmv.library.catalog",),
    "starter pack": ("mrcmv.library.starter",),
    "session record": ("mrcmv.library", "mrcmv.recommender", "mrcmv.words", "mrcmv.web.record"),
    "package": ("mrcmv.library.installing",),
    "rights": ("starlette.testclient", "mrcmv.web.shelf", "tests.web.fakes"),
}
"""What is loaded before the clock runs: a running program has it loaded."""


def make_ready(kind: str) -> None:
    for module in NEEDS.get(kind, ()):
        import_module(module)
