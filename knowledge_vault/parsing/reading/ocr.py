"""Text recognition by `tesseract`, where it is installed: a program of its own, run by the child under its limits."""

import resource
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PLACES = "/usr/bin:/usr/local/bin:/opt/homebrew/bin"
_MOST_LANGUAGES = 4
_CPU_S = 60
"""For one page."""


@dataclass(frozen=True)
class Recognizer:
    program: Path
    languages: str
    """As tesseract takes them: `eng+rus`."""

    def read(self, width: int, height: int, grey: bytes) -> str:
        """The text of a picture of one byte a dot; empty when there is none, or when it takes too long."""
        picture = b"P5\n%d %d\n255\n" % (width, height) + grey
        command = [str(self.program), "stdin", "stdout", "-l", self.languages, "--psm", "3", "--dpi", "300"]
        ended = subprocess.run(
            command,
            input=picture,
            capture_output=True,  # the null device cannot be opened for writing here
            env={"OMP_THREAD_LIMIT": "1", "LANG": "C.UTF-8", "PATH": _PLACES},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S)),  # one thread
            check=False,
        )
        return (
            ended.stdout.decode("utf-8", "replace").replace("\f", "").strip() if ended.returncode == 0 else ""
        )


def find_recognizer() -> Recognizer | None:
    """None where tesseract, or every language of it, is missing."""
    program = shutil.which("tesseract", path=_PLACES)
    if program is None:
        return None
    try:
        listed = subprocess.run(
            [program, "--list-langs"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    languages = [line.strip() for line in listed.split("\n")[1:] if line.strip() not in ("", "osd")]
    languages.sort(key=lambda language: (language != "eng", language))
    if not languages:
        return None
    return Recognizer(Path(program), "+".join(languages[:_MOST_LANGUAGES]))


def programs_of(recognizer: Recognizer | None) -> list[Path]:
    """What the child must be allowed to run: the program and the loader of its libraries."""
    if recognizer is None:
        return []
    loaders = [Path(each) for each in ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")]
    return [recognizer.program.resolve(), *(each.resolve() for each in loaders if each.exists())]
