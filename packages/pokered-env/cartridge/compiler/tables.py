"""Types, moves, species, items, trainers, shops, flags and badges."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from compiler.blocks import Block, ContentError, Line, number, read_blocks, read_lines
from compiler.charset import encode_message, encode_name
from compiler.layout import Piece, Ref

# Internal ids that exist in the original's tables, so that no lookup elsewhere can fail.
TYPE_IDS = (0, 20, 21, 22)
FIRST_SPECIAL_TYPE = 20
SPECIES_IDS = (
    153,
    9,
    176,
    178,
    177,
    179,
    123,
    36,
    25,
    34,
    33,
    70,
    5,
    48,
    57,
    77,
    96,
    107,
    112,
    133,
)
ITEM_ID_POOLS = {
    "heal": (20, 19, 18, 17),
    "cure": (52, 11),
    "revive": (53, 54),
    "catch": (4, 3, 2),
    "repel": (30, 56, 57),
    "light": (29,),
    "key": (5, 43, 45, 48, 63, 64, 69, 70, 72, 74, 6, 7),
}
ITEM_KINDS = ("key", "heal", "cure", "revive", "catch", "repel", "light")
EFFECTS = (
    "none", "attack_down", "defense_down", "speed_down", "accuracy_down", "attack_up", "defense_up",
    "speed_up", "special_up", "poison", "sleep", "paralyze", "drain", "heal",
)  # fmt: skip
NUM_LEARNED = 8
NAME_SIZE = 13
MAX_PARTY = 6
NO_FLAG = 400
NUM_SHOP_ITEMS = 12


@dataclass(frozen=True)
class Tables:
    """Everything the tables say, by name."""

    types: dict[str, int]
    type_chart: list[tuple[int, int, int]]
    moves: dict[str, int]
    move_powers: dict[int, int]
    move_types: dict[int, int]
    species: dict[str, int]  # dex numbers
    species_ids: dict[str, int]
    base_stats: dict[str, list[int]]  # HP, attack, defense, speed, special
    items: dict[str, int]
    trainers: dict[str, int]
    trainer_blocks: dict[str, Fields]
    classes: dict[str, int]
    shops: dict[str, int]
    flags: dict[str, int]
    badges: dict[str, int]
    pieces: list[Piece]


class Fields:
    """The `key value` lines of a block."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.name = block.name
        self._lines: dict[str, list[Line]] = {}
        for line in block.lines:
            self._lines.setdefault(line.text.split()[0], []).append(line)

    def has(self, key: str) -> bool:
        """Whether the key is given."""
        return key in self._lines

    def line(self, key: str) -> Line:
        """The one line of a key.

        Raises:
            ContentError: If it is missing.
        """
        if key not in self._lines:
            raise self.block.header.error(f"lacks the line '{key} ...'")
        return self._lines[key][0]

    def lines(self, key: str) -> list[Line]:
        """All lines of a key."""
        return self._lines.get(key, [])

    def words(self, key: str) -> list[str]:
        """Words after the key."""
        return self.line(key).words[1:]

    def text(self, key: str) -> str:
        """Everything after the key."""
        parts = self.line(key).text.split(" ", 1)
        return parts[1].strip() if len(parts) == 2 else ""

    def number(self, key: str, low: int, high: int) -> int:
        """The number after the key."""
        return number(self.line(key), (self.words(key) or [""])[0], low, high)


def lookup(table: dict[str, int], name: str, what: str, line: Line) -> int:
    """Find a name in a table.

    Raises:
        ContentError: If it is not there.
    """
    if name not in table:
        raise line.error(f"no {what} {name!r}")
    return table[name]


def read_tables(content: Path) -> Tables:
    """Read all tables of a content folder."""
    types, chart = _types(_fields(content / "types.txt"))
    move_fields = _fields(content / "moves.txt")
    moves = {fields.name: i for i, fields in enumerate(move_fields, 1)}
    species_fields = _fields(content / "species.txt")
    species = {fields.name: i for i, fields in enumerate(species_fields, 1)}
    species_ids = dict(zip(species, SPECIES_IDS[: len(species)], strict=True))
    item_fields = _fields(content / "items.txt")
    items = _item_ids(item_fields)
    trainer_fields = _fields(content / "trainers.txt")
    flags = _flags(content / "flags.txt")
    classes = {
        name: i
        for i, name in enumerate(sorted({fields.words("class")[0] for fields in trainer_fields}), 1)
    }
    shop_fields = _fields(content / "shops.txt")
    trainers = {fields.name: i for i, fields in enumerate(trainer_fields)}
    pieces = [
        Piece("moves", tuple(_move(fields, types) for fields in move_fields)),
        Piece(
            "species",
            _join(
                _species(fields, types, moves, species, species_ids) for fields in species_fields
            ),
        ),
        Piece("items", _join(_item(fields, items) for fields in item_fields)),
        *(Piece(f"about:{fields.name}", (_about(fields),)) for fields in item_fields),
        Piece(
            "trainers",
            _join(_trainer(fields, trainers, classes, species, flags) for fields in trainer_fields),
        ),
        *(
            Piece(
                f"lose:{fields.name}", (encode_message(fields.text("lose"), fields.line("lose")),)
            )
            for fields in trainer_fields
        ),
        Piece("shops", tuple(_shop(fields, items) for fields in shop_fields)),
    ]
    return Tables(
        types=types,
        type_chart=chart,
        moves=moves,
        move_powers={0: 0}
        | {moves[fields.name]: fields.number("power", 0, 255) for fields in move_fields},
        move_types={moves[fields.name]: types[fields.words("type")[0]] for fields in move_fields},
        species=species,
        species_ids=species_ids,
        base_stats={
            fields.name: [int(n) for n in fields.words("base")] for fields in species_fields
        },
        items=items,
        trainers=trainers,
        trainer_blocks={fields.name: fields for fields in trainer_fields},
        classes=classes,
        shops={fields.name: i for i, fields in enumerate(shop_fields)},
        flags=flags,
        badges=_badges(content / "badges.txt"),
        pieces=pieces,
    )


def _fields(path: Path) -> list[Fields]:
    return [Fields(block) for block in read_blocks(path)]


def _join(records: object) -> tuple[bytes | Ref, ...]:
    return tuple(part for record in records for part in record)  # type: ignore[attr-defined]


def _flags(path: Path) -> dict[str, int]:
    flags = {}
    for line in read_lines(path):
        flags[line.words[1]] = number(line, line.words[0], 1, NO_FLAG - 1)
    return flags


def _badges(path: Path) -> dict[str, int]:
    return {line.words[0]: i for i, line in enumerate(read_lines(path))}


def _types(fields: list[Fields]) -> tuple[dict[str, int], list[tuple[int, int, int]]]:
    types = {field.name: TYPE_IDS[i] for i, field in enumerate(fields)}
    chart = []
    for field in fields:
        for line in field.lines("beats"):
            for loser in line.words[1:]:
                winner, beaten = types[field.name], lookup(types, loser, "type", line)
                chart += [(winner, beaten, 20), (beaten, winner, 5)]
        if types[field.name]:
            chart.append((types[field.name], types[field.name], 5))
    return types, chart


def _move(fields: Fields, types: dict[str, int]) -> bytes:
    effect = fields.words("effect")[0]
    if effect not in EFFECTS:
        raise fields.line("effect").error(f"no such effect; there are {EFFECTS}")
    kind = lookup(types, fields.words("type")[0], "type", fields.line("type"))
    numbers = (
        fields.number("power", 0, 255),
        kind,
        fields.number("accuracy", 1, 100),
        fields.number("pp", 1, 40),
    )
    return bytes([EFFECTS.index(effect), *numbers]) + encode_name(
        fields.name, NAME_SIZE, fields.block.header
    )


def _species(
    fields: Fields,
    types: dict[str, int],
    moves: dict[str, int],
    species: dict[str, int],
    ids: dict[str, int],
) -> tuple[bytes | Ref, ...]:
    line = fields.line("types")
    kinds = [lookup(types, name, "type", line) for name in line.words[1:]]
    base = [number(fields.line("base"), word, 1, 255) for word in fields.words("base")]
    if len(base) != 5 or not kinds:
        raise fields.block.header.error("needs 'types A [B]' and 'base' with 5 numbers")
    evolution = (0, 0)
    if fields.has("evolve"):
        level, into = fields.words("evolve")
        evolution = (
            number(fields.line("evolve"), level, 2, 100),
            lookup(species, into, "species", fields.line("evolve")),
        )
    learned = [
        (number(line, line.words[1], 1, 100), lookup(moves, line.words[2], "move", line))
        for line in fields.lines("learn")
    ]
    learned = sorted(learned, key=lambda pair: pair[0])
    if not 1 <= len(learned) <= NUM_LEARNED:
        raise fields.block.header.error(
            f"learns {len(learned)} moves; 1..{NUM_LEARNED} are possible"
        )
    padded = learned + [(0, 0)] * (NUM_LEARNED - len(learned))
    head = [ids[fields.name], species[fields.name], kinds[0], kinds[-1], *base]
    head += [fields.number("catch", 0, 255), fields.number("exp", 1, 255), *evolution]
    head += [level for level, _ in padded] + [move for _, move in padded]
    pictures = (
        Ref(f"picture:{fields.name} front", far=True),
        Ref(f"picture:{fields.name} back", far=True),
    )
    return (bytes(head), *pictures, encode_name(fields.name, NAME_SIZE, fields.block.header))


def _item_ids(fields: list[Fields]) -> dict[str, int]:
    pools = {kind: iter(ids) for kind, ids in ITEM_ID_POOLS.items()}
    ids = {}
    for field in fields:
        kind = field.words("kind")[0]
        if kind not in pools:
            raise field.line("kind").error(f"no such kind; there are {ITEM_KINDS}")
        identity = next(pools[kind], None)
        if identity is None:
            raise field.line("kind").error(
                f"more than {len(ITEM_ID_POOLS[kind])} items of kind {kind}"
            )
        ids[field.name] = identity
    return ids


def _item(fields: Fields, ids: dict[str, int]) -> tuple[bytes | Ref, ...]:
    kind, *value = fields.words("kind")
    amount = number(fields.line("kind"), value[0], 0, 255) if value else 0
    head = bytes([ids[fields.name], ITEM_KINDS.index(kind), amount]) + fields.number(
        "price", 0, 9999
    ).to_bytes(2, "little")
    return (
        head + encode_name(fields.name, NAME_SIZE, fields.block.header),
        Ref(f"about:{fields.name}", far=True),
    )


def _about(fields: Fields) -> bytes:
    return encode_message(fields.text("about"), fields.line("about"))


def _trainer(
    fields: Fields,
    trainers: dict[str, int],
    classes: dict[str, int],
    species: dict[str, int],
    flags: dict[str, int],
) -> tuple[bytes | Ref, ...]:
    class_name = fields.words("class")[0]
    members = [member.split() for member in fields.text("party").split(",")]
    line = fields.line("party")
    party = [
        (lookup(species, name, "species", line), number(line, level, 1, 100))
        for name, level in members
    ]
    if len(party) > MAX_PARTY:
        raise line.error(f"{len(party)} motes; at most {MAX_PARTY}")
    flag = (
        lookup(flags, fields.words("flag")[0], "flag", fields.line("flag"))
        if fields.has("flag")
        else NO_FLAG
    )
    head = bytes([classes[class_name], trainers[fields.name] + 1])
    head += fields.number("prize", 0, 9999).to_bytes(2, "little") + flag.to_bytes(2, "little")
    head += bytes([len(party)]) + bytes(byte for member in party for byte in member).ljust(
        2 * MAX_PARTY, b"\0"
    )
    name = encode_name(class_name, NAME_SIZE, fields.line("class"))
    return (
        head,
        Ref(f"picture:{class_name} front", far=True),
        Ref(f"lose:{fields.name}", far=True),
        name,
    )


def _shop(fields: Fields, items: dict[str, int]) -> bytes:
    ids = [lookup(items, line.words[1], "item", line) for line in fields.lines("sell")]
    if len(ids) >= NUM_SHOP_ITEMS:
        raise fields.block.header.error(f"at most {NUM_SHOP_ITEMS - 1} items")
    return bytes(ids).ljust(NUM_SHOP_ITEMS, b"\xff")


def check_pictures(tables: Tables, names: set[str]) -> None:
    """Check that every species and trainer class has its pictures.

    Raises:
        ContentError: If one is missing.
    """
    wanted = {f"picture:{name} {side}" for name in tables.species for side in ("front", "back")}
    wanted |= {f"picture:{name} front" for name in tables.classes}
    missing = sorted(wanted - names)
    if missing:
        raise ContentError(f"pictures/*.txt lack {missing}")
