"""`WeightsDescription`: the JSON file beside a model's weights, and the check that the weights are
the ones that it describes."""

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
"""The folder of the models that are shipped with the gateway."""

_REINSTALL = "Reinstall avatar-gateway, or run `avatar-gateway models check`"
_LARGEST_DESCRIPTION = 1 << 20  # bytes: the shipped one has 6 kB


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsDescription:
    """What a JSON file states of a model. `sha256` is that of the JSON file itself. As the file
    names the sha256 of every weight file, it changes whenever weights or calibration change."""

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
        """The path of a weight file."""
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
    """Read a description. Raises ModelInvalid when it is missing or not a description; `mend` tells
    the reader what to do then."""
    try:
        if path.stat().st_size > _LARGEST_DESCRIPTION:
            raise ModelInvalid(str(path), "is too large for a model description", mend)
        raw = path.read_bytes()
        details = json.loads(raw)
        calibration = details["calibration"]
        return WeightsDescription(
            path=path,
            id=str(details["id"]),
            sha256=hashlib.sha256(raw).hexdigest(),
            kind=str(details["kind"]),
            licence=str(details["licence"]),
            categories=tuple(str(category) for category in details["categories"]),
            files={str(name): str(digest) for name, digest in details["files"].items()},
            foundation={
                str(name): str(digest) for name, digest in details.get("foundation", {}).items()
            },
            calibration=Calibration(
                shifts=calibration["shifts"],
                false_positive_rate=calibration["false_positive_rate"],
            ),
            details=details,
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
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise ModelInvalid(str(path), "is missing", mend) from error
    except OSError as error:
        raise ModelInvalid(str(path), f"cannot be read ({error.strerror})", mend) from error
    if actual != expected:
        raise ModelInvalid(str(path), f"has sha256 {actual}, not {expected}", mend)


def check_files(description: WeightsDescription, *, mend: str = _REINSTALL) -> None:
    """Check every weight file beside the description. Raises ModelInvalid."""
    for name, digest in description.files.items():
        if Path(name).name != name:
            raise ModelInvalid(str(description.path), f"names the file {name!r} elsewhere", mend)
        check_file(description.file(name), digest, mend=mend)
