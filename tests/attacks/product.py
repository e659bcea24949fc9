"""The product's own Python files, read once for the attacks that look at them."""

import ast
from collections.abc import Iterator
from functools import cache

from tests.repository.sources import PACKAGES, ROOT, files


@cache
def nodes() -> tuple[tuple[str, tuple[ast.AST, ...]], ...]:
    """Each file by its path, with all that its syntax tree holds."""
    return tuple(
        (str(path.relative_to(ROOT)), tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8")))))
        for package in PACKAGES
        for path in files(f"{package}/*.py")
    )


def imported() -> Iterator[tuple[str, str]]:
    """Path and module of every import, inside functions too."""
    for path, tree in nodes():
        for node in tree:
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield path, node.module


def called() -> Iterator[tuple[str, str]]:
    """Path and dotted name of every call of a name or of a module's function."""
    for path, tree in nodes():
        for node in tree:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield path, node.func.id
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
            ):
                yield path, f"{node.func.value.id}.{node.func.attr}"
