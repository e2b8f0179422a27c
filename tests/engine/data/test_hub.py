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
from engine.text import embed

COMMIT = "c" * 40
LOOK = "import sys; from engine.text.embed import weights_of; print(*weights_of(sys.argv[1]))"
TRAIN = """
import sys; from engine.scorers.t5_tokens import checkpoint_folder, tokenizer_json
print(len(tokenizer_json(checkpoint_folder(sys.argv[1]))))
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
    packaged, key = embed.weights_of(embed.DEFAULT_MODEL)
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
