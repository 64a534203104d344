"""What a training run is: one frozen dataclass per part, read from a TOML file.

Every key of the file must be known: a misspelt one is an error, never silently the default.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_type_hints

from mrcmv.media import UserError, quoted


@dataclass(frozen=True)
class LossConfig:
    """How a query is drawn to its music (see `mrcmv.training.losses`).

    Attributes
    ----------
    kind
        ``triplet``: the paper's loss (section 3.3); ``infonce``: the choice of later work.
    margin, margin_warm_epochs, margin_step, margin_every
        The paper's margin schedule: 30 for 80 epochs, then 10 more every 10 epochs. With vectors of
        unit length (``l2`` in the model's config) a margin of about 0.2 is meant.
    negatives
        ``mean`` over all negatives of the batch, or the ``hardest`` one (which tends to collapse).
    pseudo_weight
        Lambda of the paper, 0.1: weight of the pseudo-label loss.
    temperature
        Starting value of InfoNCE's learned temperature.
    describe_weight
        Weight of an auxiliary task: tell the descriptors of the paired music (and of the music
        itself) from the embedding. 0 as in the paper.
    """

    kind: Literal["triplet", "infonce"] = "triplet"
    margin: float = 30.0
    margin_warm_epochs: int = 80
    margin_step: float = 10.0
    margin_every: int = 10
    negatives: Literal["mean", "hardest"] = "mean"
    pseudo_weight: float = 0.1
    temperature: float = 0.07
    describe_weight: float = 0.0


@dataclass(frozen=True)
class AugmentConfig:
    """Light changes to training inputs that leave the right music the same.

    ``gain_db`` is the half-width of a uniform gain; ``mel_mask`` the widest band of mel bins that
    is silenced; ``mel_shift`` the furthest shift of the voice along the mel axis (another
    speaker says the same); ``flip`` the chance to mirror the picture; ``voice_drop`` the chance
    to take the voice away, so that a clip without voice-over can be a query too; ``picture_drop``
    the chance to take the picture away where there is a voice, so that neither leans on the other;
    ``token_noise`` the standard deviation of noise on cached tokens, in units of their own spread.
    """

    gain_db: float = 6.0
    mel_mask: int = 6
    mel_shift: int = 2
    flip: float = 0.5
    voice_drop: float = 0.2
    picture_drop: float = 0.1
    token_noise: float = 0.1


@dataclass(frozen=True)
class PretrainConfig:
    """Encoders on free labels. Steps of 0 leave an encoder as it was."""

    picture_steps: int = 800
    voice_steps: int = 600
    music_steps: int = 600
    steps_per_epoch: int = 50
    picture_batch: int = 2
    sound_batch: int = 4
    patches: int = 24
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4


@dataclass(frozen=True)
class StageConfig:
    """One stage of training on pairs; ``epochs`` of 0 skips it.

    ``rates`` lists learning rates to choose from: the stage is run with each, from the same start,
    and the one with the best score on validation clips goes on (empty: ``learning_rate`` alone).
    ``encoder_rate`` times the learning rate is what encoders learn with.
    ``patience`` ends the stage when the loss has not fallen for that many epochs (0: never); under
    the triplet loss it is measured in margins, so that a raised margin is no worse loss, and counted
    from the epoch on in which the margin begins to rise.
    ``average`` is the decay per step of the moving average of the weights that is evaluated and
    kept (0 keeps the weights themselves).
    """

    epochs: int = 0
    batch: int = 32
    optimizer: Literal["sgd", "adam"] = "sgd"
    learning_rate: float = 1e-3
    rates: tuple[float, ...] = ()
    momentum: float = 0.9
    weight_decay: float = 0.0
    encoder_rate: float = 1.0
    average: float = 0.0
    patience: int = 0
    keep: Literal["best", "last"] = "best"


@dataclass(frozen=True)
class PublicConfig:
    """Files of public weights for the encoders of the ``paper`` preset, empty for none.

    ``slowfast``: pytorchvideo's ``SLOWFAST_8x8_R50.pyth``; ``vggish``: torchvggish's
    ``vggish-10086976.pth``, for voice and music (see `mrcmv.model.public`).
    """

    slowfast: str = ""
    vggish: str = ""


@dataclass(frozen=True)
class TrainConfig:
    """A whole run: pretraining, heads on cached tokens, then everything end to end.

    ``model`` names a preset of `mrcmv.model.ModelConfig`, ``model_options`` overrides its fields.
    ``crops`` is the number of random 32 s crops per clip whose tokens are cached for the heads.
    ``renditions`` false leaves out further clips to a track that has one already.
    ``encoders`` is the folder of another run: its encoders, trained on free labels, and their cached
    tokens are taken over, so that many seeds and ablations of the heads share them. The crops are
    then drawn with that run's seed.
    ``device``: ``auto`` is a CUDA card when there is one, else the processor.
    ``precision`` of the encoders in training: ``bfloat16`` only on processors and cards that compute
    it natively; ``float16`` is for older cards, its gradients are scaled.
    """

    name: str = "compact"
    model: str = "compact"
    model_options: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    crops: int = 4
    renditions: bool = True
    encoders: str = ""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    public: PublicConfig = field(default_factory=PublicConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    pretrain: PretrainConfig = field(default_factory=PretrainConfig)
    heads: StageConfig = field(default_factory=StageConfig)
    finetune: StageConfig = field(default_factory=StageConfig)

    @classmethod
    def read(cls, path: Path) -> TrainConfig:
        """The config in a TOML file; raises `UserError` for unknown keys and wrong types."""
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError:
            raise UserError(f"There is no training config named {path.name}.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UserError(f"The config {path.name} is not valid TOML: {error}.") from None
        config: TrainConfig = build(cls, values, path.name)
        return config

    @classmethod
    def of_run(cls, text: str, where: str) -> TrainConfig:
        """The config that a run kept as JSON; fields that it does not know yet take their defaults."""
        try:
            values = json.loads(text)
        except ValueError:
            values = None
        if not isinstance(values, dict):
            raise UserError(f"{where} is damaged: choose another folder.")
        config: TrainConfig = build(cls, values, where)
        return config

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def build(kind: type, values: dict[str, Any], where: str) -> Any:
    """Make the dataclass ``kind`` from nested tables, strictly."""
    hints = get_type_hints(kind)
    unknown = sorted(set(values) - set(hints))
    if unknown:
        raise UserError(f"{where} has an unknown key {quoted(unknown[0])}; known keys: {', '.join(hints)}.")
    made: dict[str, Any] = {}
    for key, value in values.items():
        made[key] = _value(hints[key], value, f"{where}: {key}")
    return kind(**made)


def _value(hint: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise UserError(f"{where} must be a table.")
        return build(hint, value, where)  # type: ignore[arg-type]
    choices = getattr(hint, "__args__", ()) if getattr(hint, "__origin__", None) is Literal else ()
    if choices:
        if value not in choices:
            raise UserError(f"{where} must be one of {', '.join(choices)}, not {quoted(value)}.")
        return value
    if getattr(hint, "__origin__", None) is tuple:
        if not isinstance(value, list | tuple):
            raise UserError(f"{where} must be a list, not the {_kind(value)}.")
        return tuple(_value(hint.__args__[0], part, where) for part in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    expected = dict if getattr(hint, "__origin__", None) is dict else hint
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise UserError(f"{where} must be {expected.__name__}, not the {_kind(value)}.")
    return value


def _kind(value: Any) -> str:
    """A value with its type, since “3” may be a number or a text."""
    return f"{type(value).__name__} {quoted(value)}"
