"""Columns that Compare offers: what a build cannot open is none of them."""

from app.compare import comparing
from engine.builds.opened import Build


def test_what_needs_train_queries_is_offered_where_there_are_some(films, sixty_home):
    assert "moved" in comparing.offered(films)
    assert "moved" not in comparing.offered(Build(sixty_home / "builds" / "sixty"))
