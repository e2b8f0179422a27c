"""The Catalogue page: a person's own file becomes a build."""
