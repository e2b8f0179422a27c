"""Who says what is right where no judgement does: rankings, soft targets, negatives."""
