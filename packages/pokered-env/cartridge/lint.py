"""Find places where SDCC 4.2.0 may have lost a value it kept in HL.

For the sm83 that compiler loads HL with a constant address while H or L still holds a live local,
and reads the local afterwards. The check follows the registers through each function of a generated
.asm file and reports every read of L or H as data after HL was set to a constant and used as an
address. It is a net, not a proof: the walkthrough test is the other half.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

_LABEL = re.compile(r"^(\w+\$?):")
_CONSTANT_HL = re.compile(r"ld\s+hl,\s*#")
_THROUGH_HL = re.compile(r"\(hl[+-]?\)")
_WRITES_HL = re.compile(r"(ld\s+hl,|pop\s+hl|add\s+hl,|ldhl)")
_WRITES_HALF = {
    half: re.compile(
        rf"(ld\s+{half},|inc\s+{half}\b|dec\s+{half}\b|srl\s+{half}|rr\s+{half}|rl\s+{half}|sla\s+{half})"
    )
    for half in "lh"
}
_READS_HALF = {
    half: re.compile(
        rf"(ld\s+[abcde],\s*{half}\b|(?:add|adc|sub|sbc|and|or|xor|cp)\s+(?:a,\s*)?{half}\b|(?:inc|dec|srl|rr|rl|sla|bit\s+\d,)\s*{half}\b)"
    )
    for half in "lh"
}
_JUMP = re.compile(r"(jp|jr)\s+(?:(nz|z|nc|c),\s*)?(\w+\$?)", re.IGNORECASE)
_CALL = re.compile(r"call\s")
_END = re.compile(r"(ret\b(?!\s*\w)|reti\b|jp\s+\(?hl)")


@dataclass(frozen=True)
class _Held:
    """Which halves of HL hold a constant, and whether it served as an address."""

    constant: frozenset[str] = frozenset()
    is_address: bool = False


@dataclass(frozen=True)
class Hit:
    """A suspicious read: file, line number, instruction."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line}: reads half of a constant address: {self.text}"


def lint(path: Path) -> list[Hit]:
    """Check one generated .asm file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    code = [re.split(r"[;]", line)[0].strip() for line in lines]
    labels = {match.group(1): i for i, line in enumerate(code) if (match := _LABEL.match(line))}
    return [Hit(path, i + 1, code[i]) for i in sorted(_suspicious(code, labels))]


def _suspicious(code: list[str], labels: dict[str, int]) -> set[int]:
    """Walk every path from every function with what HL's halves hold."""
    hits: set[int] = set()
    seen: set[tuple[int, _Held]] = set()
    stack = [(i, _Held()) for name, i in labels.items() if name.startswith("_")]
    while stack:
        at, held = stack.pop()
        while at < len(code) and (at, held) not in seen:
            seen.add((at, held))
            text = code[at]
            if held.is_address and any(_READS_HALF[half].search(text) for half in held.constant):
                hits.add(at)
            held = _after(text, held)
            jump = _JUMP.match(text)
            if jump and jump.group(3) in labels:
                stack.append((labels[jump.group(3)], held))
            if (jump and not jump.group(2)) or _END.match(text):
                break
            at += 1
    return hits


def _after(text: str, held: _Held) -> _Held:
    if _CONSTANT_HL.search(text):
        return _Held(frozenset("lh"))
    if _WRITES_HL.search(text) or _CALL.match(text):
        return _Held()
    left = frozenset(half for half in held.constant if not _WRITES_HALF[half].search(text))
    return _Held(left, bool(left) and (held.is_address or bool(_THROUGH_HL.search(text))))


def main() -> int:
    """Check the files named on the command line; exit status 1 if anything was found."""
    hits = [hit for name in sys.argv[1:] for hit in lint(Path(name))]
    print("\n".join(map(str, hits)) or "nothing found")
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())
