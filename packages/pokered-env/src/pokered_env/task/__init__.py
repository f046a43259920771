"""What is observed, rewarded and counted, and where episodes start. Reads, never presses."""
