"""Files are written whole or not at all."""

import os
import stat
import threading

import pytest

from biossl._files import LARGEST_TEXT, read_text, write_whole


@pytest.fixture
def old(tmp_path):
    file = tmp_path / "result"
    file.write_bytes(b"old")
    return file


def test_a_file_takes_the_place_of_another(old):
    write_whole(old, b"new")
    assert old.read_bytes() == b"new" and list(old.parent.iterdir()) == [old]
    write_whole(str(old.parent / "first"), b"\x00new")
    assert (old.parent / "first").read_bytes() == b"\x00new"


@pytest.mark.parametrize("where", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_fails_leaves_the_old_file_alone(where, error, old, monkeypatch):
    def fail(*_):
        raise error

    monkeypatch.setattr(os, where, fail)
    with pytest.raises(type(error)) as fault:
        write_whole(old, b"new")
    assert old.read_bytes() == b"old" and list(old.parent.iterdir()) == [old]
    if isinstance(error, OSError):
        assert (fault.value.strerror, fault.value.filename) == ("No space left on device", str(old))


def test_the_content_is_on_the_disk_before_it_has_the_name(old, monkeypatch):
    order = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: order.append(("fsync", os.fstat(file).st_size)) or sync(file))
    monkeypatch.setattr(os, "replace", lambda *paths: order.append("replace") or replace(*paths))
    write_whole(old, b"new content")
    assert order == [("fsync", 11), "replace"]


def test_a_fault_names_the_path_that_was_asked_for(tmp_path):
    for path in (tmp_path / "no" / "folder" / "file", tmp_path):
        with pytest.raises(OSError) as fault:
            write_whole(path, b"")
        assert fault.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []


def test_permissions_are_those_of_a_new_file(tmp_path):
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_a_link_stays_one_and_a_long_name_is_no_fault(old):
    link = old.parent / ("\N{GRINNING FACE}" * 63)
    link.symlink_to(old)
    write_whole(link, b"new")
    assert link.is_symlink() and old.read_bytes() == b"new"


def test_a_pipe_is_written_through(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_whole(tmp_path / "pipe", b"content")
    reader.join()
    assert read == [b"content"] and stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_what_is_no_text_of_a_run_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with open(tmp_path / "large", "wb") as file:
        file.truncate(LARGEST_TEXT + 1)
    for name, told in (("pipe", "it is no regular file"), ("large", "it is larger than 64 MiB"), ("none", "No such")):
        with pytest.raises(OSError, match=told) as fault:
            read_text(tmp_path / name)
        assert fault.value.filename == str(tmp_path / name)
