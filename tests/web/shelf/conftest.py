from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mrcmv.web.shelf import Access, Bookcase, routes
from tests.web.fakes import FakeRecommender


@pytest.fixture
def recommender(tmp_path: Path) -> FakeRecommender:
    return FakeRecommender(tmp_path, mixed=False)


@pytest.fixture
def bookcase(recommender: FakeRecommender) -> Iterator[Bookcase]:
    made = Bookcase(recommender, Access(editable=True))  # type: ignore[arg-type]
    yield made
    recommender.library.hold.set()
    made.close()


@pytest.fixture
def closed(recommender: FakeRecommender) -> Bookcase:
    """The same library where nobody may change it."""
    return Bookcase(recommender, Access(editable=False))  # type: ignore[arg-type]


def visit(bookcase: Bookcase) -> TestClient:
    return TestClient(Starlette(routes=routes(bookcase)), base_url="http://127.0.0.1:7860")


@pytest.fixture
def http(bookcase: Bookcase) -> Iterator[TestClient]:
    with visit(bookcase) as client:
        yield client
