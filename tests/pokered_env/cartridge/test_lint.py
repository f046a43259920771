"""The lint sees what the compiler does wrong, and not what it does right."""

from __future__ import annotations

from pathlib import Path

from lint import lint

LOOP_COUNTER_LOST = """
_say::
        ld      l, #0x05
00101$:
        ld      a, l
        or      a, a
        ret     Z
        ld      hl, #0xD125
        ld      (hl), #0x01
        dec     l
        jr      00101$
"""
COUNTER_KEPT_ELSEWHERE = (
    LOOP_COUNTER_LOST.replace("ld      l, #0x05", "ld      c, #0x05")
    .replace("ld      a, l", "ld      a, c")
    .replace("dec     l", "dec     c")
)
CONSTANT_AS_VALUE = """
_pick::
        ld      hl, #0xCFDA
        push    bc
        ld      c, l
        ld      b, h
        call    _copy_bytes
        ret
"""


def _hits(tmp_path: Path, text: str) -> int:
    path = tmp_path / "code.asm"
    path.write_text(text)
    return len(lint(path))


def test_a_local_overwritten_by_an_address_is_found(tmp_path: Path) -> None:
    assert _hits(tmp_path, LOOP_COUNTER_LOST) > 0


def test_a_local_in_another_register_is_fine(tmp_path: Path) -> None:
    assert _hits(tmp_path, COUNTER_KEPT_ELSEWHERE) == 0


def test_a_constant_passed_on_as_a_value_is_fine(tmp_path: Path) -> None:
    assert _hits(tmp_path, CONSTANT_AS_VALUE) == 0
