"""Opens what commands need without a whole gateway: keys, store and log; finds the packs."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from gateway.assembly.anchoring import quorum_of, stamp_checker
from gateway.errors import ConfigurationError
from gateway.opened import Opened, open_keys_store_log
from gateway.settings import Settings


def policies_dir(settings: Settings) -> Path:
    """The folder of the packs: the one set, else that of this checkout, else the one shipped with
    the package."""
    package = Path(__file__).parents[1]
    candidates = [settings.policies_dir] if settings.policies_dir else []
    candidates += [] if candidates else [package.parent / "policies", package / "shipped_policies"]
    for candidate in candidates:
        if (candidate / "main.rego").is_file():
            return candidate
    raise ConfigurationError(
        "policies_dir", f"{candidates[0]} has no main.rego", "Name the folder with the packs."
    )


def open_with_anchors(settings: Settings) -> AbstractAsyncContextManager[Opened]:
    """Keys, store and log, with the witnesses and time stamps that the settings name."""
    return open_keys_store_log(
        settings, quorum=quorum_of(settings), check_stamp=stamp_checker(settings)
    )
