"""What is mixed and when: choices, settings, what is made ahead; without a browser."""

import random
import threading
import time

from mrcmv.media import UserError
from mrcmv.mix import MixSettings
from mrcmv.web.text import ENGLISH
from tests.web.seen import last, wait_for


def shape(studio, ticket, **settings):
    return list(studio.shape(ticket, {"settings": settings}, "tab"))


def test_another_track_level_and_sound_are_mixed_once_each(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    list(studio.choose(uploaded.ticket, {"track": "lantern"}, "tab"))
    views = shape(studio, uploaded.ticket, level_lu=20)
    assert last(views, "deck").count('aria-pressed="true"') == 1
    assert "music 20.0 LU under the voice" in last(views, "take")
    assert all(view.shape is None for view in views)  # what is in the hand is not drawn anew
    shape(studio, uploaded.ticket, keep="none")
    before = len(studio.recommender.calls)
    again = shape(studio, uploaded.ticket, keep="voice")
    assert len(studio.recommender.calls) == before
    assert len(again) == 1
    assert [call[1] for call in studio.recommender.calls[1:]] == [
        ("boss-fight", 13.0, "voice"),
        ("lantern", 13.0, "voice"),
        ("lantern", 20.0, "voice"),
        ("lantern", 20.0, "none"),
    ]


def test_every_setting_reaches_the_recommender_and_goes_back(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    wished = {
        "level_lu": 18, "voice": "recorded", "game_db": -12, "duck_depth_db": 6, "attack_s": 0.3, "hold_s": 1,
        "release_s": 1.5, "fade_in_s": 0, "fade_out_s": 3, "fit": "plain",
    }  # fmt: skip
    shape(studio, uploaded.ticket, **wished, start_s=2.5)
    track, settings = studio.recommender.asked[-1]
    assert track == "boss-fight"
    assert {name: getattr(settings, name) for name in wished} == wished
    assert settings.start_s == 2.5
    list(studio.choose(uploaded.ticket, {"track": "lantern"}, "tab"))
    assert studio.recommender.asked[-1][1].start_s is None  # a place in one track says nothing of another
    assert studio.recommender.asked[-1][1].game_db == -12
    views = list(studio.shape(uploaded.ticket, {"reset": True}, "tab"))
    assert studio.recommender.asked[-1] == ("lantern", MixSettings())
    assert 'value="17"' in last(views, "shape")


def test_a_start_behind_the_track_is_made_to_fit(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    shape(studio, uploaded.ticket, start_s=900)
    assert studio.recommender.asked[-1][1].start_s == 19.0
    shape(studio, uploaded.ticket, start_s=None)
    assert studio.sessions.find(uploaded.ticket, "tab").starts == {}


def test_no_music_is_one_of_the_choices(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    shape(studio, uploaded.ticket, level_lu=20, fit="plain")
    views = list(studio.choose(uploaded.ticket, {"track": None}, "tab"))
    assert studio.recommender.asked[-1] == (None, MixSettings())  # what is about music makes no other mix
    assert 'data-chosen="0"' in last(views, "deck")
    assert 'id="credit"' not in last(views, "take")
    assert 'id="level"' not in last(views, "shape")
    again = list(studio.choose(uploaded.ticket, {"track": "boss-fight"}, "tab"))
    assert len(again) == 1
    assert 'data-chosen="1"' in again[0].deck


def test_the_next_ones_are_made_ahead_in_the_order_of_the_cards(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    list(studio.choose(uploaded.ticket, {"track": "hostile"}, "tab"))
    views = list(studio.ahead(uploaded.ticket, "tab"))
    made = [track for track, _ in studio.recommender.asked]
    assert made == ["boss-fight", "hostile", "quiet-cave", "lantern", None, "long-road"]
    assert last(views, "deck").count("data-sound=") == 6
    assert all(view.shape is view.mix is view.cards is None for view in views)
    count = len(studio.recommender.asked)
    for track in ("lantern", None, "boss-fight"):
        assert len(list(studio.choose(uploaded.ticket, {"track": track}, "tab"))) == 1  # at once
    assert len(studio.recommender.asked) == count
    shape(studio, uploaded.ticket, level_lu=10)
    list(studio.ahead(uploaded.ticket, "tab"))
    assert {track for track, mix in studio.recommender.asked if mix.level_lu == 10} == {
        "boss-fight", "long-road", "hostile", "quiet-cave", "lantern",
    }  # fmt: skip


def test_what_is_made_ahead_gives_way_to_a_wish_and_stops_with_its_visitor(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    studio.recommender.step_s = 0.05
    ahead = studio.ahead(uploaded.ticket, "tab")
    worker = threading.Thread(target=lambda: list(ahead))
    worker.start()
    wait_for(lambda: studio.recommender.at_work)
    list(studio.choose(uploaded.ticket, {"track": "lantern"}, "tab"))  # the last in order
    assert [track for track, _ in studio.recommender.asked][:3] == ["boss-fight", "long-road", "lantern"]
    assert studio.recommender.stopped == ["mix"]
    assert studio.recommender.most_at_work == 1
    studio.leave("tab")
    worker.join(10)
    assert not worker.is_alive()
    wait_for(lambda: not studio.recommender.at_work)
    assert len(studio.recommender.asked) < 7


def test_a_wish_for_what_is_being_made_ahead_takes_it_over(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    studio.recommender.step_s = 0.05
    worker = threading.Thread(target=lambda: list(studio.ahead(uploaded.ticket, "tab")))
    worker.start()
    wait_for(lambda: studio.recommender.at_work)
    views = list(studio.choose(uploaded.ticket, {"track": "long-road"}, "tab"))
    assert 'data-chosen="2"' in last(views, "deck")
    assert [track for track, _ in studio.recommender.asked].count("long-road") == 1
    studio.leave("tab")
    worker.join(10)


def test_the_mp4_is_made_when_it_is_asked_for(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    session = studio.sessions.find(uploaded.ticket, "tab")
    name = next(name for name in session.files if name.endswith("-download.mp4"))
    stored = session.files[name]
    assert not stored.path.exists()
    assert stored.download_as == "My run - Boss Fight at Dawn.mp4"
    stored.make()
    assert stored.path.read_bytes() == studio.recommender.mixed.read_bytes()
    stored.make()
    assert studio.recommender.calls.count(("deliver", "boss-fight")) == 1


def test_when_the_preview_fails_the_cards_stay_and_the_sentence_is_shown(studio, uploaded):
    studio.recommender.fail["mix"] = UserError("This track cannot be mixed: choose another.")
    views = list(studio.find(uploaded.ticket, {}, "tab"))
    assert "This track cannot be mixed: choose another." in last(views, "deck")
    assert "Boss Fight at Dawn" in last(views, "cards")
    after = list(studio.choose(uploaded.ticket, {"track": "boss-fight"}, "tab"))
    assert 'id="download"' in last(after, "take")


def test_a_later_failure_keeps_the_preview_that_was_there(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    studio.recommender.fail["mix"] = RuntimeError("/secret/path")
    views = list(studio.choose(uploaded.ticket, {"track": "lantern"}, "tab"))
    assert ENGLISH["ours"] in last(views, "deck")
    assert "secret" not in last(views, "deck")
    assert 'data-chosen="1"' in last(views, "deck")
    assert all(view.take is None for view in views)


def test_settings_that_fail_or_are_cancelled_go_back(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    studio.recommender.fail["mix"] = RuntimeError("inside")
    views = shape(studio, uploaded.ticket, level_lu=20, start_s=1.5)
    assert ENGLISH["ours"] in last(views, "deck")
    assert 'value="17"' in last(views, "shape")  # 13 LU on the flipped knob
    session = studio.sessions.find(uploaded.ticket, "tab")
    assert (session.shape, session.starts) == (MixSettings(), {})
    studio.recommender.step_s = 0.05
    slow = studio.shape(uploaded.ticket, {"settings": {"level_lu": 10}}, "tab")
    next(slow)
    studio.stop(uploaded.ticket, "tab")
    views = list(slow)
    assert ENGLISH["cancelled"] in last(views, "deck")
    assert 'data-chosen="1"' in last(views, "deck")
    assert session.shape == MixSettings()


def test_the_newest_wish_stops_the_one_before(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    studio.recommender.step_s = 0.05
    slow = studio.choose(uploaded.ticket, {"track": "lantern"}, "tab")
    next(slow), next(slow)
    newest = list(studio.choose(uploaded.ticket, {"track": "quiet-cave"}, "tab"))
    (after,) = slow  # what was shown of it may have come later than the newest: that one is shown again
    assert 'data-chosen="4"' in after.deck
    assert studio.recommender.stopped == ["mix"]
    assert 'data-chosen="4"' in last(newest, "deck")


def test_wishes_that_come_at_once_end_with_the_last_one_in_any_order(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    list(studio.ahead(uploaded.ticket, "tab"))
    tracks = [match.track.id for match in studio.sessions.find(uploaded.ticket, "tab").suggestions.matches]
    rng = random.Random(5)
    for round_ in range(20):
        turn = 10_000 * (round_ + 1)
        wishes = [{"track": rng.choice([None, *tracks]), "turn": turn + number} for number in range(6)]
        shown, together = [], threading.Barrier(len(wishes))

        def visit(wish, shown=shown, together=together):
            together.wait()
            for view in studio.choose(uploaded.ticket, wish, "tab"):
                time.sleep(0.002 * rng.random())  # on its way
                shown.append(view)

        order = rng.sample(wishes, len(wishes))
        workers = [threading.Thread(target=visit, args=(wish,)) for wish in order]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(20)
        session, wanted = studio.sessions.find(uploaded.ticket, "tab"), wishes[-1]
        assert session.choice.track_id == wanted["track"]
        number = 0 if wanted["track"] is None else 1 + tracks.index(wanted["track"])
        assert f'data-turn="{wanted["turn"]}"' in shown[-1].deck
        assert f'data-chosen="{number}"' in shown[-1].deck
        assert ('id="credit"' in shown[-1].take) == (number > 0)


def test_a_wish_that_was_overtaken_on_its_way_changes_nothing(studio, uploaded):
    list(studio.find(uploaded.ticket, {}, "tab"))
    list(studio.ahead(uploaded.ticket, "tab"))
    list(studio.choose(uploaded.ticket, {"track": "lantern", "turn": 7002}, "tab"))
    assert list(studio.choose(uploaded.ticket, {"track": "hostile", "turn": 7001}, "tab")) == []
    assert studio.sessions.find(uploaded.ticket, "tab").choice.track_id == "lantern"
