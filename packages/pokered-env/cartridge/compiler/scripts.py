"""The script language: from text to the bytecode of src/opcodes.h."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from compiler.blocks import Block, Line, number, read_blocks
from compiler.charset import encode_message
from compiler.layout import Piece, Ref
from compiler.tables import Tables, lookup

DIRECTIONS = {"right": 1, "left": 2, "down": 4, "up": 8}


def read_opcodes(header: Path) -> dict[str, int]:
    """Read the `#define OP_NAME number` lines, the one place opcodes are numbered."""
    pairs = re.findall(r"#define OP_(\w+) (\d+)", header.read_text(encoding="utf-8"))
    return {name: int(value) for name, value in pairs}


@dataclass(frozen=True)
class Names:
    """What scripts may refer to besides the tables.

    Attributes:
        toggles: Hide bit of `MAP.npc`.
        warps: Map id and warp number of `MAP.warp`.
        scripts: Names of all scripts.
    """

    toggles: Mapping[str, int]
    warps: Mapping[str, tuple[int, int]]
    scripts: set[str]


@dataclass
class _Code:
    """Bytecode under construction; label numbers become pointers at the end."""

    name: str
    parts: list[bytes | Ref] = field(default_factory=list)
    size: int = 0
    labels: dict[int, int] = field(default_factory=dict)

    def emit(self, part: bytes | Ref) -> None:
        self.parts.append(part)
        self.size += part.size if isinstance(part, Ref) else len(part)

    def emit_label(self) -> int:
        label = len(self.labels)
        self.labels[label] = -1
        self.emit(Ref(f"label {label}"))
        return label

    def put_label(self, label: int) -> None:
        self.labels[label] = self.size

    def piece(self) -> Piece:
        return Piece(self.name, tuple(self._resolve(part) for part in self.parts))

    def _resolve(self, part: bytes | Ref) -> bytes | Ref:
        if isinstance(part, Ref) and part.target.startswith("label "):
            return Ref(self.name, self.labels[int(part.target[6:])])
        return part


class ScriptCompiler:
    """Compiles the scripts of one cartridge."""

    def __init__(self, opcodes: Mapping[str, int], tables: Tables, names: Names) -> None:
        self._opcodes = opcodes
        self._tables = tables
        self._names = names

    def compile(self, name: str, lines: Sequence[Line], map_name: str = "") -> Piece:
        """Compile the lines of a script.

        Args:
            name: Name of the piece.
            lines: The script.
            map_name: Map whose npcs `hide` and `show` may name without their map.

        Raises:
            ContentError: At the first mistake.
        """
        code = _Code(name)
        rest = self._block(code, list(lines), map_name)
        if rest:
            raise rest[0].error("'end' or 'else' without its 'if' or 'ask'")
        self._emit(code, "STOP")
        return code.piece()

    def _block(self, code: _Code, lines: list[Line], map_name: str) -> list[Line]:
        """Compile up to an unmatched `else` or `end`; return the lines from there on."""
        while lines:
            line, *lines = lines
            command = line.words[0]
            if command in ("else", "end"):
                return [line, *lines]
            if command in ("if", "ask"):
                lines = self._branch(code, line, lines, map_name)
            else:
                self._command(code, line, map_name)
        return []

    def _branch(self, code: _Code, line: Line, lines: list[Line], map_name: str) -> list[Line]:
        if line.words[0] == "ask":
            self._emit(code, "ASK", encode_message(_rest(line), line))
            failed = [code.emit_label()]
        else:
            failed = [
                self._test(code, condition.split(), line)
                for condition in _rest(line).split(" and ")
            ]
        lines = self._block(code, lines, map_name)
        if lines and lines[0].words[0] == "else":
            self._emit(code, "JUMP")
            done = code.emit_label()
            for label in failed:
                code.put_label(label)
            lines = self._block(code, lines[1:], map_name)
            failed = [done]
        if not lines or lines[0].words[0] != "end":
            raise line.error("has no 'end'")
        for label in failed:
            code.put_label(label)
        return lines[1:]

    def _test(self, code: _Code, condition: list[str], line: Line) -> int:
        tables = self._tables
        match condition:
            case ["not", flag]:
                self._emit(code, "IF_NOT_FLAG", _word(lookup(tables.flags, flag, "flag", line)))
            case ["has", item]:
                self._emit(code, "IF_ITEM", bytes([lookup(tables.items, item, "item", line)]))
            case ["badge", badge]:
                self._emit(code, "IF_BADGE", bytes([lookup(tables.badges, badge, "badge", line)]))
            case ["money", amount]:
                self._emit(code, "IF_MONEY", _bcd(amount, line))
            case ["party"]:
                self._emit(code, "IF_PARTY")
            case ["fits"]:
                self._emit(code, "IF_FITS")
            case [flag]:
                self._emit(code, "IF_FLAG", _word(lookup(tables.flags, flag, "flag", line)))
            case _:
                raise line.error(f"no such condition {' '.join(condition)!r}")
        return code.emit_label()

    def _command(self, code: _Code, line: Line, map_name: str) -> None:
        tables = self._tables
        match line.words:
            case ["say", *_]:
                self._emit(code, "SAY", encode_message(_rest(line), line))
            case ["set", flag]:
                self._emit(code, "SET_FLAG", _word(lookup(tables.flags, flag, "flag", line)))
            case ["clear", flag]:
                self._emit(code, "CLEAR_FLAG", _word(lookup(tables.flags, flag, "flag", line)))
            case ["give" | "take" as command, item, *count]:
                amount = number(line, count[0], 1, 99) if count else 1
                self._emit(
                    code, command.upper(), bytes([lookup(tables.items, item, "item", line), amount])
                )
            case ["money", amount]:
                self._emit(code, "GAIN_MONEY", _bcd(amount, line))
            case ["pay", amount]:
                self._emit(code, "PAY_MONEY", _bcd(amount, line))
            case ["mote" | "wild" as command, species, level]:
                op = "GIVE_MOTE" if command == "mote" else "WILD"
                dex = lookup(tables.species, species, "species", line)
                self._emit(code, op, bytes([dex, number(line, level, 1, 100)]))
            case ["badge", badge]:
                self._emit(code, "GIVE_BADGE", bytes([lookup(tables.badges, badge, "badge", line)]))
            case ["shop", shop]:
                self._emit(code, "SHOP", bytes([lookup(tables.shops, shop, "shop", line)]))
            case ["battle", trainer]:
                self._emit(
                    code, "TRAINER", bytes([lookup(tables.trainers, trainer, "trainer", line)])
                )
            case ["hide" | "show" as command, npc]:
                self._emit(code, command.upper(), bytes([self._toggle(npc, map_name, line)]))
            case ["face", direction]:
                self._emit(code, "FACE", bytes([lookup(DIRECTIONS, direction, "direction", line)]))
            case ["step", direction, *count]:
                steps = number(line, count[0], 1, 20) if count else 1
                self._emit(
                    code, "STEP", bytes([lookup(DIRECTIONS, direction, "direction", line), steps])
                )
            case ["warp", target, warp]:
                if f"{target}.{warp}" not in self._names.warps:
                    raise line.error(f"no warp {warp!r} in map {target!r}")
                self._emit(code, "WARP", bytes(self._names.warps[f"{target}.{warp}"]))
            case ["call", script]:
                if script not in self._names.scripts:
                    raise line.error(f"no script {script!r}")
                self._emit(code, "CALL")
                code.emit(Ref(f"script:{script}", far=True))
            case ["wait", frames]:
                self._emit(code, "WAIT", bytes([number(line, frames, 1, 255)]))
            case ["found", hidden]:
                self._emit(code, "FOUND_HIDDEN", bytes([number(line, hidden, 0, 111)]))
            case ["heal" | "hearth" | "stop" | "flash" | "ending" as command]:
                self._emit(code, command.upper())
            case _:
                raise line.error("no such command (or wrong number of words)")

    def _toggle(self, npc: str, map_name: str, line: Line) -> int:
        full = npc if "." in npc else f"{map_name}.{npc}"
        if full not in self._names.toggles:
            raise line.error(f"no npc or item {full!r}; in a script of its own write MAP.npc")
        return self._names.toggles[full]

    def _emit(self, code: _Code, op: str, arguments: bytes = b"") -> None:
        code.emit(bytes([self._opcodes[op]]) + arguments)


def read_scripts(content: Path) -> dict[str, Block]:
    """Read `scripts/*.txt` by name.

    Raises:
        ContentError: If a name occurs twice.
    """
    scripts: dict[str, Block] = {}
    for path in sorted((content / "scripts").glob("*.txt")):
        for block in read_blocks(path):
            if block.name in scripts:
                raise block.header.error("a script of that name exists")
            scripts[block.name] = block
    return scripts


def quoted_text(line: Line) -> str | None:
    """The text between double quotes of a line, or None.

    Raises:
        ContentError: If the closing quote is missing.
    """
    if '"' not in line.text:
        return None
    match = re.search(r'"([^"]*)"', line.text)
    if match is None:
        raise line.error("the closing quote is missing")
    return match.group(1)


def script_lines(line: Line, *commands: str) -> list[Line]:
    """Make script lines that report their mistakes at another file's line."""
    return [Line(command, line.path, line.number) for command in commands]


def _rest(line: Line) -> str:
    parts = line.text.strip().split(" ", 1)
    return parts[1].strip() if len(parts) == 2 else ""


def _word(value: int) -> bytes:
    return value.to_bytes(2, "little")


def _bcd(word: str, line: Line) -> bytes:
    return bytes.fromhex(f"{number(line, word, 0, 999999):06d}")
