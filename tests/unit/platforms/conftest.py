from __future__ import annotations

from tests.deliveries import make_delivery, platform, sandbox

__all__ = ["make_delivery", "platform", "sandbox"]
