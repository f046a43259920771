from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from dreamer_agent.errors import EnvError
from dreamer_agent.tasks import DIRECTIONS, decode_text, encode_text
from gymnasium.utils.env_checker import check_env


@pytest.mark.parametrize("name", ["TMaze-v0", "ReadText-v0"])
def test_tasks_are_registered_and_pass_gymnasiums_checker(name):
    check_env(gym.make(f"dreamer_agent:{name}").unwrapped, skip_render_check=True)


@pytest.mark.parametrize("length", [1, 20])
def test_the_cue_is_shown_once_and_decides_the_turn(length):
    env = gym.make("dreamer_agent:TMaze-v0", length=length)
    for seed in range(4):
        obs, _ = env.reset(seed=seed)
        cue = obs[0]
        assert cue in (-1, 1)
        for _ in range(length):
            obs, reward, terminated, _, _ = env.step(0)
            assert obs[0] == 0 and reward == 0 and not terminated
        assert obs[1] == 1 and obs[2] == 0
        wanted = int(cue > 0)
        _, reward, terminated, truncated, info = env.step(wanted if seed % 2 else 1 - wanted)
        assert reward == (1 if seed % 2 else wanted - 1)  # wrong: 0 to the left, -1 to the right
        assert terminated and not truncated and info["success"] == bool(seed % 2)


def test_a_range_of_lengths_is_drawn_from():
    env = gym.make("dreamer_agent:TMaze-v0", length=(2, 4)).unwrapped
    seen = {len_of_episode(env, seed) for seed in range(40)}
    assert seen == {3, 4, 5}


def test_short_corridors_are_as_frequent_as_long_ones():
    env = gym.make("dreamer_agent:TMaze-v0", length=(1, 15)).unwrapped
    lengths = [len_of_episode(env, seed) - 1 for seed in range(400)]
    assert max(lengths) == 15
    shares = [np.mean([low <= n < 2 * low for n in lengths]) for low in (1, 2, 4, 8)]
    assert all(0.18 < share < 0.32 for share in shares)  # an octave each


def len_of_episode(env, seed):
    env.reset(seed=seed)
    steps = 1
    while not env.step(0)[2]:
        steps += 1
    return steps


def test_impossible_lengths_are_refused():
    with pytest.raises(EnvError, match="range"):
        gym.make("dreamer_agent:TMaze-v0", length=(5, 2))


def test_doing_what_the_sentence_says_earns_every_reward():
    env = gym.make("dreamer_agent:ReadText-v0").unwrapped
    obs, _ = env.reset(seed=0)
    total, truncated = 0.0, False
    while not truncated:
        words = decode_text(obs["text"]).split()
        obs, reward, _, truncated, _ = env.step(DIRECTIONS.index(words[words.index("go") + 1]))
        total += reward
    assert total == 10


def test_without_text_nothing_tells_the_wanted_action():
    env = gym.make("dreamer_agent:ReadText-v0", show_text=False).unwrapped
    obs, _ = env.reset(seed=0)
    for _ in range(9):
        assert not obs["text"].any()
        obs, *_ = env.step(0)


def test_equal_seeds_show_equal_sentences():
    def sentences(seed):
        env = gym.make("dreamer_agent:ReadText-v0").unwrapped
        obs, _ = env.reset(seed=seed)
        return [decode_text(obs["text"])] + [decode_text(env.step(0)[0]["text"]) for _ in range(9)]

    assert sentences(3) == sentences(3) != sentences(4)


def test_sentences_survive_their_encoding():
    codes = encode_text("the old man: go right please")
    assert codes.dtype == np.uint8 and codes.shape == (32,)
    assert decode_text(codes) == "the old man: go right please"
