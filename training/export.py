"""Writes a trained network to the files that are shipped:
gateway/toxicity/weights/embedded.{npz,json}."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gateway.toxicity.scorer import CATEGORIES
from training.encoder import encoder_file

MODEL_ID = "avatar-gateway-embedded-4"
LICENCE = "Apache-2.0"
CERTAINTY = {"identity_attack": 0.45}
"""Factors for the log-odds of a category. Templates are learnt by heart, and texts like them would
be nearly certain. The factor changes no ranking, but near certainty blocks a message."""


def quantise(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quantise to int8, with one scale for each column."""
    scale = np.maximum(np.abs(value).max(axis=0), 1e-8) / 127
    return np.rint(value / scale).astype(np.int8), scale.astype(np.float32)


def tempered(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """`state` with the outputs of the categories in CERTAINTY multiplied."""
    factors = torch.tensor([CERTAINTY.get(category, 1.0) for category in CATEGORIES])
    return {
        **state,
        "head.weight": state["head.weight"] * factors[:, None],
        "head.bias": state["head.bias"] * factors,
        "wide.weight": state["wide.weight"] * factors,
    }


def arrays(state: Mapping[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """The arrays of the weight file: large matrices as int8, the rest as float32."""
    found: dict[str, np.ndarray] = {}
    renamed = {"head.weight": "head_w", "head.bias": "head_b", "wide.weight": "wide"}
    for name, tensor in state.items():
        value = tensor.detach().numpy().astype(np.float32)
        if name == "head.weight":
            value = np.ascontiguousarray(value.T)
        target = renamed.get(name, name)
        if value.ndim == 2 and target != "head_w":
            found[target], found[f"{target}.scale"] = quantise(value)
        else:
            found[target] = value
    return found


def write(
    state: Mapping[str, torch.Tensor],
    *,
    eps: float,
    folder: Path,
    shifts: Mapping[str, Any],
    false_positive_rate: float,
    details: Mapping[str, Any],
) -> Path:
    """Write both files; return the path of the description."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "embedded.npz"
    named: Mapping[str, Any] = arrays(state)  # Any: numpy's stub takes a name for its option too
    np.savez_compressed(weights, **named)
    return describe(
        weights, eps=eps, shifts=shifts, false_positive_rate=false_positive_rate, details=details
    )


def describe(
    weights: Path,
    *,
    eps: float,
    shifts: Mapping[str, Any],
    false_positive_rate: float,
    details: Mapping[str, Any],
) -> Path:
    description = {
        "id": MODEL_ID,
        "kind": "embedded",
        "licence": LICENCE,
        "categories": list(CATEGORIES),
        "eps": eps,
        "files": {weights.name: _sha256(weights)},
        "foundation": {name: _sha256(encoder_file(name)) for name in ("sp.model", "weights.npz")},
        "calibration": {"false_positive_rate": false_positive_rate, "shifts": shifts},
        **details,
    }
    path = weights.with_suffix(".json")
    path.write_text(json.dumps(description, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return path


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
