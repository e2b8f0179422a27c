"""Text to vectors: the encoder, what it has embedded before, token states."""
