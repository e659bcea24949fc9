"""`python -m backend.openapi FILE`: write the OpenAPI document, from which the front end's types are made."""

import json
import sys
from pathlib import Path

from backend.app import create_app
from backend.settings import Settings


def document() -> str:
    """The OpenAPI document as it is committed in `frontend/openapi.json`."""

    app = create_app(Settings(), None)
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document(), encoding="utf-8")
