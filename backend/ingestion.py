"""Take documents in, durably: a DBOS workflow per document that goes on where it stopped, also after `kill -9`.

The only home of DBOS. Workflows carry ids and nothing else, written as JSON: DBOS' own serializer is pickle,
which runs code from a forged row. What a stage does, and that doing it twice is harmless, is the vault's.
"""

import asyncio
import itertools
import json
import logging
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any

from dbos import DBOS, DBOSConfig, Serializer, SetWorkflowID

log = logging.getLogger("qanat.ingestion")

QUEUE = "ingestion"
DOCUMENTS_AT_ONCE = 3
"""While one is read and another written, a third keeps the cores busy with embedding."""
_WAITING_OR_RUNNING = {"PENDING", "ENQUEUED", "DELAYED"}
Stage = Callable[[str, str], Awaitable[None]]
"""Takes a tenant id and a document id; records its own failure as the document's state."""


class JsonOnly(Serializer):
    """Writes plain JSON and refuses everything else."""

    def serialize(self, data: Any) -> str:
        if isinstance(data, BaseException):
            return json.dumps({"error": type(data).__name__})
        return json.dumps(data)

    def deserialize(self, serialized_data: str) -> Any:
        value = json.loads(serialized_data)
        if isinstance(value, dict) and set(value) == {"error"}:
            return RuntimeError(value["error"])
        return value

    def name(self) -> str:
        return "qanat_json"


class _Stages:
    """The stages of the running server; a workflow that DBOS resumes finds them here."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.parse: Stage | None = None
        self.index: Stage | None = None
        self.ready = threading.Event()
        self.under_way: set[Future[None]] = set()

    def run(self, name: str, tenant_id: str, document_id: str) -> None:
        self.ready.wait()
        stage, loop = getattr(self, name), self.loop
        if loop is None:
            raise RuntimeError("the server is stopping")
        future = asyncio.run_coroutine_threadsafe(stage(tenant_id, document_id), loop)
        self.under_way.add(future)
        try:
            future.result()
        finally:
            self.under_way.discard(future)


_stages = _Stages()


@DBOS.step(name="parse_document", retries_allowed=False)
def _parse(tenant_id: str, document_id: str) -> None:
    _stages.run("parse", tenant_id, document_id)


@DBOS.step(name="index_document", retries_allowed=False)
def _index(tenant_id: str, document_id: str) -> None:
    _stages.run("index", tenant_id, document_id)


@DBOS.workflow(name="take_document_in")
def _take_in(tenant_id: str, document_id: str) -> None:
    _parse(tenant_id, document_id)
    _index(tenant_id, document_id)


class Ingestion:
    """Starts, resumes and stops the taking in of documents."""

    def __init__(self, address: str, *, parse: Stage, index: Stage) -> None:
        """`address`: of the database in which DBOS keeps what is under way, as SQLAlchemy takes it."""
        self._address = address
        self._parse = parse
        self._index = index

    async def start(self) -> None:
        """Launch; documents that a crash interrupted go on from the stage they had reached."""
        config: DBOSConfig = {
            "name": "qanat",
            "system_database_url": self._address,
            "log_level": "WARNING",
            "console_log_level": "WARNING",
            "application_version": "1",
            "executor_id": "local",
            "serializer": JsonOnly(),
            "notification_listener_polling_interval_sec": 1.0,
        }
        _stages.loop = asyncio.get_running_loop()
        _stages.parse, _stages.index = self._parse, self._index
        DBOS(config=config)
        await asyncio.to_thread(self._launch)
        _stages.ready.set()

    @staticmethod
    def _launch() -> None:
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=DOCUMENTS_AT_ONCE, polling_interval_sec=0.2)

    async def submit(self, tenant_id: str, document_id: str, *, job: str = "1-1") -> None:
        """Queue one document; while this job of it (`Document.job`) waits or runs, submitting again changes nothing."""

        def enqueue() -> None:
            workflow_id = f"{document_id}-{job}"
            for again in itertools.count(2):
                status = DBOS.get_workflow_status(workflow_id)
                if status is None or status.status in _WAITING_OR_RUNNING:
                    break
                workflow_id = f"{document_id}-{job}-{again}"  # the one before ended without getting through
            with SetWorkflowID(workflow_id):
                DBOS.enqueue_workflow(QUEUE, _take_in, tenant_id, document_id)

        await asyncio.to_thread(enqueue)

    async def stop(self) -> None:
        """Take in nothing more; a document under way may end, else it goes on at the next start."""
        patience_s = 5 if _stages.under_way else 0
        await asyncio.to_thread(lambda: DBOS.destroy(workflow_completion_timeout_sec=patience_s))
        _stages.ready.clear()
        for future in tuple(_stages.under_way):
            future.cancel()
        _stages.loop = None
