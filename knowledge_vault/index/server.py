"""The grown engine: a Qdrant server or cluster, shared by all vaults. The only home of `qdrant_client`.

One collection holds the points of every vault, as Qdrant advises for many tenants: each point carries the name of its
shard, whose keyword index is marked as the tenant's, and graphs are built within shards only. So isolation hangs on a
filter, and the filter on one method: `_only` makes every filter here, and cannot be called without a shard. What
comes back is held against the shard too. Should both fail, what others' points lead to are sealed chunks that only
their tenant's keys open.
"""

import logging
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from knowledge_vault.errors import VaultUnavailable
from knowledge_vault.index.engine import Hits, Point
from knowledge_vault.values import PassageId, VaultId

log = logging.getLogger("qanat.vault")

_VECTOR, _WORDS, _DOCUMENT, _SHARD, _PASSAGE = "v", "w", "d", "s", "p"
_SHOWN = [_SHARD, _PASSAGE]
_BATCH = 256
"""Points in one request: about two megabytes."""
_SCROLL = 10_000
_MOST_WITHIN = 10_000
"""Documents named in one question: a quarter of a megabyte; a server takes 32."""
_MOST_SHARDS = 1_000_000
_WRITE_S = 30
_PATIENCE_S = 1.0
"""How long a question is put again to a server that is busy or cannot be reached."""
_WRITE_PATIENCE_S = 30.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0

_T = TypeVar("_T")


class ServerEngine:
    def __init__(
        self,
        address: str,
        *,
        collection: str,
        dimension: int,
        api_key: str | None = None,
        ca_file: Path | None = None,
        copies: int = 1,
        ask_s: int = 2,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Nothing is asked of the server before the first use, so that one that is down keeps nothing from starting.

        `address`: such as https://qdrant.internal:6333. `ca_file`: who signs the server's certificate, where that is
        no public authority. `copies`: on how many nodes of a cluster each point is kept; of a collection made anew.
        `ask_s`: how long one question may take, so that a person hears within three seconds that there is no answer.
        """
        self._address = address.rstrip("/")
        self._collection = collection
        self._dimension = dimension
        self._api_key = api_key
        self._ca_file = ca_file
        self._copies = copies
        self._ask_s = ask_s
        self._pause = pause
        self._client: Any = None
        self._is_there = False
        """The collection is there, as far as we know."""
        self._is_closed = False
        self._lock = threading.Lock()

    def upsert(self, shard: VaultId, points: Sequence[Point]) -> None:
        from qdrant_client.models import PointStruct, SparseVector, WriteOrdering

        def put_together(point: Point) -> PointStruct:
            vectors: dict[str, Any] = {_VECTOR: point.vector.tolist()}
            if point.terms:
                vectors[_WORDS] = SparseVector(indices=sorted(point.terms), values=[1.0] * len(point.terms))
            payload = {_SHARD: shard, _DOCUMENT: point.document, _PASSAGE: point.id}
            return PointStruct(id=_point_id(shard, point.id), vector=vectors, payload=payload)

        for batch in _pieces(points, _BATCH):
            made = [put_together(point) for point in batch]
            self._write(
                lambda client, made=made: client.upsert(  # type: ignore[misc]
                    self._collection, made, wait=True, ordering=WriteOrdering.STRONG, timeout=_WRITE_S
                )
            )

    def delete(self, shard: VaultId, ids: Collection[PassageId]) -> None:
        from qdrant_client.models import HasIdCondition

        for batch in _pieces(sorted(ids), _SCROLL):
            self._delete(shard, HasIdCondition(has_id=[_point_id(shard, each) for each in batch]))

    def drop(self, shard: VaultId) -> None:
        self._delete(shard)

    def nearest(
        self, shard: VaultId, vector: NDArray[np.float32], *, limit: int, within: Collection[str] | None
    ) -> Hits:
        from qdrant_client.models import NearestQuery

        return self._query(shard, NearestQuery(nearest=vector.tolist()), _VECTOR, limit, within)

    def matching(
        self, shard: VaultId, weights: Mapping[int, float], *, limit: int, within: Collection[str] | None
    ) -> Hits:
        from qdrant_client.models import NearestQuery, SparseVector

        if not weights:
            return []
        terms = sorted(weights)
        words = SparseVector(indices=terms, values=[float(weights[term]) for term in terms])
        return self._query(shard, NearestQuery(nearest=words), _WORDS, limit, within)

    def ids(self, shard: VaultId) -> set[PassageId]:
        found: set[PassageId] = set()
        offset = None
        while True:
            records, offset = self._read(
                lambda client, offset=offset: client.scroll(  # type: ignore[misc]
                    self._collection,
                    scroll_filter=self._only(shard),
                    limit=_SCROLL,
                    offset=offset,
                    with_payload=_SHOWN,
                    with_vectors=False,
                    timeout=_WRITE_S,
                ),
                patience_s=_WRITE_PATIENCE_S,
            )
            found.update(self._passage(shard, record) for record in records)
            if offset is None:
                return found

    def count(self, shard: VaultId) -> int:
        answer = self._read(
            lambda client: client.count(
                self._collection, count_filter=self._only(shard), exact=True, timeout=self._ask_s
            )
        )
        return int(answer.count)

    def shards(self) -> set[VaultId]:
        """The one question that is not about a shard: it is answered with their names, and with no point."""
        answer = self._read(
            lambda client: client.facet(
                self._collection, key=_SHARD, limit=_MOST_SHARDS, exact=True, timeout=_WRITE_S
            ),
            patience_s=_WRITE_PATIENCE_S,
        )
        return {VaultId(str(hit.value)) for hit in answer.hits}

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _only(self, shard: VaultId, *more: Any) -> Any:
        """The filter of every request: the points of this shard, and of those the ones that `more` let through."""
        from qdrant_client.models import FieldCondition, Filter, MatchValue

        return Filter(must=[FieldCondition(key=_SHARD, match=MatchValue(value=shard)), *more])

    def _passage(self, shard: VaultId, found: Any) -> PassageId:
        """Raises:
        VaultUnavailable: the server gave a point of another shard.
        """
        if found.payload.get(_SHARD) != shard:
            log.error("index.foreign_point shard=%s", shard)
            raise VaultUnavailable(
                f"The Qdrant server at {self._address} answered with what was not asked for, and nothing of it is "
                "used. Check its version and what stands between."
            )
        return PassageId(found.payload[_PASSAGE])

    def _query(
        self, shard: VaultId, query: Any, using: str, limit: int, within: Collection[str] | None
    ) -> Hits:
        from qdrant_client.models import FieldCondition, MatchAny

        if limit < 1:
            return []
        named = [None] if within is None else list(_pieces(sorted(within), _MOST_WITHIN))
        hits: Hits = []
        for documents in named:
            more = [FieldCondition(key=_DOCUMENT, match=MatchAny(any=documents))] if documents else []
            answer = self._read(
                lambda client, more=more: client.query_points(  # type: ignore[misc]
                    self._collection,
                    query=query,
                    using=using,
                    query_filter=self._only(shard, *more),
                    limit=limit,
                    with_payload=_SHOWN,
                    with_vectors=False,
                    timeout=self._ask_s,
                )
            )
            hits += [(self._passage(shard, hit), float(hit.score)) for hit in answer.points]
        return sorted(hits, key=lambda hit: -hit[1])[:limit]

    def _delete(self, shard: VaultId, *more: Any) -> None:
        from qdrant_client.models import FilterSelector, WriteOrdering

        chosen = FilterSelector(filter=self._only(shard, *more))
        self._write(
            lambda client: client.delete(
                self._collection, chosen, wait=True, ordering=WriteOrdering.STRONG, timeout=_WRITE_S
            )
        )

    def _read(self, work: Callable[[Any], _T], *, patience_s: float = _PATIENCE_S) -> _T:
        return self._ask(work, patience_s)

    def _write(self, work: Callable[[Any], object]) -> None:
        """Written to as many nodes as the collection wants, and found from then on, on return."""
        self._ask(work, _WRITE_PATIENCE_S)

    def _ask(self, work: Callable[[Any], _T], patience_s: float) -> _T:
        """Put a question, and again where that may help: every one here may be repeated.

        Raises:
            VaultUnavailable: saying what to do.
        """
        from qdrant_client.common.client_exceptions import QdrantException
        from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

        began, waited_s, pause_s, made_anew = time.monotonic(), 0.0, _FIRST_PAUSE_S, False
        cause: Exception
        while True:
            wanted_s = 0.0
            try:
                return work(self._connected())
            except UnexpectedResponse as error:
                status = error.status_code or 0
                if status == 404 and not made_anew:  # somebody deleted the collection under our feet
                    made_anew, self._is_there = True, False
                    continue
                if status != 429 and status < 500:
                    raise self._refused(status) from error
                problem, cause = f"answered with status {status}", error
            except QdrantException as error:  # status 429, saying how long to wait
                wanted_s = float(getattr(error, "retry_after_s", 0.0))
                problem, cause = "has too many requests", error
            except ResponseHandlingException as error:
                problem, cause = f"did not answer ({type(error.source).__name__})", error
            pause_s = max(pause_s, wanted_s)
            if max(waited_s, time.monotonic() - began) + pause_s > patience_s:
                raise VaultUnavailable(
                    f"The Qdrant server at {self._address} {problem}. See that it runs and that QANAT_QDRANT_URL "
                    "names it, then try again; nothing is lost."
                ) from cause
            self._pause(pause_s)
            waited_s += pause_s
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _refused(self, status: int) -> VaultUnavailable:
        if status in (401, 403):
            return VaultUnavailable(
                f"The Qdrant server at {self._address} refused the key. Set QANAT_QDRANT_API_KEY to one that may "
                f"read and write the collection {self._collection!r}, and start again."
            )
        return VaultUnavailable(
            f"The Qdrant server at {self._address} did not accept a request (status {status}). Its log says why; "
            "it may be of a version that is too old."
        )

    def _connected(self) -> Any:
        with self._lock:
            if self._is_closed:
                raise VaultUnavailable(
                    "The search index is closed, for the server is stopping. Start it again."
                )
            if self._client is None:
                self._client = self._connect()
            client = self._client
        if not self._is_there:  # asked without the lock, so that nobody waits for another's answer
            self._have_collection(client)
            self._is_there = True
        return client

    def _connect(self) -> Any:
        from qdrant_client import QdrantClient

        trusted = {"verify": ssl.create_default_context(cafile=str(self._ca_file))} if self._ca_file else {}
        return QdrantClient(
            self._address, api_key=self._api_key, timeout=self._ask_s, check_compatibility=False, **trusted
        )

    def _have_collection(self, client: Any) -> None:
        """Make the collection, or what of it is missing.

        Raises:
            VaultUnavailable: there is one of this name that is not ours.
        """
        found = _find_collection(client, self._collection)
        if found is None:
            _make_collection(client, self._collection, dimension=self._dimension, copies=self._copies)
            found = client.get_collection(self._collection)
        vectors, words = found.config.params.vectors, found.config.params.sparse_vectors or {}
        ours = vectors.get(_VECTOR) if isinstance(vectors, dict) else None
        if ours is None or ours.distance != "Dot" or _WORDS not in words:
            raise VaultUnavailable(
                f"The collection {self._collection!r} at {self._address} was not made by Qanat. Name another with "
                "QANAT_QDRANT_COLLECTION."
            )
        if ours.size != self._dimension:
            raise VaultUnavailable(
                f"The collection {self._collection!r} at {self._address} holds vectors of {ours.size} numbers, and "
                f"this embedding model makes {self._dimension}. Name another with QANAT_QDRANT_COLLECTION, or delete "
                "it: it is made again from the documents."
            )
        for field in (_DOCUMENT, _SHARD):
            if field not in found.payload_schema:
                _make_payload_index(client, self._collection, field, is_tenant=field == _SHARD)


def _find_collection(client: Any, name: str) -> Any:
    from qdrant_client.http.exceptions import UnexpectedResponse

    try:
        return client.get_collection(name)
    except UnexpectedResponse as error:
        if error.status_code != 404:
            raise
        return None


def _make_collection(client: Any, name: str, *, dimension: int, copies: int) -> None:
    from qdrant_client.http.exceptions import UnexpectedResponse
    from qdrant_client.models import Datatype, Distance, HnswConfigDiff, SparseVectorParams, VectorParams

    try:
        client.create_collection(
            name,
            vectors_config={
                _VECTOR: VectorParams(size=dimension, distance=Distance.DOT, datatype=Datatype.FLOAT16)
            },
            sparse_vectors_config={_WORDS: SparseVectorParams()},
            hnsw_config=HnswConfigDiff(
                m=0, payload_m=16
            ),  # no graph goes through the points of several vaults
            on_disk_payload=True,
            replication_factor=copies,
            write_consistency_factor=copies // 2 + 1,
            timeout=_WRITE_S,
        )
    except UnexpectedResponse as error:
        if error.status_code != 409:  # another process was quicker
            raise


def _make_payload_index(client: Any, name: str, field: str, *, is_tenant: bool) -> None:
    from qdrant_client.models import KeywordIndexParams, KeywordIndexType

    schema = KeywordIndexParams(type=KeywordIndexType.KEYWORD, is_tenant=is_tenant)
    client.create_payload_index(name, field, schema, wait=True, timeout=_WRITE_S)


def _point_id(shard: VaultId, passage: PassageId) -> str:
    """While an index is built anew, the same passage lies in two shards: each has a point of its own."""
    return str(uuid.uuid5(uuid.UUID(shard), passage))


def _pieces(items: Sequence[_T], most: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), most):
        yield items[start : start + most]
