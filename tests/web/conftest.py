import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mrcmv.web import serve
from mrcmv.web.examples import find_examples
from mrcmv.web.sessions import Sessions
from mrcmv.web.studio import Studio
from tests.web.clips import make_mp4
from tests.web.fakes import FakeRecommender


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what `FakeRecommender` makes once."""
    return tmp_path_factory.mktemp("fake")


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of H.264 and AAC."""
    return make_mp4(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=4)


@dataclass
class Served:
    """A running page with the fake behind it."""

    studio: Studio
    recommender: FakeRecommender
    page: Any
    url: str


@pytest.fixture(scope="session")
def served_once(tmp_path_factory: pytest.TempPathFactory, clip: Path, sounds: Path) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    shutil.copy(clip, folder / "calm.mp4")
    recommender = FakeRecommender(sounds)
    studio = Studio(
        recommender,  # type: ignore[arg-type]
        sessions=Sessions(parent=folder),
        examples=find_examples(folder),
    )
    page = serve(studio, host="127.0.0.1", port=None)
    yield Served(studio, recommender, page, page.local_url.rstrip("/"))
    page.close()
    studio.sessions.close()


@pytest.fixture
def served(served_once: Served) -> Served:
    """The running page, quick and without a failure waiting."""
    served_once.recommender.step_s = 0.005
    served_once.recommender.fail.clear()
    return served_once


@pytest.fixture
def studio(tmp_path, clip, sounds):
    shutil.copy(clip, tmp_path / "calm.mp4")
    recommender = FakeRecommender(sounds, step_s=0.002)
    made = Studio(recommender, sessions=Sessions(parent=tmp_path), examples=find_examples(tmp_path))
    yield made
    made.sessions.close()


@pytest.fixture
def uploaded(studio, clip, tmp_path):
    upload = tmp_path / "uploads" / "My run.mp4"
    upload.parent.mkdir()
    shutil.copy(clip, upload)
    return studio.take_upload(str(upload), "", "tab")
