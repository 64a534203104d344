"""Names from outside are one clean line."""

import pytest

from mrcmv.library.text import clean, web_address


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  Two\n lines\t", "Two lines"),
        ("bell\x07 and \x1b[31mred", "bell and [31mred"),
        ("abc\u202egpj.exe", "abcgpj.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("e\u0301te\u0301", "été"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("<b>kept</b>", "<b>kept</b>"),
        (None, ""),
    ],
)
def test_clean(text: str | None, line: str) -> None:
    assert clean(text) == line


def test_long_names_are_cut() -> None:
    assert clean("x" * 500) == "x" * 119 + "…"
    assert len(clean("y " * 10_000_000, 40)) <= 40


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "file:///etc/passwd", "https://", "http://a b", 'https://x/"onclick=', "x"],
)
def test_only_web_addresses_become_links(text: str) -> None:
    assert web_address(text) is None


def test_a_web_address_stays() -> None:
    assert web_address("https://example.org/a?b=c#d") == "https://example.org/a?b=c#d"
