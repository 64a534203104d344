"""The report of the load run: it counts rightly, and a leak would be seen."""

import re

import numpy as np
import pytest

from benchmarks.load.report import markdown, plot, slope
from benchmarks.load.server import Sample
from benchmarks.load.visitors import GATE, POLITE, Ask, clips
from mrcmv.web.text import plain


def test_a_leak_is_told_from_noise():
    noise = np.random.default_rng(3).normal(0, 8, 200)
    mid, low, high = slope((1000 + 0.5 * np.arange(200) + noise).tolist())
    assert mid == pytest.approx(0.5, abs=0.1)
    assert low > 0
    mid, low, high = slope((1000 + noise).tolist())
    assert abs(mid) < 0.05
    assert low < mid < high
    assert slope([1000.0] * 10) is None


def test_refusals_are_known_by_the_pages_own_sentences():
    for says in (plain("full", count=16, minutes=3), plain("line_mine", count=4, minutes=1), plain("busy")):
        assert any(each.search(says) for each in POLITE)
    assert not any(each.search(plain("api_ours")) for each in POLITE)
    assert GATE.search('{"error": "Too many uploads at once: try again when one has arrived."}')


def test_the_clips_are_of_several_kinds():
    found = clips()
    assert len(found) >= 6
    assert {path.suffix for path in found} == {".mp4", ".avi"}


def test_the_report_counts_outcomes_and_places(tmp_path):
    asks = [
        Ask("crowd", "suggest", "a.mp4", 1.0, 4.0, "answered", positions=(2, 1)),
        Ask("crowd", "suggest", "a.mp4", 2.0, 6.0, "answered"),
        Ask("burst", "suggest", "a.mp4", 3.0, 0.1, "refused", "16 clips are waiting already"),
        Ask("row", "suggest", "a.mp4", 4.0, 3.0, "failed", "?"),
    ]
    samples = [Sample(float(at), 1000.0 + at, 1100.0, at, 9, 15, 0, 0.01) for at in range(3)]
    run = {
        "machine": "A machine", "what": "4 visitors.", "users": 4, "jobs": 1, "threads": 2, "cores": 1.5,
        "most_cores": 1.9, "finished_a_minute": 3.0, "seconds": {"suggest": {"count": 2, "p50": 5, "p95": 6}},
        "files_before": (1, 0.0), "files_after": (2, 1.0), "files_left": (0, 0.0), "log_failed": 0,
        "slope": None,
    }  # fmt: skip
    text = markdown(run, asks, samples)
    rows = {row.split("|")[1].strip(): row for row in text.splitlines() if row.startswith("|")}
    assert [cell.strip() for cell in rows["at once"].split("|")[2:-1]] == ["2", "0", "0", "0", "1", "2"]
    assert [cell.strip() for cell in rows["burst"].split("|")[2:-1]] == ["0", "1", "0", "0", "0", "–"]
    assert "| 1 |" in rows["one after the other"]
    assert re.search(r"at once: suggest \| 2 \| 5.0 \| 5.9 \| 6.0", text)
    assert "1002 MB; 1000 MB before, 1002 at the end" in text
    plot(tmp_path / "load.png", asks, samples)
    assert (tmp_path / "load.png").read_bytes()[:4] == b"\x89PNG"
