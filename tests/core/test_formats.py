"""Answers in a form that was asked for: a schema is looked at before the model is, and its answer after it."""

from __future__ import annotations

from typing import Any

import pytest

from tavernlink.errors import BadMessage
from tests.core.stage import Actor, Stage

SCHEMA = {"type": "object", "properties": {"size": {"type": "integer"}}, "required": ["size"]}


def answer(stage: Stage, tavern: Actor, app: Actor, data: Any, **asked: Any) -> dict[str, Any]:
    """Ask for a raw generation that gives `data`; its last update."""
    app.say("generate", **{"mode": "raw", "prompt": "How big?", "json_schema": SCHEMA} | asked)
    sent = tavern.commands[-1]
    result = {"text": "{}", "reason": "stop", "data": data}
    tavern.say("command.done", request_id=sent["request_id"], ok=True, result=result)
    update: dict[str, Any] = app.line.of("request.update")[-1]
    return update


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_an_answer_that_fits_comes_as_it_is(stage: Stage) -> None:
    tavern, app = stage.join("tavern"), stage.join("app")
    update = answer(stage, tavern, app, {"size": 3})
    assert tavern.commands[-1]["args"]["json_schema"] == SCHEMA
    assert (update["state"], update["result"]["data"]) == ("done", {"size": 3})


@pytest.mark.parametrize(
    ("data", "path"), [({"size": "big"}, "$.size"), ({}, "$.size"), ([], "$"), (None, "$")]
)
def test_an_answer_that_does_not_is_an_error_that_names_the_place(stage: Stage, data: Any, path: str) -> None:
    tavern, app = stage.join("tavern"), stage.join("app")
    update = answer(stage, tavern, app, data)
    assert (update["state"], update["error"]["code"]) == ("failed", "invalid_output")
    assert update["error"]["details"]["path"] == path
    # The place in the lane is free again.
    assert answer(stage, tavern, app, {"size": 1}, mode="quiet")["state"] == "done"


def test_without_a_schema_any_answer_will_do(stage: Stage) -> None:
    tavern, app = stage.join("tavern"), stage.join("app")
    assert answer(stage, tavern, app, None, json_schema=None)["state"] == "done"


def test_what_is_no_schema_never_reaches_the_model(stage: Stage) -> None:
    tavern, app = stage.join("tavern"), stage.join("app")
    with pytest.raises(BadMessage) as caught:
        app.say("generate", mode="raw", prompt="How big?", json_schema={"type": "moss"})
    assert caught.value.code == "invalid_schema"
    assert tavern.commands == []
    assert app.say("request.list", open=False) == []
