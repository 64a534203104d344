from pathlib import Path

import pytest

from tests.web.clips import make_mp4


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what `FakeRecommender` makes once."""
    return tmp_path_factory.mktemp("fake")


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of H.264 and AAC."""
    return make_mp4(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=4)
