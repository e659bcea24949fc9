"""Preparing is safe to repeat, does nothing twice, and says what to do when it cannot go on."""

import errno
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts.prepare import commands, llama, machine, models
from scripts.prepare.plan import stages_for
from scripts.prepare.progress import Report, Screen
from scripts.prepare.stages import Stage, digest_of, run_all
from tests.repository.sources import ROOT


class Log:
    """Stages that note when they worked, and the screen they wrote to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.worked: list[str] = []
        self.out = io.StringIO()

    def stage(self, name: str, *, inputs: tuple[Path | str, ...] = (), needs: tuple[str, ...] = ()) -> Stage:
        def work(report: Report) -> None:
            self.worked.append(name)
            (self.folder / f"{name}.out").write_text("done")

        return Stage(
            name,
            name,
            self.folder / f"{name}.stamp",
            lambda: inputs,
            (self.folder / f"{name}.out",),
            work,
            needs,
        )

    def run(self, *stages: Stage) -> int:
        with Screen(self.out) as screen:
            return run_all(stages, screen)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_what_is_prepared_is_not_prepared_again(log: Log) -> None:
    stages = [log.stage("first"), log.stage("second", needs=("first",))]
    assert log.run(*stages) == 0
    assert log.run(*stages) == 0
    assert log.worked == ["first", "second"]
    assert "All prepared already" in log.out.getvalue()


def test_a_changed_input_or_a_lost_output_prepares_that_stage_again(log: Log) -> None:
    source = log.folder / "lock"
    source.write_text("a==1")
    stage = log.stage("packages", inputs=(source,))
    log.run(stage)
    source.write_text("a==2")
    log.run(stage)
    (log.folder / "packages.out").unlink()
    log.run(stage)
    assert log.worked == ["packages"] * 3


def test_a_failing_stage_says_what_to_do_and_those_that_need_it_do_not_begin(log: Log) -> None:
    def work(report: Report) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    failing = Stage("first", "First", log.folder / "first.stamp", lambda: (), (), work)
    assert log.run(failing, log.stage("second", needs=("first",))) == 1
    assert log.worked == []
    assert "The disk is full: free some space" in log.out.getvalue()
    assert "Not prepared: First" in log.out.getvalue()
    assert not (log.folder / "first.stamp").exists()


def test_a_stage_that_makes_nothing_is_not_called_prepared(log: Log) -> None:
    stage = Stage("a", "A", log.folder / "a.stamp", lambda: (), (log.folder / "a.out",), lambda report: None)
    assert log.run(stage) == 1
    assert "it ended well, but" in log.out.getvalue()


def test_the_digest_of_a_folder_follows_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    before = digest_of([tmp_path])
    (tmp_path / "a").write_text("2")
    assert digest_of([tmp_path]) != before
    (tmp_path / "a").rename(tmp_path / "b")
    (tmp_path / "b").write_text("1")
    assert digest_of([tmp_path]) != before


@pytest.mark.parametrize(
    ("printed", "advice"),
    [
        ("npm error code ENOSPC", "disk is full"),
        ("Temporary failure in name resolution", "registry could not be reached"),
        ("npm error code EAI_AGAIN", "registry could not be reached"),
        ("OSError: [Errno 13] Permission denied: '/x'", "may not be written"),
    ],
)
def test_a_failed_program_is_explained(printed: str, advice: str) -> None:
    program = f"print({printed!r}); raise SystemExit(3)"
    with pytest.raises(commands.StageFailed, match="(?s)status 3.*" + advice):
        commands.run("A trial", [sys.executable, "-c", program])


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(commands.StageFailed, match="no-such-program is not on this machine"):
        commands.run("A trial", ["no-such-program"])


def test_a_machine_without_node_is_told_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with Screen(io.StringIO()) as screen, pytest.raises(commands.StageFailed, match="apt-get install nodejs"):
        machine.check(Report(screen, "Machine"))


def test_a_python_without_environments_is_told_the_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert machine.missing_venv(tmp_path) == ""
    monkeypatch.setitem(sys.modules, "ensurepip", None)  # as Debian's Python is without python3-venv
    assert "apt-get install python3-venv" in machine.missing_venv(tmp_path)


def test_a_machine_without_a_compiler_is_told_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(commands.StageFailed, match=r"cc, c\+\+, cmake not found.*\n.*build-essential cmake"):
        machine.check_compiler()


def test_the_wheel_is_built_for_any_machine_of_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "-DGGML_NATIVE=OFF" in llama.flags()
    plain = llama.wheel_folder()
    monkeypatch.setenv("QANAT_LLAMA_CMAKE_ARGS", "-DGGML_CUDA=ON")
    assert llama.flags().endswith("-DGGML_CUDA=ON")
    assert llama.wheel_folder() != plain


def test_a_build_of_the_users_own_is_respected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QANAT_LLAMA_WHEEL", str(tmp_path / "missing.whl"))
    with (
        Screen(io.StringIO()) as screen,
        pytest.raises(commands.StageFailed, match=r"missing\.whl, which is not a file"),
    ):
        llama.make_wheel(Report(screen, "llama.cpp"))


def test_a_model_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "model.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(models.LLM.member, b"not a model")
    with Screen(io.StringIO()) as screen, pytest.raises(commands.StageFailed, match="has the digest"):
        models._taken_out(Report(screen, "Language model"), models.LLM, wheel, tmp_path)


@pytest.mark.parametrize("purpose", ["run", "test"])
def test_every_stage_needs_only_stages_that_are_planned(purpose: str) -> None:
    stages = stages_for(purpose)
    names = [stage.name for stage in stages]
    assert len(names) == len(set(names))
    assert [need for stage in stages for need in stage.needs if need not in names] == []


def test_an_older_python_is_told_which_is_needed(tmp_path: Path) -> None:
    """Run as an older Python would: everything up to the check must be readable to it."""
    source = (ROOT / "scripts" / "prepare" / "__main__.py").read_text()
    head = source.split("from scripts.prepare")[0]
    program = "import sys; sys.version_info = (3, 9, 2, 'final', 0)\n" + head
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "Qanat needs Python 3.11 or newer" in ended.stderr
