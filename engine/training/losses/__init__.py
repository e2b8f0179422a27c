"""What is minimised, with the options that weigh it."""
