"""What is written down of work: all that helps, nothing that is somebody's."""

import io
import json
import logging

import pytest

from mrcmv.diary import Work, configure, tally
from mrcmv.media import Cancelled, UserError


@pytest.fixture
def written(monkeypatch):
    """The objects that a log in JSON has so far, as a function."""
    monkeypatch.setenv("MRCMV_LOG", "json")
    stream = io.StringIO()
    configure(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    forget()


def forget():
    root = logging.getLogger()
    for handler in [each for each in root.handlers if each.get_name() == "mrcmv"]:
        root.removeHandler(handler)


def test_work_is_one_object_with_its_stages(written):
    before = tally()["work"].get("juggle", {}).get("done", 0)
    work = Work("juggle")
    work.begin()
    work.stages["up"] = 0.25
    work.clip.update(seconds=4.0, codec="h264")
    work.end()
    (line,) = written()
    assert line["level"] == "info"
    assert line["logger"] == "mrcmv.work"
    assert (line["kind"], line["outcome"], line["stages_s"]) == ("juggle", "done", {"up": 0.25})
    assert line["clip"] == {"seconds": 4.0, "codec": "h264"}
    assert line["waited_s"] >= 0
    assert line["peak_mb"] > 10
    assert len(line["job"]) == 8
    told = tally()
    assert told["work"]["juggle"]["done"] == before + 1
    assert told["seconds"]["juggle: up"]["p95"] == 0.25


class Keyed(UserError):
    key = "too_loud"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Keyed("It is too loud."), "refused"), (Cancelled(), "cancelled"), (OSError("no"), "failed")],
)
def test_every_end_has_its_outcome(written, error, outcome):
    with pytest.raises(type(error)), Work("juggle"):
        raise error
    (line,) = written()
    assert line["outcome"] == outcome
    assert line.get("sentence") == ("too_loud" if outcome == "refused" else None)
    assert ("stack" in line) == (outcome == "failed")


def test_a_stack_tells_where_but_nothing_of_the_visitor(written):
    try:
        with Work("juggle"):
            try:
                open("/home/ann/My secret holiday.mp4").close()
            except OSError as cause:
                raise RuntimeError(
                    "cannot read /tmp/clips/holiday.mp4 for 192.0.2.7: 'sad song, please'"
                ) from cause
    except RuntimeError:
        pass
    (line,) = written()
    assert "test_diary.py" in line["stack"]
    assert "FileNotFoundError" in line["stack"]
    assert "which led to" in line["stack"]
    told = line["stack"].split("which led to")[1] + line["says"]
    messages = [row for row in told.splitlines() if not row.startswith("  ")]
    for secret in ("holiday", "192.0.2.7", "sad song", "/tmp"):
        assert all(secret not in row for row in messages)
    assert "No such file" in line["stack"]
    assert "ann/My" not in line["stack"].replace('open("/home/ann/My secret holiday.mp4")', "")


def test_plain_lines_unless_asked(monkeypatch):
    monkeypatch.delenv("MRCMV_LOG", raising=False)
    stream = io.StringIO()
    configure(stream)
    try:
        with Work("juggle"):
            pass
    finally:
        forget()
    assert "INFO mrcmv.work: juggle done: 0.00 s of work, 0.00 s in line" in stream.getvalue()
