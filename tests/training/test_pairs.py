import numpy as np
import torch

from mrcmv.model import ModelConfig
from mrcmv.model.mrcmv import build
from mrcmv.training.choose import cross_validate
from mrcmv.training.config import AugmentConfig
from mrcmv.training.judge import judge
from mrcmv.training.pairs import batches_of, drop_modalities
from mrcmv.training.pseudo import PseudoLabels
from mrcmv.training.tokens import TokenBank
from mrcmv.training.truth import Truth
from tests.training.synthetic import small_config

CONFIG = ModelConfig.debug()


def bank_of(count: int, crops: int = 2) -> TokenBank:
    """Tokens in which one number, the same for all modalities of a clip, says who belongs together."""
    torch.manual_seed(0)
    level = torch.linspace(-1, 1, count)[:, None, None, None]

    def tokens(steps: int, depth: int) -> torch.Tensor:
        direction = torch.randn(depth)
        return level * direction + 0.1 * torch.randn(count, crops, steps, depth)

    return TokenBank(
        picture=tokens(8, sum(CONFIG.picture_channels)),
        voice=tokens(72, CONFIG.vggish_out),
        voice_present=torch.ones(count, crops, dtype=torch.bool),
        music=tokens(72, CONFIG.vggish_out),
        starts=torch.zeros(count, crops),
    )


def truth_for(count: int) -> Truth:
    videos = tuple(f"clip{number}" for number in range(count))
    labels = PseudoLabels([(video, 34.0) for video in videos], 32.0)
    return Truth(videos, labels, torch.arange(count), torch.zeros(count, 0))


def test_one_modality_at_most_is_dropped() -> None:
    present = torch.rand(4000, generator=torch.Generator().manual_seed(0)) < 0.9
    augment = AugmentConfig(voice_drop=0.2, picture_drop=0.1)
    voice, picture = drop_modalities(present, np.random.default_rng(0), augment)
    assert not (voice & ~present).any()
    assert (voice | picture).all()
    assert abs(voice.float().mean() - 0.9 * 0.8) < 0.03
    assert abs((~picture).float().mean() - 0.9 * 0.1) < 0.02


def test_batches_hold_every_clip_once_and_none_alone() -> None:
    batches = list(batches_of(33, 16, np.random.default_rng(0)))
    assert sorted(clip for batch in batches for clip in batch) == list(range(33))
    assert [len(batch) for batch in batches] == [17, 16]
    assert list(map(len, batches_of(5, 16, np.random.default_rng(0)))) == [5]


def test_cross_validation_finds_what_carries_over_to_clips_it_never_saw() -> None:
    config = small_config(heads={"epochs": 12, "batch": 16, "optimizer": "adam", "learning_rate": 0.003})
    bank, truth = bank_of(32), truth_for(32)
    said = cross_validate(config, bank, truth, folds=2)
    assert said["score"] > 0.75
    assert said["validation_pool"] == 16
    shuffled = TokenBank(**{**bank.state(), "music": bank.music[torch.randperm(32)]})
    assert cross_validate(config, shuffled, truth, folds=2)["score"] < 0.65


def test_the_judge_knows_chance_and_perfection() -> None:
    bank = bank_of(16)
    net = build(CONFIG, 0)
    with torch.no_grad():
        net.music_from_tokens = lambda tokens: tokens.mean(1)  # type: ignore[method-assign]
        net.query_from_tokens = lambda *_: (  # type: ignore[method-assign]
            bank.music[:, 0].mean(1),
            type("Gate", (), {"shares": lambda self: torch.full((16, 2), 0.5)})(),
        )
        score, said = judge(net, bank)
    assert (score, said["validation_R@1"], said["picture_share"]) == (1.0, 100.0, 0.5)
    assert judge(net, bank.part([0])) == (0.0, {})
