"""Builds the verifier as one file: `python -m gateway.verifier.build_zipapp build/…pyz`.

The same source gives the same file, byte by byte, so that its SHA-256 can be published and checked.
The file is not compressed, so that it can be read.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

_MAIN_SOURCE = """\
import sys

if sys.version_info < (3, 11):
    sys.stderr.write("The verifier needs Python 3.11 or newer.\\n")
    raise SystemExit(2)
try:
    from gateway.verifier.__main__ import main
except ModuleNotFoundError as error:
    sys.stderr.write(f"Not installed: {error.name}. Run: python -m pip install cryptography\\n")
    raise SystemExit(2) from None
raise SystemExit(main())
"""
_SHEBANG = b"#!/usr/bin/env python3\n"
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # of all files: the earliest that zip can express


def build_zipapp(target: Path) -> str:
    """Write the zipapp to `target`; return its SHA-256 in hex."""
    here = Path(__file__).parent
    files = {
        "__main__.py": _MAIN_SOURCE,
        "gateway/__init__.py": '"""Of it, the verifier alone."""\n',
    }
    for path in sorted(here.glob("*.py")):
        if path.name != Path(__file__).name:
            files[f"gateway/verifier/{path.name}"] = path.read_text(encoding="utf-8")
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        file.write(_SHEBANG)
        with ZipFile(file, "w", ZIP_STORED) as archive:
            for name, text in files.items():
                about = ZipInfo(name, _ZIP_TIME)
                about.create_system = 3
                about.external_attr = 0o644 << 16
                archive.writestr(about, text)
    target.chmod(0o755)
    return sha256(target.read_bytes()).hexdigest()


if __name__ == "__main__":
    path = Path(sys.argv[1])
    sys.stdout.write(f"{build_zipapp(path)}  {path}\n")
