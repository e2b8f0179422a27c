"""Answers over hits, each sentence with the documents that it rests on."""
