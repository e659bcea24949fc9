"""Arrows point one way: read from the imports, not from good intentions."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository.sources import PACKAGES, ROOT, files

HOMES: dict[str, str | tuple[str, ...]] = {
    "qdrant_edge": "knowledge_vault/index/edge.py",
    "qdrant_client": "knowledge_vault/index/server.py",
    "sentence_transformers": "knowledge_vault/transformer_models.py",
    "cryptography": "knowledge_vault/crypto.py",
    "langgraph": ("agent_runtime/compiler.py", "agent_runtime/checkpoints.py"),
    "llama_cpp": "agent_runtime/models/llama_cpp.py",
    "web3": "licensing/chain.py",
    "httpcore": "knowledge_vault/guarded_http.py",
    "kreuzberg": "knowledge_vault/parsing/reading/",
    "resiliparse": "knowledge_vault/parsing/reading/main_content.py",
    "pypdfium2": "knowledge_vault/parsing/reading/",
}
"""A heavy library and the one place that knows it; two where it asks for two things of us."""


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that the file imports, anywhere in it, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module, node.lineno
        elif isinstance(node, ast.Call) and _is_import_call(node) and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value), node.lineno


def _is_import_call(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in ("import_module", "__import__") and bool(node.args)


def offences(package: str, forbidden: set[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in files(f"{package}/*.py")
        for module, line in imports(path)
        if module.split(".")[0] in forbidden
    ]


@pytest.mark.parametrize("package", ["agent_runtime", "knowledge_vault", "licensing"])
def test_the_three_packages_know_nothing_of_each_other(package: str) -> None:
    assert offences(package, {*PACKAGES, "tests", "scripts"} - {package}) == []


def test_the_product_imports_neither_its_tests_nor_its_scripts() -> None:
    assert offences("backend", {"tests", "scripts"}) == []


def test_preparing_needs_nothing_but_the_standard_library() -> None:
    assert (
        offences("scripts/prepare", {*PACKAGES, "tests", "numpy", "torch", "rich", "httpx", "psutil"}) == []
    )


def test_a_heavy_library_has_one_home() -> None:
    strays = [
        f"{path.relative_to(ROOT)}:{line} imports {module}; its home is {HOMES[module.split('.')[0]]}"
        for package in PACKAGES
        for path in files(f"{package}/*.py")
        for module, line in imports(path)
        if module.split(".")[0] in HOMES
        and not str(path.relative_to(ROOT)).startswith(HOMES[module.split(".")[0]])
    ]
    assert strays == []


def test_the_reader_of_imports_sees_those_inside_functions_and_by_name(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text("def f():\n    import web3.eth\n    importlib.import_module('llama_cpp')\n")
    assert sorted(imports(source)) == [("llama_cpp", 3), ("web3.eth", 2)]
