"""Reading files that somebody else may have written: what they claim is held against what they weigh before it is believed."""
