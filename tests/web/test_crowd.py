import pytest
from starlette.datastructures import Headers

from mrcmv.web.crowd import MOST_REMEMBERED, Crowd, Pace, address_of, asked_from
from mrcmv.web.errors import PageError
from mrcmv.web.sessions import MOST_OF_ADDRESS, Sessions


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("8.8.8.8", "", "8.8.8.8"),
        ("8.8.8.8", "9.9.9.9", "8.8.8.8"),  # not from a proxy: what it says is not believed
        ("10.1.2.3", "1.2.3.4, 9.9.9.9", "9.9.9.9"),  # the proxy enters the last one
        ("10.1.2.3", "9.9.9.9, 10.0.0.7", "9.9.9.9"),
        ("127.0.0.1", "", ""),
        ("192.168.1.4", "unknown, <script>", ""),
        ("2a00:1450:4001:80b:1:2:3:4", "", "2a00:1450:4001:80b::/64"),
        ("", "", ""),
    ],
)
def test_whose_address_counts(peer, forwarded, address):
    scope = {"client": (peer, 1) if peer else None}
    assert address_of(scope, Headers({"x-forwarded-for": forwarded})) == address


def test_a_crowd_has_room_again():
    crowd = Crowd(3, 2)
    with crowd.one_of("a") as first, crowd.one_of("a") as second, crowd.one_of("a") as third:
        assert (first, second, third) == (True, True, False)
        with crowd.one_of("") as other, crowd.one_of("b") as last:
            assert (other, last) == (True, False)
    assert len(crowd) == 0
    with crowd.one_of("a") as again:
        assert again


def test_a_pace_comes_back_with_time(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("mrcmv.web.crowd.time.monotonic", lambda: now[0])
    pace = Pace(10, 0.5)
    assert [pace.next_of("a") for _ in range(7)] == [True] * 5 + [False] * 2
    assert pace.next_of("b")
    now[0] += 4
    assert [pace.next_of("a") for _ in range(3)] == [True, True, False]
    for number in range(MOST_REMEMBERED + 50):
        pace._take(f"c{number}", 1, now[0])
    assert len(pace._left) == MOST_REMEMBERED


def test_nobody_takes_all_sessions(tmp_path):
    sessions = Sessions(parent=tmp_path)
    asked_from.set("8.8.8.8")
    try:
        for number in range(MOST_OF_ADDRESS):
            sessions.create(f"tab{number}")
        with pytest.raises(PageError):
            sessions.create("one more")
        asked_from.set("9.9.9.9")
        assert sessions.create("other").came_from == "9.9.9.9"
        asked_from.set("")
        assert sessions.create("behind a proxy").came_from == ""
    finally:
        asked_from.set("")
        sessions.close()
