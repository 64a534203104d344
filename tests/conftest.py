"""What several rooms' tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "assets" / "examples"


@pytest.fixture(scope="session")
def examples() -> dict[str, Path]:
    """The example clips by name: excited, calm, no_voice."""
    return {path.stem: path for path in sorted(EXAMPLES.glob("*.mp4"))}


@pytest.fixture(scope="session")
def debug_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint folder of the tiny network with random weights: the same interface in milliseconds."""
    from mrcmv.model import ModelConfig, build, save_checkpoint

    folder = tmp_path_factory.mktemp("checkpoints")
    save_checkpoint(folder, build(ModelConfig.debug(), seed=0), "debug", {})
    return folder / "debug"


@pytest.fixture(scope="session")
def debug_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own, so that no test sees or changes the user's tracks."""
    return tmp_path_factory.mktemp("home")
