"""A thousand chunks' vectors and words in one piece: packed to be sealed, opened to be scanned. Pure: no keys, no SQL.

Words are kept as postings (which chunks have a word, how often), so that a question's few words are looked up and
not searched for. Counts above 255 are kept as 255: they choose candidates, the sealed chunks decide.
"""

import json
import struct
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge_vault.values import DocumentId, PassageId
from knowledge_vault.words import Language

_HEAD = struct.Struct("<6I")
_LAYOUT = 1


Version = tuple[DocumentId, int]
"""One version of a document."""


@dataclass(frozen=True, eq=False)
class Row:
    """One chunk, on its way into a segment."""

    passage: PassageId
    document: Version
    language: Language
    terms: NDArray[np.uint32]
    counts: NDArray[np.uint16]
    vector: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Segment:
    """Chunks in memory, ready to be scanned."""

    passages: NDArray[np.void]
    """`(n,)`, sixteen bytes each."""
    documents: tuple[Version, ...]
    owner: NDArray[np.uint16]
    """`(n,)`: which of `documents` each chunk is of."""
    languages: tuple[Language, ...]
    language: NDArray[np.uint8]
    """`(n,)`: which of `languages`."""
    lengths: NDArray[np.uint32]
    """`(n,)`: how many words each chunk has, counting repetitions."""
    terms: NDArray[np.uint32]
    """Distinct words, ascending."""
    starts: NDArray[np.uint32]
    """`(len(terms) + 1,)`: where each word's postings begin, and where the last ones end."""
    postings: NDArray[np.uint16]
    """Chunks, by their place in this segment."""
    counts: NDArray[np.uint8]
    """How often the word occurs there, beside `postings`."""
    vectors: NDArray[np.float32]
    """`(n, dimension)`, float32. Rows of documents that are gone are zero."""
    alive: NDArray[np.bool_]
    """`(n,)`: false for chunks of documents that are gone."""

    def __len__(self) -> int:
        return len(self.owner)

    @property
    def size_bytes(self) -> int:
        """In memory."""
        return sum(
            array.nbytes
            for array in (self.passages, self.terms, self.starts, self.postings, self.counts, self.vectors)
        )

    def chunk_counts(self) -> Mapping[Version, int]:
        """How many chunks of each document are here, those gone too."""
        counts = np.bincount(self.owner, minlength=len(self.documents)).tolist()
        return dict(zip(self.documents, counts, strict=True))

    def passages_of(self, documents: Collection[Version]) -> set[PassageId]:
        places = [place for place, document in enumerate(self.documents) if document in documents]
        rows = self.passages[np.isin(self.owner, places)]
        return {PassageId(bytes(name).hex()) for name in rows}

    def forget(self, documents: Collection[Version]) -> None:
        """Leave out what belongs to these documents, and overwrite their vectors."""
        gone = [place for place, document in enumerate(self.documents) if document in documents]
        if gone:
            rows = np.isin(self.owner, gone)
            self.alive[rows] = False
            self.vectors[rows] = 0.0

    def permitted(self, within: Collection[DocumentId] | None) -> NDArray[np.bool_]:
        """`(n,)`: which chunks may be found."""
        if within is None:
            return self.alive
        places = [place for place, document in enumerate(self.documents) if document[0] in within]
        return self.alive & np.isin(self.owner, places)

    def matches(self, asked: NDArray[np.uint32]) -> Iterator[tuple[int, slice]]:
        """Of words in ascending order, those that occur here: the place among `asked`, and the span of postings."""
        if not len(self.terms):
            return
        at = np.searchsorted(self.terms, asked)
        found = np.flatnonzero(
            (at < len(self.terms)) & (self.terms[np.minimum(at, len(self.terms) - 1)] == asked)
        )
        starts, ends = self.starts[at[found]].tolist(), self.starts[at[found] + 1].tolist()
        for place, start, end in zip(found.tolist(), starts, ends, strict=True):
            yield place, slice(start, end)


def build(rows: Sequence[Row]) -> Segment:
    """Raises:
    ValueError: more than 65,536 chunks, which postings cannot number.
    """
    if len(rows) > 0x10000:
        raise ValueError(f"a segment cannot hold {len(rows)} chunks")
    documents = tuple(dict.fromkeys(row.document for row in rows))
    languages = tuple(dict.fromkeys(row.language for row in rows))
    place = {document: at for at, document in enumerate(documents)}
    terms = np.concatenate([row.terms for row in rows]) if rows else np.zeros(0, np.uint32)
    counts = np.concatenate([row.counts for row in rows]) if rows else np.zeros(0, np.uint16)
    chunk = np.repeat(np.arange(len(rows), dtype=np.uint16), [len(row.terms) for row in rows])
    order = np.argsort(terms, kind="stable")
    distinct, starts = np.unique(terms[order], return_index=True)
    return Segment(
        passages=np.frombuffer(b"".join(uuid.UUID(row.passage).bytes for row in rows), "V16"),
        documents=documents,
        owner=np.array([place[row.document] for row in rows], np.uint16),
        languages=languages,
        language=np.array([languages.index(row.language) for row in rows], np.uint8),
        lengths=np.array([int(row.counts.sum(dtype=np.int64)) for row in rows], np.uint32),
        terms=distinct.astype(np.uint32),
        starts=np.append(starts, len(terms)).astype(np.uint32),
        postings=chunk[order],
        counts=np.minimum(counts[order], 0xFF).astype(np.uint8),
        vectors=np.stack([row.vector for row in rows]).astype(np.float32),
        alive=np.ones(len(rows), np.bool_),
    )


def pack(segment: Segment) -> bytes:
    """All that `unpack` needs; vectors in half precision."""
    names = json.dumps([segment.documents, segment.languages]).encode()
    head = _HEAD.pack(
        _LAYOUT,
        len(names),
        len(segment),
        segment.vectors.shape[1],
        len(segment.terms),
        len(segment.postings),
    )
    arrays = (
        segment.passages.tobytes(),
        segment.owner.astype("<u2").tobytes(),
        segment.language.tobytes(),
        segment.lengths.astype("<u4").tobytes(),
        segment.terms.astype("<u4").tobytes(),
        segment.starts.astype("<u4").tobytes(),
        segment.postings.astype("<u2").tobytes(),
        segment.counts.tobytes(),
        segment.vectors.astype("<f2").tobytes(),
    )
    return b"".join((head, names, *arrays))


def unpack(data: bytes, into: NDArray[np.float32] | None = None) -> Segment:
    """`into`: where the vectors are to lie, `(n, dimension)`; they get a place of their own when they do not fit."""
    layout, name_bytes, chunks, dimension, terms, postings = _HEAD.unpack_from(data)
    if layout != _LAYOUT:
        raise ValueError(f"segment layout {layout} is not known to this version")
    at = _HEAD.size + name_bytes
    documents, languages = json.loads(data[_HEAD.size : at])

    def take(kind: str, count: int) -> NDArray[np.void]:
        nonlocal at
        array = np.frombuffer(data, kind, count, at)
        at += array.nbytes
        return array

    return Segment(
        passages=take("V16", chunks),
        documents=tuple((DocumentId(name), version) for name, version in documents),
        owner=take("<u2", chunks),  # type: ignore[arg-type]  # numpy types a buffer by its name only at run time
        languages=tuple(Language(language) for language in languages),
        language=take("u1", chunks),  # type: ignore[arg-type]
        lengths=take("<u4", chunks),  # type: ignore[arg-type]
        terms=take("<u4", terms),  # type: ignore[arg-type]
        starts=take("<u4", terms + 1),  # type: ignore[arg-type]
        postings=take("<u2", postings),  # type: ignore[arg-type]
        counts=take("u1", postings),  # type: ignore[arg-type]
        vectors=_placed(take("<f2", chunks * dimension).reshape(chunks, dimension), into),
        alive=np.ones(chunks, np.bool_),
    )


def _placed(vectors: NDArray[np.void], into: NDArray[np.float32] | None) -> NDArray[np.float32]:
    if into is None or into.shape != vectors.shape:
        return vectors.astype(np.float32)
    np.copyto(into, vectors)  # half precision becomes single
    return into


def nearest(
    found: Sequence[Segment],
    vector: NDArray[np.float32],
    *,
    limit: int,
    within: Collection[DocumentId] | None,
    together: NDArray[np.float32] | None = None,
) -> list[tuple[PassageId, float]]:
    """By inner product with `vector`, exactly, best first.

    `together`: the vectors of the first of the segments in one piece, of which their own are views. One
    multiplication over all is more than twice as fast as one for each segment.
    """
    scores = [] if together is None else [together @ vector]
    compared = 0 if together is None else len(together)
    at = 0
    for each in found:
        if at >= compared:
            scores.append(each.vectors @ vector)
        at += len(each)
    return _best(found, scores, limit, within)


def matching(
    found: Sequence[Segment],
    weights: Mapping[int, float],
    *,
    limit: int,
    within: Collection[DocumentId] | None,
) -> list[tuple[PassageId, float]]:
    """By the weights of the words that a chunk has, repeated ones counting a little more; best first."""
    asked = np.array(sorted(weights), np.uint32)
    weight = np.array([weights[term] for term in asked.tolist()], np.float64)
    places, offsets, postings, counts = [], [], [], []
    at = 0
    for each in found:
        for place, span in each.matches(asked):
            places.append(place)
            offsets.append(at)
            postings.append(each.postings[span])
            counts.append(each.counts[span])
        at += len(each)
    if not postings:
        return []
    sizes = [len(each) for each in postings]
    chunk = np.concatenate(postings).astype(np.intp) + np.repeat(offsets, sizes)
    often = np.concatenate(counts).astype(np.float64)
    gains = np.repeat(weight[places], sizes) * (often / (often + 1.0))
    score = np.bincount(chunk, gains, minlength=at)
    return _best(found, [np.where(score > 0, score, -np.inf)], limit, within)


def chunk_and_word_counts(found: Iterable[Segment]) -> dict[Language, tuple[int, int]]:
    """By language: how many chunks there are, and how many words in them."""
    totals: dict[Language, tuple[int, int]] = {}
    for each in found:
        for place, language in enumerate(each.languages):
            rows = (each.language == place) & each.alive
            chunks, words = totals.get(language, (0, 0))
            totals[language] = chunks + int(rows.sum()), words + int(each.lengths[rows].sum(dtype=np.int64))
    return {language: counts for language, counts in totals.items() if counts[0]}


def frequencies(found: Iterable[Segment], terms: Collection[int]) -> dict[int, int]:
    """In how many chunks each word occurs; those in none are left out."""
    asked = np.array(sorted(set(terms)), np.uint32)
    counts = [0] * len(asked)
    for each in found:
        is_whole = bool(each.alive.all())
        for place, span in each.matches(asked):
            if is_whole:
                counts[place] += span.stop - span.start
            else:
                counts[place] += int(np.count_nonzero(each.alive[each.postings[span]]))
    return {term: count for term, count in zip(asked.tolist(), counts, strict=True) if count}


def _best(
    found: Sequence[Segment],
    scores: Sequence[NDArray[np.floating]],
    limit: int,
    within: Collection[DocumentId] | None,
) -> list[tuple[PassageId, float]]:
    """`scores`: one after the other, those of all chunks in the order of the segments."""
    if not found or limit < 1:
        return []
    allowed = np.concatenate([each.permitted(within) for each in found])
    every = np.where(allowed, np.concatenate(scores), -np.inf)
    top = np.argpartition(-every, limit)[:limit] if limit < len(every) else np.arange(len(every))
    top = top[np.argsort(-every[top], kind="stable")]
    bounds = np.cumsum([len(each) for each in found])
    hits = []
    for at in top.tolist():
        if every[at] == -np.inf:
            break
        number = int(np.searchsorted(bounds, at, side="right"))
        place = at - (int(bounds[number - 1]) if number else 0)
        hits.append((PassageId(bytes(found[number].passages[place]).hex()), float(every[at])))
    return hits
