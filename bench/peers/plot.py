"""The plot of docs/peers.md: CPU for each message, on a logarithmic scale, as SVG."""

from __future__ import annotations

import math
from html import escape
from typing import Any

_WIDTH, _LEFT, _RIGHT, _BAR, _STEP = 860, 260, 90, 16, 26


def plot(report: dict[str, Any]) -> str:
    """One bar for each peer, the cheapest first; ours in another colour."""
    peers = sorted(report["peers"].values(), key=lambda one: one["cpu_ms"])
    lowest = math.floor(math.log10(min(one["cpu_ms"] for one in peers)))
    highest = math.ceil(math.log10(max(one["cpu_ms"] for one in peers)))
    scale = (_WIDTH - _LEFT - _RIGHT) / (highest - lowest)
    height = _STEP * (len(peers) + 2)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'font-family="sans-serif" font-size="12" role="img">',
        "<title>CPU milliseconds for each 20-word message, logarithmic</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
    ]
    for power in range(lowest, highest + 1):
        x = _LEFT + (power - lowest) * scale
        lines += [
            f'<line x1="{x:.0f}" y1="8" x2="{x:.0f}" y2="{height - 30}" stroke="#ddd"/>',
            f'<text x="{x:.0f}" y="{height - 14}" text-anchor="middle">{10.0**power:g} ms</text>',
        ]
    for row, one in enumerate(peers):
        y = 14 + row * _STEP
        length = max(1.0, (math.log10(one["cpu_ms"]) - lowest) * scale)
        colour = "#1f6f8b" if one["title"].startswith("avatar-gateway") else "#b0b7bd"
        lines += [
            f'<text x="{_LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(one["title"])}</text>',
            f'<rect x="{_LEFT}" y="{y}" width="{length:.1f}" height="{_BAR}" fill="{colour}"/>',
            f'<text x="{_LEFT + length + 6:.1f}" y="{y + 12}">{one["cpu_ms"]:.3g}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"
