"""What Python deploys is what the Solidity sources say. Compiles them anew and compares, byte for byte."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CONTRACTS = Path(__file__).parents[2] / "licensing" / "contracts"
NAMES = ["AccessManager", "AssetRegistry", "Licenses", "Receipts", "Settlement", "TestCurrency"]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (CONTRACTS / "node_modules" / "solc").is_dir():
        pytest.fail(
            "The Solidity compiler is not installed. Run `make prepare`, or `npm ci` in licensing/contracts."
        )
    folder = tmp_path_factory.mktemp("artifacts")
    run = subprocess.run(
        ["node", str(CONTRACTS / "compile"), str(folder)], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_committed_artifact_is_what_its_source_compiles_to(name: str, compiled: Path) -> None:
    committed = (CONTRACTS / "artifacts" / f"{name}.json").read_bytes()
    assert committed == (compiled / f"{name}.json").read_bytes(), (
        f"{name}.json is not what the sources compile to. Run `npm run compile` in licensing/contracts."
    )


def test_no_artifact_is_committed_without_a_source(compiled: Path) -> None:
    committed = {path.name for path in (CONTRACTS / "artifacts").iterdir()}
    assert committed == {path.name for path in compiled.iterdir()} == {f"{name}.json" for name in NAMES}


def test_the_bytecode_carries_no_metadata_and_no_placeholders(compiled: Path) -> None:
    for name in NAMES:
        bytecode = json.loads((compiled / f"{name}.json").read_text())["bytecode"]
        assert bytecode.startswith("0x6")
        bytes.fromhex(bytecode[2:])
        assert b"ipfs".hex() not in bytecode


def test_the_committed_vectors_are_what_eth_account_makes(tmp_path: Path) -> None:
    made = tmp_path / "eip712.json"
    subprocess.run([sys.executable, str(CONTRACTS / "vectors" / "make"), str(made)], check=True, timeout=120)
    assert made.read_bytes() == (CONTRACTS / "vectors" / "eip712.json").read_bytes(), (
        "eip712.json is not what licensing/contracts/vectors/make writes. Run it."
    )


def test_the_lockfile_names_no_registry() -> None:
    lock = json.loads((CONTRACTS / "package-lock.json").read_text())
    for name, package in lock["packages"].items():
        assert "resolved" not in package, f"{name} names where it was downloaded. Keep .npmrc as it is."
        # Programs for other systems are optional; npm fills their digests in where it installs them.
        assert not name or package.get("optional") or "integrity" in package, f"{name} has no digest."
