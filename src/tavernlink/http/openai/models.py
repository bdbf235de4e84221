"""`/v1/models`: every character and group of every tavern is a model, and `default` is the open one.

An id is the character's name where no other has it (`Seraphina`), else `tavern/Seraphina`; that form, and the avatar
file name instead of the name, are always understood. A plain name that several taverns have means the one that is the
default tavern's, else the first one's, so a second tab does not break a client that knows the name.
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
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.taverns import Character, CharacterList, TavernInfo, TavernList
from tavernlink.runtime.local import LocalApp

__all__ = ["DEFAULT", "Model", "Models", "fetch_models", "list_models", "show_model"]

DEFAULT = "default"
_STARTED = int(time.time())


class Model(NamedTuple):
    """What a model id stands for."""

    id: str
    owner: str
    """The tavern's name."""
    tavern: str | None
    """Its id; None: whichever is there."""
    character: str | None
    """Id of the character or group; None: the open one."""

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
        self._add(Model(DEFAULT, found[0][0].name, None, None), listed=True)
        tavern_names = Counter(tavern.name for tavern, _ in found)
        names = Counter(character.name for _, characters in found for character in characters)
        for tavern, characters in found:
            prefix = tavern.name if tavern_names[tavern.name] == 1 else tavern.tavern_id
            self._add(
                Model(f"{prefix}/{DEFAULT}", tavern.name, tavern.tavern_id, None), listed=len(found) > 1
            )
            own = Counter(character.name for character in characters)
            for character in characters:
                word = (
                    character.name if own[character.name] == 1 and character.name != DEFAULT else character.id
                )
                id_ = word if names[character.name] == 1 and word != DEFAULT else f"{prefix}/{word}"
                self._add(Model(id_, tavern.name, tavern.tavern_id, character.id), listed=True)
        for tavern, characters in found:
            for character in characters:
                model = Model("", tavern.name, tavern.tavern_id, character.id)
                for where in (f"{tavern.name}/", f"{tavern.tavern_id}/", ""):
                    for word in (character.name, character.id):
                        self._by_id.setdefault(f"{where}{word}", model)

    def find(self, id_: str) -> Model:
        """Return the model that this id means. Raises `NotFound`, or `Unavailable` while there is no tavern."""
        if not self.listed:
            raise Unavailable("no_tavern")
        model = self._by_id.get(id_)
        if model is None:
            raise NotFound(
                "unknown_character",
                f"The model {id_[:200]!r} does not exist: no tavern has a character or group of that name. "
                "GET /v1/models lists them.",
                {"param": "model"},
            )
        return model._replace(id=id_)

    def _add(self, model: Model, *, listed: bool) -> None:
        self._by_id.setdefault(model.id, model)
        if listed:
            self.listed.append(model)


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
