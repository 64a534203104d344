"""What the documents point at is there."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("checkpoints/*/README.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    text = re.sub(
        r"```.*?```|^    .*?$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    links = re.findall(r"\]\(([^)#\s]+)", text)
    inside = [link for link in links if not re.match(r"\w+:", link)]
    missing = [link for link in inside if not (page.parent / unquote(link)).exists()]
    assert missing == []


def test_every_variable_of_the_environment_is_in_the_table() -> None:
    read = set()
    for path in (ROOT / "mrcmv").rglob("*.py"):
        read |= set(re.findall(r"\b(MRCMV_[A-Z_]+)\b", path.read_text(encoding="utf-8")))
    table = (ROOT / "docs" / "space.md").read_text(encoding="utf-8")
    assert sorted(name for name in read if f"`{name}`" not in table) == []
