from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pokered_env.errors import ConfigError
from pokered_env.game import text


@given(st.text(alphabet=sorted(c for c in text.IDS if len(c) == 1)))
def test_decode_undoes_encode(message: str) -> None:
    assert text.decode(text.encode(message)) == message


def test_contractions_take_one_id() -> None:
    assert text.encode("OAK's") == text.encode("OAK") + bytes([0xBD])


def test_a_character_the_game_cannot_write_is_refused() -> None:
    with pytest.raises(ConfigError, match="'ß'"):
        text.encode("Straße")


def test_ids_are_unique_and_leave_padding_free() -> None:
    assert len(set(text.CHARACTERS.values())) == len(text.CHARACTERS)
    assert text.PADDING not in text.CHARACTERS
    assert text.CHARACTERS[0x80] == "A"
    assert text.CHARACTERS[0xF6] == "0"


def test_the_alphabet_lists_a_character_for_every_id() -> None:
    assert len(text.ALPHABET) == 256
    assert text.ALPHABET[text.PADDING] == ""
    assert "".join(text.ALPHABET[code] for code in text.encode("Lv5?")) == "Lv5?"
