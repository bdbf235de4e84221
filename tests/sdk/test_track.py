"""What a reader of a channel is shown, whatever the hub says twice or takes back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tavernlink.sdk.track import Track

_PIECES = st.lists(st.text("ab \n", min_size=1, max_size=3), max_size=12)


class Reader:
    """Builds the text as a program does that reads deltas."""

    def __init__(self) -> None:
        self.text = ""
        self.replaced = 0

    def show(self, shown: tuple[str, bool] | None) -> None:
        if shown is not None:
            text, replaces = shown
            self.replaced += replaces
            self.text = text if replaces else self.text + text


@given(_PIECES, st.data())
def test_repeats_and_catch_ups_lose_and_double_nothing(pieces: list[str], data: st.DataObject) -> None:
    track, reader, text = Track(), Reader(), ""
    for seq, piece in enumerate(pieces, start=1):
        text += piece
        if data.draw(st.booleans()):
            reader.show(track.receive(text, seq, replace=True))
        else:
            reader.show(track.receive(piece, seq, replace=False))
        if data.draw(st.booleans()):
            reader.show(track.receive(piece, seq, replace=False))
        if data.draw(st.booleans()):
            reader.show(track.receive(text, seq, replace=True))
    reader.show(track.finish(text))
    assert (reader.text, track.text, reader.replaced) == (text, text, 0)


@given(st.lists(st.tuples(st.text("ab", max_size=4), st.booleans()), max_size=12), st.text("ab", max_size=6))
def test_whatever_is_taken_back_the_reader_ends_with_the_final_text(
    deltas: list[tuple[str, bool]], final: str
) -> None:
    track, reader, text = Track(), Reader(), ""
    for seq, (piece, replace) in enumerate(deltas, start=1):
        text = piece if replace else text + piece
        reader.show(track.receive(piece, seq, replace=replace))
        assert track.text == text
        assert reader.text.startswith(text)
    reader.show(track.finish(final))
    assert track.text == final
    assert reader.text.startswith(final)


def test_text_that_was_merely_trimmed_at_the_end_shows_nothing() -> None:
    track = Track()
    track.receive(" Hello. \n", 1, replace=False)
    assert track.finish("Hello.") is None
    assert track.text == "Hello."


def test_text_that_shrank_and_grew_back_shows_only_what_is_new() -> None:
    track = Track()
    assert track.receive("Hello Wor", 1, replace=False) == ("Hello Wor", False)
    assert track.receive("Hello", 2, replace=True) is None
    assert track.receive(" World", 3, replace=False) == ("ld", False)
