"""Stable-Baselines3 PPO on the features of a Dreamer world model."""

__version__ = "0.1.0"
