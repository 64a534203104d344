import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest

import mrcmv
from mrcmv.library import ContentId, Rights
from mrcmv.web import cards, panel, player, shaping
from mrcmv.web.run import Report, StageState
from mrcmv.web.text import CHINESE, ENGLISH, ROOM_SENTENCES, clock, room_sentence, t, word
from tests.web.fakes import HOSTILE, FakeRecommender


class Tags(HTMLParser):
    """Collects what a browser would see: tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def found(tmp_path_factory, sounds):
    folder = tmp_path_factory.mktemp("cards")
    recommender = FakeRecommender(sounds, step_s=0)
    clip = folder / "clip.mp4"
    clip.touch()
    return recommender.suggest(clip, folder, on_stage=lambda event: None)


def test_both_languages_have_the_same_sentences_with_the_same_gaps():
    assert ENGLISH.keys() == CHINESE.keys()
    for key, english in ENGLISH.items():
        gaps, others = (
            sorted(name for _, name, _, _ in Formatter().parse(text) if name)
            for text in (english, CHINESE[key])
        )
        assert gaps == others, key


def test_the_rooms_still_say_what_is_translated():
    source = "".join(path.read_text(encoding="utf-8") for path in Path(mrcmv.__file__).parent.rglob("*.py"))
    for beginning in ROOM_SENTENCES:
        assert source.count(beginning) > 1, beginning
    html = room_sentence("This clip is longer than 10 minutes. <b>")
    assert "&lt;b&gt;" in html
    assert ROOM_SENTENCES["This clip is longer than"] in html
    assert room_sentence("Something <new>") == "Something &lt;new&gt;"


def test_values_are_escaped_in_both_languages():
    html = t("preview_wait", title=HOSTILE)
    assert "<img" not in html
    assert html.count("&lt;img") == 2
    assert word("mood", "<b>") == "&lt;b&gt;"
    assert "激昂" in word("mood", "energetic")
    assert clock(75.4) == "1:15"


def test_a_hostile_title_stays_text(found):
    seen = Tags(cards.cards(found, {}, None))
    assert "img" not in {tag for tag, _ in seen.tags}
    assert not any(name.startswith("on") for _, attributes in seen.tags for name in attributes)
    assert seen.text.count(HOSTILE) >= 2


def test_cards_tell_what_a_creator_must_know(found):
    seen = Tags(cards.cards(found, {"boss-fight": "studio/files/x/track"}, "long-road"))
    rows = [a for tag, a in seen.tags if tag == "li" and "data-rank" in a]
    assert [row["data-rank"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert [row["data-track"] for row in rows if "chosen" in (row["class"] or "").split()] == ["long-road"]
    for words in ("Boss Fight at Dawn", "Ada Field", "148 bpm", "E minor", "0:20", "energetic", "CC0-1.0"):
        assert words in seen.text
    colours = [a["class"] for tag, a in seen.tags if (a.get("class") or "").startswith("badge")]
    assert colours == ["badge green", "badge amber", "badge red", "badge green", "badge amber"]
    assert "Not for money" in seen.text
    plays = [a for _, a in seen.tags if "data-play" in a]
    assert (plays[0]["data-play"], plays[0]["data-start"]) == ("studio/files/x/track", "3.00")


def test_what_may_be_done_is_said_in_words_before_a_track_is_chosen(found):
    html = cards.cards(found, {}, None)
    first, second, third = html.split('<li class="card')[1:4]
    assert ENGLISH["may_commercial"] in first
    assert ENGLISH["need_not_credit"] in first
    assert ENGLISH["must_credit"] in second
    assert ENGLISH["may_not_commercial"] in third
    shared = dataclasses.replace(
        found.matches[0].track,
        rights=Rights.state("CC-BY-SA-4.0", source="https://example.org", content_id=ContentId.REGISTERED),
    )
    assert ENGLISH["must_share_alike"] in cards.rights(shared)
    assert ENGLISH["may_be_claimed"] in cards.rights(shared)


def test_closeness_compares_within_the_list_and_shows_no_percentage(found):
    rows = cards.closeness([0.9, 0.85, 0.5])
    assert rows[0] == (1.0, "match_closest")
    assert rows[1][1] == "match_near"
    assert rows[2] == (pytest.approx(0.3), "match_far")
    assert [length for length, _ in cards.closeness([0.4, 0.4])] == [1.0, 1.0]
    assert cards.closeness([]) == []
    assert "82" not in Tags(cards.cards(found, {}, None)).text


def test_shares_of_picture_and_voice_are_drawn_once(found):
    html = cards.cards(found, {}, None)
    assert html.count('class="split"') == 1
    assert "width:38%" in html
    assert "62 %" in html


def test_a_clip_without_voice_says_so(tmp_path, sounds):
    recommender = FakeRecommender(sounds, voice=False, step_s=0)
    clip = tmp_path / "clip.mp4"
    clip.touch()
    silent = recommender.suggest(clip, tmp_path, on_stage=lambda event: None)
    html = cards.shares(silent)
    assert ENGLISH["no_voice"] in html
    assert "split" not in html


def test_working_shows_the_stages_the_seconds_and_the_line():
    stages = {s: StageState(1.0, 1.234, True) for s in list(panel.STAGE_KEYS)[:2]}
    stages[list(panel.STAGE_KEYS)[2]] = StageState(0.4, 0.5, False)
    seen = Tags(panel.working(Report(None, stages, 0.0, None, False), "studio/files/x/voice.wav"))
    kinds = [a["class"] for tag, a in seen.tags if tag == "li"]
    assert kinds == ["past", "past", "now", "next"]
    assert "1.2 s" in seen.text
    assert ("audio", "studio/files/x/voice.wav") in [(tag, a.get("src")) for tag, a in seen.tags]
    assert "3 ahead of you" in panel.working(Report(3, {}, 0.0, None, False), None)
    assert ENGLISH["cancelling"] in panel.working(Report(None, {}, 0.0, None, True), None)


def test_the_part_to_go_by_and_the_name_of_the_clip_are_shown_escaped():
    seen = Tags(panel.ready(HOSTILE, 100.0, (10.0, 42.0)))
    ranges = [a for tag, a in seen.tags if tag == "input"]
    assert [(a["min"], a["max"], a["value"]) for a in ranges] == [
        ("0", "100.0", "10.0"),
        ("0", "100.0", "42.0"),
    ]
    assert HOSTILE in seen.text
    assert "img" not in {tag for tag, _ in seen.tags}
    assert "range" not in panel.ready("clip", None, (0.0, 32.0))


def test_the_knob_is_louder_to_the_right_and_marks_the_level_in_words():
    seen = Tags(shaping.knob(10.0, spoken=True))
    knob = next(a for tag, a in seen.tags if a.get("id") == "level")
    assert float(knob["data-flip"] or 0) - float(knob["value"] or 0) == 10
    marks = {a["data-level"]: a["aria-pressed"] for _, a in seen.tags if "data-level" in a}
    assert marks == {"20": "false", "13": "false", "10": "true"}
    assert "10 LU under the voice" in seen.text


def test_download_and_credit_are_escaped(found):
    hostile = found.matches[2].track
    seen = Tags(player.take_away(hostile, "studio/files/x/y.mp4", 'a"b.mp4'))
    assert next(a for tag, a in seen.tags if tag == "a")["download"] == 'a"b.mp4'
    line = next(a for tag, a in seen.tags if tag == "input")["value"] or ""
    assert HOSTILE in line
    assert "CC-BY-NC-4.0" in line
    assert "img" not in {tag for tag, _ in seen.tags}


def test_text_has_enough_contrast_in_both_themes():
    css = (Path(mrcmv.__file__).parent / "web" / "static" / "style.css").read_text(encoding="utf-8")
    blocks = re.findall(r'html\[data-theme="(light|dark)"\] \{(.*?)\n\}', css, re.DOTALL)
    assert [name for name, _ in blocks] == ["light", "dark"]
    pairs = [("ink", "ground"), ("ink", "card"), ("soft", "ground"), ("soft", "card"), ("soft", "raised")]
    pairs += [("on-accent", "accent"), ("accent", "card"), ("accent", "ground"), ("accent", "accent-soft")]
    pairs += [("ink", "raised"), ("ink", "part"), ("ink", "accent-soft")]
    pairs += [(colour, f"{colour}-soft") for colour in ("green", "amber", "red")]
    for name, block in blocks:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for text, ground in pairs:
            assert contrast(colours[text], colours[ground]) >= 4.5, (name, text, ground)
        # what is no text: sliders, dots, curves
        for part in ("accent", "edge-strong", "voice", "duck", "green", "amber", "red"):
            for ground in ("ground", "card"):
                assert contrast(colours[part], colours[ground]) >= 3, (name, part, ground)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.1."""
    light = []
    for colour in (one, other):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        light.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
    return max(light) / min(light)
