from __future__ import annotations

import pytest

from tests.media.odd import OddClips


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> OddClips:
    return OddClips(tmp_path_factory.mktemp("odd"))
