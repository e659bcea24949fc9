"""A stand-in for a Qdrant server: speaks HTTP as Qdrant's OpenAPI says, keeps points in memory, searches exactly.

It holds every request against the recorded OpenAPI (`qdrant_api.json`) and against the promise of the engine that
speaks to it: no request about points without the filter for one shard. What breaks either is answered with status 400
and kept in `broken`, which tests look at in the end. It is no Qdrant: how a real one behaves under load, in a cluster
or between versions, is not shown by it.
"""

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import numpy as np
from jsonschema import Draft202012Validator

API = json.loads((Path(__file__).parent / "qdrant_api.json").read_text(encoding="utf-8"))
_OF_ONE_SHARD = {"delete_points", "query_points", "scroll_points", "count_points"}
_SHARD = "s"

Json = dict[str, Any]


def _validator(schema: object) -> Draft202012Validator:
    return Draft202012Validator({"schemas": API["schemas"], **(schema if isinstance(schema, dict) else {})})


_OPERATIONS = [
    (
        each,
        re.compile(re.sub(r"\{\w+\}", "([^/]+)", each["path"])),
        _validator({"$ref": f"#/schemas/{each['body']}"}) if each["body"] else None,
        {name: _validator(schema) for name, schema in each["query"].items()},
    )
    for each in API["operations"]
]


class Refused(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass
class Collection:
    made: Json
    indexes: Json = field(default_factory=dict)
    points: dict[str, Json] = field(default_factory=dict)


@dataclass
class StandIn:
    api_key: str | None = None
    collections: dict[str, Collection] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], Json]] = field(default_factory=list)
    """Every request that was understood: its operation, query and body."""
    broken: list[str] = field(default_factory=list)
    """What was asked that no Qdrant understands, or that no engine of ours may ask."""
    next_answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Statuses and headers to answer with first, before anything is looked at."""
    delay_s: float = 0.0
    forgets_filters: bool = False
    address: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, target: str, headers: dict[str, str], body: Json) -> object:
        if self.api_key is not None and headers.get("api-key") != self.api_key:
            raise Refused(403, "Invalid api-key")
        split = urlsplit(target)
        query = dict(parse_qsl(split.query))
        for operation, path, of_body, of_query in _OPERATIONS:
            match = path.fullmatch(split.path)
            if match is None or operation["method"] != method:
                continue
            name = operation["operation"]
            with self.lock:
                self._check(name, query, body, of_body, of_query)
                self.asked.append((name, query, body))
                return getattr(self, f"_{name}")(unquote(match[1]), body)
        self._break(f"{method} {split.path} is nothing that Qdrant knows")
        return None

    def _check(self, name: str, query: dict[str, str], body: Json, of_body: Any, of_query: Any) -> None:
        for each, value in query.items():
            if each not in of_query:
                self._break(f"{name} has no parameter {each!r}")
            for error in of_query[each].iter_errors(value):
                self._break(f"{name}?{each}: {error.message}")
        if of_body is not None:
            for error in of_body.iter_errors(body):
                self._break(f"{name}: {error.json_path}: {error.message[:200]}")
        if name in _OF_ONE_SHARD and _shard_of(body) is None:
            self._break(f"{name} without a filter for one shard: {json.dumps(body.get('filter'))}")
        if name == "upsert_points":
            shards = {point["payload"].get(_SHARD) for point in body["points"]}
            if len(shards) != 1 or None in shards:
                self._break("points of several shards, or of none, in one request")
        if name in ("upsert_points", "delete_points") and query.get("wait") != "true":
            self._break(f"{name} does not wait until it is done")
        if name != "get_collection" and "timeout" not in query:
            self._break(f"{name} has no limit of time")

    def _break(self, what: str) -> None:
        self.broken.append(what)
        raise Refused(400, what)

    def _collection(self, name: str) -> Collection:
        if name not in self.collections:
            raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")
        return self.collections[name]

    def _get_collection(self, name: str, _body: Json) -> object:
        found = self._collection(name)
        return {
            "status": "green",
            "optimizer_status": "ok",
            "segments_count": 1,
            "points_count": len(found.points),
            "config": {
                "params": {
                    key: found.made[key] for key in ("vectors", "sparse_vectors") if key in found.made
                },
                "hnsw_config": {"m": 0, "ef_construct": 100, "full_scan_threshold": 10000, "payload_m": 16},
                "optimizer_config": {
                    "deleted_threshold": 0.2,
                    "vacuum_min_vector_number": 1000,
                    "default_segment_number": 0,
                    "flush_interval_sec": 5,
                },
            },
            "payload_schema": {
                each: {"data_type": "keyword", "params": schema, "points": len(found.points)}
                for each, schema in found.indexes.items()
            },
        }

    def _create_collection(self, name: str, body: Json) -> object:
        if name in self.collections:
            raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
        self.collections[name] = Collection(body)
        return True

    def _create_field_index(self, name: str, body: Json) -> object:
        self._collection(name).indexes[body["field_name"]] = body["field_schema"]
        return _DONE

    def _upsert_points(self, name: str, body: Json) -> object:
        collection = self._collection(name)
        for point in body["points"]:
            for vector in (each for each in point["vector"].values() if isinstance(each, list)):
                if len(vector) != collection.made["vectors"]["v"]["size"]:
                    raise Refused(400, "Wrong input: Vector dimension error")
            collection.points[str(UUID(str(point["id"])))] = point
        return _DONE

    def _delete_points(self, name: str, body: Json) -> object:
        collection = self._collection(name)
        for each in [each for each, point in collection.points.items() if _passes(point, body["filter"])]:
            del collection.points[each]
        return _DONE

    def _query_points(self, name: str, body: Json) -> object:
        scored = []
        for each, point in self._filtered(name, body).items():
            score = _score(point["vector"].get(body["using"]), body["query"]["nearest"])
            if score is not None:
                scored.append({"id": each, "version": 1, "score": score, "payload": _payload(point, body)})
        scored.sort(key=lambda hit: -hit["score"])
        return {"points": scored[: body["limit"]]}

    def _scroll_points(self, name: str, body: Json) -> object:
        found = self._filtered(name, body)
        ordered = sorted(each for each in found if body.get("offset") is None or each >= body["offset"])
        page, more = ordered[: body["limit"]], ordered[body["limit"] :]
        return {
            "points": [{"id": each, "payload": _payload(found[each], body)} for each in page],
            "next_page_offset": more[0] if more else None,
        }

    def _count_points(self, name: str, body: Json) -> object:
        return {"count": len(self._filtered(name, body))}

    def _facet(self, name: str, body: Json) -> object:
        collection = self._collection(name)
        if body["key"] not in collection.indexes:
            raise Refused(400, f"Bad request: Index required for faceting {body['key']}")
        counted = Counter(point["payload"][body["key"]] for point in collection.points.values())
        return {"hits": [{"value": v, "count": n} for v, n in counted.most_common(body["limit"])]}

    def _filtered(self, name: str, body: Json) -> dict[str, Json]:
        points = self._collection(name).points
        return {
            each: point
            for each, point in points.items()
            if self.forgets_filters or _passes(point, body["filter"])
        }


_DONE = {"operation_id": 1, "status": "completed"}


def _shard_of(body: Json) -> str | None:
    """The one shard that the filter lets through, whatever else it says."""
    for each in (body.get("filter") or {}).get("must") or []:
        if each.get("key") == _SHARD and "value" in (each.get("match") or {}):
            return str(each["match"]["value"])
    return None


def _passes(point: Json, condition: Json) -> bool:
    if "has_id" in condition:
        return str(UUID(str(point["id"]))) in {str(UUID(str(each))) for each in condition["has_id"]}
    if "key" in condition:
        value = point["payload"].get(condition["key"])
        match = condition["match"]
        return value == match["value"] if "value" in match else value in match["any"]
    return all(_passes(point, each) for each in condition.get("must") or [])


def _score(vector: Any, asked: Any) -> float | None:
    """Dot products, as Qdrant gives them; None where a sparse vector shares nothing with what is asked."""
    if vector is None:
        return None
    if isinstance(asked, list):
        kept = np.asarray(vector, np.float16).astype(np.float64)
        return float(kept @ np.asarray(asked, np.float64))
    weights = dict(zip(asked["indices"], asked["values"], strict=True))
    shared = [
        value * weights[index]
        for index, value in zip(vector["indices"], vector["values"], strict=True)
        if index in weights
    ]
    return float(sum(shared)) if shared else None


def _payload(point: Json, body: Json) -> Json | None:
    wanted = body.get("with_payload")
    if isinstance(wanted, list):
        return {key: point["payload"][key] for key in wanted if key in point["payload"]}
    return dict(point["payload"]) if wanted else None


@contextmanager
def running() -> Iterator[StandIn]:
    """A stand-in on a free port of this machine, until the end of the block."""
    stand_in = StandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            time.sleep(stand_in.delay_s)  # what a slow server is: the time is the thing tested
            if stand_in.next_answers:
                status, headers = stand_in.next_answers.pop(0)
                self._send(status, {"status": {"error": "as the test wants it"}, "time": 0.0}, headers)
                return
            try:
                asked = {key.lower(): value for key, value in self.headers.items()}
                body = json.loads(content) if content else {}
                result = stand_in.answer(self.command, self.path, asked, body)
            except Refused as error:
                self._send(error.status, {"status": {"error": str(error)}, "time": 0.0}, {})
            else:
                self._send(200, {"result": result, "status": "ok", "time": 0.0}, {})

        def _send(self, status: int, answer: Json, headers: dict[str, str]) -> None:
            content = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = _handle

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name it has above
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        stand_in.address = f"http://127.0.0.1:{server.server_port}"
        serving = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        serving.start()
        try:
            yield stand_in
        finally:
            server.shutdown()
            serving.join()
