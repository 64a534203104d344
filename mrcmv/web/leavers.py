"""Tabs that were closed: Gradio forgets them as well.

For every tab that ever asked it keeps what the tab was last shown, of the latest 10 000, and a set for its
events, without end. There is a number to set for the first (`MOST_TABS`) and nothing for the other, which is
why Gradio's own names are used here.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gradio as gr

MOST_TABS = 128
"""Tabs of which Gradio keeps what they were last shown, for those whose leaving is not noticed. Nothing here
asks for it: a tab that was forgotten is answered like a new one."""


class Leavers:
    """Who left while an event of theirs was at work is forgotten when a later one leaves."""

    def __init__(self, page: gr.Blocks) -> None:
        self._page = page
        self._left: set[str] = set()

    def forget(self, tab: str) -> None:
        """Only in the event loop, where nothing of Gradio's queue is half done meanwhile."""
        self._left.add(tab)
        with contextlib.suppress(AttributeError):  # a later Gradio names them otherwise, and keeps them
            for each in list(self._left):
                if not self._at_work(each):
                    self._drop(each)
                    self._left.discard(each)

    def _at_work(self, tab: str) -> bool:
        queue = self._page._queue
        events = queue.pending_event_ids_session.get(tab, ())
        return any(event in queue.event_ids_to_events for event in events)

    def _drop(self, tab: str) -> None:
        queue, states = self._page._queue, self._page.state_holder
        queue.pending_event_ids_session.pop(tab, None)
        queue.pending_messages_per_session.pop(tab, None)
        with states.lock:
            states.session_data.pop(tab, None)
            states.time_last_used.pop(tab, None)
