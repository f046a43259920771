"""The world model: observations and actions to latents and back. Knows no behaviour, no run."""
