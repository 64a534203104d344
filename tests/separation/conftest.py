"""The loaded separator, shared by all tests of the room."""

from __future__ import annotations

import pytest

from mrcmv.separation import Separator


@pytest.fixture(scope="session")
def separator() -> Separator:
    return Separator.load("cpu")
