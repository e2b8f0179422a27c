"""The report card of identifiers: its figures, the rules that judge them, the remedies."""
