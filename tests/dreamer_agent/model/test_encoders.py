from __future__ import annotations

import numpy as np
import pytest
import torch
from dreamer_agent.config import AgentConfig, ImageConfig, TextConfig, VectorConfig
from dreamer_agent.model.encoders import (
    ImageEncoder,
    ObservationEncoder,
    TextEncoder,
    VectorEncoder,
)
from dreamer_agent.model.encoders.text import masked_mean, sinusoidal_positions
from dreamer_agent.model.stems import plan_stem
from dreamer_agent.spaces.observation import ObservationSpec, observation_specs
from gymnasium import spaces

SIZES = [(72, 80, 1), (64, 64, 3), (7, 9, 3), (210, 160, 3), (5, 3, 1), (33, 47, 2)]
STEMS = ["tile", "nature", "cnn2023"]


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def image_spec(shape, modality="image", high=255.0):
    return ObservationSpec("x", modality, "mse", shape, "uint8", high=high)


def text_spec(length=12, vocabulary=256):
    return ObservationSpec("x", "tokens", "categorical", (length,), "uint8", (vocabulary,))


def text_encoder(**settings):
    return TextEncoder(text_spec(), TextConfig(embed=16, heads=2, out=8, **settings)).eval()


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("shape", SIZES)
def test_images_of_any_size_encode_to_the_promised_width(stem, shape):
    encoder = ImageEncoder(image_spec(shape), ImageConfig(stem=stem, depth=2))
    out = encoder(torch.randint(0, 256, (3, *shape), dtype=torch.uint8))
    assert out.shape == (3, encoder.out_size)


@pytest.mark.parametrize("stem", STEMS)
def test_every_pixel_reaches_the_embedding(stem):
    encoder = ImageEncoder(image_spec((33, 47, 1)), ImageConfig(stem=stem, depth=4))
    black = torch.zeros(1, 33, 47, 1, dtype=torch.uint8)
    dots = black.repeat(6, 1, 1, 1)
    for i, (y, x) in enumerate([(0, 0), (32, 46), (0, 46), (32, 0), (16, 23), (31, 45)]):
        dots[i, y, x] = 255
    changed = (encoder(dots) - encoder(black)).abs().amax(1)
    assert (changed > 0).all()


def test_images_without_a_channel_axis_are_one_channel():
    encoder = ImageEncoder(image_spec((16, 16)), ImageConfig())
    assert encoder(torch.zeros(2, 16, 16, dtype=torch.uint8)).shape == (2, encoder.out_size)


def test_pixels_are_scaled_to_plus_minus_a_half_and_masks_by_being_set():
    class Spy(torch.nn.Module):
        def forward(self, x):
            self.seen = x
            return x[:, :1].repeat(1, 4, 1, 1)

    for modality, expected in (("image", [-0.5, 3 / 255 - 0.5, 0.5]), ("mask", [-0.5, 0.5, 0.5])):
        encoder = ImageEncoder(image_spec((1, 3), modality), ImageConfig(stem="nature", depth=2))
        encoder.convs[0] = Spy()
        encoder(torch.tensor([[[0, 3, 255]]], dtype=torch.uint8))
        np.testing.assert_allclose(encoder.convs[0].seen.flatten().numpy(), expected, atol=1e-6)


def test_pixels_of_another_range_look_the_same_as_shares_of_white():
    torch.manual_seed(0)
    white = ImageEncoder(image_spec((16, 16)), ImageConfig())
    levels = ImageEncoder(image_spec((16, 16), high=3.0), ImageConfig())
    levels.load_state_dict(white.state_dict())
    image = torch.randint(0, 4, (2, 16, 16), dtype=torch.uint8)
    torch.testing.assert_close(levels(image), white(image * 85))


def test_the_game_screen_keeps_its_tile_grid():
    plan = plan_stem(72, 80, ImageConfig(stem="tile", depth=4))
    assert plan.grids == ((18, 20), (9, 10), (5, 5))
    assert plan_stem(64, 64, ImageConfig(stem="nature")).grids[-1] == (4, 4)


def test_padding_after_a_text_does_not_change_its_encoding():
    short = TextEncoder(text_spec(4), TextConfig(embed=16, heads=2, out=8)).eval()
    long = text_encoder()
    long.load_state_dict(short.state_dict())
    text = torch.tensor([[5, 6, 7, 0]])
    padded = torch.nn.functional.pad(text, (0, 8))
    torch.testing.assert_close(long(padded), short(text))


def test_a_texts_encoding_does_not_depend_on_the_other_texts_in_the_batch():
    encoder = text_encoder()
    texts = torch.randint(1, 256, (5, 12), dtype=torch.uint8)
    texts[1, 3:] = 0
    texts[3] = texts[1]
    texts[4] = 0
    together = encoder(texts)
    alone = torch.cat([encoder(text[None]) for text in texts])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    assert torch.equal(together[1], together[3])


def test_an_empty_text_encodes_to_something_finite_with_finite_gradients():
    encoder = text_encoder()
    out = encoder(torch.zeros(2, 12, dtype=torch.uint8))
    out.sum().backward()
    assert out.isfinite().all()
    assert all(p.grad is None or p.grad.isfinite().all() for p in encoder.parameters())


def test_the_order_of_the_words_matters():
    encoder = text_encoder()
    a, b = torch.tensor([[1, 2, 3] + [0] * 9]), torch.tensor([[3, 2, 1] + [0] * 9])
    assert not torch.allclose(encoder(a), encoder(b))


def test_pooling_averages_the_present_tokens_only():
    x = torch.arange(12.0).view(2, 3, 2)
    present = torch.tensor([[True, True, False], [False, False, False]])
    assert masked_mean(x, present).tolist() == [[1.0, 2.0], [0.0, 0.0]]


def test_positions_are_the_sines_and_cosines_of_the_transformer_paper():
    table = sinusoidal_positions(9, 6).numpy()
    for position in (0, 3, 8):
        for i in range(3):
            angle = position / 10_000 ** (2 * i / 6)
            np.testing.assert_allclose(table[position, 2 * i], np.sin(angle), atol=1e-5)
            np.testing.assert_allclose(table[position, 2 * i + 1], np.cos(angle), atol=1e-5)


def test_dropout_acts_in_training_only():
    encoder = text_encoder(dropout=0.5)
    text = torch.randint(1, 256, (1, 12))
    assert torch.equal(encoder(text), encoder(text))
    encoder.train()
    assert not torch.equal(encoder(text), encoder(text))


def test_float_vectors_are_squashed_before_the_network():
    spec = ObservationSpec("x", "vector", "symlog_mse", (2,), "float32")
    encoder = VectorEncoder(spec, VectorConfig(units=8, layers=1))
    plain = VectorEncoder(spec, VectorConfig(units=8, layers=1, scaling="none"))
    plain.load_state_dict(encoder.state_dict())
    x = torch.tensor([[1000.0, -3.0]])
    torch.testing.assert_close(encoder(x), plain(torch.sign(x) * torch.log1p(x.abs())))


def test_classes_become_one_hots_counted_from_their_start():
    spec = ObservationSpec("x", "discrete", "categorical", (2,), "int64", (3, 2), (1, 0))
    encoder = VectorEncoder(spec, VectorConfig(units=4, layers=1))
    expected = encoder.mlp(torch.tensor([[0.0, 0.0, 1.0, 1.0, 0.0]]))
    torch.testing.assert_close(encoder(torch.tensor([[3, 0]])), expected)


def test_keys_may_have_any_name_and_are_left_out_on_request():
    space = spaces.Dict({"type": spaces.Discrete(2), "a.b": spaces.Box(-1, 1, (2,))})
    encoder = ObservationEncoder(observation_specs(space, AgentConfig()), AgentConfig())
    obs = {"type": torch.zeros(3, dtype=torch.long), "a.b": torch.zeros(3, 2)}
    assert encoder(obs).shape == (3, encoder.out_size)
    config = AgentConfig(modalities={"type": {"encode": False}})
    assert ObservationEncoder(observation_specs(space, config), config).keys == ["a.b"]
