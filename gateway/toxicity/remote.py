"""A model behind the Open Inference Protocol, version 2, over HTTP (KServe, MLServer, Triton).

It takes one input `text` of BYTES, shape (n), and answers one output of numbers, shape (n) or
(n, 1), for each category that it covers, named like the category. Other outputs are passed over.
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
_MOST_BYTES = 4 << 20
_MEND = "See that it is served there, and `toxicity_remote_url`"


class RemoteScorer:
    """`url` is that of the model, such as http://tox:8080/v2/models/screen. `timeout_s` is for
    one request. What cannot be asked, or answers anything but a score for each text, raises:
    the message is held."""

    window = 1_000_000  # the model cuts

    def __init__(self, *, url: str, timeout_s: float) -> None:
        self._url = url.rstrip("/")
        self._client = httpx.Client(timeout=timeout_s, trust_env=False, follow_redirects=False)
        self._metadata: Mapping[str, Any] = {}
        self._categories: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Of the address alone: it stands in the log before the model was asked."""
        return f"remote:{self._url.rpartition('/v2/models/')[2]}"[:200]

    @property
    def sha256(self) -> str:
        """Of the address: what weights lie behind it, the protocol does not tell."""
        return hashlib.sha256(self._url.encode()).hexdigest()

    @property
    def categories(self) -> tuple[str, ...]:
        """Empty before `load`."""
        return self._categories

    @property
    def calibration(self) -> Calibration:
        return Calibration()

    def load(self) -> None:
        """Asks what the model covers. Raises ModelInvalid."""
        if self._categories:
            return
        try:
            outputs = self._asked("GET", self._url)["outputs"]
            named = {str(output["name"]) for output in outputs}
        except (StageUndefined, KeyError, TypeError) as error:
            why = error.reason if isinstance(error, StageUndefined) else "does not describe itself"
            raise ModelInvalid(self.id, why, _MEND) from None
        self._categories = tuple(one for one in CATEGORIES if one in named)
        if not self._categories:
            raise ModelInvalid(
                self.id, "names no category among its outputs", f"Name one of {CATEGORIES}"
            )

    def close(self) -> None:
        self._client.close()

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Raises StageUndefined, whose reason quotes nothing that was sent or answered."""
        self.load()
        if not texts:
            return []
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        asked = {
            "inputs": [
                {"name": INPUT, "datatype": "BYTES", "shape": [len(clean)], "data": clean},
            ]
        }
        answer = self._asked("POST", f"{self._url}/infer", asked)
        columns = {one: _column(answer, one, len(texts)) for one in self._categories}
        return [
            dict.fromkeys(CATEGORIES) | {one: column[at] for one, column in columns.items()}
            for at in range(len(texts))
        ]

    def _asked(self, method: str, url: str, document: Any = None) -> Mapping[str, Any]:
        """The object that is answered."""
        try:
            with self._client.stream(method, url, json=document) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise _undefined(f"answered with status {answer.status_code}")
                body = b""
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > _MOST_BYTES:
                        raise _undefined("answered too much")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _undefined(f"could not be asked ({type(error).__name__})") from None
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            raise _undefined("answered no JSON") from None
        if not isinstance(found, dict):
            raise _undefined("answered no object")
        return found


def _column(answer: Mapping[str, Any], category: str, count: int) -> list[float]:
    """`count` scores in 0..1."""
    outputs = answer.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        if isinstance(output, dict) and output.get("name") == category:
            shape, data = output.get("shape"), output.get("data")
            if shape not in ([count], [count, 1]) or not isinstance(data, list):
                break
            flat = [one[0] if isinstance(one, list) and len(one) == 1 else one for one in data]
            if len(flat) == count and all(map(_is_score, flat)):
                return [float(one) for one in flat]
            break
    raise _undefined(f"gave no score of {category} for each text")


def _is_score(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 <= value <= 1


def _undefined(what: str) -> StageUndefined:
    return StageUndefined(Stage.TOXICITY, f"the remote model {what}")
