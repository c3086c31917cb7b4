"""The page in a browser, with a classifier that tests make up: what people do with it, and what they see and hear."""

from __future__ import annotations

import csv
import io
import json
from itertools import pairwise

import pytest
from pages_of_fakes import HOSTILE, drop, labelled_file, page_of

from browsing import LOW_CONTRAST, opened
from vikt.corpus.header import refuse_doubtful_header
from vikt.corpus.readers import read_table
from vikt.errors import ColumnError
from vikt.explanation.explanation import NO_KNOWN_FEATURE

TEXT = "a good film, with one bad scene"


@pytest.fixture(scope="module")
def opinions(tmp_path_factory):
    return page_of(tmp_path_factory.mktemp("page") / "opinions.html")


def type_text(page, text=TEXT):
    page.fill("#text", text)
    page.locator("#reasons").wait_for()


def verdict(page):
    return page.locator("#verdict .labels").inner_text()


def numbers(page):
    return page.locator("#classes .number").all_inner_texts()


def test_a_text_is_answered_and_its_words_struck_out_and_restored(browser, opinions):
    with opened(browser, opinions) as (page, seen):
        type_text(page)
        # σ(0.5 + 1 - 2) for the first class.
        assert verdict(page) == "blame 62.2 %"
        assert numbers(page) == ["62.2 %", "37.8 %"]
        assert page.locator("#words").inner_text() == TEXT
        assert page.locator("#words mark.for").all_inner_texts() == ["good"]
        assert page.locator("#words mark.against").all_inner_texts() == ["bad"]
        page.locator(".word", has_text="bad").click()
        page.locator(".moved").first.wait_for()
        assert verdict(page) == "praise 81.8 %"
        assert numbers(page) == ["62.2 % → 18.2 %", "37.8 % → 81.8 %"]
        assert page.locator("#status").inner_text() == "praise 37.8 % → 81.8 %"
        # The reasons are those of what is left.
        assert page.locator("#sides .feature").all_inner_texts() == ["good"]
        assert page.locator("#sum").inner_text() == "Score +1.50: 1 feature of the text +1.00, intercept +0.50."
        page.click("#restore")
        page.locator(".moved").first.wait_for(state="detached")
        assert numbers(page) == ["62.2 %", "37.8 %"]
        assert page.locator("#sides .feature").all_inner_texts() == ["good", "bad"]
        assert (seen.console, seen.dialogs, seen.requests) == ([], [], [])


@pytest.mark.slow
def test_words_are_struck_out_by_the_keyboard(browser, opinions):
    with opened(browser, opinions) as (page, _):
        type_text(page)
        page.locator("#words .word").first.focus()
        page.keyboard.press("End")
        assert page.evaluate("document.activeElement.textContent") == "scene"
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Space")
        page.locator(".moved").first.wait_for()
        assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
        assert verdict(page) == "praise 81.8 %"
        page.keyboard.press("Home")
        assert page.evaluate("document.activeElement.textContent") == "a"
        # One stop for all the words.
        assert page.locator("#words .word[tabindex='0']").count() == 1


@pytest.mark.slow
def test_the_keyboard_reaches_everything_in_the_order_of_the_page(browser, opinions):
    with opened(browser, opinions) as (page, _):
        type_text(page)
        page.locator(".word").nth(1).click()
        page.locator(".moved").first.wait_for()
        page.locator(".skip").focus()
        reached = []
        for _ in range(7):
            page.keyboard.press("Tab")
            reached.append(
                page.evaluate("document.activeElement.id || document.activeElement.innerText.split(/\\s/)[0]")
            )
        assert reached == ["clear", "text", "blame", "praise", "restore", "good", "file"]


@pytest.mark.slow
def test_another_label_is_explained_and_the_answer_again(browser, opinions):
    with opened(browser, opinions) as (page, _):
        type_text(page)
        assert page.locator("#reasons-title").inner_text() == "What speaks for and against “blame”"
        page.locator("button.class", has_text="praise").click()
        page.locator("#reasons-title", has_text="praise").wait_for()
        assert page.locator(".class[aria-pressed=true] .name").all_inner_texts() == ["praise"]
        page.locator("button.class", has_text="praise").click()
        page.locator("#reasons-title", has_text="blame").wait_for()


@pytest.mark.slow
def test_several_labels_stand_with_their_thresholds(browser, tmp_path):
    path = page_of(
        tmp_path / "p.html", targets="several", classes=("joy", "love"), thresholds={"joy": 0.4, "love": 0.3}
    )
    with opened(browser, path) as (page, seen):
        type_text(page, "good")
        assert verdict(page) == "joy 80.0 %"
        assert page.locator(".class .detail").all_inner_texts() == ["threshold 40.0 %", "threshold 30.0 %"]
        assert page.locator("#classes .answered .name").all_inner_texts() == ["joy"]
        type_text(page, "neither")
        page.locator(".answered", has_text="love").wait_for()
        assert verdict(page).split("\n") == ["joy 80.0 %", "love 48.5 %"]
        assert seen.console == []


@pytest.mark.slow
def test_ordered_levels_keep_their_order_and_stand_on_a_scale(browser, tmp_path):
    with opened(browser, page_of(tmp_path / "p.html", targets="ordered", classes=("1", "2", "3"))) as (page, _):
        type_text(page, "bad bad")
        assert page.locator("#classes .name").all_inner_texts() == ["1", "2", "3"]
        assert page.locator("#scale").inner_text() == "Levels by score: 1 up to −1.00, 2 up to +0.00, 3 above."
        assert page.locator("#classes button").count() == 0


@pytest.mark.slow
def test_no_answer_is_said(browser, opinions):
    with opened(browser, opinions) as (page, _):
        type_text(page, "unsure")
        assert verdict(page) == "No answer"
        assert "not sure enough" in page.locator("#verdict").inner_text()
        assert page.locator(".answered").count() == 0


@pytest.mark.slow
def test_further_columns_have_fields(browser, tmp_path):
    with opened(browser, page_of(tmp_path / "p.html", columns=("sender", HOSTILE))) as (page, seen):
        page.fill("#text", "good")
        page.locator("#verdict", has_text="Fill in sender").wait_for()
        page.get_by_label("sender").fill("bob")
        page.get_by_label(HOSTILE).fill("3")
        page.locator("#reasons").wait_for()
        assert verdict(page) == "praise 81.8 %"
        assert (seen.console, seen.dialogs) == ([], [])


@pytest.mark.slow
def test_a_model_without_text_has_its_columns_alone(browser, tmp_path):
    path = page_of(tmp_path / "p.html", targets="soft", columns=("hour",), reads_text=False)
    with opened(browser, path) as (page, _):
        assert page.locator("#text").is_hidden()
        page.get_by_label("hour").fill("3")
        page.locator("#reasons").wait_for()
        assert verdict(page) == "praise 62.2 %"
        assert page.locator("#words").is_hidden()
        drop(page, csv_of([["hour"], ["1"]]))
        page.locator("#start").wait_for()
        assert page.locator("#text-column").is_hidden()


@pytest.mark.slow
def test_a_failure_is_one_sentence_and_passes(browser, opinions):
    with opened(browser, opinions) as (page, _):
        page.fill("#text", "fail")
        page.locator("#problem").wait_for()
        assert page.locator("#problem").inner_text() == "The service failed, as the text asked."
        type_text(page)
        assert page.locator("#problem").is_hidden()


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("targets", ["classes", "several", "ordered"])
def test_hostile_labels_and_texts_do_nothing_and_everything_fits(browser, tmp_path, width, theme, targets):
    labels = (HOSTILE, "", "unbroken" * 40, "עברית", "a\u202eb")
    thresholds = dict.fromkeys(labels, 0.2) if targets == "several" else None
    path = page_of(tmp_path / "p.html", targets=targets, classes=labels, thresholds=thresholds, columns=[HOSTILE])
    with opened(browser, path, width=width, theme=theme) as (page, seen):
        page.locator("#columns input").fill(HOSTILE)
        type_text(page, f"{HOSTILE} good \u202e مرحبا {'unbroken' * 60} 👩‍👩‍👧‍👦 bad")
        page.locator(".word").first.click()
        drop(page, csv_of([[HOSTILE, "text"], [HOSTILE, "good"], ["=1", "bad " * 90]]))
        page.locator("#start").click()
        page.locator("#download").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("main img, main script, iframe, [onload], [onerror]").count() == 0
        assert page.evaluate(LOW_CONTRAST) == []
        assert (seen.console, seen.dialogs) == ([], [])
        assert [url for url in seen.requests if not url.startswith("blob:")] == []


@pytest.mark.slow
def test_a_screen_reader_finds_landmarks_headings_in_order_and_names(browser, opinions):
    with opened(browser, opinions) as (page, _):
        type_text(page)
        drop(page, csv_of([["text"], ["good"]]))
        page.locator("#start").wait_for()
        for landmark in ("main", "body > header", "footer", "h1"):
            assert page.locator(landmark).count() == 1, landmark
        visible = (
            "[...document.querySelectorAll('h1,h2,h3,h4')].filter(h => h.checkVisibility()).map(h => +h.tagName[1])"
        )
        levels = page.evaluate(visible)
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
        controls = ("button", "textbox", "combobox", "checkbox", "link", "group", "progressbar", "list", "region")
        named = [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in tree
            if not node["ignored"] and node["role"]["value"] in controls
        ]
        assert {role for role, name in named if not name} <= {"list"}
        assert ("button", "good") in named
        assert ("group", "What speaks for and against “blame”") in named
        assert page.evaluate("document.querySelector('#problem').getAttribute('role')") == "alert"


@pytest.mark.slow
def test_nothing_moves_while_words_are_struck_out(browser, opinions):
    with opened(browser, opinions) as (page, _):
        type_text(page)
        panels = "['#words', '#classes', '#sides']"
        places = f"{panels}.map(panel => document.querySelector(panel).getBoundingClientRect().y)"
        before = page.evaluate(places)
        for place in range(3):
            page.locator(".word").nth(place).click()
            page.locator(".moved").first.wait_for()
            assert page.evaluate(places) == before


@pytest.mark.slow
def test_five_hundred_classes_are_shown_on_request(browser, tmp_path):
    classes = [f"class {k}" for k in range(500)]
    with opened(browser, page_of(tmp_path / "p.html", classes=classes)) as (page, _):
        type_text(page)
        assert page.locator("#classes li").count() == 8
        page.click("#all-classes")
        assert page.locator("#classes li").count() == 500
        assert page.locator("#all-classes").get_attribute("aria-expanded") == "true"
        page.locator("button.class", has_text="class 77").first.click()
        page.locator("#reasons-title", has_text="class 77").wait_for()


@pytest.mark.slow
def test_a_long_text_is_answered_without_its_words(browser, opinions):
    with opened(browser, opinions) as (page, _):
        page.locator("#text").evaluate("(e, text) => { e.value = text; e.oninput(); }", "good film " * 100_000)
        page.locator("#problem", has_text="1,000,000 characters").wait_for()
        assert verdict(page).startswith("praise")
        page.click("#clear")
        page.locator("#verdict", has_text="The answer appears here.").wait_for()
        assert page.locator("#problem").is_hidden()
        assert page.evaluate("document.activeElement.id") == "text"


@pytest.mark.slow
def test_less_motion_and_forced_colours(browser, opinions):
    with opened(browser, opinions) as (page, _):
        page.emulate_media(reduced_motion="reduce", forced_colors="active")
        type_text(page)
        fill = page.locator(".answered .fill")
        assert fill.evaluate("e => getComputedStyle(e).transitionDuration") in ("0s", "")
        behind = page.locator(".answered .meter").evaluate("e => getComputedStyle(e).backgroundColor")
        assert fill.evaluate("e => getComputedStyle(e).backgroundColor") != behind


def csv_of(rows, **options):
    written = io.StringIO()
    csv.writer(written, **options).writerows(rows)
    return written.getvalue().encode()


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_comes_back_with_labels(browser, opinions, tmp_path, encoding):
    rows = [["id", "text", "note"], ["1", 'a "good", film\r\nand long', "ß"], ["2", "bad", "=1+1"], ["3", "", "-5"]]
    with opened(browser, opinions) as (page, seen):
        drop(page, csv_of(rows).decode().encode(encoding))
        assert page.get_by_label("Column of the texts").input_value() == "1"
        page.locator("#with-all").check()
        name, content = labelled_file(page, tmp_path)
        assert name == "rows-labelled.csv"
        assert content.startswith(b"id" if encoding == "utf-8" else b"\xef\xbb\xbfid")
        back = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        assert [row[:3] for row in back] == rows
        assert back[0][3:] == ["predicted", "probability", "P(praise)", "P(blame)"]
        assert [row[3] for row in back[1:]] == ["praise", "blame", "praise"]
        assert float(back[1][4]) == pytest.approx(0.81757447619364)
        assert seen.console == []


@pytest.mark.slow
def test_a_table_between_tabs_has_no_quotation_marks(browser, opinions, tmp_path):
    with opened(browser, opinions) as (page, _):
        drop(page, b'text\tn\n"good\t1\nbad "x"\t2\n', "rows.tsv")
        content = labelled_file(page, tmp_path)[1].decode()
        assert [line.split("\t")[:3] for line in content.splitlines()] == [
            ["text", "n", "predicted"], ['"good', "1", "praise"], ['bad "x"', "2", "blame"],
        ]  # fmt: skip


@pytest.mark.slow
def test_several_labels_with_commas_come_back_as_json(browser, tmp_path):
    labels = {"a, b": 0.1, "c": 0.1}
    with opened(browser, page_of(tmp_path / "p.html", targets="several", classes=labels, thresholds=labels)) as found:
        page, _ = found
        drop(page, csv_of([["text"], ["good"]]))
        _, row = csv.reader(io.StringIO(labelled_file(page, tmp_path)[1].decode()))
        assert json.loads(row[1]) == ["a, b", "c"]


@pytest.mark.slow
def test_labelling_shows_its_progress_and_is_stopped(browser, opinions):
    with opened(browser, opinions) as (page, seen):
        drop(page, csv_of([["text"], *[["slow"]] * 5000]))
        page.locator("#start").click()
        page.locator("#done", has_text="400 of 5,000 rows").wait_for()
        assert page.locator("#start").is_disabled()
        page.locator("#stop").click()
        page.locator("#stop").wait_for(state="hidden")
        assert page.locator("#start").is_enabled()
        assert page.locator("#download").is_hidden()
        assert seen.console == []


@pytest.mark.slow
def test_labels_that_a_spreadsheet_would_run_are_made_inert(browser, tmp_path):
    labels = ("=HYPERLINK(1)", "-1", "@x", "+a")
    with opened(browser, page_of(tmp_path / "p.html", classes=labels)) as (page, _):
        drop(page, csv_of([["text", "predicted"], ["good", "x"]]))
        page.locator("#with-all").check()
        header, row = csv.reader(io.StringIO(labelled_file(page, tmp_path)[1].decode()))
        assert header[1:4] == ["predicted", "vikt_predicted", "probability"]
        assert row[2] == "'=HYPERLINK(1)"
        assert page.evaluate("['-1', '+2.5e3', '@x', '+a', 'a=b', '\\t='].map(vikt.inert)") == [
            "-1", "+2.5e3", "'@x", "'+a", "a=b", "'\t=",
        ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "rows.csv is empty"),
        (b"text\n", "rows.csv has a single row"),
        (b'text\n"good\n', "rows.csv, line 2: a quotation mark is not closed"),
        (b'text\n"good"x\n', "rows.csv, line 2: a quotation mark is not closed, or text follows it"),
        (
            b'text,n\n"a\nb",1\n\ngood\n',
            "rows.csv, row 2 (line 5), which starts with “good”: found 1 value, expected 2, as in the first row. "
            "Correct the row, or put values that contain commas in quotation marks.",
        ),
        (b"text;n\ngood;1;2\n", "put values that contain semicolons in quotation marks"),
        (b'{"text": "good", "n": 1}\n{"text": "bad"}\n', "rows.csv is JSON, not CSV or TSV"),
        (b"PK\x03\x04\x14\0", "rows.csv is a workbook, such as Excel's. Save it as CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "rows.csv is a workbook"),
        (b"text\n\xff\xfe\xe9\n", "rows.csv is not text in UTF-8"),
        (b'sep="\ntext\ngood\n', "rows.csv, line 1: a quotation mark follows sep="),
        (b"text\nfail\n", "Row 1: The service failed"),
    ],
)
def test_what_is_wrong_with_a_table_is_one_sentence(browser, opinions, content, message):
    with opened(browser, opinions) as (page, seen):
        drop(page, content)
        if b"fail" in content:
            page.locator("#start").click()
        problem = page.locator("#table-problem")
        problem.wait_for()
        assert message in problem.inner_text()
        assert page.locator("#download").is_hidden()
        assert seen.console == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mails.xlsx", "Save it as CSV UTF-8"),
        ("mails.ods", "Save it as CSV UTF-8"),
        ("mails.jsonl", "label it with the command vikt predict"),
        ("mails.csv.gz", "label it with the command vikt predict"),
    ],
)
def test_a_table_of_another_format_is_taken_for_a_table_and_refused(browser, opinions, name, message):
    with opened(browser, opinions) as (page, _):
        drop(page, b"text,n\ngood,1\n", name)
        page.locator("#table-problem", has_text=message).wait_for()
        assert page.locator("#problem").is_hidden()
        assert page.locator("#text").input_value() == ""


@pytest.mark.slow
def test_a_first_row_that_looks_like_data_is_labelled(browser, opinions, tmp_path):
    with opened(browser, opinions) as (page, _):
        drop(page, b"I was charged twice,1\nmy good parcel,2\n")
        is_data = page.get_by_label("The first row is data")
        assert is_data.is_checked()
        assert page.locator("#table-size").inner_text() == "2 rows, 2 columns"
        back = labelled_file(page, tmp_path)[1].decode().splitlines()
        assert [line.split(",")[:3] for line in back] == [
            ["I was charged twice", "1", "praise"], ["my good parcel", "2", "praise"],
        ]  # fmt: skip
        is_data.uncheck()
        assert page.locator("#table-size").inner_text() == "1 row, 2 columns"
        assert labelled_file(page, tmp_path)[1].decode().startswith("I was charged twice,1,predicted,probability")


@pytest.mark.slow
def test_a_first_row_is_data_where_the_commands_say_so(browser, opinions, tmp_path):
    tables = [
        ["text,label", "good,a", "bad,b"], ["good,a", "bad,b", "fine,a"], ["0,1", "good,a"], ["body,12.5", "good,a"],
        ["id,remark", "1,good", "2,bad"], ["A film. Good!,x", "b,y"], ["text,a", "good,a", "bad,b"],
        ["name,note", "x,This is a long note of many words"], ["n", "1", "2"], ["2026-11-30,q", "a,b"],
    ]  # fmt: skip
    with opened(browser, opinions) as (page, _):
        for lines in tables:
            content = "\n".join([*lines, ""]).encode()
            path = tmp_path / "rows.csv"
            path.write_bytes(content)
            try:
                refuse_doubtful_header(read_table(path), need_label=False)
                is_refused = False
            except ColumnError:
                is_refused = True
            table = page.evaluate("b => vikt.readTable(new Uint8Array(b), 'rows.csv').hasHeader", list(content))
            assert table is not is_refused, lines


@pytest.mark.slow
def test_reasons_of_another_answer_are_offered_once_words_are_struck_out(browser, opinions):
    with opened(browser, opinions) as (page, _):
        type_text(page)
        page.locator(".word", has_text="bad").click()
        page.locator("#changed").wait_for()
        assert page.locator("#changed-answer").inner_text() == "You see what speaks for and against “blame”."
        page.get_by_role("button", name="Show that for “praise”").click()
        page.locator("#reasons-title", has_text="praise").wait_for()
        page.locator("#changed").wait_for(state="hidden")
        # What was struck out stays so.
        page.locator(".moved").first.wait_for()
        assert page.locator(".word[aria-pressed=true]").all_inner_texts() == ["bad"]
        assert verdict(page) == "praise 81.8 %"
        page.click("#restore")
        page.locator(".moved").first.wait_for(state="detached")
        assert page.locator(".word[aria-pressed=true]").count() == 0


@pytest.mark.slow
def test_a_text_without_known_features_is_said(browser, opinions):
    with opened(browser, opinions) as (page, _):
        type_text(page, "zzz")
        assert page.locator("#sides").inner_text() == NO_KNOWN_FEATURE


@pytest.mark.slow
def test_csv_is_read_as_python_reads_it_and_written_so_that_it_reads_it(browser, opinions):
    values = ["", "a", "b,c", 'd"e', '"', '""', "f\ng", "h\r\ni", ";", "\t", " j ", "ü👩", "'", '","']
    rows = [[values[(i * k + i) % len(values)] + str(k) * (k % 3) for i in range(3)] for k in range(60)]
    table = [["x", "y", "z"], *rows]
    single = [["x"], [""], ["a"]]
    dialects = [{"lineterminator": "\r\n"}, {"lineterminator": "\n", "quoting": csv.QUOTE_ALL}, {"delimiter": ";"}]
    with opened(browser, opinions) as (page, _):
        for dialect in dialects:
            found = page.evaluate(
                """(bytes) => {
                  const table = vikt.readTable(new Uint8Array(bytes), "rows.csv");
                  const rows = [table.header, ...table.rows];
                  return JSON.stringify([rows, vikt.tableLines(rows, table.dialect).join("")]);
                }""",
                list(csv_of(table, **dialect)),
            )
            read, written = json.loads(found)
            assert read == table
            delimiter = dialect.get("delimiter", ",")
            alone = list(csv_of(single, **dialect))
            assert page.evaluate("b => vikt.readTable(new Uint8Array(b), 'a.csv').rows", alone) == single[1:]
            assert list(csv.reader(io.StringIO(written, newline=""), delimiter=delimiter)) == table
        rows = "text => vikt.readTable(new TextEncoder().encode(text), 'a.csv').rows"
        assert page.evaluate(rows, "\nx\na\n\nb\n") == [["a"], [""], ["b"]]
        assert page.evaluate(rows, "\nx,y\na,b\n\nc,d\n") == [["a", "b"], ["c", "d"]]


@pytest.mark.slow
def test_a_dropped_text_is_answered(browser, opinions):
    with opened(browser, opinions) as (page, _):
        drop(page, b"good film", "review.txt")
        page.locator("#reasons").wait_for()
        assert page.locator("#text").input_value() == "good film"


@pytest.mark.slow
def test_a_folder_or_a_picture_is_refused_in_a_sentence(browser, opinions):
    with opened(browser, opinions) as (page, seen):
        drop(page, b"\x89PNG\r\n\xff\xfe", "cat.png")
        page.locator("#problem", has_text="cat.png is not text in UTF-8").wait_for()
        page.evaluate("() => { File.prototype.arrayBuffer = () => Promise.reject(new DOMException('NotFoundError')); }")
        drop(page, b"", "folder")
        page.locator("#problem", has_text="folder cannot be read. Choose a file, not a folder.").wait_for()
        assert seen.console == []


@pytest.mark.slow
def test_the_same_file_can_be_chosen_again_once_it_is_corrected(browser, opinions, tmp_path):
    path = tmp_path / "rows.csv"
    with opened(browser, opinions) as (page, _):
        for content, shown in ((b"text\n\xff\n", "#table-problem"), (b"text\ngood\n", "#start")):
            path.write_bytes(content)
            page.locator("#file").set_input_files(path)
            page.locator(shown).wait_for()
            # A browser tells of a file only if it is another one than before.
            assert page.locator("#file").input_value() == ""


@pytest.mark.slow
def test_of_two_files_the_later_one_stays(browser, opinions):
    with opened(browser, opinions) as (page, _):
        page.evaluate("""() => {
          const read = File.prototype.arrayBuffer;
          const wait = (ms) => new Promise((resume) => setTimeout(resume, ms));
          File.prototype.arrayBuffer = async function () {
            if (this.name === "large.csv") await wait(300);
            return read.call(this);
          };
        }""")
        drop(page, csv_of([["text"], ["good"], ["bad"]]), "large.csv")
        drop(page, csv_of([["text"], ["good"]]), "small.csv")
        page.wait_for_timeout(600)
        assert page.locator("#table-name").inner_text() == "small.csv"
        assert page.locator("#start").inner_text() == "Label 1 row"


@pytest.mark.slow
def test_batches_keep_to_the_limits(browser, tmp_path):
    path = page_of(tmp_path / "p.html", limits={"texts": 7, "bytes": 1000, "explained": 10})
    texts = [["good " * (i % 60)] for i in range(100)]
    with opened(browser, path) as (page, _):
        drop(page, csv_of([["text"], *texts]))
        assert len(labelled_file(page, tmp_path)[1].splitlines()) == 101
        page.fill("#text", "good good good")
        page.locator("#problem", has_text="words are shown of texts of up to 10 characters").wait_for()


@pytest.mark.slow
def test_labelling_goes_on_where_it_failed(browser, opinions, tmp_path):
    texts = [["good"]] * 450 + [["flaky"]] + [["bad"]] * 49
    with opened(browser, opinions) as (page, _):
        drop(page, csv_of([["text"], *texts]))
        page.locator("#start").click()
        page.locator("#table-problem", has_text="Rows 401 to 500: The service is busy.").wait_for()
        assert page.locator("#start").inner_text() == "Label the remaining 100 rows"
        back = list(csv.reader(io.StringIO(labelled_file(page, tmp_path)[1].decode())))
        assert [row[1] for row in back[1:]] == ["praise"] * 451 + ["blame"] * 49
        assert page.locator("#start").inner_text() == "Label 500 rows"


@pytest.mark.slow
def test_a_page_answers_without_what_the_oldest_browsers_lack(browser, tmp_path):
    """Chrome 87 has none of these methods."""
    lacking = """
      for (const name of ["at", "toSorted", "toReversed", "toSpliced", "with", "findLast", "findLastIndex"])
        delete Array.prototype[name];
      delete String.prototype.at; delete Object.hasOwn; delete Object.groupBy; delete Array.fromAsync;
      delete globalThis.structuredClone; delete Element.prototype.checkVisibility;
    """
    for targets in ("classes", "several", "ordered"):
        thresholds = {"praise": 0.3, "blame": 0.3} if targets == "several" else None
        path = page_of(tmp_path / "p.html", targets=targets, thresholds=thresholds)
        context = browser.new_context()
        page = context.new_page()
        page.add_init_script(lacking)
        page.goto(f"file://{path}")
        type_text(page)
        assert "%" in page.locator("#verdict").inner_text()
        context.close()


@pytest.mark.slow
@pytest.mark.parametrize(("separator", "end"), [(";", "\r\n"), ("|", "\n"), ("]", "\n"), ("\t", "\n")])
def test_the_line_of_excel_that_names_the_delimiter(browser, opinions, tmp_path, separator, end):
    rows = [["id", "text"], ["1", f"good{separator} film, long"], ["2", "bad"]]
    with opened(browser, opinions) as (page, _):
        content = csv_of(rows, delimiter=separator, lineterminator=end)
        drop(page, f"sep={separator}{end}".encode() + content)
        back = labelled_file(page, tmp_path)[1].decode()
        first, rest = back.split(end, 1)
        assert first == f"sep={separator}"
        read = list(csv.reader(io.StringIO(rest, newline=""), delimiter=separator))
        assert [row[:2] for row in read] == rows
        assert [row[2] for row in read[1:]] == ["praise", "blame"]


@pytest.mark.slow
def test_numbers_and_names_that_were_wrong_once(browser, opinions):
    with opened(browser, opinions) as (page, _):
        assert page.evaluate("[0.9995, 0.99949, 0.0004, 1, 0].map(vikt.percent)") == [
            "> 99.9 %", "99.9 %", "< 0.1 %", "100.0 %", "0.0 %",
        ]  # fmt: skip
        names = page.evaluate("""() => {
          const about = { targets: "classes", classes: [] };
          let table = { header: ["text"], rows: [] };
          for (let i = 0; i < 3; i += 1) table = vikt.labelledTable(about, table, [], false);
          return table.header;
        }""")
        assert len(set(names)) == len(names) == 7
