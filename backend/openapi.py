"""`python -m backend.openapi FILE`: write the OpenAPI document, from which the front end's types are made."""

import json
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from backend.app import create_app
from backend.services import Services
from backend.settings import Settings


def _never() -> AbstractAsyncContextManager[Services]:
    raise RuntimeError("the document is made without starting anything")


def document() -> str:
    """The OpenAPI document as it is committed in `frontend/openapi.json`."""

    app = create_app(Settings(), _never)
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document(), encoding="utf-8")
