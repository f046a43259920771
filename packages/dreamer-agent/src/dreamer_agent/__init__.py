"""DreamerV3 in PyTorch for multi-modal observations: images of any size, masks, text and vectors."""

__version__ = "0.1.0"
