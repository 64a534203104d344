"""What tests of the page's actions share."""

import time


def last(views, part):
    """The newest HTML of a part of the page."""
    return [getattr(view, part) for view in views if getattr(view, part) is not None][-1]


def wait_for(happened):
    until = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.005)
