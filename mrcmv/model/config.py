"""Every choice of the network as a named field, saved as ``config.json`` beside the weights.

The paper (Li et al., SIGIR 2021) leaves much open. A field whose comment says *unspecified in the
paper* is our reading; the others are stated in its text.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from mrcmv.media import UserError, quoted, read_small

Grid = Literal["slow", "fast"]
SlowSampling = Literal["strided", "spread"]
Arrangement = Literal["parallel", "sequential", "self", "cross"]
GateKind = Literal["relu", "sigmoid", "ones"]
Fusion = Literal["sum", "concat"]
Normalize = Literal["layernorm", "l2"]
Positions = Literal["none", "sinusoidal"]
SoundNorm = Literal["none", "level", "clip"]
EncoderNorm = Literal["none", "batch"]
InputNorm = Literal["none", "layer"]


class ConfigError(UserError):
    """A configuration that cannot be built; the message says which field and what it may be."""


@dataclass(frozen=True)
class ModelConfig:
    """Shape of the network and of its inputs. `paper`, `compact` and `debug` are presets."""

    # --- picture: SlowFast on 64 + 8 frames of 32 s (alpha 8), as the paper says ---
    picture_size: int = 224  # side in pixels; unspecified in the paper, 224 is SlowFast's own
    slowfast_depth: Literal[18, 50, 101] = 50  # unspecified in the paper
    slowfast_stem: tuple[int, int] = (64, 8)  # channels after the stems (slow, fast); unspecified
    slowfast_residual: float = 0.0  # start of each residual block's gain: 0 as pytorchvideo, 1 learns sooner
    fast_frames: int = 64  # stated
    slow_frames: int = 8  # stated
    slow_sampling: SlowSampling = "strided"  # unspecified: every 8th frame, where the lateral paths land
    picture_grid: Grid = "slow"  # unspecified: [slow, fast] joined on 8 steps, or on 64

    # --- voice-over and music: VGGish on 72 patches, own weights each, as the paper says ---
    patches: int = 72  # stated
    vggish_width: float = 1.0  # channels of VGGish times this; 1 takes the public weights
    vggish_hidden: int = 4096  # VGGish's two hidden layers
    vggish_out: int = 128  # numbers per patch, VGGish's own
    vggish_norm: EncoderNorm = "none"  # BatchNorm after each convolution; the public network has none
    voice_norm: SoundNorm = "none"  # unspecified: level = loudness, clip = loudness and spectrum per clip
    music_norm: SoundNorm = "none"  # unspecified, likewise
    level_db: float = -20.0  # RMS of the sounding part in dB FS that `level` and `clip` bring about

    # --- one space, attention ---
    d_model: int = 512  # depth of the common space; unspecified in the paper
    input_norm: InputNorm = "none"  # LayerNorm ahead of the projection; unspecified in the paper
    input_dropout: float = 0.0  # dropout ahead of the projection; unspecified in the paper
    positions: Positions = "none"  # unspecified in the paper
    heads: int = 8  # unspecified in the paper; as in Attention is all you need
    layers: int = 1  # unspecified in the paper
    ffn_ratio: float = 4.0  # hidden width of the feed-forward part over d_model; unspecified
    attention_dropout: float = 0.1  # unspecified in the paper
    arrangement: Arrangement = "parallel"  # SA and CMA: joined in depth, or CMA after SA; unspecified.
    # self and cross are ablations: SA alone, or CMA alone (then the music has no attention at all)

    # --- gate and heads ---
    grid_steps: int = 8  # time steps on which picture and voice meet in the gate; unspecified
    gate: GateKind = "relu"  # stated; sigmoid and ones (the plain sum) are ablations
    gate_bias: float = 1.0  # start of the gate's bias: near a gate of ones; unspecified in the paper
    fusion: Fusion = "sum"  # unspecified in the paper
    music_steps: int = 72  # time steps that the music head flattens; unspecified in the paper
    head_rank: int = 0  # 0: one full layer as stated; n: the layer as a product through n numbers
    head_dropout: float = 0.0  # unspecified in the paper
    embedding: int = 512  # stated
    normalize: Normalize = "layernorm"  # unspecified: the margins of 30 and more need layernorm

    def __post_init__(self) -> None:
        for field, choices in _CHOICES.items():
            value = getattr(self, field)
            plain = isinstance(value, str | int) and value in choices
            _require(plain, field, "one of " + ", ".join(map(str, choices)))
        for field in _POSITIVE:
            value = getattr(self, field)
            whole = isinstance(value, int) and not isinstance(value, bool)
            _require(whole and value > 0, field, "a whole number above 0")
            most = _MANY.get(field, MOST)
            _require(value <= most, field, f"at most {most}")
        for field in ("input_dropout", "attention_dropout", "head_dropout"):
            _require(
                _number(getattr(self, field)) and 0 <= getattr(self, field) < 1,
                field,
                "a number from 0 to below 1",
            )
        rank, width = self.head_rank, self.vggish_width
        _require(_number(rank) and 0 <= rank <= MOST, "head_rank", "0 or a whole number above 0")
        _require(_number(width) and 0 < width <= 16, "vggish_width", "a number above 0, at most 16")
        _require(self.d_model % self.heads == 0, "d_model", f"a multiple of heads ({self.heads})")
        _require(self.picture_size % 16 == 0, "picture_size", "a multiple of 16")
        _require(self.fast_frames % self.slow_frames == 0, "fast_frames", "a multiple of slow_frames")
        slow, fast = self.slowfast_stem
        _require(
            slow == 8 * fast and 0 < fast <= 1024,
            "slowfast_stem",
            "two numbers, the first 8 times the second",
        )

    @property
    def alpha(self) -> int:
        """Frames of the fast path per frame of the slow path: 8 in the paper."""
        return self.fast_frames // self.slow_frames

    @property
    def picture_steps(self) -> int:
        """Picture tokens per clip."""
        return self.slow_frames if self.picture_grid == "slow" else self.fast_frames

    @property
    def picture_channels(self) -> tuple[int, int]:
        """Depth of the slow and of the fast features that SlowFast gives."""
        slow, fast = self.slowfast_stem
        return slow * 32, fast * 32

    @property
    def branch_depth(self) -> int:
        """Depth of one modality after attention: d_v = d_a."""
        return self.d_model * (2 if self.arrangement == "parallel" else 1)

    @classmethod
    def paper(cls) -> ModelConfig:
        """As the paper states it, at full size (about 200 million parameters)."""
        return cls()

    @classmethod
    def compact(cls) -> ModelConfig:
        """Small enough to train and to serve on two CPU cores."""
        return cls(
            picture_size=112,
            slowfast_depth=18,
            slowfast_stem=(32, 4),
            slowfast_residual=1.0,
            vggish_width=0.25,
            vggish_hidden=128,
            vggish_norm="batch",
            voice_norm="clip",
            music_norm="level",
            d_model=64,
            input_norm="layer",
            input_dropout=0.2,
            positions="sinusoidal",
            heads=4,
            ffn_ratio=2.0,
            attention_dropout=0.2,
            music_steps=8,
            head_rank=64,
            head_dropout=0.4,
        )

    @classmethod
    def debug(cls) -> ModelConfig:
        """Tiny, for tests: every part is there, nothing is learned."""
        return dataclasses.replace(
            cls.compact(),
            picture_size=32,
            slowfast_stem=(16, 2),
            vggish_width=1 / 16,
            vggish_hidden=16,
            vggish_out=16,
            d_model=16,
            heads=2,
            head_rank=0,
        )

    @classmethod
    def preset(cls, name: str) -> ModelConfig:
        """The preset of this name, or `ConfigError`."""
        presets = {"paper": cls.paper, "compact": cls.compact, "debug": cls.debug}
        if name not in presets:
            raise ConfigError(f"There is no preset {name!r}: choose one of {', '.join(presets)}.")
        return presets[name]()

    def to_dict(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "slowfast_stem": list(self.slowfast_stem)}

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2) + "\n"

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ModelConfig:
        """The opposite of `to_dict`. Missing keys take the paper's values, unknown ones are errors."""
        known = [field.name for field in dataclasses.fields(cls)]
        for key in values:
            if key not in known:
                close = difflib.get_close_matches(key, known, 1)
                hint = f"did you mean {quoted(close[0])}?" if close else "docs/model.md lists the known ones."
                raise ConfigError(f"The model configuration has an unknown key {quoted(key)}: {hint}")
        stem = values.get("slowfast_stem", (64, 8))
        try:
            return cls(**{**values, "slowfast_stem": (int(stem[0]), int(stem[1]))})
        except (TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
            raise ConfigError("A value of the model configuration has the wrong kind: check it.") from error

    @classmethod
    def from_json(cls, text: str) -> ModelConfig:
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ConfigError("The model configuration is not valid JSON: check the file.") from error
        if not isinstance(values, dict):
            raise ConfigError("The model configuration must be one JSON object.")
        return cls.from_dict(values)

    @classmethod
    def read(cls, path: Path) -> ModelConfig:
        return cls.from_json(read_small(path, MOST_BYTES).decode("utf-8"))


_CHOICES: dict[str, tuple[object, ...]] = {
    "slowfast_depth": (18, 50, 101),
    "slow_sampling": get_args(SlowSampling),
    "picture_grid": get_args(Grid),
    "vggish_norm": get_args(EncoderNorm),
    "voice_norm": get_args(SoundNorm),
    "music_norm": get_args(SoundNorm),
    "input_norm": get_args(InputNorm),
    "positions": get_args(Positions),
    "arrangement": get_args(Arrangement),
    "gate": get_args(GateKind),
    "fusion": get_args(Fusion),
    "normalize": get_args(Normalize),
}
MOST_BYTES = 1_000_000
MOST = 1_000_000
"""Of any number of a configuration; what a network may weigh in all is held by its weights' file."""
_MANY = {"layers": 256, "heads": 1024}
_POSITIVE = (
    "picture_size",
    "fast_frames",
    "slow_frames",
    "patches",
    "vggish_hidden",
    "vggish_out",
    "d_model",
    "heads",
    "layers",
    "grid_steps",
    "music_steps",
    "embedding",
)


def _number(value: float) -> bool:
    """Raises TypeError for what is no number at all."""
    return not isinstance(value, bool) and math.isfinite(value)


def _require(holds: bool, field: str, wanted: str) -> None:
    if not holds:
        raise ConfigError(f"The model configuration's {field!r} must be {wanted}.")
