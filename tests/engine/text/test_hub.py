"""A model by its hub name: fetched once from a hub that is served on the loopback, then found offline."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine import paths
from engine.errors import TriescopeError
from engine.text import embed, encoders
from engine.text import hub as hubs

COMMIT = "c" * 40
LOOK = "import sys; from engine.text import encoders, hub; print(hub.weights_of(sys.argv[1]), encoders.fingerprint(sys.argv[1]))"
TRAIN = """
import sys; from engine.scorers.t5_tokens import tokenizer_json; from engine.text import hub
print(len(tokenizer_json(hub.weights_of(sys.argv[1], "checkpoint"))))
"""


class Hub(ThreadingHTTPServer):
    """Just enough of the hub's API: what a repository holds, and its files."""

    def __init__(self, repositories: dict[str, Path]):
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories, self.asked = repositories, []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self):
        self.answer(True)

    def do_HEAD(self):
        self.answer(False)

    def answer(self, whole: bool) -> None:
        self.server.asked.append((self.command, self.path))
        body = self.found()
        self.send_response(404 if body is None else 200)
        if body is None:
            self.send_header("X-Error-Code", "RepoNotFound")
        body = body or b""
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if whole:
            self.wfile.write(body)

    def found(self) -> bytes | None:
        path = self.path.partition("?")[0]
        for name, folder in self.server.repositories.items():
            files = {str(file.relative_to(folder)): file for file in folder.rglob("*") if file.is_file()}
            if path.startswith(f"/api/models/{name}/tree/"):
                told = [
                    {"type": "file", "path": name, "size": file.stat().st_size, "oid": COMMIT} for name, file in files.items()
                ]
                return json.dumps(told).encode()
            if path.startswith(f"/api/models/{name}"):
                siblings = [{"rfilename": file} for file in files]
                return json.dumps({"id": name, "sha": COMMIT, "siblings": siblings}).encode()
            file = path.removeprefix(f"/{name}/resolve/{COMMIT}/")
            if file in files:
                return files[file].read_bytes()
        return None

    def log_message(self, *args):
        pass


@pytest.fixture
def hub():
    started = []

    def start(**repositories: Path) -> Hub:
        started.append(Hub({name.replace("__", "/"): folder for name, folder in repositories.items()}))
        return started[-1]

    yield start
    for one in started:
        one.shutdown()
        one.server_close()


def shell(hub: Hub, folder: Path, code: str, name: str, offline: bool = False) -> subprocess.CompletedProcess:
    told = {"HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}", "HF_HUB_OFFLINE": str(int(offline)), "HF_HOME": str(folder)}
    env = os.environ | told | {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    return subprocess.run([sys.executable, "-c", code, name], cwd=paths.ROOT, env=env, capture_output=True, text=True)


def test_an_encoder_is_fetched_by_its_name_once_and_then_found_offline(hub, tmp_path):
    packaged, key = hubs.locate(embed.DEFAULT_MODEL), encoders.fingerprint()
    started = hub(somebody__encoder=packaged)
    first = shell(started, tmp_path, LOOK, "somebody/encoder")
    folder, fetched = first.stdout.split()
    assert (fetched, Path(folder).is_relative_to(tmp_path)) == (key, True), first.stderr
    assert {"modules.json", "1_Pooling/config.json"} <= {str(file.relative_to(folder)) for file in Path(folder).rglob("*")}
    asked = len(started.asked)
    assert not [path for _, path in started.asked if path.endswith((".onnx", ".bin", ".py", ".md"))]
    again = shell(started, tmp_path, LOOK, "somebody/encoder", offline=True)
    assert again.stdout.split()[1] == key
    assert len(started.asked) == asked


def test_a_checkpoint_is_fetched_by_its_name(hub, tmp_path):
    from tests.engine.training.small_t5 import save_checkpoint

    started = hub(somebody__t5=save_checkpoint(tmp_path / "t5"))
    done = shell(started, tmp_path / "home", TRAIN, "somebody/t5")
    assert int(done.stdout) > 0, done.stderr


def test_a_name_that_the_hub_does_not_know_is_one_line(hub, tmp_path):
    done = shell(hub(), tmp_path, LOOK, "somebody/else")
    assert done.returncode
    last = done.stderr.strip().splitlines()[-1]
    assert "encoder 'somebody/else' is neither a folder here nor a model that could be fetched (RepositoryNotFoundError)" in last


def test_a_model_without_safetensors_is_not_loaded(hub, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "config.json").write_text("{}")
    (tmp_path / "old" / "pytorch_model.bin").write_bytes(b"a pickle")
    started = hub(somebody__old=tmp_path / "old")
    done = shell(started, tmp_path / "home", LOOK, "somebody/old")
    assert "no .safetensors file" in done.stderr
    assert not [path for _, path in started.asked if path.endswith(".bin")]


def folder_of(tmp_path, **files):
    """A model folder of small files; a name's ``__`` is a folder's end and its ``_`` before the suffix a dot."""
    for name, content in files.items():
        path = tmp_path / name.replace("__", "/").replace("_json", ".json").replace("_safetensors", ".safetensors")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return str(tmp_path)


def test_a_module_that_has_its_weights_in_a_pickle_is_refused(tmp_path):
    modules = json.dumps([{"path": ""}, {"path": "2_Dense"}])
    folder = folder_of(tmp_path, modules_json=modules, model_safetensors="", dense__config_json="{}")
    (tmp_path / "2_Dense").mkdir()
    (tmp_path / "2_Dense" / "pytorch_model.bin").write_bytes(b"a pickle")
    with pytest.raises(TriescopeError, match=r"encoder .*: no .safetensors file in .*2_Dense; other weight formats are not read"):
        hubs.weights_of(folder)
    (tmp_path / "2_Dense" / "model.safetensors").write_bytes(b"")
    assert hubs.weights_of(folder) == tmp_path


def test_a_pickle_that_no_module_reads_is_no_matter(tmp_path):
    folder = folder_of(tmp_path, model_safetensors="", checkpoint__config_json="{}")
    (tmp_path / "training_args.bin").write_bytes(b"a pickle")
    (tmp_path / "checkpoint" / "pytorch_model.bin").write_bytes(b"a pickle")
    assert hubs.weights_of(folder) == tmp_path


def test_an_adapter_is_refused_since_its_model_would_be_looked_for_elsewhere(tmp_path):
    folder = folder_of(tmp_path, adapter_model_safetensors="", adapter_config_json="{}")
    with pytest.raises(TriescopeError, match="holds an adapter; merge it into its model and save that"):
        hubs.weights_of(folder, "checkpoint")


@pytest.mark.parametrize("name", ["./models/own", "../own", "/models/own", "~/models/own"])
def test_what_is_spelled_as_a_path_is_not_asked_of_the_hub(name, monkeypatch):
    monkeypatch.setattr(hubs, "_fetched", lambda *asked: pytest.fail(f"asked for {asked}"))
    with pytest.raises(TriescopeError, match="no such folder"):
        hubs.locate(name)


def test_a_folder_is_written_down_so_that_it_is_found_from_anywhere(tmp_path, monkeypatch):
    (tmp_path / "home" / "models" / "own").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "home")
    own = str(tmp_path / "home" / "models" / "own")
    assert {hubs.resolved(name) for name in ("models/own", "./models/own", "~/models/own", "models/../models/own/", own)} == {own}
    assert hubs.resolved("intfloat/e5-small-v2") == "intfloat/e5-small-v2"
    assert hubs.locate("~/models/own") == tmp_path / "home" / "models" / "own"


class TestHashes:
    """The hash of a file is that of its content now, however it came to be there; an old file's is not computed twice."""

    @pytest.fixture
    def large(self, tmp_path, monkeypatch):
        monkeypatch.setattr(hubs, "_hashed", {})
        monkeypatch.setattr(hubs, "KEPT_FROM", 8)
        monkeypatch.setattr(hubs, "SETTLED_NS", -1)  # as if every file had lain here for long
        monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
        path = tmp_path / "model.safetensors"
        path.write_bytes(b"the first weights")
        return path

    def same(self, path):
        return hubs.sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()

    def test_it_is_read_once_also_by_the_next_process(self, large, monkeypatch):
        assert self.same(large)
        first = hubs.sha256(large)
        monkeypatch.setattr(hubs.files, "sha256", lambda _: pytest.fail("read again"))
        assert hubs.sha256(large) == first
        hubs._hashed.clear()
        assert hubs.sha256(large) == first

    def test_weights_of_the_same_size_and_time_are_seen_to_be_others(self, large):
        hubs.sha256(large)
        stat = large.stat()
        other = large.with_name("other")
        other.write_bytes(b"the other weights")
        os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        other.replace(large)
        assert large.stat().st_mtime_ns == stat.st_mtime_ns
        assert self.same(large)

    def test_a_file_that_has_just_been_written_is_not_trusted_to_stay(self, large, monkeypatch):
        monkeypatch.setattr(hubs, "SETTLED_NS", 10**12)
        hubs.sha256(large)
        assert not hubs._hashed
        assert not (paths.cache() / "hashes.json").exists()

    @pytest.mark.parametrize("content", ["", "[1, 2]", '{"a": 1}', '{"a": [1, "b"]}', "\0"])
    def test_a_damaged_memory_is_no_memory(self, large, content):
        paths.cache().mkdir(parents=True)
        (paths.cache() / "hashes.json").write_text(content)
        assert self.same(large)
        hubs._hashed.clear()
        assert self.same(large)

    def test_a_home_that_cannot_be_written_is_no_matter(self, large, tmp_path):
        (tmp_path / "home").write_text("a file")
        assert self.same(large)
