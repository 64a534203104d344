"""Every attack of the table is tried, and nothing comes of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.strangers.__main__ import attempt
from tests.strangers.attacks import Attack, all_attacks
from tests.strangers.scene import Scene, scene


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    import os

    kept = os.environ.get("GRADIO_TEMP_DIR")
    with scene(tmp_path_factory.mktemp("strangers")) as made:
        yield made
    if kept is None:
        os.environ.pop("GRADIO_TEMP_DIR", None)
    else:
        os.environ["GRADIO_TEMP_DIR"] = kept


@pytest.mark.parametrize("attack", all_attacks(), ids=lambda attack: f"{attack.about}: {attack.title}")
def test_an_attack(attack: Attack, where: Scene) -> None:
    came = attempt(attack, where)
    assert came.holds, came.said
