"""Makes the synchronous client from the asynchronous one; `--check` fails when it is stale."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent / "avatar_gateway_client"
NOTE = '"""The synchronous client, generated from aio.py by sdk/python/generate.py: do not edit."""'
CHANGES = (
    ("import asyncio\n", "import time\n"),
    ("import Awaitable, Callable", "import Callable"),
    ("class AsyncClient", "class Client"),
    ("httpx.AsyncBaseTransport", "httpx.BaseTransport"),
    ("httpx.AsyncClient", "httpx.Client"),
    ("Callable[[float], Awaitable[None]] = asyncio.sleep", "Callable[[float], None] = time.sleep"),
    ("__aenter__", "__enter__"),
    ("__aexit__", "__exit__"),
    (".aclose()", ".close()"),
    ("async def ", "def "),
    ("await ", ""),
)


def synchronous(source: str) -> str:
    _, _, code = source.partition('"""\n')
    for before, after in CHANGES:
        if before not in code:
            raise ValueError(f"aio.py has no {before!r} any more: mend generate.py")
        code = code.replace(before, after)
    return f"{NOTE}\n{code}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    generated = synchronous((PACKAGE / "aio.py").read_text(encoding="utf-8"))
    target = PACKAGE / "client.py"
    if parser.parse_args().check:
        return int(target.read_text(encoding="utf-8") != generated)
    target.write_text(generated, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
