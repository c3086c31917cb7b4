"""Commands that write, killed at any moment, on disks without room, and in folders that cannot be written."""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from workers import FAULT, REFUSED, WORKED, Outcome

SENTENCES = {"spam": "win money now", "ham": "lunch on friday", "work": "the report is late"}


def mails(n: int) -> str:
    """A table of n texts of each class."""
    return "label\ttext\n" + "".join(f"{label}\t{text} {i}\n" for i in range(n) for label, text in SENTENCES.items())


MAILS = mails(40)
# Some labels are wrong, and the texts long: the review of these rows is longer than a file may be below.
WRONG = (7, 27, 47)
MISLABELLED = "label\ttext\n" + "".join(
    f"{'work' if i in WRONG else label}\t{text} {i} {'and so on ' * 40}\n"
    for i in range(60)
    for label, text in SENTENCES.items()
)
# What each command writes: the arguments, the data and the model being there, and where the output goes.
COMMANDS: dict[str, Callable[[Path, Path], list[str]]] = {
    "train": lambda folder, out: ["train", f"{folder}/mails.tsv", "-o", f"{out}.vikt", "-q"],
    "update": lambda folder, out: [
        "update", f"{folder}/m.vikt", "--data", f"{folder}/mails.tsv", "--add", f"{folder}/new.tsv", "-o",
        f"{out}.vikt", "-q",
    ],
    "predict": lambda folder, out: [
        "predict", f"{folder}/m.vikt", f"{folder}/mails.tsv", "-o", f"{out}.csv", "--force",
    ],
    "filter": lambda folder, out: [
        "filter", f"{folder}/m.vikt", f"{folder}/mails.tsv", "--keep", "P(spam) > 0", "-o", str(out), "-q",
    ],
    "audit": lambda folder, out: ["audit", f"{folder}/mislabelled.tsv", "-o", f"{out}.csv", "--force", "-q"],
    "audit --report": lambda folder, out: [
        "audit", f"{folder}/mislabelled.tsv", "--report", f"{out}.html", "--force", "-q",
    ],
    "train --report": lambda folder, out: [
        "train", f"{folder}/mails.tsv", "-o", f"{folder}/other.vikt", "--report", f"{out}.html", "--force", "-q",
    ],
    "shrink": lambda folder, out: ["shrink", f"{folder}/m.vikt", "--features", "5", "-o", f"{out}.vikt", "-q"],
    "export to a page": lambda folder, out: ["export", f"{folder}/m.vikt", "-o", f"{out}.html", "--force"],
    "export to a card": lambda folder, out: ["export", f"{folder}/m.vikt", "-o", f"{out}.md", "--force"],
    "export to scikit-learn": lambda folder, out: ["export", f"{folder}/m.vikt", "-o", f"{out}.joblib", "--force"],
}  # fmt: skip
OLD = b"the old file, which must stay whole\n"


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "vikt", *map(str, arguments)]


def prepare(folder: Path) -> None:
    """Put data and a model into a folder."""
    (folder / "mails.tsv").write_text(MAILS)
    (folder / "mislabelled.tsv").write_text(MISLABELLED)
    (folder / "new.tsv").write_text("label\ttext\nspam\tanother prize\n")
    for name in ("m.vikt", "other.vikt"):
        run_quietly(command("train", folder / "mails.tsv", "-o", folder / name))


def run_quietly(arguments: list[str]) -> None:
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def output_of(arguments: list[str], folder: Path) -> Path:
    """The file that a command is to write."""
    return next(Path(argument) for argument in arguments if Path(argument).stem == "out")


# Disks without room


def refused_writes(folder: Path, names: Iterable[str] = COMMANDS) -> Iterator[tuple[str, Outcome]]:
    """What comes of each command where it cannot write: on three kinds of disk."""
    for name in names:
        for place, run in PLACES.items():
            yield f"{name}, {place}", run(name, folder)


def _on_full_disk(name: str, folder: Path) -> Outcome:
    """No file may become longer than a kilobyte."""
    return _refused_write(name, folder, folder / "out", ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh"])


def _on_small_disk(name: str, folder: Path) -> Outcome:
    """A disk of a few kilobytes, which other files fill."""
    disk = folder / "disk"
    with _mounted(disk, "size=16k") as is_mounted:
        if not is_mounted:
            return Outcome(WORKED, "no disk can be mounted here")
        (disk / "out").write_bytes(b"")
        with contextlib.suppress(OSError), (disk / "much").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        (disk / "out").unlink()
        return _refused_write(name, folder, disk / "out", [])


def _on_read_only_disk(name: str, folder: Path) -> Outcome:
    disk = folder / "disk"
    with _mounted(disk, "ro") as is_mounted:
        return _refused_write(name, folder, disk / "out", []) if is_mounted else Outcome(WORKED, "no disk here")


PLACES = {"file size limit": _on_full_disk, "full disk": _on_small_disk, "read-only disk": _on_read_only_disk}


def _refused_write(name: str, folder: Path, out: Path, within: list[str]) -> Outcome:
    arguments = COMMANDS[name](folder, out)
    target = output_of(arguments, folder)
    is_there = bool(within and target.suffix)
    old = (folder / "m.vikt").read_bytes() if target.suffix == ".vikt" else OLD
    if is_there:
        target.write_bytes(old)
    before = sorted(path.name for path in target.parent.iterdir())
    begun = time.monotonic()
    done = subprocess.run([*within, *command(*arguments)], capture_output=True, timeout=120, check=False)
    seconds = time.monotonic() - begun
    said = done.stderr.decode()
    if is_there and target.read_bytes() != old:
        return Outcome(FAULT, "the old file is not as it was", seconds=seconds)
    # The folder of a filter is resumed.
    if sorted(path.name for path in target.parent.iterdir() if path.name != "out" or target.suffix) != before:
        return Outcome(FAULT, "a file was left", seconds=seconds)
    if done.returncode != 1 or not ("cannot be" in said or "is not writable" in said) or "Traceback" in said:
        return Outcome(FAULT, f"exit code {done.returncode}: {said[-300:]!r}", seconds=seconds)
    if is_there:
        target.unlink()
    return Outcome(REFUSED, seconds=seconds)


@contextlib.contextmanager
def _mounted(disk: Path, options: str) -> Iterator[bool]:
    disk.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
    is_mounted = (
        shutil.which("mount") is not None and not subprocess.run(mount, capture_output=True, check=False).returncode
    )
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", str(disk)], check=True)


# Kills

SAVES_FOR_EVER = """
import sys
from pathlib import Path
from vikt.files.model_file import save_model
from vikt.fitting.trained import load_trained
a, b = (load_trained(path).to_file() for path in sys.argv[1:3])
while True:
    save_model(Path(sys.argv[3]), *a)
    save_model(Path(sys.argv[3]), *b)
"""


def killed(folder: Path, n: int, seed: int) -> Iterator[tuple[str, Outcome]]:
    """What the output is after n kills (-9) at random moments of training, updating, saving and filtering."""
    each = max(1, n // 4)
    for name in ("train", "update"):
        yield from _killed_runs(name, folder, each, seed)
    yield from _killed_saves(folder, each, seed)
    yield from _killed_filters(folder, max(1, n - 3 * each), seed)


def _killed_runs(name: str, folder: Path, n: int, seed: int) -> Iterator[tuple[str, Outcome]]:
    chance, arguments = random.Random(seed), command(*COMMANDS[name](folder, folder / "out"))
    target = folder / "out.vikt"
    begun = time.monotonic()
    run_quietly(arguments)
    lasts, new, old = time.monotonic() - begun, target.read_bytes(), (folder / "m.vikt").read_bytes()
    if new == old:  # Another model, by which the old file is told from the new.
        run_quietly(smaller(folder, folder / "m9.vikt"))
        old = (folder / "m9.vikt").read_bytes()
    for number in range(n):
        target.write_bytes(old)
        with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            # Half of the moments are near the end, where the file is written.
            time.sleep(chance.uniform(0, lasts) if number % 2 else chance.uniform(0.8, 1.05) * lasts)
            process.send_signal(signal.SIGKILL)
        is_whole = target.read_bytes() in (old, new)
        yield f"killed in {name}", Outcome(WORKED if is_whole else FAULT, "" if is_whole else "neither old nor new")
    yield f"after {n} kills in {name}", _left_behind(arguments, target, new)


def _killed_saves(folder: Path, n: int, seed: int) -> Iterator[tuple[str, Outcome]]:
    chance, target = random.Random(seed), folder / "out.vikt"
    run_quietly(smaller(folder, folder / "m9.vikt"))
    models = [folder / "m.vikt", folder / "m9.vikt"]
    contents = [path.read_bytes() for path in models]
    arguments = [sys.executable, "-c", SAVES_FOR_EVER, *map(str, models), str(target)]
    target.write_bytes(contents[0])
    for _ in range(n):
        changed = target.stat().st_mtime_ns
        with subprocess.Popen(arguments) as process:
            ends = time.monotonic() + 60
            while target.stat().st_mtime_ns == changed and time.monotonic() < ends:
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
        is_whole = target.read_bytes() in contents
        yield "killed in saving", Outcome(WORKED if is_whole else FAULT, "" if is_whole else "neither of the two")
    yield f"after {n} kills in saving", _left_behind(smaller(folder, target), target, contents[1])


def smaller(folder: Path, out: Path) -> list[str]:
    """The command that writes a smaller model."""
    return command("shrink", folder / "m.vikt", "--features", 9, "-o", out, "-q")


def _killed_filters(folder: Path, n: int, seed: int) -> Iterator[tuple[str, Outcome]]:
    """Each killed run is resumed by the next; what stands there is always a file of the run that nobody killed."""
    chance, corpus, out = random.Random(seed), folder / "corpus", folder / "out"
    corpus.mkdir()
    for number in range(40):
        (corpus / f"{number}.tsv").write_text(MAILS + f"spam\t{number}\n" * 500)
    arguments = command("filter", folder / "m.vikt", corpus, "--keep", "P(spam) > 0.5", "--scores", "-q", "-o")
    begun = time.monotonic()
    run_quietly([*arguments, str(folder / "expected")])
    lasts, expected = time.monotonic() - begun, _visible(folder / "expected")
    shutil.rmtree(out, ignore_errors=True)
    for _ in range(n):
        if _visible(out) == expected:
            shutil.rmtree(out)
        with subprocess.Popen([*arguments, str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(chance.uniform(0.3, 1) * lasts)
            process.send_signal(signal.SIGKILL)
        is_whole = _visible(out).items() <= expected.items()
        yield "killed in filter", Outcome(WORKED if is_whole else FAULT, "" if is_whole else "a file is not whole")
    run_quietly([*arguments, str(out)])
    is_whole = _visible(out) == expected and not list(out.rglob("*.vikt-partial"))
    yield f"after {n} kills in filter", Outcome(WORKED if is_whole else FAULT, "the next run resumed and completed it")


def _visible(folder: Path) -> dict[str, bytes]:
    """The files that a filter has finished."""
    return {path.name: path.read_bytes() for path in folder.rglob("*.tsv") if not path.name.startswith(".")}


def _left_behind(arguments: list[str], target: Path, new: bytes) -> Outcome:
    """Whether the next run writes the file and removes what killed ones have left."""
    n_left = len(list(target.parent.glob(f".{target.name}.*")))
    run_quietly(arguments)
    remaining = list(target.parent.glob(f".{target.name}.*"))
    if remaining or target.read_bytes() != new:
        return Outcome(FAULT, f"{len(remaining)} temporary files remain")
    return Outcome(WORKED, f"{n_left} temporary files were left, and the next run removed them")
