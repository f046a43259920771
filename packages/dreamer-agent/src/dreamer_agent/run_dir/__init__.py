"""What lies on disk of a run, and agents made from it. Trains nothing."""
