"""Which models there are, and what an id means."""

from __future__ import annotations

import pytest

from tavernlink.errors import BadMessage, NotFound, Unavailable
from tavernlink.http.openai.models import Models
from tavernlink.protocol.taverns import Character, TavernInfo


def tavern(
    id_: str, name: str, *characters: tuple[str, str], online: bool = True
) -> tuple[TavernInfo, list[Character]]:
    info = TavernInfo(tavern_id=id_, name=name, online=online)
    return info, [Character(id=avatar, name=word, tavern=id_) for avatar, word in characters]


def ids(models: Models) -> list[str]:
    return [model.id for model in models.listed]


def test_a_name_that_is_alone_is_the_id() -> None:
    models = Models([tavern("t1", "Home", ("s.png", "Seraphina"), ("a.png", "Aqua"))])
    assert ids(models) == ["default", "Seraphina", "Aqua"]
    found = models.find("Seraphina")
    assert (found.tavern, found.character, found.id) == ("*", "Seraphina", "Seraphina")


def test_longer_forms_are_always_understood() -> None:
    models = Models([tavern("t1", "Home", ("s.png", "Seraphina"))])
    for id_ in ("Home/Seraphina", "t1/Seraphina", "Home/s.png", "t1/s.png", "s.png"):
        assert models.find(id_).character == "s.png"
        assert models.find(id_).tavern == ("t1" if "/" in id_ else "*")
    assert models.find("Home/default").tavern == "t1"
    assert models.find("Home/default").character is None


def test_default_is_whatever_is_open_wherever() -> None:
    model = Models([tavern("t1", "Home")]).find("default")
    assert (model.tavern, model.character) == (None, None)


def test_a_name_of_several_taverns_is_listed_alone_for_any_of_them_and_with_each() -> None:
    models = Models(
        [
            tavern("t1", "Home", ("s.png", "Seraphina")),
            tavern("t2", "Work", ("s.png", "Seraphina"), ("b.png", "Bob")),
        ]
    )
    assert ids(models) == [
        "default",
        "any",
        "Home/default",
        "Seraphina",
        "Home/Seraphina",
        "Work/default",
        "Work/Seraphina",
        "Bob",
    ]
    assert models.find("Work/Seraphina").tavern == "t2"
    assert (models.find("Seraphina").tavern, models.find("any").tavern) == ("*", "*")
    assert [model.owner for model in models.listed[3:]] == ["tavernlink", "Home", "Work", "Work", "Work"]


def test_a_tavern_that_is_away_still_has_its_models() -> None:
    models = Models(
        [
            tavern("t1", "Home", ("s.png", "Seraphina"), online=False),
            tavern("t2", "Work", ("s.png", "Seraphina")),
        ]
    )
    assert models.find("Seraphina").tavern == "*"
    assert models.find("Home/Seraphina").tavern == "t1"


def test_taverns_of_one_name_are_told_apart_by_id() -> None:
    models = Models(
        [tavern("t1", "Tab", ("s.png", "Seraphina")), tavern("t2", "Tab", ("s.png", "Seraphina"))]
    )
    assert ids(models) == [
        "default",
        "any",
        "t1/default",
        "Seraphina",
        "t1/Seraphina",
        "t2/default",
        "t2/Seraphina",
    ]
    assert models.find("t2/Seraphina").tavern == "t2"
    assert models.find("Tab/Seraphina").tavern == "t1"


def test_characters_of_one_name_are_told_apart_by_avatar() -> None:
    models = Models([tavern("t1", "Home", ("s.png", "Seraphina"), ("s1.png", "Seraphina"))])
    assert ids(models) == ["default", "s.png", "s1.png"]
    assert models.find("s1.png").character == "s1.png"


def test_a_character_called_default_does_not_hide_the_open_one() -> None:
    models = Models([tavern("t1", "Home", ("d.png", "default"))])
    assert ids(models) == ["default", "d.png"]
    assert models.find("default").character is None
    assert models.find("d.png").character == "d.png"


def test_an_id_with_slashes_in_the_name_is_found() -> None:
    models = Models([tavern("t1", "Home", ("x.png", "Romeo/Juliet"))])
    assert models.find("Romeo/Juliet").character == "Romeo/Juliet"
    assert models.find("Home/Romeo/Juliet").character == "x.png"


def test_a_group_is_no_model_and_says_why() -> None:
    group = Character(id="17", name="The band", kind="group", tavern="t1")
    info, characters = tavern("t1", "Home", ("s.png", "Seraphina"))
    models = Models([(info, [*characters, group])])
    assert ids(models) == ["default", "Seraphina"]
    for id_ in ("The band", "Home/The band", "17"):
        with pytest.raises(BadMessage, match="is a group") as caught:
            models.find(id_)
        assert caught.value.details == {"param": "model"}


def test_every_listed_id_is_found_as_itself() -> None:
    models = Models(
        [
            tavern("t1", "Tab", ("s.png", "Seraphina"), ("s1.png", "Seraphina"), ("d.png", "default")),
            tavern("t2", "Tab", ("s.png", "Seraphina"), ("g", "The group")),
        ]
    )
    assert len(set(ids(models))) == len(models.listed)
    for model in models.listed:
        assert models.find(model.id) == model


def test_an_unknown_model_and_no_tavern_are_different_errors() -> None:
    with pytest.raises(NotFound) as unknown:
        Models([tavern("t1", "Home")]).find("Nobody")
    assert unknown.value.details == {"param": "model"}
    with pytest.raises(Unavailable) as none:
        Models([]).find("default")
    assert none.value.code == "no_tavern"
