"""The vectors that come with the catalogue are the encoder's own, and all that a first build needs."""

import os
import subprocess
import sys

import numpy as np
import pytest

from engine import paths
from engine.builds import packaged
from engine.text import embed, encoders

EVERY = 40


ROLES = ("document", "query")


def packaged_vectors(texts, role):
    return embed.embed(texts, cache=paths.bundled_vectors(), role=role)


def test_a_first_build_embeds_nothing_and_loads_no_model(tmp_path):
    code = "import sys; from app import prepare; prepare.main(); print('torch' in sys.modules)"
    env = os.environ | {"TRIESCOPE_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=paths.ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert not (tmp_path / "cache" / "embeddings").exists()


def test_they_are_what_the_encoder_says():
    for role, texts in zip(ROLES, packaged.texts(), strict=True):
        assert embed.missing(texts, cache=paths.bundled_vectors(), role=role) == 0
        some = texts[::EVERY]
        np.testing.assert_allclose(packaged_vectors(some, role), encoders.load().encode(some, role), atol=1e-5)


@pytest.mark.slow
def test_all_of_them_are_what_the_encoder_says(tmp_path):
    packaged.write(tmp_path)
    for role, texts in zip(ROLES, packaged.texts(), strict=True):
        np.testing.assert_allclose(packaged_vectors(texts, role), embed.embed(texts, cache=tmp_path, role=role), atol=1e-5)


def test_nothing_else_lies_there():
    files = [path for path in paths.bundled_vectors().rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == ["keys.bin", "vectors.bin"]
    assert (files[0].parent / "keys.bin").stat().st_size == 32 * sum(map(len, packaged.texts()))


def test_another_cache_is_not_mixed_with_them(tmp_path):
    assert embed.missing(packaged.texts()[0][:3], cache=tmp_path) == 3
