"""What is learned from: pairs of a query and a document."""
