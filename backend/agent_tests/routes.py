"""HTTP for an agent's tests: the set, running it, drafting for it, its report, the gate."""

from fastapi import APIRouter

from backend.accounts.principal import SignedIn
from backend.agent_tests.schemas import (
    DraftTestsIn,
    FromRunIn,
    GateIn,
    JudgeIn,
    OutcomeOut,
    ProgressOut,
    ReportOut,
    TestIn,
    TestOut,
    TestRunIn,
    TestSetOut,
)
from backend.answer_checks import Said
from backend.responses import errors
from backend.services import ServicesDep

router = APIRouter(prefix="/api", tags=["tests of agents"])
TESTS = "/agents/{agent_id}/tests"


@router.get(TESTS, responses=errors(401, 404))
async def list_tests(agent_id: str, principal: SignedIn, services: ServicesDep) -> TestSetOut:
    """The test set of an agent of one's own, what is asked for before publishing, and what is under way."""
    tests = await services.agent_tests.list_tests(principal.user.id, agent_id)
    progress = services.test_work.progress(agent_id)
    return TestSetOut(
        tests=[TestOut.of(test) for test in tests],
        gate=await services.agent_tests.gate(principal.user.id, agent_id),
        progress=ProgressOut.of(progress) if progress else None,
    )


@router.post(TESTS, status_code=201, responses=errors(401, 404, 422))
async def add_test(agent_id: str, body: TestIn, principal: SignedIn, services: ServicesDep) -> TestOut:
    """A question, and what a right answer to it is like."""
    added = await services.agent_tests.add(
        principal.user.id,
        agent_id,
        question=body.question,
        checks=body.checks,
        state=body.state,
        origin={"from": "person"},
    )
    return TestOut.of(added)


@router.post(f"{TESTS}/from-run", status_code=201, responses=errors(401, 404, 422))
async def add_test_from_run(
    agent_id: str, body: FromRunIn, principal: SignedIn, services: ServicesDep
) -> TestOut:
    """A draft of a test from a run of one's own: its question, and checks that its answer passes."""
    return TestOut.of(await services.agent_tests.add_from_run(principal.user.id, agent_id, body.run_id))


@router.put(f"{TESTS}/{{test_id}}", responses=errors(401, 404, 422))
async def change_test(
    agent_id: str, test_id: str, body: TestIn, principal: SignedIn, services: ServicesDep
) -> TestOut:
    """Change a test, or confirm a draft of one."""
    changed = await services.agent_tests.change(
        principal.user.id,
        agent_id,
        test_id,
        question=body.question,
        checks=body.checks,
        state=body.state,
    )
    return TestOut.of(changed)


@router.delete(f"{TESTS}/{{test_id}}", status_code=204, responses=errors(401, 404))
async def remove_test(agent_id: str, test_id: str, principal: SignedIn, services: ServicesDep) -> None:
    await services.agent_tests.remove(principal.user.id, agent_id, test_id)


@router.post(f"{TESTS}/run", status_code=202, responses=errors(401, 404, 409, 422))
async def run_tests(
    agent_id: str, body: TestRunIn, principal: SignedIn, services: ServicesDep
) -> ProgressOut:
    """Ask a state of the agent the questions of its tests; free. `GET …/tests` says how far it has come."""
    return ProgressOut.of(await services.test_work.run(principal, agent_id, state=body.state, only=body.only))


@router.post(f"{TESTS}/draft", status_code=202, responses=errors(401, 404, 409, 422))
async def draft_tests(
    agent_id: str, body: DraftTestsIn, principal: SignedIn, services: ServicesDep
) -> ProgressOut:
    """Make drafts of tests from the documents that the agent searches, for their owner to confirm."""
    return ProgressOut.of(await services.test_work.draft(principal, agent_id, count=body.count))


@router.post(f"{TESTS}/stop", status_code=202, responses=errors(401, 404))
async def stop_tests(agent_id: str, principal: SignedIn, services: ServicesDep) -> None:
    """Stop what is under way; what it found so far is kept."""
    await services.agents.get(principal.user.id, agent_id)
    services.test_work.cancel(agent_id)


@router.get(f"{TESTS}/report", responses=errors(401, 404))
async def get_test_report(
    agent_id: str,
    principal: SignedIn,
    services: ServicesDep,
    state: str = "draft",
    against: str = "live",
) -> ReportOut:
    """What came of the confirmed tests in one state of the agent, question by question beside another."""
    report = await services.agent_tests.report(principal.user.id, agent_id, state=state, against=against)
    return ReportOut.of(report)


@router.put(f"{TESTS}-gate", status_code=204, responses=errors(401, 404, 422))
async def set_test_gate(agent_id: str, body: GateIn, principal: SignedIn, services: ServicesDep) -> None:
    """How many of a hundred tests must pass before publishing; null asks for nothing."""
    await services.agent_tests.set_gate(principal.user.id, agent_id, body.percent)


@router.post("/answer-checks", responses=errors(401, 422))
async def judge_answer(body: JudgeIn, principal: SignedIn, services: ServicesDep) -> list[OutcomeOut]:
    """Whether an answer is what checks ask for, as an agent's tests judge it."""
    said = Said(body.answer, body.citations, body.found)
    outcomes = [await services.test_work.judge(check, said) for check in body.checks]
    return [OutcomeOut(passed=outcome.passed, told=outcome.told) for outcome in outcomes]
