"""A gateway before real platforms: a process with route files, and what its clients need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.paths import ROOT
from tests.patience import PATIENCE_S
from tests.processes import Serving, serving

CREATOR = "lea"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxying:
    """`headers` are what a client of the proxy adds to its own."""

    gateway: Serving

    @property
    def key(self) -> str:
        return self.gateway.headers["Authorization"].removeprefix("Bearer ")

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Avatar-Gateway-Key": self.key}

    def url(self, route: str) -> str:
        return f"{self.gateway.url}/p/{route}"

    def entries(self, **wanted: str) -> list[dict[str, Any]]:
        """Entries of the audit log, oldest first."""
        with self.gateway.client() as http:
            answer = http.get("/v1/audit/entries", params={"limit": 500})
        answer.raise_for_status()
        found = [one.get("body", one) for one in answer.json()["entries"]]
        return [
            one for one in found if all(one.get(name) == value for name, value in wanted.items())
        ]


@contextmanager
def proxying(
    folder: Path,
    routes: Mapping[str, str],
    *,
    secrets: Mapping[str, str] | None = None,
    **settings: object,
) -> Iterator[Proxying]:
    """A gateway with these route files (name to YAML) and one creator."""
    there = folder / "routes"
    there.mkdir()
    for name, text in routes.items():
        (there / f"{name}.yaml").write_text(f"name: {name}\nkind: proxy\n{text}", encoding="utf-8")
    for name, secret in (secrets or {}).items():
        (there / name).write_text(secret + "\n", encoding="utf-8")
        (there / name).chmod(0o600)
    with serving(folder / "data", routes_dir=there, **settings) as gateway:
        with gateway.client() as http:
            http.put(f"/v1/creators/{CREATOR}", json={"display_name": "Léa"}).raise_for_status()
        yield Proxying(gateway=gateway)


def opened(platform: str, url: str, **more: object) -> str:
    """A route file that opens `platform` at `url`."""
    lines = {"platform": platform, "url": url, "creator": CREATOR, "avatar": "lea-twin", **more}
    return "".join(f"{name}: {value}\n" for name, value in lines.items())


def from_the_guide(containing: str, proxy: Proxying, url: str) -> Any:
    """The `client` that the guide for avatar services makes, at this gateway with this key."""
    guide = (ROOT / "docs/guides/avatar-services.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    (block,) = (one for one in blocks if containing in one)
    there = re.sub(r"http://127\.0\.0\.1:8080/p/\w+", url, block).replace("agk_…", proxy.key)
    made: dict[str, Any] = {}
    exec(there, made)  # noqa: S102 - our own page
    return made["client"]


def raw(proxy: Proxying, method: str, path: str, **more: Any) -> httpx.Response:
    """A request whose path is sent just as it is written."""
    url = httpx.URL(f"{proxy.gateway.url}/")
    url = url.copy_with(raw_path=path.encode())
    headers = {**proxy.headers, **more.pop("headers", {})}
    with httpx.Client(timeout=PATIENCE_S) as http:
        return http.send(http.build_request(method, url, headers=headers, **more))
