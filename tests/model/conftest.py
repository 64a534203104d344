"""Inputs that several tests of the room share."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mrcmv.model import ModelConfig, MrcmvNet, build

RATE = 16_000


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def config() -> ModelConfig:
    return ModelConfig.debug()


@pytest.fixture(scope="session")
def net(config: ModelConfig) -> MrcmvNet:
    """A debug network in eval mode; tests must not change it."""
    return build(config, seed=3).eval()


@pytest.fixture(scope="session")
def frames() -> np.ndarray:
    """Pictures that change: a bright square moves over a gradient."""
    canvas = np.zeros((64, 224, 224, 3), np.uint8)
    canvas[..., 1] = np.arange(224, dtype=np.uint8)
    for index in range(64):
        canvas[index, 3 * index : 3 * index + 30, 100:140] = (250, 40, 10 + index)
    return canvas


def tone(hertz: float, seconds: float, level: float = 0.1) -> np.ndarray:
    """A tone that stops and goes, mono 16 kHz."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * hertz * time) * (np.sin(2 * np.pi * time) > 0)).astype(np.float32)
