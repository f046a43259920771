"""Every row of the memory interface, made to happen by playing."""

from __future__ import annotations

import numpy as np
import pytest
from atlas import STEPS, Atlas
from console import Console, read_metadata
from player import Player

FACING = {"down": 0x0, "up": 0x4, "left": 0x8, "right": 0xC}
DIRECTION = {"right": 1, "left": 2, "down": 4, "up": 8}
JOYPAD = {"a": 1, "b": 2, "select": 4, "start": 8, "right": 16, "left": 32, "up": 64, "down": 128}
END = 0x50


def _big(raw: bytes) -> int:
    return int.from_bytes(raw, "big")


def _text(console: Console, address: int) -> str:
    font = read_metadata()["glyphs"][0]["characters"]
    raw = console.read(address, 11)
    return "".join(font[code - 0x80] if code >= 0x80 else " " for code in raw[: raw.index(END)])


def _tile_map(console: Console) -> np.ndarray:
    return np.frombuffer(console.read(0xC3A0, 360), np.uint8).reshape(18, 20)


def _displayed(console: Console) -> np.ndarray:
    """The tiles the LCD shows: the window's, or the scrolled background's."""
    if console.byte(0xFF4A) < 8:
        return np.frombuffer(console.read(0x9C00, 1024), np.uint8).reshape(32, 32)[:18, :20]
    background = np.frombuffer(console.read(0x9800, 1024), np.uint8).reshape(32, 32)
    rows, columns = console.byte(0xFF42) // 8, console.byte(0xFF43) // 8
    return np.roll(background, (-rows, -columns), (0, 1))[:18, :20]


def _open_message(player: Player) -> None:
    """Read a sign in the first room."""
    player.begin_use("HOME", *player.cells("HOME", "sign")[-1])
    assert player.window_open()


# ---- sprites ----


@pytest.mark.parametrize("direction", list(STEPS))
def test_facing_and_directions_follow_the_buttons(console: Console, direction: str) -> None:
    console.press(direction)
    console.press(None)
    assert console.byte(0xC109) == FACING[direction]
    assert console.byte(0xD52A) == DIRECTION[direction]
    assert console.byte(0xD528) == 0


def test_moving_direction_is_set_during_a_step(player: Player, console: Console) -> None:
    direction = player.free_direction()
    console.press(direction, hold=8, frames=10)
    assert console.byte(0xD528) == DIRECTION[direction]


def test_sprite_coordinates_are_four_more_than_map_coordinates(player: Player) -> None:
    player.walk_to("HOME", player.floor("HOME")[0])
    here = player.spot()
    assert player.console.read(0xC204, 2) == bytes([here.y + 4, here.x + 4])
    for slot, thing in enumerate(player.atlas.world.maps["HOME"].people(), 1):
        assert player.byte(0xC100 + 16 * slot) != 0, thing.name
    assert player.byte(0xC100 + 16 * 15) == 0


def test_people_are_where_their_coordinates_say(player: Player, console: Console) -> None:
    player.walk_to("WICKHAM", *player.floor("WICKHAM"))
    console.press(None, 0, 40)
    here = player.spot()
    for slot in range(1, console.byte(0xD4E1) + 1):
        if console.byte(0xC102 + 16 * slot) == 0xFF or console.byte(0xC101 + 16 * slot) == 3:
            continue
        row, column = console.read(0xC204 + 16 * slot, 2)
        assert console.byte(0xC104 + 16 * slot) == (16 * (row - here.y) - 4) % 256
        assert console.byte(0xC106 + 16 * slot) == (16 * (column - here.x)) % 256


def test_shadow_oam_is_what_the_hardware_shows(console: Console) -> None:
    console.press("right", frames=6)
    before, shown = console.read(0xC300, 160), set()
    for _ in range(8):
        console.tick(1)
        after, hardware = console.read(0xC300, 160), console.read(0xFE00, 160)
        assert hardware in (before, after)
        before = after
        shown.add(hardware)
    assert len(shown) > 1, "nothing moved"


# ---- the screen ----


def test_tile_map_is_the_screen_while_walking(player: Player, console: Console) -> None:
    player.walk_to("WICKHAM", *player.floor("WICKHAM"))
    for direction in ("down", "right", "up", "up", "left"):
        console.press(direction)
        console.press(None)
        assert (_displayed(console) == _tile_map(console)).all()
        assert _tile_map(console).max() < 0x60
        assert (console.byte(0xFFB0), console.byte(0xFFBA)) == (0x90, 0)


def test_tile_map_is_the_screen_under_text_menus_and_battles(
    in_wild_battle: Player, console: Console
) -> None:
    console.press(None)
    assert (_displayed(console) == _tile_map(console)).all()
    assert console.byte(0xFFB0) == 0 and console.byte(0xFFBA) != 0
    in_wild_battle.settle()
    for button in ("start", "down", "a"):
        console.press(button)
        console.press(None)
        assert (_displayed(console) == _tile_map(console)).all()
        assert console.byte(0xFFB0) == 0


def test_menu_keeps_the_screen_it_covers(console: Console) -> None:
    before = console.read(0xC3A0, 360)
    console.press("start")
    assert console.read(0xC508, 360) == before
    assert console.read(0xC3A0, 360) != before


def test_message_stands_in_rows_14_and_16(player: Player, console: Console) -> None:
    _open_message(player)
    console.press(None, 0, 80)
    screen = _tile_map(console)
    assert (screen[12, 0], screen[12, 19], screen[17, 0], screen[17, 19]) == (
        0x79,
        0x7B,
        0x7D,
        0x7E,
    )
    assert (screen[14, 1:19] >= 0x7F).all() and (screen[14, 1:10] > 0x7F).any()
    assert (screen[13, 1:19] == 0x7F).all() and (screen[15, 1:18] == 0x7F).all()


# ---- menus and control ----


def test_menu_position_and_item(console: Console) -> None:
    console.press("start")
    y, x, item = console.read(0xCC24, 3)
    assert (y, x, item, console.byte(0xCC28)) == (2, 11, 0, 4)
    console.press("down")
    assert console.byte(0xCC26) == 1
    assert console.byte(0xC3A0 + 20 * (y + 2) + x) == 0xED
    console.press("up")
    console.press("up")
    assert console.byte(0xCC26) == 4


def test_lists_scroll(keeper: Player, console: Console, atlas: Atlas) -> None:
    keeper.talk("REED_PATH", "lamp")
    keeper.talk("REED_PATH", "salve")
    for button in ("start", "down", "a"):
        console.press(button)
    assert console.byte(0xD31D) == 4 and console.byte(0xD125) == 0x0D
    offsets = []
    for _ in range(5):
        console.press("down")
        offsets.append(console.byte(0xCC36))
    assert offsets == [0, 0, 0, 1, 1]


def test_gate_sends_back_with_simulated_buttons(player: Player, console: Console) -> None:
    x, y = player.cells("WICKHAM", "trigger")[0]
    player.walk_to("WICKHAM", (x, y + 1))
    console.press("up")
    seen = set()
    for _ in range(40):
        console.press("a", 8, 12)
        seen.add((console.byte(0xCD38), console.byte(0xD730) & 0x80, console.byte(0xCD6B)))
        if player.can_walk():
            break
    assert (1, 0x80, 0xFF) in seen
    assert player.can_walk() and player.spot().y > y
    assert (console.byte(0xCD38), console.byte(0xCD6B), console.byte(0xD730) & 0x80) == (0, 0, 0)


def test_tile_stood_on_and_in_front(player: Player, console: Console) -> None:
    front = {"down": (11, 8), "up": (7, 8), "left": (9, 6), "right": (9, 10)}
    for cell in player.floor("HOME")[:3]:
        player.walk_to("HOME", cell)
        for direction in STEPS:
            if player.neighbour_kind(direction) == "solid":
                console.press(direction)
                screen = _tile_map(console)
                assert console.byte(0xCF0E) == screen[9, 8]
                assert console.byte(0xCFC6) == screen[front[direction]]


def test_font_flag_is_set_by_dialogue_and_menu_only(player: Player, console: Console) -> None:
    assert console.byte(0xCFC4) == 0
    console.press("start")
    assert console.byte(0xCFC4) & 1
    console.press("b")
    console.press(None)
    assert console.byte(0xCFC4) == 0
    _open_message(player)
    assert console.byte(0xCFC4) & 1 and console.byte(0xD125) == 1
    player.settle()
    assert console.byte(0xCFC4) == 0 and console.byte(0xD125) == 1


def test_font_flag_is_clear_from_the_first_step_on() -> None:
    console = Console()
    console.play_start_script()
    flags = [console.byte(0xCFC4)]
    cells = {console.read(0xD361, 2)}
    for direction in ("right", "left"):
        console.press(direction)
        flags.append(console.byte(0xCFC4))
        cells.add(console.read(0xD361, 2))
    console.close()
    assert flags == [0] * 3 and len(cells) == 2


def test_walk_counter_counts_down_from_eight(player: Player, console: Console) -> None:
    console.emulator.step(player.free_direction(), 8, 1)
    values = []
    for _ in range(24):
        values.append(console.byte(0xCFC5))
        console.tick(1)
    steps = [value for i, value in enumerate(values) if i == 0 or value != values[i - 1]]
    assert steps[-8:] == [7, 6, 5, 4, 3, 2, 1, 0] and set(values) <= set(range(9))


# ---- battle ----


def test_wild_battle_fills_the_battle_structs(in_wild_battle: Player, console: Console) -> None:
    metadata = read_metadata()
    species = console.byte(0xCFE5)
    assert console.byte(0xD057) == 1
    assert console.byte(0xD059) == species == console.byte(0xCFD8)
    assert _text(console, 0xCFDA) == metadata["species"][str(species)]
    assert 2 <= console.byte(0xCFF3) <= 4 and console.byte(0xD127) == console.byte(0xCFF3)
    assert 0 < _big(console.read(0xCFE6, 2)) == _big(console.read(0xCFF4, 2))
    assert console.byte(0xCFFE) > 0
    assert console.read(0xD014, 3) == console.read(0xD16B, 3)
    assert console.byte(0xD022) == console.byte(0xD18C) == 5
    assert console.read(0xD01C, 4) == console.read(0xD173, 4)
    assert console.read(0xD02D, 4) == console.read(0xD188, 4)
    assert console.read(0xD009, 11) == console.read(0xD2B5, 11)
    assert console.byte(0xCFC4) == 0
    assert console.byte(0xD125) == 0x0B
    dex = metadata["dex"][str(species)]
    assert console.byte(0xD30A + (dex - 1) // 8) >> ((dex - 1) % 8) & 1


def test_damage_reaches_the_party_at_once_and_experience_follows(
    in_wild_battle: Player, console: Console
) -> None:
    before = _big(console.read(0xD179, 3))
    for _ in range(400):
        assert console.read(0xD015, 2) == console.read(0xD16C, 2)
        if not in_wild_battle.in_battle():
            break
        in_wild_battle.press("a")
    assert console.byte(0xD057) == 0
    assert _big(console.read(0xD179, 3)) > before


def test_trainer_battle_has_a_party_of_its_own(keeper: Player, console: Console) -> None:
    keeper.walk_to("REED_PATH", (4, 21))
    for _ in range(60):
        if console.byte(0xD057) == 2:
            break
        keeper.press("up" if keeper.can_walk() else "a")
    keeper.read_to_battle_menu()
    assert console.byte(0xD057) == 2
    assert console.byte(0xD059) == 200 + console.byte(0xD031) and console.byte(0xD031) > 0
    assert console.byte(0xD05D) > 0
    count = console.byte(0xD89C)
    assert count == 1 and console.read(0xD89D, 2) == bytes([console.byte(0xCFE5), 0xFF])
    assert console.byte(0xD8C5) == console.byte(0xCFF3) == 3
    money = console.read(0xD347, 3)
    keeper.settle()
    assert console.byte(0xD057) == 0
    if keeper.has("BEAT_SCOUT_PIP"):
        assert console.read(0xD347, 3) > money


def test_losing_halves_the_money_heals_and_returns_to_the_hearth(
    in_wild_battle: Player, console: Console
) -> None:
    """Fights with the move that does nothing but lower... or simply never wins: runs out of HP."""
    player = in_wild_battle
    seen = set()
    for _ in range(4000):
        seen.add(console.byte(0xD057))
        if 0xFF in seen and console.byte(0xD057) == 0:
            break
        if not player.in_battle():
            player.settle()
            player.press(("right", "left")[console.num_presses % 2])
        elif player.at_battle_menu():
            _throw_away_the_turn(player)
        else:
            player.press("a")
    assert 0xFF in seen
    player.settle()
    assert player.spot().map_id == console.byte(0xD719) == 0
    assert console.read(0xD347, 3) == bytes.fromhex("000250")
    assert console.read(0xD16C, 2) == console.read(0xD18D, 2)


def _throw_away_the_turn(player: Player) -> None:
    """Choose the weaker move."""
    moves = [player.byte(0xD01C + i) for i in range(4)]
    powers = [player.atlas.world.tables.move_powers[move] if move else 999 for move in moves]
    player.choose_move(powers.index(min(powers)))


# ---- player and party ----


def test_names_of_player_and_rival(console: Console) -> None:
    assert _text(console, 0xD158) == "WREN"
    assert _text(console, 0xD34A) == "ASH"


def test_starter_is_in_the_party(keeper: Player, console: Console) -> None:
    metadata = read_metadata()
    species = console.byte(0xD164)
    assert console.read(0xD163, 3) == bytes([1, species, 0xFF])
    assert console.byte(0xD16B) == species
    assert metadata["species"][str(species)] == _text(console, 0xD2B5) == "WICKIN"
    assert console.byte(0xD16E) == console.byte(0xD18C) == 5
    assert console.byte(0xD16F) == 0
    assert _big(console.read(0xD179, 3)) == 5**3
    assert 0 < _big(console.read(0xD16C, 2)) == _big(console.read(0xD18D, 2)) < 40
    assert all(5 < _big(console.read(0xD18F + 2 * i, 2)) < 30 for i in range(4))
    assert all(console.read(0xD173, 2)) and all(console.read(0xD188, 2))
    assert console.read(0xD273, 11) == console.read(0xD158, 11)
    assert console.read(0xD177, 2) == console.read(0xD359, 2)
    dex = metadata["dex"][str(species)]
    for flags in (0xD2F7, 0xD30A):
        assert console.read(flags, 19) == (1 << (dex - 1)).to_bytes(19, "little")


def test_bag_holds_what_was_given(keeper: Player, console: Console) -> None:
    metadata = read_metadata()
    count = console.byte(0xD31D)
    entries = console.read(0xD31E, 2 * count + 1)
    assert entries[-1] == 0xFF
    assert [metadata["items"][str(item)] for item in entries[:-1:2]] == ["LANTERN", "LETTER"]
    assert list(entries[1::2]) == [1, 1]


def test_new_game_has_money_in_decimal_and_fast_text(console: Console) -> None:
    assert console.read(0xD347, 3) == bytes.fromhex("000500")
    assert console.byte(0xD355) & 7 == 1
    assert console.byte(0xD356) == 0
    assert console.byte(0xD5A2) == 0 and console.byte(0xDA80) == 0


def test_options_menu_sets_the_text_delay(console: Console) -> None:
    for button in ("start", "up", "up", "a", "down", "a"):
        console.press(button)
    assert console.byte(0xD355) & 7 == 3


# ---- where the player is ----


def test_map_variables_follow_the_player(player: Player, console: Console) -> None:
    home, wickham = (player.atlas.world.maps[name] for name in ("HOME", "WICKHAM"))
    assert console.byte(0xD35E) == home.identity >= 37
    assert console.byte(0xD365) == wickham.identity
    assert console.read(0xD368, 2) == bytes([home.height // 2, home.width // 2])
    assert console.byte(0xD3AE) == len(home.warps)
    assert console.byte(0xD4B0) == len(home.of_kind("sign", "hidden"))
    assert console.byte(0xD4E1) == len(home.people())
    assert console.byte(0xD367) == 1
    assert console.byte(0xD887) == 0
    player.walk_to("WICKHAM", *player.floor("WICKHAM"))
    x, y = player.spot().x, player.spot().y
    assert console.byte(0xD35E) == wickham.identity and console.byte(0xD367) == 0
    assert console.read(0xD361, 4) == bytes([y, x, y & 1, x & 1])
    assert console.byte(0xD70B) & 1
    assert console.byte(0xFFD7) != 0


def test_warp_entries_are_y_x_warp_map(player: Player, console: Console) -> None:
    y, x, warp, map_id = console.read(0xD3AF, 4)
    assert player.atlas.kind(37, x, y, player.flag) in ("walk", "door")
    target = player.atlas.world.warps_of(player.atlas.maps[map_id])[warp]
    assert (x, y) in [(door.x, door.y) for door in player.atlas.world.maps["HOME"].warps]
    player.walk_to("WICKHAM", (target.x, target.y + 1))
    assert console.byte(0xD35E) == map_id


def test_walkable_tiles_are_listed_in_the_home_bank(player: Player, console: Console) -> None:
    for map_name in ("HOME", "WICKHAM"):
        player.walk_to(map_name, *player.floor(map_name))
        pointer = int.from_bytes(console.read(0xD530, 2), "little")
        assert 0 < pointer < 0x4000
        listed = console.read(pointer, 97)
        walkable = listed[: listed.index(0xFF)]
        here = player.spot()
        for row in range(9):
            for column in range(10):
                x, y = here.x + column - 4, here.y + row - 4
                map_ = player.atlas.maps[here.map_id]
                if 0 <= x < map_.width and 0 <= y < map_.height:
                    kind = player.atlas.kind(here.map_id, x, y, player.flag)
                    tile = _tile_map(console)[2 * row + 1, 2 * column]
                    assert (tile in walkable) == (kind in ("walk", "grass", "door")), (x, y, kind)


def test_grass_tile_and_encounter_rate(keeper: Player, console: Console) -> None:
    keeper.walk_to("REED_PATH", (3, 31))
    assert console.byte(0xCF0E) == console.byte(0xD535)
    assert console.byte(0xD887) == 25
    assert all(2 <= level <= 4 for level in console.read(0xD888, 20)[::2])


def test_taken_item_hides_its_ball(keeper: Player, console: Console) -> None:
    assert console.read(0xD5A6, 32) == bytes(32)
    keeper.talk("REED_PATH", "salve")
    assert sum(byte.bit_count() for byte in console.read(0xD5A6, 32)) == 1
    slot, _ = keeper.atlas.thing("REED_PATH", "salve")
    assert console.byte(0xC102 + 16 * slot) == 0xFF


def test_hearth_is_remembered(keeper: Player, console: Console) -> None:
    keeper.talk("HEARTH", "rosa")
    assert console.byte(0xD719) == 0


def test_event_flags_are_bits_of_their_bytes(keeper: Player, console: Console) -> None:
    events = read_metadata()["events"]
    raw = console.read(0xD747, 320)
    set_flags = {8 * i + bit for i, byte in enumerate(raw) for bit in range(8) if byte >> bit & 1}
    expected = ("TALKED_TO_KEEPER", "MET_PIM", "GOT_STARTER", "GOT_LANTERN", "GOT_LETTER")
    assert set_flags == {events[name] for name in expected}


# ---- clocks, buttons, chance ----


def test_play_time_counts_frames(console: Console) -> None:
    def frames() -> int:
        hours, _, minutes, seconds, rest = console.read(0xDA41, 5)
        return ((hours * 60 + minutes) * 60 + seconds) * 60 + rest

    before = frames()
    console.press(None, 0, 600)
    assert abs(frames() - before - 600) <= 1


@pytest.mark.parametrize("button", list(JOYPAD))
def test_joypad_variables(console: Console, button: str) -> None:
    console.emulator.step(button, 8, 4)
    assert console.byte(0xFFF8) == console.byte(0xFFB4) == JOYPAD[button]


def test_pressed_and_released_last_one_poll(player: Player, console: Console) -> None:
    console.press("start")
    console.emulator.step("select", 8, 1)
    seen = set()
    for _ in range(12):
        console.tick(1)
        seen.add(tuple(console.read(0xFFB2, 3)))
    assert (0, 4, 4) in seen and (0, 0, 4) in seen and (4, 0, 0) in seen


def test_scroll_registers_follow_their_copies(player: Player, console: Console) -> None:
    console.press(player.free_direction(), frames=9)
    scroll = console.read(0xFFAE, 2)
    console.tick(1)
    assert bytes([console.byte(0xFF43), console.byte(0xFF42)]) == scroll != bytes(2)


def test_random_state_is_the_documented_generator(console: Console) -> None:
    def step(x: int) -> int:
        x ^= x << 7 & 0xFFFF
        x ^= x >> 9
        return x ^ (x << 8 & 0xFFFF)

    for _ in range(20):
        before = _big(console.read(0xFFD3, 2))
        console.tick(1)
        orbit = [before]
        for _ in range(40):
            orbit.append(step(orbit[-1]))
        assert _big(console.read(0xFFD3, 2)) in orbit[1:]


def test_frame_flag_is_cleared_by_the_interrupt(console: Console) -> None:
    console.press(None)
    assert console.byte(0xFFD6) in (0, 1) and console.byte(0xFFD5) == 0
