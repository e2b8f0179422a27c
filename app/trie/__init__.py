"""What stands on the Trie page."""
