"""What a job is doing is said in words, whichever stage the engine tells of."""

import re

from app.common import stages
from engine import paths
from engine.builds import stages as of_builds
from engine.builds.projection import STAGES
from engine.progress import Progress

TOLD = re.compile(r"\b(?:(?:tell|report|report_progress|progress)\(|stage=)\"([^\"]+)\"")


def test_every_stage_that_the_engine_names_has_words():
    named = {*of_builds.stages(), *STAGES, Progress().state["stage"]}
    for file in (paths.ROOT / "engine").rglob("*.py"):
        named |= set(TOLD.findall(file.read_text("utf-8")))
    assert named >= {"training", "judging", "queries", "embeddings"}
    assert named - {"build"} == set(stages.WORDS)
