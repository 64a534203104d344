from __future__ import annotations

import pytest

from mrcmv.media import quoted


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("a/b", "“a/b”"),
        (3, "“3”"),
        ("two\nlines\x00", "“two\ufffdlines\ufffd”"),
        ("back\\slash", "“back\\slash”"),
        ("x" * 40, f"“{'x' * 40}”"),
        ("x" * 41, f"“{'x' * 39}…”"),
        ("配乐", "“配乐”"),
    ],
)
def test_what_a_file_says_fits_in_a_sentence(said: object, told: str) -> None:
    assert quoted(said) == told
