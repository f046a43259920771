"""The engine's arithmetic, compiled for this computer, against plain Python."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import build
import pytest
from atlas import Atlas
from compiler import emit
from compiler.blocks import read_blocks
from compiler.layout import place
from compiler.world import read_game
from console import ROM
from hypothesis import given, settings
from hypothesis import strategies as st

HERE = Path(__file__).parent
BATTLE_MON, ENEMY_MON, PARTY, FOUGHT = 0xD014, 0xCFE5, 0xD16B, 0xC910 + 7
OWN_MODS, FOE_MODS = 0xCD1A, 0xCD2E
MOVE, SPECIES = 0xC890, 0xC850
MONEY, TILE_MAP = 0xD347, 0xC3A0
PERCENT = (25, 28, 33, 40, 50, 66, 100, 150, 200, 250, 300, 350, 400)
BLANK, DIGIT_0 = 0x7F, 0xF6

stats = st.integers(1, 400)
stages = st.integers(1, 13)
amounts = st.integers(0, 999_999)


class Host:
    """The compiled engine and its memory."""

    def __init__(self, library: Path, rom: bytes) -> None:
        self.functions = ctypes.CDLL(str(library))
        self.functions.exp_for_level.restype = ctypes.c_uint32
        self.functions.host_damage.restype = ctypes.c_uint16
        self.functions.host_stat.restype = ctypes.c_uint16
        self.functions.has_money.restype = ctypes.c_uint8
        self.memory = (ctypes.c_uint8 * 0x10000).in_dll(self.functions, "host_memory")
        self.draws = (ctypes.c_uint8 * 16).in_dll(self.functions, "host_draws")
        self._drawn = ctypes.c_uint8.in_dll(self.functions, "host_num_draws")
        ctypes.memmove((ctypes.c_uint8 * 0x20000).in_dll(self.functions, "host_rom"), rom, len(rom))

    def write(self, address: int, data: bytes) -> None:
        self.memory[address : address + len(data)] = list(data)

    def read(self, address: int, size: int) -> bytes:
        return bytes(self.memory[address : address + size])

    def draw(self, *numbers: int) -> None:
        """What random() gives next."""
        self.draws[: len(numbers)] = numbers
        self._drawn.value = 0


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed: the engine's arithmetic could not be compiled here")
    work = tmp_path_factory.mktemp("host")
    game = read_game(build.CONTENT)
    world, pieces = build.read_content(build.CONTENT, game)
    places = place(pieces, build.NUM_DATA_BANKS)
    by_name = {piece.name: piece for piece in pieces}
    header, source = emit.strings(build.SOURCES / "strings.txt", game)
    (work / "strings.h").write_text(header)
    (work / "strings.c").write_text(source)
    (work / "content.h").write_text(emit.content_header(world, game, by_name, places))
    (work / "content.c").write_text(emit.content_source(world, places))
    command = [
        "gcc", "-std=c11", "-O1", "-shared", "-fPIC", "-fpack-struct", "-fno-strict-aliasing", "-w",
        "-DHOST", f"-I{work}", f"-I{build.SOURCES}", "-o", str(work / "host.so"),
        str(HERE / "host.c"), str(work / "content.c"), str(work / "strings.c"),
    ]  # fmt: skip
    subprocess.run(command, check=True)
    return Host(work / "host.so", ROM.read_bytes())


def _fighter(species: int, kind: int, level: int, values: tuple[int, int, int, int]) -> bytes:
    """A battle struct: types at 5, level at 14, attack, defence, speed, special from 17."""
    raw = bytearray(29)
    raw[0], raw[5], raw[6], raw[14] = species, kind, kind, level
    for i, value in enumerate(values):
        raw[17 + 2 * i : 19 + 2 * i] = value.to_bytes(2, "big")
    return bytes(raw)


def _modified(value: int, stage: int) -> int:
    return min(max(value * PERCENT[stage - 1] // 100, 1), 999)


@given(value=stats, stage=stages, paralysed=st.booleans())
def test_stat_is_changed_by_its_stage_and_paralysis(
    host: Host, value: int, stage: int, paralysed: bool
) -> None:
    host.write(BATTLE_MON, _fighter(153, 0, 5, (value, value, value, value)))
    host.memory[BATTLE_MON + 4] = 0x40 if paralysed else 0
    host.write(OWN_MODS, bytes([stage] * 6))
    changed = value * PERCENT[stage - 1] // 100
    assert host.functions.host_stat(0) == min(max(changed, 1), 999)
    slowed = changed // 4 if paralysed else changed
    assert host.functions.host_stat(2) == min(max(slowed, 1), 999)


@settings(max_examples=300)
@given(
    level=st.integers(2, 50),
    attack=stats,
    defense=stats,
    power=st.integers(10, 120),
    kinds=st.tuples(*[st.sampled_from((0, 20, 21, 22))] * 3),
    own_stage=stages,
    foe_stage=stages,
    draws=st.tuples(st.integers(0, 255), st.integers(0, 255)),
)
def test_damage_follows_the_formula(
    host: Host,
    atlas: Atlas,
    level: int,
    attack: int,
    defense: int,
    power: int,
    kinds: tuple[int, int, int],
    own_stage: int,
    foe_stage: int,
    draws: tuple[int, int],
) -> None:
    own, foe, kind = kinds
    tables = atlas.world.tables
    wickin = tables.species_ids["WICKIN"]
    host.write(BATTLE_MON, _fighter(wickin, own, level, (attack, 1, 1, attack)))
    host.write(ENEMY_MON, _fighter(wickin, foe, level, (1, defense, 1, defense)))
    host.write(OWN_MODS, bytes([own_stage] * 6))
    host.write(FOE_MODS, bytes([foe_stage] * 6))
    host.write(MOVE, bytes([0, power, kind, 100, 10]))
    host.draw(*draws)
    is_critical = draws[0] < tables.base_stats["WICKIN"][3] // 2
    tenths = {(a, d): t for a, d, t in tables.type_chart}.get((kind, foe), 10)
    amount = level * (2 if is_critical else 1) * 2 // 5 + 2
    amount = amount * power * _modified(attack, own_stage) // _modified(defense, foe_stage)
    amount = amount // 50 + 2
    amount += amount // 2 if kind == own else 0
    amount = amount * tenths // 10 * (217 + draws[1] % 39) // 255
    assert host.functions.host_damage() == min(max(amount, 1), 999)


def test_experience_of_a_level_is_its_cube(host: Host) -> None:
    assert all(host.functions.exp_for_level(level) == level**3 for level in range(1, 101))


def _exp_yield(species: str) -> int:
    blocks = {block.name: block for block in read_blocks(build.CONTENT / "species.txt")}
    return next(int(line.words[1]) for line in blocks[species].lines if line.words[0] == "exp")


@given(
    foe_level=st.integers(2, 30),
    by_trainer=st.booleans(),
    fought=st.lists(st.booleans(), min_size=3, max_size=3).filter(any),
)
def test_experience_is_shared_by_those_who_fought(
    host: Host, atlas: Atlas, foe_level: int, by_trainer: bool, fought: list[bool]
) -> None:
    tables = atlas.world.tables
    foe = tables.species_ids["FOGGLE"]
    host.write(ENEMY_MON, _fighter(foe, 0, foe_level, (1, 1, 1, 1)))
    host.write(0xD163, b"\3")
    host.write(0xD057, bytes([2 if by_trainer else 1]))
    host.write(FOUGHT, bytes([sum(here << i for i, here in enumerate(fought))]))
    host.write(0xCC2F, b"\xff")
    for slot in range(3):
        mon = bytearray(44)
        mon[0], mon[2], mon[33] = tables.species_ids["PEBBIN"], 9, 60
        mon[14:17] = (60**3).to_bytes(3, "big")
        host.write(PARTY + 44 * slot, bytes(mon))
    host.functions.share_experience()
    amount = _exp_yield("FOGGLE") * foe_level // 7
    amount = (amount + amount // 2 if by_trainer else amount) // sum(fought)
    gained = [
        int.from_bytes(host.read(PARTY + 44 * slot + 14, 3), "big") - 60**3 for slot in range(3)
    ]
    assert gained == [max(amount, 1) if here else 0 for here in fought]


@given(
    level=st.integers(1, 100),
    stat_exp=st.integers(0, 65_535),
    dvs=st.binary(min_size=2, max_size=2),
)
def test_stats_follow_base_dvs_stat_experience_and_level(
    host: Host, atlas: Atlas, level: int, stat_exp: int, dvs: bytes
) -> None:
    mon = bytearray(44)
    mon[17:27] = stat_exp.to_bytes(2, "big") * 5
    mon[27:29] = dvs
    mon[33] = level
    host.write(PARTY, bytes(mon))
    host.functions.load_species(1)
    host.functions.host_stats()
    four = [dvs[0] >> 4, dvs[0] & 15, dvs[1] >> 4, dvs[1] & 15]
    all_dvs = [sum((dv & 1) << (3 - i) for i, dv in enumerate(four)), *four]
    root = next((n for n in range(255) if n * n >= stat_exp), 255)
    for i, (base, dv) in enumerate(
        zip(atlas.world.tables.base_stats["WICKIN"], all_dvs, strict=True)
    ):
        value = ((base + dv) * 2 + root // 4) * level // 100 + (level + 10 if i == 0 else 5)
        assert int.from_bytes(host.read(PARTY + 34 + 2 * i, 2), "big") == value


def _bcd(amount: int) -> bytes:
    return bytes.fromhex(f"{amount:06}")


def _with_money(host: Host, amount: int) -> None:
    host.write(MONEY, _bcd(amount))


def _money(host: Host) -> int:
    return int(host.read(MONEY, 3).hex())


@given(own=amounts, other=amounts)
def test_money_is_added_taken_and_compared_in_decimal(host: Host, own: int, other: int) -> None:
    raw = (ctypes.c_uint8 * 3)(*_bcd(other))
    _with_money(host, own)
    assert bool(host.functions.has_money(raw)) == (own >= other)
    host.functions.add_money(raw)
    assert _money(host) == min(own + other, 999_999)
    _with_money(host, own)
    host.functions.subtract_money(raw)
    assert _money(host) == max(own - other, 0)


@given(amount=amounts)
def test_money_is_halved_in_decimal(host: Host, amount: int) -> None:
    _with_money(host, amount)
    host.functions.halve_money()
    assert _money(host) == amount // 2


@given(value=st.integers(0, 65_535))
def test_number_becomes_decimal(host: Host, value: int) -> None:
    raw = (ctypes.c_uint8 * 3)()
    host.functions.to_bcd(value, raw)
    assert int(bytes(raw).hex()) == value


def _tiles(text: str) -> bytes:
    return bytes(BLANK if letter == " " else DIGIT_0 + int(letter) for letter in text)


@given(value=st.integers(0, 65_535), digits=st.integers(1, 6))
def test_number_is_drawn_flush_right_in_its_width(host: Host, value: int, digits: int) -> None:
    host.write(TILE_MAP, bytes(20))
    host.functions.put_number(3, 0, value, digits)
    shown = str(value)[-digits:].rjust(digits)
    assert host.read(TILE_MAP, 20) == bytes(3) + _tiles(shown) + bytes(17 - digits)


@given(amount=amounts)
def test_money_is_drawn_in_six_columns(host: Host, amount: int) -> None:
    host.write(TILE_MAP, bytes(20))
    _with_money(host, amount)
    host.functions.put_money(5, 0)
    assert host.read(TILE_MAP + 5, 6) == _tiles(f"{amount:6}")
