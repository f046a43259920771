"""One update: losses, gradients, optimiser. Nothing else changes weights."""
