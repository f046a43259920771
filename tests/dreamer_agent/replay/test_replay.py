"""The replay against a plain list of rows: what it samples, keeps and returns to."""

from __future__ import annotations

from collections import Counter

import gymnasium as gym
import numpy as np
import pytest
from dreamer_agent.errors import ConfigError, ReplayError
from dreamer_agent.replay import Replay, ReplayConfig, make_row, segments
from hypothesis import given, settings
from hypothesis import strategies as st

OBS = gym.spaces.Dict(
    {"n": gym.spaces.Box(0, 2**31 - 1, (1,), np.int32), "x": gym.spaces.Box(-1, 1, (2,))}
)
ACT = gym.spaces.Discrete(7)
LATENT = (6, 3, 5)


def make_replay(num_streams=1, batch_size=4, sequence_length=8, directory=None, **config):
    return Replay.for_spaces(
        OBS,
        ACT,
        num_streams=num_streams,
        batch_size=batch_size,
        sequence_length=sequence_length,
        config=ReplayConfig(**config),
        latent_sizes=LATENT,
        directory=directory,
        seed=3,
    )


def fill(replay, stream, lengths, rows=None):
    """Add episodes of these lengths; the observation names stream and position."""
    rows = [] if rows is None else rows
    for length in lengths:
        for step in range(length):
            last = step == length - 1
            row = make_row(
                {"n": [stream * 10_000 + len(rows)], "x": [0.5, -0.5]},
                action=0 if step == 0 else len(rows) % 7,
                reward=0.0 if step == 0 else float(len(rows)),
                is_first=step == 0,
                is_last=last,
                is_terminal=last and length % 2 == 0,
            )
            replay.add(row, stream)
            rows.append(row)
    return rows


def positions(batch):
    return batch.obs["n"][..., 0].astype(int)


@settings(max_examples=40, deadline=None)
@given(
    episodes=st.lists(
        st.lists(st.integers(1, 20), min_size=1, max_size=12), min_size=1, max_size=3
    ),
    length=st.integers(2, 12),
    every=st.sampled_from([0, 1, 2]),
    chunk=st.integers(1, 9),
    boundary=st.sampled_from(["cross", "within"]),
    prefetch=st.booleans(),
)
def test_every_batch_equals_the_rows_that_were_added(
    episodes, length, every, chunk, boundary, prefetch
):
    replay = make_replay(
        len(episodes),
        sequence_length=length,
        chunk_length=chunk,
        context_every=every,
        boundary=boundary,
        prefetch=prefetch,
    )
    model = [fill(replay, stream, lengths) for stream, lengths in enumerate(episodes)]
    if not replay.can_sample():
        assert boundary == "cross"
        assert all(len(rows) < length + max(every, 1) for rows in model)
        return
    for _ in range(5):
        batch = replay.sample()
        for index in range(4):
            check_sequence(batch, index, model, boundary)
    replay.close()


def check_sequence(batch, index, model, boundary):
    valid = np.ones(batch.shape[1], bool) if batch.valid is None else batch.valid[index]
    size = int(valid.sum())
    assert size > 0 and valid[:size].all()
    stream, start = divmod(int(positions(batch)[index, 0]), 10_000)
    expected = model[stream][start : start + size]
    assert positions(batch)[index, :size].tolist() == [r["obs/n"][0] for r in expected]
    for name in ("action", "reward", "is_first", "is_terminal"):
        assert getattr(batch, name)[index, :size].tolist() == [r[name] for r in expected]
    if boundary == "within":
        assert not batch.is_first[index, 1:size].any()
        assert not batch.is_last[index, : size - 1].any()
    else:
        assert batch.valid is None and size == batch.shape[1]
    assert not batch.is_terminal[index, size:].any() and (batch.ids[index, size:] == -1).all()


def test_starts_are_uniform_over_rows_of_all_streams():
    replay = make_replay(2, batch_size=50, context_every=0, online=False)
    fill(replay, 0, [30])
    fill(replay, 1, [90])
    counts = Counter()
    for _ in range(200):
        counts.update(positions(replay.sample())[:, 0].tolist())
    assert len(counts) == 23 + 83
    expected = 10_000 / len(counts)
    chi_square = sum((count - expected) ** 2 / expected for count in counts.values())
    assert chi_square < 150  # 105 degrees of freedom: p = 0.0026 at 150


def test_within_an_episode_first_and_last_rows_are_not_starved():
    replay = make_replay(batch_size=50, context_every=0, online=False, boundary="within")
    fill(replay, 0, [40, 3, 40])
    seen = Counter()
    for _ in range(100):
        batch = replay.sample()
        seen.update(positions(batch)[batch.valid if batch.valid is not None else ...].tolist())
    middle = np.median([seen[row] for row in range(15, 25)])
    assert all(seen[row] > 0.7 * middle for row in (0, 39, 40, 42, 43, 82))


def test_new_sequences_are_shown_once_before_chance_decides():
    replay = make_replay(batch_size=4, context_every=0)
    rows = fill(replay, 0, [800])
    while len(replay._sampler._queue):
        replay.sample()
    replay.sample()  # the one drawn ahead
    replay.sample()
    fill(replay, 0, [16], rows)
    replay.sample()
    starts = positions(replay.sample())[:, 0].tolist()
    assert 800 in starts and 808 in starts


def test_new_sequences_come_in_order_and_leave_half_of_the_batch_to_chance():
    replay = make_replay(batch_size=4, context_every=0)
    fill(replay, 0, [80])
    batches = [positions(replay.sample())[:, 0].tolist() for _ in range(5)]
    assert [starts[:2] for starts in batches] == [[8 * n, 8 * n + 8] for n in range(0, 10, 2)]


def test_new_sequences_that_wait_too_long_are_left_to_chance():
    replay = make_replay(batch_size=2, context_every=0)
    fill(replay, 0, [8 * 40])
    assert positions(replay.sample())[0, 0] == 8 * 24  # the newest 16 still wait


def test_no_row_of_an_episode_is_lost_by_starting_after_kept_latents():
    replay = make_replay(context_every=4, online=False, boundary="within", batch_size=50)
    fill(replay, 0, [21, 3, 22, 11])
    seen = set()
    for _ in range(30):
        batch = replay.sample()
        seen |= set(positions(batch)[batch.ids >= 0].tolist())
    assert seen == set(range(57))


def test_sequences_to_look_at_are_the_newest_and_others_apart_after_kept_latents():
    replay = make_replay(context_every=4, capacity=57)
    fill(replay, 0, [99])  # rows 42 to 98 are kept
    assert positions(replay.spread(1, 8))[:, 0].tolist() == [88]
    assert positions(replay.spread(99, 8))[:, 0].tolist() == [88, 80, 72, 64, 56, 48]
    assert positions(replay.spread(3, 8))[:, 0].tolist() == [88, 72, 48]


def test_a_full_replay_forgets_the_oldest_rows():
    replay = make_replay(capacity=40, context_every=0, batch_size=64)
    fill(replay, 0, [100])
    replay.sample()
    assert positions(replay.sample())[:, 0].min() >= 60
    assert replay.stats().rows == 40


def test_an_abandoned_episode_ends_where_the_next_begins():
    replay = make_replay(context_every=0, sequence_length=16, batch_size=8)
    rows = fill(replay, 0, [10])
    rows[-1]["is_last"] = rows[-1]["is_terminal"] = False
    broken = make_replay(context_every=0, sequence_length=16, batch_size=8)
    for row in rows:
        broken.add(row)
    fill(broken, 0, [10], rows)
    batch = broken.sample()
    followed_by_reset = batch.is_first[:, 1:]
    assert followed_by_reset.any() and batch.is_last[:, :-1][followed_by_reset].all()
    assert not batch.is_terminal[:, :-1][followed_by_reset].any()


def test_sequences_start_right_after_a_kept_latent_and_get_it():
    replay = make_replay(context_every=4, batch_size=16)
    fill(replay, 0, [100])
    batch = replay.sample()
    assert (positions(batch)[:, 0] % 4 == 0).all() and not batch.context["valid"].any()
    ids = np.arange(100)
    deter = np.repeat(ids[:, None], 6, 1).astype(np.float32)
    stoch = np.repeat(ids[:, None] % 5, 3, 1)
    replay.write_latents(ids, deter, stoch)
    batch = replay.sample()
    before = positions(batch)[:, 0] - 1
    assert batch.context["valid"].tolist() == (before >= 0).tolist()
    known = before >= 0
    assert (batch.context["deter"][known, 0] == before[known]).all()
    assert (batch.context["stoch"][known, 0] == before[known] % 5).all()
    assert (batch.context["deter"][~known] == 0).all()


def test_latents_of_a_row_forgotten_long_ago_are_not_mistaken_for_new_ones():
    replay = make_replay(context_every=4, capacity=40, batch_size=16)
    fill(replay, 0, [60])
    ids = np.arange(60)
    replay.write_latents(ids, np.ones((60, 6)), np.ones((60, 3), np.int64))
    fill(replay, 0, [60], [None] * 60)
    replay.sample()
    assert not replay.sample().context["valid"].any()


def test_burn_in_is_the_rows_before_each_sequence_and_their_latent():
    plain, replay = (
        make_replay(context_every=4, batch_size=16),
        make_replay(context_every=4, batch_size=16, burn_in=8, chunk_length=5),
    )
    for one in (plain, replay):
        fill(one, 0, [9, 30, 21])
        one.write_latents(np.arange(60), np.arange(60)[:, None].repeat(6, 1), np.ones((60, 3)))
    with_rows = []
    for _ in range(20):
        batch = replay.sample()
        assert np.array_equal(batch.ids, plain.sample().ids), "burn-in changes no sequence"
        before = batch.burn_in
        for index, start in enumerate(positions(batch)[:, 0]):
            with_rows.append(before.valid is None or before.valid[index].all())
            assert with_rows[-1] == (start >= 8)
            if with_rows[-1]:
                assert positions(before)[index].tolist() == [*range(start - 8, start)]
                assert before.context["valid"][index] == (start > 8)
                assert before.context["deter"][index, 0] == max(0, start - 9)
    assert set(with_rows) == {True, False}


def test_burn_in_of_a_replay_without_latents_begins_anywhere():
    replay = make_replay(context_every=0, burn_in=5, boundary="within")
    fill(replay, 0, [12, 12, 12])
    for _ in range(10):
        batch = replay.sample()
        for index, start in enumerate(positions(batch)[:, 0]):
            if start >= 5:
                assert positions(batch.burn_in)[index].tolist() == [*range(start - 5, start)]


def test_a_burn_in_that_cannot_begin_after_a_kept_latent_is_refused():
    with pytest.raises(ConfigError, match=r"burn_in=6 is not a multiple.*context_every=4"):
        make_replay(context_every=4, burn_in=6)


@pytest.mark.parametrize("boundary", ["cross", "within"])
def test_new_sequences_too_begin_after_a_kept_latent_or_with_an_episode(boundary):
    replay = make_replay(sequence_length=10, context_every=4, batch_size=8, boundary=boundary)
    rows, starts, seen = [], set(), set()
    for _ in range(40):
        fill(replay, 0, [15], rows)
        batch = replay.sample()
        starts |= set(positions(batch)[~batch.is_first[:, 0], 0].tolist())
        seen |= set(positions(batch)[batch.ids >= 0].tolist())
    assert starts and all(start % 4 == 0 for start in starts)
    assert set(range(500)) <= seen, "every row is shown"


def test_what_an_older_checkpoint_needs_is_kept_though_newer_rows_have_pushed_it_out(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(segments, "_SEGMENT_BYTES", 1)  # a file for every chunk
    config = {"directory": tmp_path, "capacity": 40, "chunk_length": 8, "context_every": 4}
    replay = make_replay(**config)
    fill(replay, 0, [60])
    replay.sample()
    old = replay.save()
    expected = [replay.sample() for _ in range(4)]
    fill(replay, 0, [50], [None] * 60)
    replay.sample()
    replay.save()
    replay.release(old)
    replay.close()
    again = make_replay(**config)
    again.restore(old)
    assert all(equal(batch, again.sample()) for batch in expected)


def test_a_batch_chosen_before_its_rows_were_pushed_out_can_still_be_read():
    replay = make_replay(capacity=40, chunk_length=8, context_every=4, prefetch=False)
    fill(replay, 0, [60])
    replay.sample()
    fill(replay, 0, [50], [None] * 60)
    replay.release(replay.save())
    assert (positions(replay.sample()) < 60).all()


def equal(a, b):
    same = all(np.array_equal(a.obs[key], b.obs[key]) for key in a.obs)
    same &= np.array_equal(a.ids, b.ids)
    if a.burn_in is not None:
        same &= equal(a.burn_in, b.burn_in)
    return same and all(np.array_equal(a.context[key], b.context[key]) for key in a.context)


@pytest.mark.parametrize("boundary", ["cross", "within"])
@pytest.mark.parametrize(("closed", "burn_in"), [(True, 0), (False, 0), (True, 6)])
def test_a_restored_replay_goes_on_exactly_like_one_never_left(tmp_path, boundary, closed, burn_in):
    config = {"boundary": boundary, "context_every": 2, "chunk_length": 8, "burn_in": burn_in}
    rng = np.random.default_rng(0)

    def work(replay, rows, steps):
        batches = []
        for step in range(steps):
            fill(replay, 0, [5 + step % 3], rows)
            batch = replay.sample()
            values = rng.normal(size=(*batch.shape, 6)).astype(np.float16)
            replay.write_latents(batch.ids, values, np.ones((*batch.shape, 3), np.int64))
            batches.append(batch)
        return batches

    replay = make_replay(directory=tmp_path, **config)
    rows = []
    fill(replay, 0, [20], rows)
    work(replay, rows, 2)
    replay.save()  # an older checkpoint, whose changes must not be undone
    work(replay, rows, 4)
    state, rng_state, count = replay.save(), rng.bit_generator.state, len(rows)
    expected = work(replay, rows, 6)
    replay.save()  # a newer checkpoint that is not returned to
    work(replay, rows, 3)
    if closed:
        replay.close()
    replay._ahead.close()  # a killed process reads nothing any more

    again = make_replay(directory=tmp_path, **config)
    again.restore(state)
    rng.bit_generator.state = rng_state
    got = work(again, rows[:count], 6)
    assert all(equal(a, b) for a, b in zip(expected, got, strict=True))


@pytest.mark.parametrize("boundary", ["cross", "within"])
def test_a_byte_flipped_anywhere_is_named_and_a_restored_replay_goes_on_without_the_chunk(
    tmp_path, boundary
):
    config = {"boundary": boundary, "chunk_length": 16, "context_every": 4, "burn_in": 4}
    replay = make_replay(directory=tmp_path, **config)
    fill(replay, 0, [25, 30])
    replay.sample()
    state = replay.save()
    replay.close()
    (path,) = tmp_path.glob("stream_0000/*.chunks")
    whole = path.read_bytes()
    for place in range(0, len(whole), 5):
        path.write_bytes(bytes(b ^ 255 if i == place else b for i, b in enumerate(whole)))
        with pytest.warns(UserWarning, match="skipped damaged data at|are lost"):
            again = make_replay(directory=tmp_path, **config)
            again.restore(state)
        for _ in range(5):
            batch = again.sample()
            assert np.array_equal(positions(batch)[batch.ids >= 0], batch.ids[batch.ids >= 0])
        again._ahead.close()  # nothing may be written: the next place is flipped in the same file


@pytest.mark.parametrize(("lost", "rows"), [(0, "0-19"), (1, "20-39"), (2, "40-54")])
def test_rows_of_a_lost_segment_are_named_wherever_it_was(tmp_path, lost, rows):
    for length in (20, 20, 15):  # each time it is opened, a segment is begun
        replay = make_replay(directory=tmp_path, chunk_length=10)
        fill(replay, 0, [length])
        state = replay.save()
        replay.close()
    sorted(tmp_path.glob("stream_0000/*.chunks"))[lost].unlink()
    stored = Replay.open(tmp_path, 4, 8)
    with pytest.warns(UserWarning, match=f"rows {rows} of stream 0 are lost"):
        stored.check(state)
    with pytest.warns(UserWarning, match=f"rows {rows} of stream 0 are lost"):
        make_replay(directory=tmp_path, chunk_length=10).restore(state)


def test_rows_that_were_forgotten_are_not_lost(tmp_path, recwarn):
    config = {"chunk_length": 10, "capacity": 100}
    replay = make_replay(directory=tmp_path, **config)
    fill(replay, 0, [400])
    state = replay.save()
    replay.release(state)
    replay.close()
    make_replay(directory=tmp_path, **config).restore(state)
    make_replay(directory=tmp_path, chunk_length=10, capacity=60).restore(state)
    assert not recwarn.list


def test_a_chunk_lost_while_a_batch_that_needs_it_waits_is_passed_over(tmp_path):
    config = {"chunk_length": 8, "batch_size": 64, "online": False, "prefetch": False}
    replay = make_replay(directory=tmp_path, **config)
    fill(replay, 0, [64])
    replay.sample()
    assert min(window.start for window in replay._ahead.windows) < 8
    replay.save()
    (path,) = tmp_path.glob("stream_0000/*.chunks")
    with path.open("r+b") as file:
        file.write(b"\0")
    with pytest.warns(UserWarning, match="fails its checksum"), pytest.raises(ReplayError):
        replay.read(0, 0, 8)
    assert (positions(replay.sample()) >= 8).all()


def test_a_stored_replay_can_be_opened_to_learn_from_without_touching_it(tmp_path):
    replay = make_replay(2, directory=tmp_path)
    fill(replay, 0, [30])
    fill(replay, 1, [30])
    replay.close()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    offline = Replay.open(tmp_path, 4, 8)
    assert offline.sample().shape == (4, 8) and offline.stats().rows == 60
    offline.close()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_too_few_rows_say_how_many_are_needed():
    replay = make_replay()
    fill(replay, 0, [5])
    with pytest.raises(ReplayError, match=r"5 rows.*sequence of 8"):
        replay.sample()


def test_a_missing_replay_is_named(tmp_path):
    with pytest.raises(ReplayError, match="nowhere"):
        Replay.open(tmp_path / "nowhere", 4, 8)


def test_latents_sparser_than_sequences_are_refused():
    with pytest.raises(ConfigError, match="context_every=16"):
        make_replay(context_every=16)
