"""`python -m tests.attacks [--run]`: the table of attacks; with `--run` each is tried, and what got in is counted."""

import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from tests.attacks.known import ATTACKS, table


def main() -> int:
    if "--run" not in sys.argv:
        print(table())
        return 0
    tests = sorted({test for attack in ATTACKS for test in attack.tests})
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            f"--junitxml={report}",
            "-o",
            "junit_family=xunit1",
            *tests,
        ]
        subprocess.run(command, check=False)
        tried, got_through = defaultdict[str, int](int), defaultdict[str, int](int)
        for case in ElementTree.parse(report).iter("testcase"):
            name = f"{case.get('file')}::{str(case.get('name')).partition('[')[0]}"
            tried[name] += 1
            got_through[name] += any(child.tag in ("failure", "error") for child in case)
    print(f"{'attack':<78}{'tried':>7}{'got through':>13}")
    for attack in ATTACKS:
        counts = (sum(where[test] for test in attack.tests) for where in (tried, got_through))
        print(f"{attack.name[:76]:<78}" + "{:>7}{:>13}".format(*counts))
    print(f"{len(ATTACKS)} attacks, {sum(tried.values())} tests, {sum(got_through.values())} got through")
    return 1 if sum(got_through.values()) or any(not tried[test] for test in tests) else 0


if __name__ == "__main__":
    sys.exit(main())
