"""The description beside the weights, and the check that the weights are the ones it describes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.errors import ModelInvalid
from gateway.toxicity.calibration import Calibration

SHIPPED = Path(__file__).with_name("weights")
"""The folder with the models that are shipped."""

_REINSTALL = "Reinstall avatar-gateway, or run `avatar-gateway models check`"
_LARGEST_DESCRIPTION = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsDescription:
    """One model, as its JSON file states it. `sha256` is that of the JSON file itself, which
    names the sha256 of every weight file: it changes when weights or calibration change."""

    path: Path
    id: str
    sha256: str
    kind: str
    licence: str
    categories: tuple[str, ...]
    files: Mapping[str, str]  # name beside the description → sha256 hex
    foundation: Mapping[str, str]  # name inside a package → sha256 hex
    calibration: Calibration
    details: Mapping[str, Any]

    def file(self, name: str) -> Path:
        return self.path.parent / name


class DescribedScorer:
    """Base of the scorers whose weights lie beside a description, which states their identity,
    categories and calibration."""

    def __init__(self, description: WeightsDescription) -> None:
        self._description = description

    @property
    def id(self) -> str:
        return self._description.id

    @property
    def sha256(self) -> str:
        return self._description.sha256

    @property
    def categories(self) -> tuple[str, ...]:
        return self._description.categories

    @property
    def calibration(self) -> Calibration:
        return self._description.calibration


def read_description(path: Path, *, mend: str = _REINSTALL) -> WeightsDescription:
    """Raises ModelInvalid when it is missing or not a description."""
    try:
        if path.stat().st_size > _LARGEST_DESCRIPTION:
            raise ModelInvalid(str(path), "is too large for a model description", mend)
        raw = path.read_bytes()
        found = json.loads(raw)
        calibration = found["calibration"]
        return WeightsDescription(
            path=path,
            id=str(found["id"]),
            sha256=hashlib.sha256(raw).hexdigest(),
            kind=str(found["kind"]),
            licence=str(found["licence"]),
            categories=tuple(str(each) for each in found["categories"]),
            files={str(name): str(digest) for name, digest in found["files"].items()},
            foundation={
                str(name): str(digest) for name, digest in found.get("foundation", {}).items()
            },
            calibration=Calibration(
                shifts=calibration["shifts"],
                false_positive_rate=calibration["false_positive_rate"],
            ),
            details=found,
        )
    except FileNotFoundError as error:
        raise ModelInvalid(str(path), "is missing", mend) from error
    except OSError as error:
        raise ModelInvalid(str(path), f"cannot be read ({error.strerror})", mend) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelInvalid(str(path), "is not a model description", mend) from error


def check_file(path: Path, expected: str, *, mend: str = _REINSTALL) -> None:
    """Raises ModelInvalid unless the file is there and its sha256 is `expected` (hex)."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise ModelInvalid(str(path), "is missing", mend) from error
    except OSError as error:
        raise ModelInvalid(str(path), f"cannot be read ({error.strerror})", mend) from error
    if found != expected:
        raise ModelInvalid(str(path), f"has sha256 {found}, not {expected}", mend)


def check_files(description: WeightsDescription, *, mend: str = _REINSTALL) -> None:
    """Every weight file beside the description."""
    for name, digest in description.files.items():
        if Path(name).name != name:
            raise ModelInvalid(str(description.path), f"names the file {name!r} elsewhere", mend)
        check_file(description.file(name), digest, mend=mend)
