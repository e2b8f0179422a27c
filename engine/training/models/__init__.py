"""The trainable form of every kind of scorer."""
