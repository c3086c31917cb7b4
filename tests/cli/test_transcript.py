"""A session at the shell, from files to pipes: what is typed, what is printed, how each line ends."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys

import pytest

from vikt.cli.main import main

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")

MAILS = "label,text\n" + "".join(
    f"{label},{text} {n}\n"
    for n in range(20)
    for label, text in (("spam", "win money now"), ("ham", "lunch on friday"), ("work", "the report is late"))
)

# A line after $ is typed. What follows is printed, on stdout or stderr; ... stands for anything, and [n] is the exit
# code where it is not 0.
TRANSCRIPT = """\
$ vikt --version
vikt ...
$ vikt train mails.csv --min-df 1 --l2 0.01 --seed 3 -q
rows       60: 0 empty, 0 duplicates
classes    3: ham 20, spam 20, work 20
...
proof      the loss is at most ...% above the optimum
...
accuracy   1.0000  (95%: 0.6097 to 1.0000)
...
model      model.vikt (9.2 kB)
$ vikt train mails.csv --min-df 1 --l2 0.01 --weighting binary -o binary.vikt --json -q
{
  "metrics": {
    "accuracy": {
...
$ vikt evaluate model.vikt mails.csv
mails.csv: the model was trained on exactly these rows, ...
test       mails.csv, 60 rows
accuracy   1.0000  (95%: 0.9398 to 1.0000)
...
confusion matrix
  real \\ predicted  ham  spam  work
  ham                20     0     0
  spam                0    20     0
  work                0     0    20
$ printf 'win money\\nlunch\\n' | vikt predict model.vikt | cut -f1
spam
ham
$ vikt predict model.vikt new.csv
id,text,predicted,probability
007,win money,spam,...
NA,lunch,ham,...
$ vikt predict model.vikt new.csv more.csv --top 2 -o all.csv
$ cut -d, -f1,3,5 all.csv
id,predicted,predicted_2
007,spam,...
NA,ham,...
1,work,...
$ vikt predict model.vikt new.csv -o all.csv --force
$ wc -l < all.csv
...3
$ vikt predict model.vikt new.csv -o mails.csv
vikt: mails.csv: exists and is not empty; choose another file, or overwrite it with --force
[1]
$ vikt train mails.csv -o mails.csv --force
vikt: mails.csv: is an input, so it cannot be the output too; choose another file with -o
[2]
$ gzip -c new.csv | vikt predict model.vikt - --format csv --prefix a_ | cut -d, -f1-3
id,text,a_predicted
007,win money,spam
NA,lunch,ham
$ vikt predict model.vikt new.csv --prefix a_ | vikt predict binary.vikt - --format csv --prefix b_ | cut -d, -f3,5
a_predicted,b_predicted
spam,spam
ham,ham
$ vikt predict model.vikt < new.csv | cut -f1
standard input: the first line looks like CSV, but each line is labelled as a text; if it is a table, add --format csv
...
spam
ham
$ vikt train mails.csv --min-df 1 --l2 0.01 -o - -q | vikt predict - new.csv --to jsonl | head -1
{"id": "007", "text": "win money", "predicted": "spam", "probability": ...}
$ vikt explain model.vikt 'win money'
...score of 'spam'...
$ vikt inspect model.vikt
model      model.vikt (9.2 kB), TextClassifier(l2=0.01, min_df=1, random_state=3)
...
$ vikt predict none.vikt new.csv
vikt: none.vikt: there is no such model; check the path, or train one
[1]
$ vikt predict model.vikt nw.csv
vikt: nw.csv: there is no such file; check the path (did you mean "new.csv"?)
[1]
$ vikt predict model.vikt new.csv --text body
vikt: new.csv: expected a column 'body', found 'id', 'text'; choose one of these
[1]
$ vikt predct model.vikt new.csv
vikt: no such command 'predct' (did you mean 'predict'?); see ... --help
[2]
$ vikt train mails.csv --min-fd 3
vikt: no such option '--min-fd' (did you mean '--min-df'?); see ... train --help
[2]
"""


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Type a line in the folder of the session: what it prints, and its exit code where it is not 0."""
    (tmp_path / "mails.csv").write_text(MAILS)
    (tmp_path / "new.csv").write_text("id,text\n007,win money\nNA,lunch\n")
    (tmp_path / "more.csv").write_text("id,text\n1,the report\n")
    monkeypatch.chdir(tmp_path)

    def in_this_process(line):
        printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        monkeypatch.setattr(sys, "stdout", printed)
        monkeypatch.setattr(sys, "stderr", printed)
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, printed.buffer.getvalue().decode()

    def in_a_shell(line):
        script = f"vikt() {{ '{sys.executable}' -m vikt \"$@\"; }}; {line}"
        done = subprocess.run(
            ["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False
        )
        return done.returncode, done.stdout.decode()

    def type_in(line):
        # A process takes a second to start, so that a command alone is run in this one.
        is_alone = line.startswith("vikt ") and not re.search("[|<>&]", line)
        code, printed = (in_this_process if is_alone else in_a_shell)(line)
        # Code that runs for the first time is compiled, and says so.
        printed = re.sub("^compiling.*\n", "", printed, flags=re.MULTILINE)
        return printed + (f"[{code}]\n" if code else "")

    return type_in


def test_a_session_goes_as_written(shell):
    steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", TRANSCRIPT, flags=re.MULTILINE)
    assert len(steps) >= 20
    wrong = []
    for line, expected in steps:
        pattern = re.escape(expected).replace(r"\.\.\.", ".*")
        printed = shell(line)
        if not re.fullmatch(pattern, printed, flags=re.DOTALL):
            wrong.append(f"$ {line}\n{printed}expected:\n{expected}")
    assert not wrong, "\n".join(wrong)
