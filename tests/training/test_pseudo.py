import pytest

from mrcmv.training.pseudo import PseudoLabels, pseudo_bin


@pytest.mark.parametrize(
    ("start_s", "expected"), [(0.0, 0), (6.5, 0), (6.999, 0), (7.0, 1), (13.5, 1), (14.0, 2)]
)
def test_bins_of_seven_seconds(start_s: float, expected: int) -> None:
    assert pseudo_bin(start_s) == expected


def test_every_video_has_labels_of_its_own() -> None:
    labels = PseudoLabels([("a", 47.0), ("b", 34.0), ("c", 12.0), ("d", 39.0)], 32.0)
    # a: starts up to 15 s -> bins 0, 1, 2; b: up to 2 s -> 0; c: repeated -> 0; d: up to 7 s -> 0, 1
    assert labels.count == 3 + 1 + 1 + 2
    assert [labels.label("a", s) for s in (0, 6.5, 7, 14, 15)] == [0, 0, 1, 2, 2]
    assert (labels.label("b", 2), labels.label("c", 0), labels.label("d", 7)) == (3, 4, 6)
    with pytest.raises(ValueError, match="no crop of b"):
        labels.label("b", 7)
    with pytest.raises(ValueError, match="at or after"):
        pseudo_bin(-0.5)
