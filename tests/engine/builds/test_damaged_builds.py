"""What is no build, or a build no longer, is refused in one line."""

import json
import shutil

import pytest

from engine.builds.opened import Build
from engine.errors import TriescopeError


@pytest.fixture
def copied(small_build, tmp_path):
    return shutil.copytree(small_build, tmp_path / "build")


def fault(folder):
    with pytest.raises(TriescopeError) as caught:
        Build(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def others(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.name != "manifest.json")


def test_a_changed_byte_in_any_file_is_noticed(copied):
    for name in others(copied):
        content = bytearray((copied / name).read_bytes())
        content[len(content) // 2] ^= 1
        (copied / name).write_bytes(content)
        assert fault(copied) == f"{copied}: the build is damaged ({name} has changed)"
        content[len(content) // 2] ^= 1
        (copied / name).write_bytes(content)
    assert Build(copied).name == "sixty"


@pytest.mark.parametrize("how", ["cut off", "longer", "missing"])
def test_any_file_cut_off_or_longer_or_missing_is_noticed(copied, how):
    for name in others(copied):
        content = (copied / name).read_bytes()
        if how == "missing":
            (copied / name).unlink()
        else:
            (copied / name).write_bytes(content[:-1] if how == "cut off" else content + b"\0")
        assert fault(copied) == f"{copied}: the build is damaged ({name} is missing or has another size)"
        (copied / name).write_bytes(content)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "3", '"build"', "{}", '{"format": 2}', '{"format": 3}', b"\xff\xfe\x00", b"\x00" * 99]
)
def test_a_manifest_of_garbage_is_damaged(copied, content):
    (copied / "manifest.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert fault(copied) == f"{copied / 'manifest.json'}: the manifest is damaged"


@pytest.mark.parametrize(
    "change",
    [
        {"files": 3},
        {"files": {"tuning.json": 7}},
        {"files": {"tuning.json": {}}},
        {"corpus": {"sha256": "x"}},
        {"corpus": None},
        {"spec": {"colour": "red"}},
        {"spec": None},
        {"spec_sha256": None},
    ],
)
def test_a_manifest_that_lacks_what_is_needed_is_damaged(copied, change):
    manifest = json.loads((copied / "manifest.json").read_text("utf-8"))
    (copied / "manifest.json").write_text(json.dumps(manifest | change), "utf-8")
    assert "damaged" in fault(copied)


def test_a_manifest_of_another_format_is_refused_by_its_number(copied):
    manifest = json.loads((copied / "manifest.json").read_text("utf-8"))
    (copied / "manifest.json").write_text(json.dumps(manifest | {"format": 99}), "utf-8")
    assert fault(copied) == f"{copied}: build format 99, this version reads 3"


def test_a_folder_without_a_manifest_is_no_build(copied, tmp_path):
    (copied / "manifest.json").unlink()
    for folder in (copied, tmp_path / "nowhere", tmp_path):
        assert fault(folder) == f"{folder}: not a build (there is no manifest.json in it)"
