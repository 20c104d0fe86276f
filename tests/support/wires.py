"""A wire between a program and a server, which a test may cut, make slow, or let hang."""

import asyncio
import threading
from contextlib import suppress


class Wire:
    """Listens on 127.0.0.1:`port` and carries bytes to `host`:`target`. Lives in a thread, so that a test may block.

    Use it as a context manager. `delay`: seconds that each piece waits, either way.
    """

    def __init__(self, target: int, host: str = "127.0.0.1") -> None:
        self._target, self._host = target, host
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._open: set[asyncio.StreamWriter] = set()
        self._carriers: set[asyncio.Task[None]] = set()
        self._is_cut = False
        self._flows = asyncio.Event()
        self._flows.set()
        self.delay = 0.0
        self.port = 0
        self.carried = 0
        self.cuts = 0

    def __enter__(self) -> "Wire":
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._carry, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    def cut(self) -> None:
        """Every connection ends at once, and each new one too."""
        self._do(self._cut())

    def hang(self) -> None:
        """Nothing is refused and nothing arrives."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def mend(self) -> None:
        self._is_cut = False
        self._loop.call_soon_threadsafe(self._flows.set)

    def _do(self, work):  # type: ignore[no-untyped-def]
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _cut(self) -> None:
        self._is_cut, self.cuts = True, self.cuts + 1
        for writer in list(self._open):
            writer.transport.abort()

    async def _end(self) -> None:
        self._server.close()
        await self._cut()
        for task in self._carriers:
            task.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carriers.add(task)
        task.add_done_callback(self._carriers.discard)
        if self._is_cut:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection(self._host, self._target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, back}
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._pour(reader, back), self._pour(there, writer))
        for end in (writer, back):
            self._open.discard(end)
            end.transport.abort()

    async def _pour(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while piece := await source.read(65536):
            await self._flows.wait()
            if self.delay:
                await asyncio.sleep(self.delay)
            self.carried += len(piece)
            sink.write(piece)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()
