"""What is retrieved: documents, queries and judgements, read from files and by name, written into a build."""
