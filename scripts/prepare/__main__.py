"""`python3 -m scripts.prepare [--for run|test]`: prepare this clone, or say at once that it is prepared."""

import argparse
import sys

if sys.version_info < (3, 11):  # noqa: UP036 (an older Python may well be what `python3` is)
    sys.exit(
        f"Qanat needs Python 3.11 or newer; this is {sys.version.split()[0]}.\n"
        "Install one (Debian: apt-get install python3 python3-venv) or name it: make run PYTHON=python3.12"
    )

from scripts.prepare.places import PREPARED, locked
from scripts.prepare.plan import stages_for
from scripts.prepare.progress import Screen
from scripts.prepare.stages import run_all


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.prepare", description=__doc__)
    parser.add_argument("--for", dest="purpose", choices=("run", "test"), default="run")
    purpose = parser.parse_args().purpose

    with Screen(sys.stdout) as screen, locked(PREPARED / "lock", screen.say):
        return run_all(stages_for(purpose), screen)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nStopped. What is finished is kept; the same command goes on from there.")
