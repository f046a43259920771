"""The command line: doctor, bench, play. Uses everything below, and prints."""
