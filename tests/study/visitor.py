"""A participant over HTTP, as the page is one."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import httpx


class Visitor:
    """Joins, passes the checks, answers. ``choose`` gets the trial as the page sees it."""

    def __init__(self, client: Any, **joining: Any) -> None:
        self.client = client
        self.token = ""
        self.confirmed: list[str] = []
        answer = client.post("/api/join", content=json.dumps({"consent": "1", "device": "phone", **joining}))
        if answer.status_code != 200:
            raise httpx.HTTPStatusError(answer.text, request=answer.request, response=answer)
        self.token = answer.json()["token"]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str) -> Any:
        return self.client.get(path, headers=self.headers)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self.client.post(path, content=json.dumps(body), headers=self.headers)

    def checks(self) -> None:
        assert self.post("/api/checks", {"headphones": "yes"}).status_code == 200

    def state(self) -> dict[str, Any]:
        answer = self.get("/api/state")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def answer(self, trial: dict[str, Any], choice: int | None = 0, **more: Any) -> Any:
        body = {
            "request": secrets.token_hex(16),
            "choice": choice,
            "answers": {},
            "watched_s": [video["length_s"] for video in trial["videos"]],
            "plays": 2,
            **more,
        }
        return self.post(f"/api/trial/{trial['id']}/answer", body)

    def finish(self, choose: Callable[[dict[str, Any]], int | None] = lambda trial: 0, **more: Any) -> None:
        while (found := self.state())["stage"] == "trial":
            trial = found["trial"]
            answer = self.answer(trial, choose(trial), **more)
            assert answer.status_code == 200, answer.text
            if not trial["practice"]:
                self.confirmed.append(trial["id"])
