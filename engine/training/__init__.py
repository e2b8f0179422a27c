"""Training: pairs, losses and the loop that turn the training-free floor into a trained scorer."""
