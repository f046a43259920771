"""The lint sees what the compiler does wrong, and not what it does right."""

from __future__ import annotations

from pathlib import Path

from floors import FLOORS, KNOT, upward_includes
from lint import lint

SOURCES = Path(__file__).parents[3] / "packages/pokered-env/cartridge/src"

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


def test_every_source_includes_only_what_lies_below_it() -> None:
    assert upward_includes(SOURCES) == []
    assert {name for floor in FLOORS for name in floor} == {p.stem for p in SOURCES.glob("*.c")}
    for low, high in KNOT:
        assert f'#include "{high}.h"' in (SOURCES / f"{low}.c").read_text()


def test_an_include_that_goes_up_is_named(tmp_path: Path) -> None:
    (tmp_path / "menu.c").write_text('#include "menu.h"\n#include "text.h"\n#include "walk.h"\n')
    (tmp_path / "new.c").write_text('#include "abi.h"\n')
    assert upward_includes(tmp_path) == [
        "menu.c includes walk.h, which is not below it",
        "new.c has no floor",
    ]


def test_a_header_or_a_declaration_is_no_way_round_the_floors(tmp_path: Path) -> None:
    (tmp_path / "text.h").write_text('#include "private.h"\n#include "menu.h"\n')
    (tmp_path / "abi.h").write_text('#include "types.h"\n#include "memory.h"\n')
    (tmp_path / "battle.h").write_text('#include "script.h"\n')
    (tmp_path / "map.c").write_text(
        "static void draw(void);\nextern u8 world_iteration(void);\nstruct mon *choose(\n  u8 x);\n"
        "u8 show(void) {\n  return draw();\n}\n"
    )
    assert upward_includes(tmp_path) == [
        "abi.h includes memory.h, which is not below it",
        "battle.h includes script.h, which is not below it",
        "map.c declares world_iteration by itself",
        "map.c declares choose by itself",
        "text.h includes menu.h, which is not below it",
    ]
