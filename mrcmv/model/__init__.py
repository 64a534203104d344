"""The network of the paper: SlowFast and VGGish, one attention module, the fusion gate, two heads."""

from mrcmv.model.attention import Att
from mrcmv.model.config import ConfigError, ModelConfig
from mrcmv.model.gate import FusionGate, GateInfo
from mrcmv.model.net import MrcmvNet
from mrcmv.model.slowfast import SlowFast, SlowFastFeatures
from mrcmv.model.vggish import VGGish

__all__ = [
    "Att",
    "ConfigError",
    "FusionGate",
    "GateInfo",
    "ModelConfig",
    "MrcmvNet",
    "SlowFast",
    "SlowFastFeatures",
    "VGGish",
]
