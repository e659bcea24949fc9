"""Names that tell nothing are kept out, and so are names of machines."""

import re
import tomllib

import pytest

from tests.repository.sources import PACKAGES, ROOT, files

EMPTY_WORDS = {"utils", "util", "helpers", "helper", "manager", "misc", "common"}


def test_no_file_is_named_after_nothing() -> None:
    named = [
        str(path.relative_to(ROOT))
        for path in files("*.py", "*.ts", "*.tsx", "*.sol")
        if EMPTY_WORDS & set(re.split(r"[^a-z]+", str(path.relative_to(ROOT)).lower()))
    ]
    assert named == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_says_what_it_is_for(package: str) -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in files(f"{package}/*.py")
        if path.name != "__init__.py"
        and "migrations/versions" not in str(path)
        and not re.match(r'(#[^\n]*\n)*r?"""', path.read_text(encoding="utf-8"))
    ]
    assert silent == []


LOCKS = [str(path.relative_to(ROOT)) for path in files("*.lock", "*package-lock.json")]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_host(lock: str) -> None:
    """Each machine uses its own registry. An address of where to give money is not one to fetch from."""
    text = re.sub(r'"funding": (\{[^}]*\}|\[[^\]]*\]|"[^"]*")', "", (ROOT / lock).read_text(encoding="utf-8"))
    assert re.findall(r"^.*(?:https?|git|ssh|file):/?/.*$", text, re.M) == []


def test_both_python_locks_agree_on_what_they_share() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==[^\\\n]*?(?=\s*\\?$)", (ROOT / name).read_text(), re.M))

    assert pins("requirements.lock") - pins("requirements-test.lock") == set()


def test_no_cuda_package_comes_along_by_accident() -> None:
    for name in ("requirements.lock", "requirements-test.lock"):
        assert re.findall(r"^(?:nvidia-|cuda-|triton).*", (ROOT / name).read_text(), re.M) == []


def test_the_locks_hold_every_dependency_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    def missing(wanted: list[str], lock: str) -> list[str]:
        pinned = {_plain(name) for name in re.findall(r"^([\w.-]+)==", (ROOT / lock).read_text(), re.M)}
        return [name for name in wanted if _plain(re.split(r"[\[<>=~ ;]", name)[0]) not in pinned]

    assert missing(project["dependencies"], "requirements.lock") == []
    assert missing(project["optional-dependencies"]["test"], "requirements-test.lock") == []


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
