"""What the model imagines, beside what happened. Reads agents and replays, changes neither."""
