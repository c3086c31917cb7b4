"""Ctrl-C: heeded by a command at work, postponed by what it would break, silent while Python starts and ends."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType


def end_silently() -> None:
    """Let Ctrl-C end this process at once, without a traceback, unless it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def heeded() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt, as Python does by default, unless it is ignored."""
    was_silent = signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    if was_silent:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if was_silent:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def postponed() -> Iterator[None]:
    """Postpone Ctrl-C until the work inside is done.

    Python raises KeyboardInterrupt in the main thread alone, so that elsewhere there is nothing to postpone.
    """
    before = signal.getsignal(signal.SIGINT)
    if current_thread() is not main_thread() or not callable(before):
        yield
        return
    received: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda *signal_and_frame: received.append(signal_and_frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if received:
            before(*received[0])


@contextmanager
def kept_from_helpers() -> Iterator[None]:
    """Postpone Ctrl-C, which the threads and processes that are started inside never get, nor those that they start.

    A terminal sends it to every process; it is for this one to end those that help it.
    """
    from multiprocessing import resource_tracker

    with postponed():
        if not hasattr(signal, "pthread_sigmask"):  # Windows
            yield
            return
        # Python's own helper, which the first new process starts, would let it through to that one. If this process is
        # killed, the helper removes what the others share, of which it warns the terminal unless it is told not to.
        sys.warnoptions.append("ignore:resource_tracker")
        try:
            resource_tracker.ensure_running()
        finally:
            sys.warnoptions.pop()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
