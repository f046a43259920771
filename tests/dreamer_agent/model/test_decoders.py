from __future__ import annotations

import numpy as np
import pytest
import torch
from dreamer_agent.config import ImageConfig, TextConfig, VectorConfig
from dreamer_agent.model.decoders import ImageDecoder, TextDecoder, VectorDecoder
from dreamer_agent.model.decoders.text import counted_positions
from dreamer_agent.spaces.observation import ObservationSpec

DETER, STOCH = 16, 12
FEATURE = DETER + STOCH
SIZES = [(72, 80, 1), (64, 64, 3), (7, 9, 3), (210, 160, 3), (5, 3, 1), (33, 47, 2)]
STEMS = ["tile", "nature", "cnn2023"]


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def image_decoder(
    shape=(9, 10, 1), stem="tile", likelihood="mse", classes=(), high=255.0, dtype="uint8"
):
    modality = "mask" if likelihood == "bernoulli" else "image"
    spec = ObservationSpec("x", modality, likelihood, shape, dtype, classes, high=high)
    return ImageDecoder(spec, ImageConfig(stem=stem, depth=4), DETER, STOCH, 8)


def vector_decoder(likelihood, shape=(3,), dtype="float32", classes=(), offset=()):
    modality = {"categorical": "discrete", "bernoulli": "binary"}.get(likelihood, "vector")
    spec = ObservationSpec("x", modality, likelihood, shape, dtype, classes, offset)
    return VectorDecoder(spec, VectorConfig(units=8, layers=1), FEATURE)


def text_decoder(length=6, vocabulary=20):
    spec = ObservationSpec("x", "tokens", "categorical", (length,), "uint8", (vocabulary,))
    return TextDecoder(spec, TextConfig(decoder_rank=4), FEATURE, 8)


def random_image(shape, num=2, values=256):
    return torch.randint(0, values, (num, *shape), dtype=torch.uint8)


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("shape", SIZES)
def test_images_of_any_size_are_decoded_without_resizing(stem, shape):
    prediction = image_decoder(shape, stem).predict(torch.randn(2, FEATURE))
    assert prediction.shape == (2, *shape)
    assert prediction.dtype == torch.uint8


def test_image_loss_is_the_squared_error_of_a_sigmoid_summed_over_pixels():
    decoder, target = image_decoder(), random_image((9, 10, 1))
    feature = torch.randn(2, FEATURE)
    output = 1 / (1 + np.exp(-decoder(feature).detach().double().numpy()[..., 0]))
    expected = ((output - target.numpy() / 255) ** 2).sum((1, 2, 3))
    np.testing.assert_allclose(decoder.loss(feature, target).detach().numpy(), expected, rtol=1e-5)


def test_mask_loss_is_the_bernoulli_likelihood_of_the_pixel_being_set():
    decoder = image_decoder(likelihood="bernoulli")
    target = (torch.rand(2, 9, 10, 1) < 0.4).to(torch.uint8) * 255
    target[1] = target[1] // 255  # masks of ones are masks too
    feature = torch.randn(2, FEATURE)
    p = 1 / (1 + np.exp(-decoder(feature).detach().double().numpy()[..., 0]))
    y = target.numpy() > 0
    expected = -(np.where(y, np.log(p), np.log(1 - p))).sum((1, 2, 3))
    np.testing.assert_allclose(decoder.loss(feature, target).detach().numpy(), expected, rtol=1e-5)
    assert set(decoder.predict(feature).unique().tolist()) <= {0, 255}


def test_grey_levels_are_classes():
    decoder = image_decoder(likelihood="categorical", classes=(4,))
    levels = torch.randint(0, 4, (2, 9, 10, 1))
    feature = torch.randn(2, FEATURE)
    log_probs = decoder(feature).log_softmax(-1)
    expected = -log_probs.gather(-1, levels.unsqueeze(-1)).sum((1, 2, 3, 4))
    target = (levels * 85).to(torch.uint8)
    torch.testing.assert_close(decoder.loss(feature, target), expected)
    assert set(decoder.predict(feature).unique().tolist()) <= {0, 85, 170, 255}


@pytest.mark.parametrize("high", [1.0, 3.0, 255.0])
@pytest.mark.parametrize(("likelihood", "classes"), [("mse", ()), ("categorical", (4,))])
def test_images_are_learned_and_predicted_as_shares_of_their_high_value(likelihood, classes, high):
    decoder = image_decoder(likelihood=likelihood, classes=classes, high=high)
    white = image_decoder(likelihood=likelihood, classes=classes)
    white.load_state_dict(decoder.state_dict())
    feature = torch.randn(2, FEATURE)
    target = torch.randint(0, 2, (2, 9, 10, 1), dtype=torch.uint8)
    loss, expected = decoder.loss(feature, target * high), white.loss(feature, target * 255)
    torch.testing.assert_close(loss, expected)
    shares = white.predict(feature).float() / 255
    assert torch.equal(decoder.predict(feature), (shares * high).round().to(torch.uint8))


def test_levels_are_spread_over_the_range_of_the_space():
    decoder = image_decoder(likelihood="categorical", classes=(4,), high=3.0)
    levels = torch.randint(0, 4, (2, 9, 10, 1))
    feature = torch.randn(2, FEATURE)
    expected = -decoder(feature).log_softmax(-1).gather(-1, levels.unsqueeze(-1))
    loss = decoder.loss(feature, levels.to(torch.uint8))
    torch.testing.assert_close(loss, expected.sum((1, 2, 3, 4)))
    assert torch.equal(decoder.predict(feature), decoder(feature).argmax(-1).to(torch.uint8))


@pytest.mark.parametrize(("dtype", "high"), [("uint8", 1.0), ("int8", 1.0), ("uint8", 255.0)])
def test_masks_are_predicted_in_their_own_high_value_and_dtype(dtype, high):
    decoder = image_decoder(likelihood="bernoulli", high=high, dtype=dtype)
    predicted = decoder.predict(torch.randn(8, FEATURE))
    assert predicted.dtype == getattr(torch, dtype)
    assert set(predicted.unique().tolist()) == {0, high}


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("likelihood", ["mse", "categorical"])
def test_image_decoder_can_learn_two_pictures(stem, likelihood):
    decoder = image_decoder((18, 21, 1), stem, likelihood, (4,) if likelihood != "mse" else ())
    squares = random_image((3, 3, 1), values=4) * 85
    target = squares.repeat_interleave(6, 1).repeat_interleave(7, 2)
    feature = torch.randn(2, FEATURE)
    optimizer = torch.optim.Adam(decoder.parameters(), 0.02)
    for _ in range(200):
        optimizer.zero_grad()
        decoder.loss(feature, target).mean().backward()
        optimizer.step()
    wrong = (decoder.predict(feature).float() - target.float()).abs() > 42
    assert wrong.float().mean() < 0.1


def test_text_counts_up_to_the_padding_that_ends_it():
    tokens = torch.tensor([[3, 4, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 2, 0, 0], [1, 1, 1, 1, 1]])
    assert counted_positions(tokens, 0).long().tolist() == [
        [1, 1, 1, 0, 0],
        [1, 0, 0, 0, 0],
        [1, 1, 1, 1, 0],
        [1, 1, 1, 1, 1],
    ]


def test_text_loss_is_the_cross_entropy_over_the_counted_positions():
    decoder = text_decoder()
    tokens = torch.tensor([[3, 4, 0, 0, 0, 0], [0] * 6], dtype=torch.uint8)
    feature = torch.randn(2, FEATURE)
    logits = decoder.head(decoder.project(feature).view(2, 6, 4))
    log_probs = logits.log_softmax(-1)
    expected = torch.stack(
        [-(log_probs[0, 0, 3] + log_probs[0, 1, 4] + log_probs[0, 2, 0]), -log_probs[1, 0, 0]]
    )
    torch.testing.assert_close(decoder.loss(feature, tokens), expected)


def test_text_decoder_learns_texts_and_where_they_end():
    decoder = text_decoder()
    tokens = torch.tensor([[3, 4, 9, 0, 0, 0], [0] * 6, [5, 5, 5, 5, 5, 5]], dtype=torch.uint8)
    feature = torch.randn(3, FEATURE)
    optimizer = torch.optim.Adam(decoder.parameters(), 0.02)
    for _ in range(150):
        optimizer.zero_grad()
        decoder.loss(feature, tokens).mean().backward()
        optimizer.step()
    assert torch.equal(decoder.predict(feature), tokens)


@pytest.mark.parametrize("likelihood", ["symlog_mse", "mse"])
def test_vector_loss_is_the_squared_error_in_the_likelihoods_space(likelihood):
    decoder, feature = vector_decoder(likelihood), torch.randn(2, FEATURE)
    target = torch.tensor([[0.0, 100.0, -3.0], [1.0, 2.0, 3.0]])
    output = decoder(feature).detach().numpy()
    goal = target.numpy()
    if likelihood == "symlog_mse":
        goal = np.sign(goal) * np.log1p(np.abs(goal))
    expected = ((output - goal) ** 2).sum(-1)
    np.testing.assert_allclose(decoder.loss(feature, target).detach().numpy(), expected, rtol=1e-5)


def test_symlog_predictions_come_back_in_raw_units():
    decoder, feature = vector_decoder("symlog_mse"), torch.randn(2, FEATURE)
    output = decoder(feature).detach().numpy()
    expected = np.sign(output) * np.expm1(np.abs(output))
    np.testing.assert_allclose(decoder.predict(feature).detach().numpy(), expected, rtol=1e-5)


def test_class_loss_sums_the_cross_entropies_of_the_components():
    decoder = vector_decoder("categorical", (2,), "int64", (3, 4), (0, 1))
    feature = torch.randn(2, FEATURE)
    target = torch.tensor([[2, 1], [0, 4]])
    first, second = (part.log_softmax(-1) for part in decoder(feature).split((3, 4), -1))
    expected = -torch.stack([first[0, 2] + second[0, 0], first[1, 0] + second[1, 3]])
    torch.testing.assert_close(decoder.loss(feature, target), expected)
    assert (decoder.predict(feature)[:, 1] >= 1).all()


def test_flags_are_bernoulli_and_predicted_as_zero_or_one():
    decoder, feature = vector_decoder("bernoulli", dtype="int8"), torch.randn(2, FEATURE)
    target = torch.tensor([[1, 0, 1], [0, 0, 0]], dtype=torch.int8)
    p = decoder(feature).sigmoid()
    expected = -(target * p.log() + (1 - target) * (1 - p).log()).sum(-1)
    torch.testing.assert_close(decoder.loss(feature, target), expected)
    assert set(decoder.predict(feature).unique().tolist()) <= {0, 1}


def test_a_mask_in_squares_has_the_loss_of_its_pixels_and_predicts_them():
    spec = ObservationSpec("x", "mask", "bernoulli", (10, 12, 1), "uint8", block=4)
    decoder = ImageDecoder(spec, ImageConfig(depth=4), DETER, STOCH, 8)
    squares = torch.randint(0, 2, (2, 3, 3, 1), dtype=torch.uint8) * 255
    target = squares.repeat_interleave(4, 1).repeat_interleave(4, 2)[:, :10, :12]
    feature = torch.randn(2, FEATURE)
    logit = decoder(feature).squeeze(-1)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        logit, (squares > 0).float(), reduction="none"
    )
    torch.testing.assert_close(decoder.loss(feature, target), 16 * loss.sum((1, 2, 3)))
    predicted = decoder.predict(feature)
    assert predicted.shape == (2, 10, 12, 1)
    assert torch.equal(predicted[:, ::4, ::4] > 0, logit > 0)
    assert torch.equal(predicted[:, :4, 4:8], predicted[:, :1, 4:5].expand(2, 4, 4, 1))
