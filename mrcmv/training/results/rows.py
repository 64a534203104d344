"""The rows that are compared, as `configs/rows.toml` names them."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mrcmv.media import UserError
from mrcmv.training.config import TrainConfig, build

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
ROWS = CONFIGS / "rows.toml"


@dataclass(frozen=True)
class Row:
    """One row of a table; see the head of `configs/rows.toml`.

    Attributes
    ----------
    method
        ``network``, ``modern`` or the name of a baseline.
    use
        What the query is made of where the row stands in a table: ``both``, ``picture`` or ``voice``.
    encoders
        ``shared``: those that the first whole run trained on free labels; ``fresh``: random ones.
    """

    name: str = ""
    title: str = ""
    method: str = "network"
    group: str = ""
    config: str = ""
    changes: dict[str, Any] = field(default_factory=dict)
    stage: Literal["heads", "whole"] = "heads"
    encoders: Literal["shared", "fresh"] = "shared"
    renditions: bool = True
    use: Literal["both", "picture", "voice"] = "both"
    seeds: int = 1

    @property
    def headline(self) -> str:
        """The judged matrix that the row stands for."""
        return f"clean/{self.use}"

    def train_config(self, seed: int) -> TrainConfig:
        """The config of a network's run with this seed."""
        config = TrainConfig.read(CONFIGS / self.config)
        values = {**config.to_dict(), "seed": seed, "name": self.name, "renditions": self.renditions}
        for part, changed in self.changes.items():
            if part == "model":
                values["model_options"] = {**values["model_options"], **changed}
            elif isinstance(changed, dict):
                values[part] = {**values[part], **changed}
            else:
                values[part] = changed
        if self.stage == "heads":
            values["finetune"] = {**values["finetune"], "epochs": 0}
        if self.encoders == "fresh":
            none = {"picture_steps": 0, "voice_steps": 0, "music_steps": 0}
            values["pretrain"] = {**values["pretrain"], **none}
        made: TrainConfig = build(TrainConfig, values, self.name)
        return made


def read_rows(path: Path = ROWS) -> dict[str, Row]:
    """The rows by name, in the order of the file; unknown keys are errors (`UserError`)."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"The rows in {path.name} cannot be read: {error}.") from None
    rows: dict[str, Row] = {}
    for name, values in tables.items():
        row = build(Row, values, f"{path.name}: {name}")
        rows[name] = dataclasses.replace(row, name=name)
    return rows
