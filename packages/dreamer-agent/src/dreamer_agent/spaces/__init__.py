"""What a Gymnasium space means here: modality, shape, scale, kind of action."""
