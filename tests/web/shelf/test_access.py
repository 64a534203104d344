"""Who may change the library."""

import pytest
from starlette.requests import Request

from mrcmv.web.shelf.access import Access, Forbidden


def request(host="127.0.0.1:7860", **headers):
    pairs = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = [(name.encode(), value.encode()) for name, value in pairs.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw})


@pytest.mark.parametrize(
    ("host", "environment", "editable"),
    [
        ("127.0.0.1", {}, True),
        ("localhost", {}, True),
        ("0.0.0.0", {}, False),
        ("192.168.1.5", {}, False),
        ("127.0.0.1", {"SPACE_ID": "a/b"}, False),
        ("127.0.0.1", {"MRCMV_LIBRARY": "read-only"}, False),
        ("0.0.0.0", {"MRCMV_LIBRARY": "editable"}, True),
        ("127.0.0.1", {"MRCMV_LIBRARY": "yes please"}, False),
    ],
)
def test_only_a_page_for_this_machine_is_editable_unless_it_is_said(host, environment, editable):
    assert Access.decide(host, environment).editable is editable


def test_what_the_own_page_sends_passes():
    Access(True).check(request())
    Access(True).check(request(origin="http://127.0.0.1:7860", sec_fetch_site="same-origin"))
    Access(True, local=False).check(request("studio.example", origin="https://studio.example"))


@pytest.mark.parametrize(
    "asked",
    [
        request(origin="https://evil.example"),
        request(origin="null"),
        request(origin="http://127.0.0.1:9999"),
        request(sec_fetch_site="cross-site"),
        request(sec_fetch_site="same-site"),
        request("evil.example:7860", origin="http://evil.example:7860"),  # a name that leads to this machine
    ],
)
def test_another_sites_page_cannot_change_the_library(asked):
    with pytest.raises(Forbidden):
        Access(True).check(asked)


def test_read_only_is_read_only_for_everybody():
    with pytest.raises(Forbidden, match="cannot be changed"):
        Access(False).check(request())
