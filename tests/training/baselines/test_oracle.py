"""The ceilings, on plans that the builder's own code makes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mrcmv.media import UserError
from mrcmv.training.baselines import BASELINES
from mrcmv.training.baselines.oracle import DRIVES, plan_likelihood
from mrcmv.training.baselines.reader import READERS, read_picture, read_voice
from mrcmv.training.freedoom400.descriptors import Descriptors
from mrcmv.training.freedoom400.plan import make_plan
from mrcmv.training.freedoom400.rule import LINKS
from mrcmv.training.freedoom400.tracks import Track
from mrcmv.training.metrics import ranks

from .synthetic import Given

COUNT = 240


def make_track(number: int) -> Track:
    """A track with random descriptors."""
    values = np.random.default_rng([number, 5]).standard_normal(6)
    given: dict[str, Any] = {field.name: f"t{number}" for field in dataclasses.fields(Track)}
    given |= {"start_s": 0.0, "length_s": 46.0, "blocks": (0.1, 0.2, 0.3), "spectrum": (0.0,)}
    return Track(**{**given, "descriptors": Descriptors(*map(float, values))})


@pytest.fixture(scope="module")
def labels() -> list[dict[str, Any]]:
    """Labels of clips that show their plan plainly: curves and lines as the drives say, with noise."""
    own = np.random.default_rng(6)
    found = []
    for clip in make_plan([make_track(number) for number in range(COUNT)], seed=0):
        drive = dataclasses.asdict(clip.drive)
        noisy = {name: drive[name] + 0.3 * own.standard_normal() for name in LINKS}
        wave = np.sin(np.arange(80) / 5)
        found.append(
            {
                "step_s": 0.5,
                "game": {
                    "enemies": list(5 + noisy["game"] + noisy["contrast"] * wave),
                    "light": list(0.5 + 0.1 * noisy["light"] + 0.01 * wave),
                },
                "voice": {"speaking": [1.0] * 80, "rate": list(14 + 2 * noisy["delivery"] + wave)},
                "lines": [
                    {
                        "start_s": 4.0 * i,
                        "end_s": 4.0 * i + 3 - 0.3 * np.clip(noisy["pauses"], -3, 3),
                        "mood": "calm, bright" if noisy["pitch"] > 0 else "calm, dark",
                        "rate": float(np.exp(0.1 * noisy["delivery"])),
                        "pitch": float(np.exp(0.1 * noisy["pitch"])),
                        "level_db": -23 + 2 * noisy["delivery"],
                    }
                    for i in range(8)
                ],
                "kills": 3,
                "plan": drive,
            }
        )
    return found


def split(labels: list[dict[str, Any]], folder: Path) -> Iterable[Given]:
    return (
        Given(folder / name, {}, part)
        for name, part in (("train", labels[:140]), ("validation", labels[140:150]), ("test", labels[150:]))
    )


def recall(name: str, labels: list[dict[str, Any]], folder: Path) -> float:
    """R@10 in a pool of 90."""
    train, validation, test = split(labels, folder)
    return float((ranks(BASELINES[name](train, validation, seed=0).similarity(test)) <= 10).mean())


def test_the_plan_tells_most_and_no_reader_of_the_clip_tells_more(
    labels: list[dict[str, Any]], tmp_path: Path
) -> None:
    found = {
        name: recall(name, labels, tmp_path / name)
        for name in ("oracle-plan", "oracle-measured", "oracle-measured-picture", "oracle-measured-voice")
    }
    chance = 10 / 90
    assert found["oracle-plan"] > 0.75
    assert found["oracle-plan"] >= found["oracle-measured"] - 0.03
    assert found["oracle-measured"] > found["oracle-measured-picture"] > 2 * chance
    assert found["oracle-measured"] >= found["oracle-measured-voice"] > 2 * chance


def test_likelihood_by_hand() -> None:
    factors = [{"arousal": a, "brightness": 0.0, "beat": 0.0, "dynamics": 0.0} for a in (1.0, -1.0)]
    plans = [
        {"plan": {**dict.fromkeys(LINKS, 0.0), "game": 0.75, "factors": factors[0]}},
        {"plan": {**dict.fromkeys(LINKS, 0.0), "game": -0.75, "factors": factors[1]}},
    ]
    found = plan_likelihood(plans, "picture")
    # the game alone speaks for a track of the other sign: a miss of 1.5 at variance 1 - 0.75 ** 2
    assert found[0, 0] == pytest.approx(0.0)
    assert found[0, 1] == pytest.approx(-(1.5**2) / (2 * (1 - 0.75**2)))
    both = plan_likelihood(plans)
    delivery = 0.8**2 / (2 * (1 - 0.8**2))
    assert both[0] == pytest.approx([-delivery, found[0, 1] - delivery])


def test_every_drive_is_seen_or_heard() -> None:
    assert set(DRIVES["picture"]) | set(DRIVES["voice"]) == set(LINKS) == set(DRIVES["both"])


def test_readers_do_not_look_at_the_plan_nor_beyond_32_s(labels: list[dict[str, Any]]) -> None:
    clip = labels[0]
    changed = {
        **clip,
        "plan": {},
        "game": {name: curve[:64] + [99.0] * 16 for name, curve in clip["game"].items()},
        "voice": {name: curve[:64] + [77.0] * 16 for name, curve in clip["voice"].items()}
        | {"arousal": [5.0] * 80},
        "lines": [{**line, "energy": 9.0} for line in clip["lines"]]
        + [{**clip["lines"][0], "start_s": 33.0, "end_s": 36.0, "rate": 3.0}],
    }
    assert read_picture(changed) == read_picture(clip)
    assert read_voice(changed) == read_voice(clip)
    names = [set(reader(clip)) for reader in READERS.values()]
    assert not names[0] & names[1]


def test_labels_without_a_plan_are_a_sentence(tmp_path: Path) -> None:
    clips = Given(tmp_path / "train", {}, [{"step_s": 0.5, "game": {}}] * 3)
    with pytest.raises(UserError, match="have no plan"):
        BASELINES["oracle-measured"](clips, clips, seed=0)
