"""The options of `vikt serve`: names of models, the token, and who may use the service."""

from __future__ import annotations

import pytest

from vikt.cli.serve import host_names, named_models, read_token
from vikt.errors import InputFileError, UsageError


def test_a_model_is_named_by_its_file_or_as_typed(tmp_path):
    with_sign = tmp_path / "a=b.vikt"
    with_sign.touch()
    found = named_models(["models/spam.vikt", "topic=models/t.vikt", "v1.2.vikt"])
    assert list(found) == ["spam", "topic", "v1.2"]
    with pytest.raises(UsageError, match="cannot be the name"):
        named_models([str(with_sign)])


@pytest.mark.parametrize("given", [["a b.vikt"], ["../..=x.vikt"], ["=x.vikt"], ["é.vikt"], [".vikt"], ["a/b=c"]])
def test_a_name_that_no_address_holds_is_refused(given):
    with pytest.raises(UsageError, match="cannot be the name"):
        named_models(given)


def test_a_name_is_given_once():
    with pytest.raises(UsageError, match=r"the name 'm' is taken by one/m.vikt; name one, as in m2=two/m.vikt"):
        named_models(["one/m.vikt", "two/m.vikt"])


def test_the_token_is_in_a_file_or_in_the_environment(tmp_path):
    file = tmp_path / "token"
    file.write_text("from-file\n")
    assert read_token(None, {}) == ""
    assert read_token(None, {"VIKT_TOKEN": "from-environment"}) == "from-environment"
    assert read_token(file, {"VIKT_TOKEN": "from-environment"}) == "from-file"


@pytest.mark.parametrize("token", ["", " \n", "two words", "påse", "a\nb"])
def test_a_token_that_no_header_holds_is_refused(tmp_path, token):
    file = tmp_path / "token"
    file.write_text(token)
    with pytest.raises(UsageError, match="expected a token"):
        read_token(file, {})


def test_a_token_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(InputFileError, match="name a file that holds the token"):
        read_token(tmp_path / "none", {})
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(InputFileError, match="it is not UTF-8"):
        read_token(tmp_path / "binary", {})


def test_other_machines_need_a_token_unless_it_is_said_twice():
    assert "localhost" in host_names("127.0.0.1", "", False)
    assert host_names("0.0.0.0", "token", False) == frozenset()
    assert host_names("0.0.0.0", "", True) == frozenset()
    # On this machine a page on the web could still reach it under a name of its own.
    assert host_names("127.0.0.1", "", True) == host_names("127.0.0.1", "", False)
    for host in ("0.0.0.0", "::", "192.168.1.7", "example.org"):
        with pytest.raises(UsageError, match="without a token"):
            host_names(host, "", False)
    with pytest.raises(UsageError, match="--no-token"):
        host_names("0.0.0.0", "token", True)
