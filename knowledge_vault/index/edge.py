"""The engine of the product: `qdrant-edge`, in process, its write-ahead log on, one folder per vault.

Points survive `kill -9` once `upsert` returned. Only one process may open a folder at a time. Folders are opened
when first needed (15 ms) and the least used are closed again, so that a thousand vaults cost no memory.
"""

import contextlib
import errno
import logging
import os
import shutil
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from knowledge_vault.errors import IndexDamaged, VaultUnavailable
from knowledge_vault.index.engine import Hits, Point
from knowledge_vault.values import PassageId, VaultId

_VECTOR, _WORDS, _DOCUMENT = "v", "w", "d"
_BATCH = 256
_SCROLL = 10_000
_ROOM_BYTES = 64 * 1024 * 1024
"""What must be free on the disk before points are written: a segment of the log and one of the index."""
_OPTIMIZE_AFTER = 5_000
"""Points added to an open shard before its graph is built anew: searches stay fast without rebuilding each time."""

_DROPPED = "dropped-"
_SETTINGS = "edge_config.json"
"""The file that makes a folder a shard."""

log = logging.getLogger("qanat.vault")

_T = TypeVar("_T")


class _Shard:
    def __init__(self, handle: Any, file: tuple[int, int] | None) -> None:
        self.handle = handle
        self.file = file
        """Which file on the disk its settings were read from: another one there, or none, means another shard."""
        self.lock = threading.RLock()
        self.added = 0
        self.is_closed = False

    def close(self) -> None:
        """With the lock held."""
        self.is_closed = True
        _ask(self.handle.close)


class EdgeEngine:
    def __init__(self, folder: Path, *, dimension: int, most_open: int = 64) -> None:
        """`folder` is created with mode 0700: the engine makes its own files readable for all."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self._folder = folder
        self._dimension = dimension
        self._most_open = most_open
        self._is_closed = False
        self._open: OrderedDict[VaultId, _Shard] = OrderedDict()
        self._lock = threading.Lock()
        for left_behind in folder.glob(f"{_DROPPED}*"):
            shutil.rmtree(left_behind, ignore_errors=True)

    def upsert(self, shard: VaultId, points: Sequence[Point]) -> None:
        from qdrant_edge import Point as EdgePoint
        from qdrant_edge import SparseVector, UpdateOperation

        with self._using(shard, create=True) as opened:
            assert opened is not None
            self._need_room()
            for start in range(0, len(points), _BATCH):
                batch = [
                    EdgePoint(
                        str(uuid.UUID(point.id)),
                        {
                            _VECTOR: point.vector.tolist(),
                            _WORDS: SparseVector(sorted(point.terms), [1.0] * len(point.terms)),
                        },
                        {_DOCUMENT: point.document},
                    )
                    for point in points[start : start + _BATCH]
                ]
                operation = UpdateOperation.upsert_points(batch)
                _ask(lambda operation=operation: opened.handle.update(operation))  # type: ignore[misc]
            opened.added += len(points)
            if opened.added >= _OPTIMIZE_AFTER:
                _ask(opened.handle.optimize)
                opened.added = 0

    def delete(self, shard: VaultId, ids: Collection[PassageId]) -> None:
        from qdrant_edge import UpdateOperation

        with self._using(shard) as opened:
            if opened is None or not ids:
                return
            self._need_room()
            operation = UpdateOperation.delete_points([str(uuid.UUID(each)) for each in ids])
            _ask(lambda: opened.handle.update(operation))
            _ask(opened.handle.optimize)  # leaves no deleted vector behind
            _ask(opened.handle.flush)

    def drop(self, shard: VaultId) -> None:
        dropped = self._folder / f"{_DROPPED}{uuid.uuid4().hex}"
        with self._lock:  # moved away in one step: nobody opens a folder that is half removed
            opened = self._open.pop(shard, None)
            with contextlib.suppress(FileNotFoundError):
                self._path(shard).rename(dropped)
        if opened is not None:
            with opened.lock, contextlib.suppress(VaultUnavailable):
                opened.close()
        shutil.rmtree(dropped, ignore_errors=True)

    def nearest(
        self, shard: VaultId, vector: NDArray[np.float32], *, limit: int, within: Collection[str] | None
    ) -> Hits:
        from qdrant_edge import Query

        return self._query(shard, lambda: Query.Nearest(vector.tolist(), using=_VECTOR), limit, within)

    def matching(
        self, shard: VaultId, weights: Mapping[int, float], *, limit: int, within: Collection[str] | None
    ) -> Hits:
        from qdrant_edge import Query, SparseVector

        if not weights:
            return []
        terms = sorted(weights)
        words = SparseVector(terms, [weights[term] for term in terms])
        return self._query(shard, lambda: Query.Nearest(words, using=_WORDS), limit, within)

    def ids(self, shard: VaultId) -> set[PassageId]:
        from qdrant_edge import ScrollRequest

        found: set[PassageId] = set()
        with self._using(shard) as opened:
            if opened is None:
                return found
            offset = None
            while True:
                request = ScrollRequest(offset=offset, limit=_SCROLL, with_payload=False, with_vector=False)
                records, offset = _ask(lambda request=request: opened.handle.scroll(request))  # type: ignore[misc]
                found.update(PassageId(uuid.UUID(str(record.id)).hex) for record in records)
                if offset is None:
                    return found

    def count(self, shard: VaultId) -> int:
        with self._using(shard) as opened:
            return 0 if opened is None else int(_ask(lambda: opened.handle.info()).points_count)

    def shards(self) -> set[VaultId]:
        return {
            VaultId(path.name)
            for path in self._folder.iterdir()
            if path.is_dir() and not path.name.startswith(_DROPPED)
        }

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            opened, self._open = list(self._open.values()), OrderedDict()
        for shard in opened:
            with shard.lock:
                _ask(shard.handle.flush)
                shard.close()

    def _query(
        self, shard: VaultId, query: Callable[[], Any], limit: int, within: Collection[str] | None
    ) -> Hits:
        from qdrant_edge import FieldCondition, Filter, MatchAny, QueryRequest

        conditions = None
        if within is not None:
            conditions = Filter(must=[FieldCondition(key=_DOCUMENT, match=MatchAny(any=sorted(within)))])
        with self._using(shard) as opened:
            if opened is None or limit < 1:
                return []
            request = QueryRequest(
                limit=limit, query=query(), filter=conditions, with_payload=False, with_vector=False
            )
            found = _ask(lambda: opened.handle.query(request))
        return [(PassageId(uuid.UUID(str(hit.id)).hex), float(hit.score)) for hit in found]

    def _need_room(self) -> None:
        """The engine writes through mapped memory: on a full disk that ends the process instead of raising.

        Raises:
            VaultUnavailable: caused by ENOSPC.
        """
        if shutil.disk_usage(self._folder).free < _ROOM_BYTES:
            full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._folder))
            raise VaultUnavailable("The disk with the search index is full: make room.") from full

    def _path(self, shard: VaultId) -> Path:
        return self._folder / uuid.UUID(shard).hex  # nothing but an id ever becomes a path

    @contextlib.contextmanager
    def _using(self, shard: VaultId, *, create: bool = False) -> Iterator[_Shard | None]:
        """The shard, held against others for as long as the block takes; None when there is none."""
        while True:
            opened = self._opened(shard, create)
            if opened is None:
                yield None
                return
            with opened.lock:
                if not opened.is_closed:  # else it was closed between finding and locking it
                    yield opened
                    return

    def _opened(self, shard: VaultId, create: bool) -> _Shard | None:
        with self._lock:
            if self._is_closed:
                raise VaultUnavailable(
                    "The search index is closed, for the server is stopping. Start it again."
                )
            path = self._path(shard)
            if shard in self._open and self._open[shard].file == _file_of(path):
                self._open.move_to_end(shard)
                return self._open[shard]
            if shard in self._open:
                self._let_go(shard)
            if not (path / _SETTINGS).exists():
                if not create:
                    return None
                shutil.rmtree(path, ignore_errors=True)
                path.mkdir(mode=0o700)
            self._make_room()
            opened = _Shard(_ask(lambda: _open_or_create(path, self._dimension)), _file_of(path))
            self._open[shard] = opened
            return opened

    def _let_go(self, shard: VaultId) -> None:
        """Of a shard whose folder was taken away or exchanged while it was open: what it holds is no more there."""
        log.error("index.folder_gone vault=%s", shard)
        gone = self._open.pop(shard)
        with gone.lock, contextlib.suppress(VaultUnavailable):
            gone.close()

    def _make_room(self) -> None:
        for shard in list(self._open):
            if len(self._open) < self._most_open:
                return
            candidate = self._open[shard]
            if candidate.lock.acquire(blocking=False):  # nobody is using it, and nobody can begin to
                try:
                    candidate.close()
                    del self._open[shard]
                finally:
                    candidate.lock.release()


def _file_of(path: Path) -> tuple[int, int] | None:
    """What names the shard in this folder on the disk; None when there is none. Takes two microseconds."""
    try:
        found = (path / _SETTINGS).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _open_or_create(path: Path, dimension: int) -> Any:
    from qdrant_edge import (
        Distance,
        EdgeConfig,
        EdgeOptimizersConfig,
        EdgeShard,
        EdgeSparseVectorParams,
        EdgeVectorParams,
        PayloadSchemaType,
        UpdateOperation,
        VectorStorageDatatype,
    )

    if (path / _SETTINGS).exists():
        return EdgeShard.load(str(path))
    shard = EdgeShard.create(
        str(path),
        EdgeConfig(
            vectors={
                _VECTOR: EdgeVectorParams(
                    size=dimension, distance=Distance.Dot, datatype=VectorStorageDatatype.Float16
                )
            },
            sparse_vectors={_WORDS: EdgeSparseVectorParams()},
            optimizers=EdgeOptimizersConfig(deleted_threshold=0.001, vacuum_min_vector_number=1),
            max_search_threads=1,
            wal_enabled=True,
        ),
    )
    shard.update(UpdateOperation.create_field_index(_DOCUMENT, PayloadSchemaType.Keyword))
    return shard


def _ask(work: Callable[[], _T]) -> _T:
    try:
        return work()
    except Exception as error:  # the engine raises bare exceptions, whatever happened
        raise IndexDamaged from error
