"""The remote backend: against MLServer itself, and against servers that answer wrongly."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from gateway.errors import ModelInvalid, StageUndefined
from gateway.toxicity.remote import RemoteScorer
from gateway.toxicity.scorer import CATEGORIES
from tests.missing import missing
from tests.patience import PATIENCE_S

MODEL = """
import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceResponse


class Words(MLModel):
    async def load(self):
        return True

    async def predict(self, payload):
        texts = StringCodec.decode_input(payload.inputs[0])
        bad = np.array([min(1.0, text.count("bad") / 2) for text in texts])
        length = np.array([[min(1.0, len(text) / 100)] for text in texts])
        outputs = {"toxicity": bad, "insult": length, "spam": bad}
        return InferenceResponse(
            model_name=self.name,
            outputs=[NumpyCodec.encode_output(name, value) for name, value in outputs.items()],
        )
"""
DESCRIBED = {
    "name": "screen",
    "inputs": [{"name": "text", "datatype": "BYTES", "shape": [-1]}],
    "outputs": [
        {"name": name, "datatype": "FP64", "shape": [-1]} for name in ("toxicity", "insult", "spam")
    ],
}


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _program() -> str:
    """MLServer's, of an environment of its own: `make test-remote` makes one."""
    found = os.environ.get("MLSERVER") or shutil.which("mlserver")
    if found is None:
        missing("MLServer", get="make test-remote")
    return found


@pytest.fixture(scope="module")
def mlserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program, folder = _program(), tmp_path_factory.mktemp("mlserver")
    http, grpc, metrics = _free_ports(3)
    settings = {"host": "127.0.0.1", "http_port": http, "grpc_port": grpc, "metrics_port": metrics}
    (folder / "settings.json").write_text(json.dumps(settings | {"parallel_workers": 0}))
    (folder / "words.py").write_text(MODEL)
    described = DESCRIBED | {"implementation": "words.Words", "parameters": {"version": "1"}}
    (folder / "model-settings.json").write_text(json.dumps(described))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "start", "."], cwd=folder, stdout=log, stderr=log)
    try:
        transport = httpx.HTTPTransport(retries=8)  # it backs off in between
        with httpx.Client(transport=transport, timeout=PATIENCE_S) as client:
            client.get(f"http://127.0.0.1:{http}/v2/models/screen").raise_for_status()
        yield f"http://127.0.0.1:{http}/v2/models/screen"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@contextmanager
def _scorer(url: str) -> Iterator[RemoteScorer]:
    scorer = RemoteScorer(url=url, timeout_s=PATIENCE_S)
    try:
        yield scorer
    finally:
        scorer.close()


@pytest.mark.programs
@pytest.mark.mlserver
def test_a_real_server_scores(mlserver: str) -> None:
    nothing: dict[str, float | None] = dict.fromkeys(CATEGORIES)
    with _scorer(mlserver) as scorer:
        scorer.load()
        assert scorer.categories == ("toxicity", "insult")
        assert scorer.score(["bad", "", "bad bad \u6587", "half \ud83d"]) == [
            nothing | {"toxicity": 0.5, "insult": 0.03},
            nothing | {"toxicity": 0.0, "insult": 0.0},
            nothing | {"toxicity": 1.0, "insult": 0.09},
            nothing | {"toxicity": 0.0, "insult": 0.06},
        ]
        assert scorer.score([]) == []
        assert scorer.score(["bad"]) == [nothing | {"toxicity": 0.5, "insult": 0.03}]


@pytest.mark.programs
@pytest.mark.mlserver
def test_a_model_that_is_not_there(mlserver: str) -> None:
    absent = mlserver.replace("screen", "other")
    with _scorer(absent) as scorer, pytest.raises(ModelInvalid, match="status 404"):
        scorer.load()


@contextmanager
def _answering(status: int, body: bytes, described: Any = DESCRIBED) -> Iterator[str]:
    """A server that describes the model and answers every inference alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, json.dumps(described).encode())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self._send(status, body)

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v2/models/screen"
        finally:
            server.shutdown()
            thread.join()


def _outputs(toxicity: Any, shape: Any = (1,)) -> bytes:
    fine = {"name": "insult", "shape": [1], "data": [0.1]}
    asked = {"name": "toxicity", "shape": list(shape), "data": toxicity}
    return json.dumps({"outputs": [asked, fine]}).encode()


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (500, b"the text was: secret", "status 500"),
        (302, b"", "status 302"),
        (200, b"secret", "no JSON"),
        (200, b"[" * 100_000, "no JSON"),
        (200, b"[1]", "no object"),
        (200, b" " * ((4 << 20) + 1), "too much"),
        (200, b"{}", "no score of toxicity"),
        (200, b'{"outputs": 5}', "no score of toxicity"),
        (200, _outputs([1.5]), "no score of toxicity"),
        (200, _outputs([-0.1]), "no score of toxicity"),
        (200, _outputs([float("nan")]), "no score of toxicity"),
        (200, _outputs([True]), "no score of toxicity"),
        (200, _outputs(["0.5"]), "no score of toxicity"),
        (200, _outputs([None]), "no score of toxicity"),
        (200, _outputs([]), "no score of toxicity"),
        (200, _outputs([0.1, 0.2]), "no score of toxicity"),
        (200, _outputs([0.1, 0.2], (2,)), "no score of toxicity"),
        (200, _outputs([0.1], (1, 2)), "no score of toxicity"),
    ],
)
def test_a_wrong_answer_is_no_answer(status: int, body: bytes, reason: str) -> None:
    with (
        _answering(status, body) as url,
        _scorer(url) as scorer,
        pytest.raises(StageUndefined, match=reason) as raised,
    ):
        scorer.score(["a text"])
    assert "secret" not in str(raised.value)


def test_a_server_that_is_gone_holds() -> None:
    with _answering(200, _outputs([0.2])) as url, _scorer(url) as first:
        assert first.score(["a text"])[0]["toxicity"] == 0.2
    with _scorer(url) as later, pytest.raises(ModelInvalid, match="could not be asked"):
        later.load()


def test_one_that_leaves_later_holds() -> None:
    with _answering(200, _outputs([0.2])) as url:
        scorer = RemoteScorer(url=url, timeout_s=PATIENCE_S)
        scorer.load()
    with pytest.raises(StageUndefined, match="could not be asked"):
        scorer.score(["a text"])
    scorer.close()


@pytest.mark.parametrize("described", [{"outputs": []}, {"outputs": [{"name": "spam"}]}, {}])
def test_a_model_without_categories_is_refused(described: Any) -> None:
    with (
        _answering(200, b"", described) as url,
        _scorer(url) as scorer,
        pytest.raises(ModelInvalid),
    ):
        scorer.load()


def test_it_is_named_in_the_log_without_its_host() -> None:
    with _scorer("http://tox.internal:8080/v2/models/screen/versions/3/") as scorer:
        assert scorer.id == "remote:screen/versions/3"
        assert len(scorer.sha256) == 64
