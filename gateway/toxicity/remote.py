"""`RemoteScorer`: a model behind the Open Inference Protocol, version 2, over HTTP (KServe,
MLServer, Triton).

The model takes one input `text` of BYTES, shape (n), and answers one output of numbers, shape (n)
or (n, 1), for each category that it covers, named like the category. Other outputs are ignored.
https://github.com/kserve/open-inference-protocol
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from gateway.errors import ModelInvalid, StageUndefined
from gateway.model.finding import Stage
from gateway.toxicity.calibration import Calibration
from gateway.toxicity.scorer import CATEGORIES, Scores

INPUT = "text"
"""Name of the model's input."""
_MOST_BYTES = 4 << 20  # of an answer: far more than the scores of one batch take
_MEND = "See that it is served there, and `toxicity_remote_url`"


class RemoteScorer:
    """A scorer on a model server. `url` is that of the model, such as
    http://tox:8080/v2/models/screen; `timeout_s` is the limit of one request. A server that cannot
    be reached, or answers anything but a score for each text, raises: the message is held."""

    window = 1_000_000  # code points: the model cuts long texts itself

    def __init__(self, *, url: str, timeout_s: float) -> None:
        self._url = url.rstrip("/")
        self._client = httpx.Client(timeout=timeout_s, trust_env=False, follow_redirects=False)
        self._metadata: Mapping[str, Any] = {}
        self._categories: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Derived from the endpoint's URL, so that the log can name the model before its first
        answer."""
        return f"remote:{self._url.rpartition('/v2/models/')[2]}"[:200]

    @property
    def sha256(self) -> str:
        """The hash of the endpoint's URL: the protocol does not tell the weights behind it."""
        return hashlib.sha256(self._url.encode()).hexdigest()

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that the model covers; empty before `load`."""
        return self._categories

    @property
    def calibration(self) -> Calibration:
        return Calibration()

    def load(self) -> None:
        """Ask the server which categories the model covers. Raises ModelInvalid."""
        if self._categories:
            return
        try:
            outputs = self._request_json("GET", self._url)["outputs"]
            named = {str(output["name"]) for output in outputs}
        except (StageUndefined, KeyError, TypeError) as error:
            why = error.reason if isinstance(error, StageUndefined) else "does not describe itself"
            raise ModelInvalid(self.id, why, _MEND) from None
        self._categories = tuple(category for category in CATEGORIES if category in named)
        if not self._categories:
            raise ModelInvalid(
                self.id, "names no category among its outputs", f"Name one of {CATEGORIES}"
            )

    def close(self) -> None:
        self._client.close()

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """The scores of each text. Raises StageUndefined, whose reason quotes nothing that was sent
        or answered."""
        self.load()
        if not texts:
            return []
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        request = {
            "inputs": [
                {"name": INPUT, "datatype": "BYTES", "shape": [len(clean)], "data": clean},
            ]
        }
        answer = self._request_json("POST", f"{self._url}/infer", request)
        columns = {
            category: _score_column(answer, category, len(texts)) for category in self._categories
        }
        return [
            dict.fromkeys(CATEGORIES)
            | {category: column[at] for category, column in columns.items()}
            for at in range(len(texts))
        ]

    def _request_json(self, method: str, url: str, document: Any = None) -> Mapping[str, Any]:
        """Send a request, with the JSON `document` if given; return the object that is answered.
        Raises StageUndefined."""
        try:
            with self._client.stream(method, url, json=document) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise _undefined_answer(f"answered with status {answer.status_code}")
                body = b""
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > _MOST_BYTES:
                        raise _undefined_answer("answered too much")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _undefined_answer(f"could not be asked ({type(error).__name__})") from None
        try:
            answered = json.loads(body)
        except (ValueError, RecursionError):
            raise _undefined_answer("answered no JSON") from None
        if not isinstance(answered, dict):
            raise _undefined_answer("answered no object")
        return answered


def _score_column(answer: Mapping[str, Any], category: str, count: int) -> list[float]:
    """The `count` scores of `category`, each in 0..1. Raises StageUndefined."""
    outputs = answer.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        if isinstance(output, dict) and output.get("name") == category:
            shape, data = output.get("shape"), output.get("data")
            if shape not in ([count], [count, 1]) or not isinstance(data, list):
                break
            flat = [row[0] if isinstance(row, list) and len(row) == 1 else row for row in data]
            if len(flat) == count and all(map(_is_score, flat)):
                return [float(score) for score in flat]
            break
    raise _undefined_answer(f"gave no score of {category} for each text")


def _is_score(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 <= value <= 1


def _undefined_answer(what: str) -> StageUndefined:
    return StageUndefined(Stage.TOXICITY, f"the remote model {what}")
