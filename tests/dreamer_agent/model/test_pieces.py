from __future__ import annotations

import pytest
import torch
from dreamer_agent.config import AgentConfig, ImageConfig
from dreamer_agent.model.decoders import ImageDecoder
from dreamer_agent.model.decoders.pieces import loss_in_pieces
from dreamer_agent.spaces.observation import observation_specs
from gymnasium import spaces

FEATURE = 24


@pytest.fixture
def decoder():
    space = spaces.Box(0, 255, (12, 16, 1), "uint8")
    spec = observation_specs(space, AgentConfig())["observation"]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return ImageDecoder(spec, ImageConfig(depth=2), 16, 8, 4)


def rows(num):
    generator = torch.Generator().manual_seed(1)
    feature = torch.randn(num, FEATURE, generator=generator).requires_grad_()
    target = torch.randint(0, 256, (num, 12, 16, 1), generator=generator, dtype=torch.uint8)
    return feature, target, torch.rand(num, generator=generator)


def gradients(decoder, total, feature):
    for param in decoder.parameters():
        param.grad = None
    (3 * total).backward()  # as a loss scale would
    return [feature.grad, *(param.grad for param in decoder.parameters())]


@pytest.mark.parametrize("num", [1, 4, 11])
def test_pieces_have_the_loss_and_the_gradients_of_the_whole(decoder, num):
    feature, target, weight = rows(num)
    whole = decoder.loss(feature, target)
    expected = gradients(decoder, (whole * weight).sum(), feature)
    again, *_ = rows(num)
    total, losses = loss_in_pieces(decoder, again, target, weight, rows=4)
    torch.testing.assert_close(losses, whole.detach())
    torch.testing.assert_close(total.detach(), (whole * weight).sum().detach())
    for actual, wanted in zip(gradients(decoder, total, again), expected, strict=True):
        torch.testing.assert_close(actual, wanted)


def test_taking_the_loss_alone_leaves_no_gradient_behind(decoder):
    feature, target, weight = rows(5)
    loss_in_pieces(decoder, feature, target, weight, rows=2)
    with torch.no_grad():
        total, losses = loss_in_pieces(decoder, feature, target, weight, rows=2)
    assert all(param.grad is None for param in decoder.parameters())
    torch.testing.assert_close(total, (losses * weight).sum())
