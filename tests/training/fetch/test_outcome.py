import pytest

from mrcmv.training.fetch.child import Guard, is_public
from mrcmv.training.fetch.outcome import judge, plain


def end(**known: object) -> dict[str, object]:
    return {"refusal": None, "kept_from": None, "status": None, "errors": [], "text": ""} | known


@pytest.mark.parametrize(
    ("known", "kind", "reason"),
    [
        ({"status": 404}, "gone", "the site answers 404"),
        ({"status": 429}, "again", "the site answers 429"),
        ({"status": 403}, "failed", "the site answers 403"),
        ({"refusal": "it is a live broadcast"}, "refused", "it is a live broadcast"),
        ({"text": "ERROR: [vqq:video] a1: Tencent said: 视频已下架"}, "gone", "Tencent said: 视频已下架"),
        (
            {"text": "ERROR: [vqq:video] a1: Unable to extract data; please report this issue on  https://x"},
            "failed",
            "Unable to extract data",
        ),
        (
            {"text": "ERROR: [generic] a: page: no route (caused by X(1))", "errors": ["TransportError"]},
            "again",
            "the site does not answer (no route)",
        ),
        (
            {
                "text": "<urlopen error [Errno -3] Temporary failure in name resolution>",
                "errors": ["URLError"],
            },
            "again",
            "the site does not answer (its name is not found: is there a connection?)",
        ),
        (
            {
                "text": "HTTPSConnectionPool(host='x'): [Errno 111] Connection refused\"))",
                "errors": ["URLError"],
            },
            "again",
            "the site does not answer (Connection refused)",
        ),
    ],
)
def test_only_what_the_site_says_is_gone_is_gone(known: dict[str, object], kind: str, reason: str) -> None:
    answer = judge(end(**known))
    assert (answer.kind, answer.reason) == (kind, reason)


def test_a_reason_is_one_short_line() -> None:
    assert plain("\x1b[0;31mERROR:\x1b[0m [a:b] id1: " + "two\nlines " + "x" * 900)[:10] == "two lines "
    assert len(plain("y" * 900)) == 200


HERE = "127.0.0.1 10.1.2.3 192.168.0.1 169.254.169.254 0.0.0.0 ::1 fe80::1%eth0 fd00::1 ::ffff:127.0.0.1"
NO_ONE = "224.0.0.1 100.64.0.1 localhost example.com"


@pytest.mark.parametrize("host", f"{HERE} {NO_ONE}".split())
def test_only_numbers_of_the_public_internet_are_connected_to(host: str) -> None:
    assert not Guard(local=False).allows((host, 80))
    assert Guard(local=True).allows((host, 80))


def test_the_public_internet_is_allowed_and_a_socket_file_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_public("1.1.1.1")
    assert is_public("2606:4700::1111")
    assert not Guard(local=False).allows("/run/socket")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:3128")
    assert Guard(local=False).allows(("127.0.0.1", 3128))
