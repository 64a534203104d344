"""SlowFast at alpha 8, VGGish, and the grid between them."""

import dataclasses

import pytest
import torch
from torch.nn import functional

from mrcmv.model import ModelConfig, MrcmvNet, SlowFast, VGGish
from mrcmv.model.grid import to_grid
from mrcmv.model.slowfast import slow_frame_indices


def test_alpha_8_gives_8_slow_and_64_fast_steps(net: MrcmvNet) -> None:
    clip = torch.randn(2, 3, 64, 32, 32)
    kept = clip.clone()
    slow, fast = net.picture_encoder(clip)
    assert slow.shape == (2, 8, 512)
    assert fast.shape == (2, 64, 64)
    torch.testing.assert_close(clip, kept)
    assert net.picture_encoder.blocks[0].multipathway_fusion.conv_fast_to_slow.stride == (8, 1, 1)


def test_features_on_both_grids(net: MrcmvNet) -> None:
    features = net.picture_encoder(torch.randn(1, 3, 64, 32, 32))
    coarse, fine = features.on_slow_grid(), features.on_fast_grid()
    assert coarse.shape == (1, 8, 576)
    assert fine.shape == (1, 64, 576)
    torch.testing.assert_close(coarse[0, 2, 512:], features.fast[0, 16:24].mean(0))
    torch.testing.assert_close(fine[0, 23], torch.cat([features.slow[0, 2], features.fast[0, 23]]))
    torch.testing.assert_close(net.encode_picture(torch.ones(1, 3, 64, 32, 32)).shape, coarse.shape)


def test_a_change_at_the_end_of_the_clip_stays_at_the_end(net: MrcmvNet) -> None:
    clip = torch.randn(1, 3, 64, 32, 32)
    other = clip.clone()
    other[:, :, 62:] = 0
    before, after = net.picture_encoder(clip), net.picture_encoder(other)
    changed = (before.fast - after.fast).abs().amax(dim=(0, 2)) > 0
    assert changed[-1]
    assert not changed[:48].any(), "convolutions in time reach a few frames, not half the clip"


def test_residual_blocks_start_with_the_gain_of_the_configuration(net: MrcmvNet) -> None:
    gains = [p for name, p in net.named_parameters() if name.endswith("branch2.norm_c.weight")]
    assert len(gains) == 8
    assert all((gain == 1).all() for gain in gains)
    fresh = SlowFast(dataclasses.replace(net.config, slowfast_residual=0.0)).state_dict()
    assert all((v == 0).all() for name, v in fresh.items() if name.endswith("branch2.norm_c.weight"))


def test_slow_path_frames() -> None:
    strided = ModelConfig.paper()
    assert slow_frame_indices(strided) == [0, 8, 16, 24, 32, 40, 48, 56]
    spread = dataclasses.replace(strided, slow_sampling="spread")
    assert slow_frame_indices(spread) == torch.linspace(0, 63, 8).long().tolist()


def test_vggish_at_full_width_is_the_published_network() -> None:
    with torch.device("meta"):
        vggish = VGGish(ModelConfig.paper())
    shapes = {key: tuple(value.shape) for key, value in vggish.state_dict().items() if "weight" in key}
    assert shapes == {
        "features.0.weight": (64, 1, 3, 3),
        "features.3.weight": (128, 64, 3, 3),
        "features.6.weight": (256, 128, 3, 3),
        "features.8.weight": (256, 256, 3, 3),
        "features.11.weight": (512, 256, 3, 3),
        "features.13.weight": (512, 512, 3, 3),
        "embeddings.0.weight": (4096, 12288),
        "embeddings.2.weight": (4096, 4096),
        "embeddings.4.weight": (128, 4096),
    }


def test_vggish_sees_each_patch_alone_and_flattens_as_tensorflow() -> None:
    torch.manual_seed(0)
    vggish = VGGish(dataclasses.replace(ModelConfig.debug(), vggish_norm="none")).eval()
    patches = torch.randn(2, 3, 1, 96, 64)
    tokens = vggish(patches)
    assert tokens.shape == (2, 3, 16)
    torch.testing.assert_close(tokens[1, 2], vggish(patches[1:, 2:])[0, 0], atol=1e-5, rtol=1e-5)
    maps = patches[0, :1]
    for index in (0, 3, 6, 8, 11, 13):
        layer = vggish.features[index]
        maps = torch.relu(functional.conv2d(maps, layer.weight, layer.bias, padding=1))
        if index in (0, 3, 8, 13):
            maps = functional.max_pool2d(maps, 2)
    time_frequency_channel = torch.stack([maps[0, :, t, f] for t in range(6) for f in range(4)]).flatten()
    torch.testing.assert_close(tokens[0, 0], vggish.embeddings(time_frequency_channel), atol=1e-5, rtol=1e-5)


def test_the_paper_s_size_can_be_built_and_gives_its_shapes() -> None:
    with torch.device("meta"):
        net = MrcmvNet(ModelConfig.paper())
        picture, sound = torch.empty(1, 3, 64, 224, 224), torch.empty(1, 72, 1, 96, 64)
        assert net.encode_picture(picture).shape == (1, 8, 2304)
        assert net.encode_voice(sound).shape == (1, 72, 128)
        query, info = net(picture, sound)
        assert query.shape == (1, 512)
        assert info.gate.shape == (1, 8, 2048)
        assert net.music(sound).shape == (1, 512)
    assert sum(parameter.numel() for parameter in net.parameters()) == 222_264_520


def test_compact_fits_its_budget() -> None:
    with torch.device("meta"):
        net = MrcmvNet(ModelConfig.compact())
        assert net.encode_picture(torch.empty(2, 3, 64, 112, 112)).shape == (2, 8, 1152)
    size = sum(value.numel() * value.element_size() for value in net.state_dict().values())
    assert size < 25_000_000
    assert isinstance(net.picture_encoder, SlowFast)


@pytest.mark.parametrize(("old", "new"), [(72, 8), (8, 72), (64, 8), (72, 10), (5, 7), (6, 6)])
def test_the_grid_keeps_the_mean_and_the_order(old: int, new: int) -> None:
    ramp = torch.arange(old, dtype=torch.float32).reshape(1, old, 1)
    moved = to_grid(ramp, new)
    assert moved.shape == (1, new, 1)
    torch.testing.assert_close(moved.mean(), ramp.mean())
    assert (moved.diff(dim=1) >= 0).all()


def test_the_grid_averages_by_overlap() -> None:
    moved = to_grid(torch.tensor([[[0.0], [1.0], [2.0]]]), 2)
    torch.testing.assert_close(moved.flatten(), torch.tensor([1 / 3, 5 / 3]))
