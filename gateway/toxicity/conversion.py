"""Converts a Detoxify checkpoint to a folder that can be served: ONNX model, tokenizer,
description.

Detoxify itself opens its checkpoints as pickles, asks the hub for a configuration even when
offline, and scores with a random head when the checkpoint lacks one. The conversion checks the hash
first, reads local files alone, accounts for every key, and compares the scores of both models."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.errors import ModelInvalid
from gateway.toxicity.scorer import CATEGORIES
from gateway.toxicity.weights import check_file

if TYPE_CHECKING:
    import torch

KINDS = ("original", "unbiased", "multilingual")
LONGEST_TOKENS = 512
"""Tokens that the base models read at most."""
CLOSE_ENOUGH = 1e-5
"""Largest difference of a score between torch and ONNX, which rounding of float32 explains."""

_EXTRA = "Install the extra: pip install 'avatar-gateway[detoxify]'"
_RENAMED = {
    "toxic": "toxicity",
    "identity_hate": "identity_attack",
    "severe_toxic": "severe_toxicity",
}  # as detoxify.load_checkpoint does
_ARCHITECTURES = {
    "BertForSequenceClassification": "BertTokenizer",
    "RobertaForSequenceClassification": "RobertaTokenizer",
    "XLMRobertaForSequenceClassification": "XLMRobertaTokenizer",
}
_PROBES = ("", "hello", "you are a fool and I will find you", "merci beaucoup " * 20, "🙂 文字")


def convert_checkpoint(
    checkpoint: Path, *, kind: str, config_folder: Path, out: Path, sha256: str
) -> Path:
    """Write model.onnx, tokenizer.json and model.json to `out`; return the path of model.json.
    `config_folder` holds config.json and the tokenizer files of the base model; `sha256` (hex) is
    that of the checkpoint. Raises ModelInvalid when anything is not exactly as expected; `out` has
    no description then."""
    if kind not in KINDS:
        raise ModelInvalid(kind, "is no kind of Detoxify model", f"Use one of {KINDS}")
    check_file(checkpoint, sha256.lower(), mend="Download the checkpoint again")
    try:
        import torch  # noqa: PLC0415 - the extra is optional
        import transformers  # noqa: F401, PLC0415
    except ImportError as error:
        raise ModelInvalid("the extra detoxify", "is not installed", _EXTRA) from error
    loaded = _load_checkpoint(torch, checkpoint)
    classes, model, tokenizer = _build_model(checkpoint, loaded, config_folder)
    out.mkdir(parents=True, exist_ok=True)
    names = _export_onnx(torch, model, tokenizer, out)
    _compare_scores(torch, model, tokenizer, out, names)
    return _write_description(
        out, kind=kind, classes=classes, inputs=names, tokenizer=tokenizer, checkpoint=sha256
    )


def _load_checkpoint(torch: Any, checkpoint: Path) -> Mapping[str, Any]:
    """Read the checkpoint, without running its pickle if that is possible. Where it is not, it is
    unpickled in full: its hash is the one that the user named, so that is their decision."""
    try:
        loaded = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception:  # noqa: BLE001 - whatever the safe reader cannot do, the other may
        loaded = torch.load(checkpoint, map_location="cpu", weights_only=False)
    if not isinstance(loaded, dict) or not {"config", "state_dict"} <= loaded.keys():
        raise _invalid_checkpoint(checkpoint, "has no config and state_dict")
    return loaded


def _build_model(
    checkpoint: Path, loaded: Mapping[str, Any], folder: Path
) -> tuple[tuple[str, ...], torch.nn.Module, Any]:
    import transformers  # noqa: PLC0415

    try:
        arch = loaded["config"]["arch"]["args"]
        classes = tuple(
            _RENAMED.get(name, name) for name in loaded["config"]["dataset"]["args"]["classes"]
        )
        name, columns = arch["model_name"], int(arch["num_classes"])
    except (KeyError, TypeError, ValueError) as error:
        raise _invalid_checkpoint(checkpoint, "has an incomplete config") from error
    if (
        name not in _ARCHITECTURES
        or arch["tokenizer_name"].removesuffix("Fast") != (_ARCHITECTURES[name])
    ):
        raise _invalid_checkpoint(checkpoint, f"has the unknown architecture {name!r}")
    if len(classes) > columns or "toxicity" not in classes or len(set(classes)) != len(classes):
        raise _invalid_checkpoint(checkpoint, "names classes that do not fit its columns")
    model_class = getattr(transformers, name)
    config = model_class.config_class.from_pretrained(
        str(folder), num_labels=columns, local_files_only=True, attn_implementation="eager"
    )
    model = model_class(config)
    _load_strictly(checkpoint, model, loaded["state_dict"])
    tokenizer = getattr(transformers, arch["tokenizer_name"]).from_pretrained(
        str(folder), local_files_only=True
    )
    return classes, model.eval(), tokenizer


def _load_strictly(checkpoint: Path, model: torch.nn.Module, state: Mapping[str, Any]) -> None:
    """Load the weights; every key must be there, and no other. A missing key would leave random
    weights, an unknown one means another architecture. `position_ids`, a row of numbers that older
    versions saved, is skipped."""
    kept = {name: value for name, value in state.items() if not name.endswith("position_ids")}
    expected = model.state_dict()
    missing, unknown = expected.keys() - kept.keys(), kept.keys() - expected.keys()
    wrong = {n for n in expected.keys() & kept.keys() if expected[n].shape != kept[n].shape}
    if missing or unknown or wrong:
        counts = f"{len(missing)} missing, {len(unknown)} unknown, {len(wrong)} of another shape"
        first = min(missing | unknown | wrong)
        raise _invalid_checkpoint(
            checkpoint, f"does not fit its architecture: {counts}, such as {first}"
        )
    model.load_state_dict(kept, strict=True)


def _export_onnx(torch: Any, model: Any, tokenizer: Any, out: Path) -> tuple[str, ...]:
    """Write model.onnx and tokenizer.json to `out`; return the names of the model's inputs, in
    order."""
    sample = tokenizer(list(_PROBES[1:3]), return_tensors="pt", padding=True)
    names = tuple(name for name in tokenizer.model_input_names if name in sample)
    axes = {name: {0: "batch", 1: "tokens"} for name in names} | {"logits": {0: "batch"}}

    class Logits(torch.nn.Module):  # type: ignore[misc] # torch is not here
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: Any) -> Any:
            return self.model(**dict(zip(names, inputs, strict=True))).logits

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the old exporter: the new one needs more packages
        torch.onnx.export(
            Logits().eval(),
            tuple(sample[name] for name in names),
            str(out / "model.onnx"),
            input_names=list(names),
            output_names=["logits"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.backend_tokenizer.save(str(out / "tokenizer.json"))
    return names


def _compare_scores(
    torch: Any, model: Any, tokenizer: Any, out: Path, names: Sequence[str]
) -> None:
    import onnxruntime  # noqa: PLC0415

    session = onnxruntime.InferenceSession(
        str(out / "model.onnx"), providers=["CPUExecutionProvider"]
    )
    for probe in _PROBES:
        sample = tokenizer([probe], return_tensors="pt")
        with torch.no_grad():
            theirs = torch.sigmoid(model(**sample).logits)
        (ours,) = session.run(None, {name: sample[name].numpy() for name in names})
        if float((torch.sigmoid(torch.from_numpy(ours)) - theirs).abs().max()) > CLOSE_ENOUGH:
            raise ModelInvalid(str(out), "scores differ after conversion", "Report it as a bug")


def _write_description(
    out: Path,
    *,
    kind: str,
    classes: tuple[str, ...],
    inputs: Sequence[str],
    tokenizer: Any,
    checkpoint: str,
) -> Path:
    files = ("model.onnx", "tokenizer.json")
    description = {
        "id": f"detoxify-{kind}",
        "kind": "detoxify",
        "licence": "Apache-2.0",
        "categories": [category for category in CATEGORIES if category in classes],
        "columns": {name: classes.index(name) for name in CATEGORIES if name in classes},
        "inputs": list(inputs),
        "pad_id": int(tokenizer.pad_token_id),
        "longest_tokens": LONGEST_TOKENS,
        "checkpoint_sha256": checkpoint,
        "files": {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in files},
        "calibration": {"false_positive_rate": None, "shifts": {}},
    }
    path = out / "model.json"
    path.write_text(json.dumps(description, indent=1, sort_keys=True) + "\n")
    return path


def _invalid_checkpoint(checkpoint: Path, problem: str) -> ModelInvalid:
    return ModelInvalid(str(checkpoint), problem, "Use a checkpoint of the Detoxify project")
