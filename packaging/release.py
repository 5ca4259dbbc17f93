"""The last step of ``make dist``: kubectl's plugin, krew's manifest, and SHA256SUMS.

They go into dist/, where wheel, sdist and chart are already.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "packaging"


def version() -> str:
    """The one in pyproject.toml, which all others follow."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return found


def plugin_archive(made: str) -> bytes:
    """The same bytes for the same version."""
    script = (HERE / "kubectl-rollbackd").read_text().replace("@VERSION@", made).encode()
    files = {"kubectl-rollbackd": script, "LICENSE": (ROOT / "LICENSE").read_bytes()}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755 if name != "LICENSE" else 0o644
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(out.getvalue(), mtime=0)


def krew_manifest(made: str, archive: bytes) -> str:
    text = (HERE / "krew.yaml").read_text()
    return text.replace("@VERSION@", made).replace("@SHA256@", hashlib.sha256(archive).hexdigest())


def main() -> None:
    made, dist = version(), ROOT / "dist"
    dist.mkdir(exist_ok=True)
    archive = plugin_archive(made)
    (dist / "kubectl-rollbackd.tar.gz").write_bytes(archive)
    (dist / "krew.yaml").write_text(krew_manifest(made, archive))
    files = sorted(
        one for one in dist.iterdir() if one.is_file() and one.name not in {"SHA256SUMS", ".gitignore"}
    )
    sums = (f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in files)
    (dist / "SHA256SUMS").write_text("".join(sums))


if __name__ == "__main__":
    main()
