"""The policy for text that was sent and then changed."""

from __future__ import annotations

from tavernlink.http.openai.transcript import Transcript


def test_added_text_goes_straight_through() -> None:
    transcript = Transcript()
    assert [transcript.add("Hel"), transcript.add("lo")] == ["Hel", "lo"]
    assert transcript.finish("Hello") == ""
    assert not transcript.differs("Hello")


def test_the_final_text_brings_what_was_not_sent() -> None:
    transcript = Transcript()
    transcript.add("Hel")
    assert transcript.finish("Hello") == "lo"
    assert not transcript.differs("Hello")


def test_a_replacement_that_extends_what_was_sent_sends_the_rest() -> None:
    transcript = Transcript()
    transcript.add("Hel")
    assert transcript.replace("Hello") == "lo"
    assert transcript.add("!") == "!"
    assert transcript.sent == "Hello!"


def test_text_taken_back_and_given_again_is_not_sent_twice() -> None:
    transcript = Transcript()
    transcript.add("Hello wor")
    assert transcript.replace("Hello ") == ""
    assert transcript.add("wo") == ""
    assert transcript.add("rld") == "ld"
    assert transcript.add("!") == "!"
    assert transcript.sent == "Hello world!"


def test_a_change_inside_is_not_sent_but_what_follows_it_is() -> None:
    transcript = Transcript()
    transcript.add("Seraphina: Hello")
    assert transcript.replace("Hello") == ""
    assert transcript.add(" there") == " there"
    assert transcript.finish("Hello there") == ""
    assert transcript.sent == "Seraphina: Hello there"
    assert transcript.differs("Hello there")


def test_text_that_grows_differently_after_being_taken_back_goes_on() -> None:
    transcript = Transcript()
    transcript.add("abcX")
    assert transcript.replace("abc") == ""
    assert transcript.add("d") == "d"
    assert transcript.add("e") == "e"
    assert transcript.differs("abcde")


def test_trailing_blanks_that_sillytavern_trims_are_no_difference() -> None:
    transcript = Transcript()
    transcript.add("Hello. \n")
    assert transcript.finish("Hello.") == ""
    assert not transcript.differs("Hello.")


def test_a_cut_end_is_a_difference() -> None:
    transcript = Transcript()
    transcript.add("One. Two")
    assert transcript.finish("One.") == ""
    assert transcript.differs("One.")
