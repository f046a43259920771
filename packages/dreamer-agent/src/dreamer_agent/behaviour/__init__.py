"""Actor and critic on imagined rows. Reads the world model, never observations."""
