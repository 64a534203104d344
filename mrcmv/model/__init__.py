"""The network of the paper: SlowFast and VGGish, one attention module, the fusion gate, two heads."""

from mrcmv.model.attention import Att
from mrcmv.model.attribution import Attribution
from mrcmv.model.checkpoint import CheckpointError, available, load_model, load_net, save_checkpoint
from mrcmv.model.config import ConfigError, ModelConfig
from mrcmv.model.gate import FusionGate, GateInfo
from mrcmv.model.mrcmv import Mrcmv, QueryEmbedding, build, lost_device, pick_device
from mrcmv.model.net import MrcmvNet
from mrcmv.model.preprocess import Recipe, picture_tensor, shrink_frames
from mrcmv.model.public import WeightsError, load_public_slowfast, load_public_vggish
from mrcmv.model.slowfast import SlowFast, SlowFastFeatures
from mrcmv.model.vggish import VGGish
from mrcmv.model.zerogpu import on_zerogpu

__all__ = [
    "Att",
    "Attribution",
    "CheckpointError",
    "ConfigError",
    "FusionGate",
    "GateInfo",
    "ModelConfig",
    "Mrcmv",
    "MrcmvNet",
    "QueryEmbedding",
    "Recipe",
    "SlowFast",
    "SlowFastFeatures",
    "VGGish",
    "WeightsError",
    "available",
    "build",
    "load_model",
    "load_net",
    "load_public_slowfast",
    "load_public_vggish",
    "lost_device",
    "on_zerogpu",
    "pick_device",
    "picture_tensor",
    "save_checkpoint",
    "shrink_frames",
]
