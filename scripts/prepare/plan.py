"""What a clone needs to run, and what more to be tested; the order follows from what needs what."""

from pathlib import Path

from scripts.prepare import browser, llama, machine, models, postgres, python_packages, recognition, web
from scripts.prepare.places import CONTRACTS, FRONTEND, PREPARED, PYTHON, ROOT, UV, VENV
from scripts.prepare.stages import Stage

_IN_VENV = VENV / "prepared"
"""Stamps of what lies in the environment lie there too, so that removing it removes them."""


def stages_for(purpose: str) -> list[Stage]:
    testing = purpose == "test"
    return [
        Stage(
            "machine",
            "Machine",
            PREPARED / "machine",
            lambda: [python_packages.interpreter(), machine.node_version()],
            (),
            machine.check,
        ),
        *_python(testing),
        *_models(),
        *_web(testing),
    ]


def _python(testing: bool) -> list[Stage]:
    def pinned(lock: Path) -> list[Path | str]:
        return [lock, *python_packages.torch_options()]

    # A clone once prepared for tests stays so; the locks agree on what they share (a test reads them).
    if testing or (_IN_VENV / "packages-test").exists():
        lock, install = python_packages.TEST_LOCK, python_packages.install_test_packages
        stamp = _IN_VENV / "packages-test"
    else:
        lock, install = python_packages.LOCK, python_packages.install_packages
        stamp = _IN_VENV / "packages"
    return [
        Stage(
            "venv",
            "Python environment",
            _IN_VENV / "venv",
            lambda: [python_packages.interpreter(), python_packages.UV_VERSION, str(VENV)],
            (PYTHON, UV),
            python_packages.make_environment,
            ("machine",),
        ),
        Stage("packages", "Python packages", stamp, lambda: pinned(lock), (PYTHON,), install, ("venv",)),
        Stage(
            "project",
            "The qanat command",
            _IN_VENV / "project",
            lambda: [ROOT / "pyproject.toml", str(ROOT)],
            (VENV / "bin" / "qanat",),
            python_packages.install_project,
            ("packages",),
        ),
        Stage(
            "llama wheel",
            "llama.cpp",
            PREPARED / "llama-wheel",
            lambda: [llama.choice()],
            () if llama.is_given() else (llama.wheel_folder(),),
            llama.make_wheel,
            ("venv",),
        ),
        Stage(
            "llama",
            "llama.cpp in place",
            _IN_VENV / "llama",
            lambda: [llama.choice()],
            (),
            llama.install,
            ("llama wheel", "packages"),
        ),
    ]


def _models() -> list[Stage]:
    return [
        Stage(
            "llm",
            "Language model",
            PREPARED / "llm",
            lambda: [models.LLM.member_sha256],
            (models.LLM_FILE,),
            models.fetch_llm,
            ("venv",),
        ),
        Stage(
            "embedder",
            "Embedding model",
            PREPARED / "embedder",
            lambda: [models.embedder_origin()],
            (models.EMBEDDER_FOLDER / "modules.json",),
            models.fetch_embedder,
            ("project",),
        ),
    ]


def _web(testing: bool) -> list[Stage]:
    anvil = CONTRACTS / "node_modules" / ".package-lock.json"
    tools = testing or (PREPARED / "chain-tools").exists()
    stages = [
        Stage(
            "chain",
            "Local chain",
            PREPARED / ("chain-tools" if tools else "chain"),
            lambda: [CONTRACTS / "package-lock.json"],
            (anvil,),
            web.install_chain_tools if tools else web.install_chain,
            ("machine",),
        ),
        Stage(
            "frontend packages",
            "Front end packages",
            PREPARED / "frontend-packages",
            lambda: [FRONTEND / "package-lock.json"],
            (FRONTEND / "node_modules" / ".package-lock.json",),
            web.install_frontend,
            ("machine",),
        ),
        Stage(
            "frontend",
            "Front end",
            PREPARED / "frontend",
            web.frontend_inputs,
            (FRONTEND / "dist" / "index.html",),
            web.build_frontend,
            ("frontend packages",),
        ),
    ]
    if testing:
        stages.append(
            Stage(
                "browser",
                "Browser",
                PREPARED / "browser",
                lambda: [browser.find()],
                (),
                browser.install,
                ("machine",),
            )
        )
        stages.append(
            Stage(
                "recognition",
                "Text recognition",
                PREPARED / "recognition",
                lambda: [recognition.find()],
                (),
                recognition.install,
                ("browser",),  # both may ask the system's package manager, which serves one at a time
            )
        )
        stages.append(
            Stage(
                "postgres",
                "PostgreSQL",
                PREPARED / "postgres",
                lambda: [postgres.find()],
                (),
                postgres.install,
                ("recognition",),
            )
        )
    return stages
