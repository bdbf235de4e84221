"""`/v1/models`: every character is a model, `default` is the open one, `any` the open one of whichever tavern is free.

A plain name (`Seraphina`) is the character in any tavern that has it: the pool chooses. `tavern/Seraphina` is that of
one tavern; the avatar file name instead of the name is always understood. A group is no model: SillyTavern ties its
prompts to its open chat, so there is no answer beside it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from litestar import Response, get
from litestar.params import FromPath

from tavernlink.errors import NotFound, Unavailable
from tavernlink.http.caller import AsCaller
from tavernlink.http.openai.parameters import refuse
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.taverns import Character, CharacterList, TavernInfo, TavernList
from tavernlink.runtime.local import LocalApp

__all__ = ["ANY", "DEFAULT", "Model", "Models", "fetch_models", "list_models", "show_model"]

DEFAULT = "default"
ANY = "any"
_POOL = "tavernlink"
_STARTED = int(time.time())


class Model(NamedTuple):
    """What a model id stands for."""

    id: str
    owner: str
    """The tavern's name; `tavernlink` where any will do."""
    tavern: str | None
    """Its id; `*`: whichever the pool chooses; None: the default one."""
    character: str | None
    """Id or name of the character; None: the open one."""
    group: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return OpenAI's model object; nobody knows when a character was made, so `created` is the hub's start."""
        return {"id": self.id, "object": "model", "created": _STARTED, "owned_by": self.owner}


class Models:
    """Those that there are, and the ids under which they are found."""

    def __init__(self, taverns: Iterable[tuple[TavernInfo, list[Character]]]) -> None:
        # A stable sort: those online first, each group in order of arrival. That is the core's default tavern too.
        found = sorted(taverns, key=lambda pair: not pair[0].online)
        self.listed: list[Model] = []
        self._by_id: dict[str, Model] = {}
        if not found:
            return
        several = len(found) > 1
        self._add(Model(DEFAULT, found[0][0].name, None, None), listed=True)
        self._add(Model(ANY, _POOL, "*", None), listed=several)
        tavern_names = Counter(tavern.name for tavern, _ in found)
        for tavern, characters in found:
            prefix = tavern.name if tavern_names[tavern.name] == 1 else tavern.tavern_id
            self._add(Model(f"{prefix}/{DEFAULT}", tavern.name, tavern.tavern_id, None), listed=several)
            for character, word in _words(characters):
                owners = [other for other, theirs in found if any(word == each for _, each in _words(theirs))]
                owner = tavern.name if len(owners) == 1 else _POOL
                if word not in self._by_id:
                    self._add(Model(word, owner, "*", word), listed=True)
                own = Model(f"{prefix}/{word}", tavern.name, tavern.tavern_id, character.id)
                self._add(own, listed=len(owners) > 1)
        for tavern, characters in found:
            for character in characters:
                group = character.kind == "group"
                model = Model("", tavern.name, tavern.tavern_id, character.id, group)
                for where in (f"{tavern.name}/", f"{tavern.tavern_id}/", ""):
                    for word in (character.name, character.id):
                        anywhere = model._replace(tavern="*", character=word) if not where else model
                        self._by_id.setdefault(f"{where}{word}", anywhere)

    def find(self, id_: str) -> Model:
        """Return the model that this id means. Raises `NotFound`, or `Unavailable` while there is no tavern."""
        if not self.listed:
            raise Unavailable("no_tavern")
        model = self._by_id.get(id_)
        if model is None:
            raise NotFound(
                "unknown_character",
                f"The model {id_[:200]!r} does not exist: no tavern has a character of that name. "
                "GET /v1/models lists them.",
                {"param": "model"},
            )
        if model.group:
            raise refuse(
                "model", f"{id_[:200]!r} is a group, and SillyTavern ties a group's replies to its open chat."
            )
        return model._replace(id=id_)

    def _add(self, model: Model, *, listed: bool) -> None:
        self._by_id.setdefault(model.id, model)
        if listed:
            self.listed.append(model)


def _words(characters: list[Character]) -> list[tuple[Character, str]]:
    """One tavern's characters, each with the word that means it alone: its name, or its id where that is taken."""
    names = Counter(character.name for character in characters)
    return [
        (each, each.name if names[each.name] == 1 and each.name not in (DEFAULT, ANY) else each.id)
        for each in characters
        if each.kind != "group"
    ]


async def fetch_models(app: LocalApp) -> Models:
    """Ask the hub what there is now. Taverns that are away for a moment count: requests wait for them."""
    taverns: list[TavernInfo] = await app.call("tavern.list", TavernList())
    return Models(
        [
            (tavern, await app.call("character.list", CharacterList(tavern=tavern.tavern_id)))
            for tavern in taverns
        ]
    )


@get("/models")
async def list_models(caller: AsCaller) -> Response[bytes]:
    """Every model."""
    async with caller.open() as app:
        models = await fetch_models(app)
    return _json({"object": "list", "data": [model.to_json() for model in models.listed]})


@get("/models/{model_id:path}")
async def show_model(caller: AsCaller, model_id: FromPath[str]) -> Response[bytes]:
    """One model; 404 `model_not_found` if there is none."""
    async with caller.open() as app:
        models = await fetch_models(app)
    return _json(models.find(model_id.removeprefix("/")).to_json())


def _json(body: Any) -> Response[bytes]:
    return Response(encode_json(body), media_type="application/json", headers={"cache-control": "no-store"})
