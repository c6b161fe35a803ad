"""Evidence bundles: whole ones verify everywhere, any changed bit is named, nothing dangerous is unpacked."""

import json
import re
import shutil
import struct
import subprocess
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.kernel.errors import Malformed, Unusable
from roadworthy.kernel.event import canonical
from roadworthy.transparency.bundle import fingerprint, verify_bundle, write_bundle
from roadworthy.transparency.checkpoint import Checkpoint, sign_checkpoint
from roadworthy.transparency.container import check_name, read_container, write_container
from roadworthy.transparency.making import Log
from roadworthy.transparency.note import sign_note, vkey_of
from roadworthy.transparency.receipt import Unproved, make_receipt, make_row_opening
from tests.transparency.world import SIGNER, VKEY, TestSigner, fill_box, make_box, open_database, report, sequencer

DOCUMENTS = {"permit.pdf": b"%PDF-1.7 permit", "附件/说明.txt": "说明".encode(), "empty.bin": b"", "a.svg": b"<svg/>"}
SCOPE = {"campaign": "CMP-1", "note": "<script>alert(1)</script> & 范围"}


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    database = open_database(folder, create=True)
    make_box(database, "B1", facts={"long": 2**53 + 1, "text": "测试 \u007f \U0001f697", "a": [True, None, -1]})
    filled = fill_box(database, "B1", things=3)
    said = [report(database, "B2", n) for n in range(5)]
    sequencer(database, folder).tick()
    log = Log(folder / "log")
    with database.read() as view:
        rows = [make_row_opening(view, filled, *row) for row in (("test_box", "B1"), ("test_thing", "B1/2"))]
        said_row = make_row_opening(view, said[3], "test_thing", "B2/3")
        records = [
            {"receipt": make_receipt(view, log, filled), "rows": rows},
            {"receipt": make_receipt(view, log, said[3]), "rows": [said_row]},
            make_receipt(view, log, said[0]),
        ]
    database.close()
    return records, log.checkpoint()


@pytest.fixture(scope="module")
def bundle(parts, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "evidence.zip"
    write_bundle(path, SCOPE, parts[0], DOCUMENTS, parts[1], SIGNER)
    return path


def named(found):
    return {difference.key for difference in found.differences}


def rewritten(bundle, path, change, *, sign=None):
    """Write the bundle's files again after `change(files)`; with `sign`, list and sign them anew with that key."""
    with zipfile.ZipFile(bundle) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    if sign is not None:
        from hashlib import sha256

        manifest = json.loads(files["manifest.json"])
        manifest["files"] = [{"path": n, "sha256": sha256(c).hexdigest(), "size": len(c)} for n, c in files.items()
                             if not n.startswith("manifest.")]  # fmt: skip
        manifest["log_vkey"] = vkey_of(sign)
        files["manifest.json"] = canonical(manifest)
        digest = sha256(files["manifest.json"]).hexdigest()
        files["manifest.sig"] = sign_note(f"roadworthy.evidence/1\n{digest}  manifest.json\n", sign).encode()
    with path.open("wb") as file:
        write_container(file, files)
    return path


def test_a_whole_bundle_verifies_with_the_given_and_with_its_own_key(bundle):
    found = verify_bundle(bundle, VKEY)
    assert found.differences == ()
    assert (found.records, found.documents, found.size, found.scope) == (3, 4, 3, SCOPE)
    assert (found.fingerprint, found.own_key) == (fingerprint(VKEY), False)
    assert verify_bundle(bundle, None).clean
    assert verify_bundle(bundle, None).own_key


def test_the_same_evidence_gives_the_same_bytes(bundle, parts, tmp_path):
    write_bundle(tmp_path / "again.zip", SCOPE, parts[0], DOCUMENTS, parts[1], SIGNER)
    assert (tmp_path / "again.zip").read_bytes() == bundle.read_bytes()


def test_another_key_proves_nothing_and_a_wrong_one_is_malformed(bundle):
    assert named(verify_bundle(bundle, vkey_of(TestSigner(seed=bytes(32))))) == {"manifest.sig"}
    with pytest.raises(Malformed):
        verify_bundle(bundle, "no key")


def test_ordinary_tools_unpack_it(bundle, tmp_path):
    with zipfile.ZipFile(bundle) as archive:
        assert archive.testzip() is None
        assert archive.read("documents/附件/说明.txt").decode() == "说明"
    assert {member.name for member in read_container(bundle)} == set(zipfile.ZipFile(bundle).namelist())


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_any_changed_bit_is_named(bundle, data):
    content = bundle.read_bytes()
    members = read_container(bundle)
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    inside = [m.name for m in members if m.offset <= bit // 8 < m.offset + m.size]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "changed.zip"
        path.write_bytes(changed)
        for vkey in (VKEY, None):
            found = verify_bundle(path, vkey)
            assert not found.clean
            assert not inside or named(found) == set(inside)


@settings(deadline=None)
@given(st.data())
def test_anything_cut_out_added_or_made_up_is_refused_in_the_report(bundle, data):
    content = bundle.read_bytes()
    at, stop = sorted(data.draw(st.tuples(st.integers(0, len(content)), st.integers(0, len(content)))))
    put = data.draw(st.binary(max_size=50))
    for changed in (content[:at] + put + content[stop:], put, content + put, put + content):
        if changed != content:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "changed.zip"
                path.write_bytes(changed)
                assert not verify_bundle(path, VKEY).clean


def test_a_changed_file_is_named_although_the_container_was_made_anew(bundle, tmp_path):
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
    for name in names:
        found = verify_bundle(rewritten(bundle, tmp_path / "x.zip", lambda f, n=name: f.update({n: f[n] + b" "})), VKEY)
        assert name in named(found), name
        found = verify_bundle(rewritten(bundle, tmp_path / "x.zip", lambda f, n=name: f.pop(n)), VKEY)
        assert name in named(found), name
    found = verify_bundle(rewritten(bundle, tmp_path / "x.zip", lambda f: f.update({"documents/new": b""})), VKEY)
    assert named(found) == {"documents/new"}


def test_a_bundle_signed_by_somebody_else_fails_with_the_right_key_and_shows_its_own_without(bundle, tmp_path):
    other = TestSigner(seed=bytes(32))
    path = rewritten(bundle, tmp_path / "x.zip", lambda files: None, sign=other)
    assert named(verify_bundle(path, VKEY)) == {"manifest.sig"}
    own = verify_bundle(path, None)
    assert own.fingerprint == fingerprint(vkey_of(other)) != fingerprint(VKEY)
    assert "log/checkpoint" in named(own)


def test_a_record_that_the_log_does_not_prove_is_named_even_when_the_manifest_is_signed(bundle, tmp_path):
    def lie(files):
        name = next(n for n in files if n.startswith("records/00001"))
        files[name] = files[name].replace(b"B1/2", b"B1/1")

    found = verify_bundle(rewritten(bundle, tmp_path / "x.zip", lie, sign=SIGNER), VKEY)
    assert [key.split("-")[0] for key in named(found)] == ["records/00001"]


def test_wrong_evidence_is_not_written(parts, tmp_path):
    records, note = parts
    path = tmp_path / "x.zip"
    altered = {**records[2], "index": 1}
    other = sign_checkpoint(Checkpoint(SIGNER.name, 1, bytes(32)), SIGNER)
    for given_records, documents, checkpoint, error in (
        ([altered], {}, note, Unproved),
        (records, {}, other, Unusable),
        (records, {"../../etc/passwd": b""}, note, Unusable),
        (records, {"a": b"", "A": b""}, note, Unusable),
        (records, {"a": b"", "a/b": b""}, note, Unusable),
        ([{"receipt": records[2], "rows": [1]}], {}, note, Unproved),
    ):
        with pytest.raises(error):
            write_bundle(path, {}, given_records, documents, checkpoint, SIGNER)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", "..", "a/../b", ".", "a\\b", "C:a", "a\0", "a\n", "a ", " a",
                                  "a.", "e\u0301", "a*", "\u202etxt.exe", "x" * 501])  # fmt: skip
def test_names_that_leave_the_folder_or_mislead_are_refused(name):
    with pytest.raises(Unusable):
        check_name(name)


def test_bombs_doubles_and_traversal_of_foreign_archives_are_refused(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", bytes(50_000_000))
    assert not verify_bundle(path, VKEY).clean
    # Rename a file inside a sound container: both headers, so that only the name is wrong.
    for wanted in (b"../..", b"/root", b"bbbbb"):
        with path.open("wb") as file:
            write_container(file, {"aaaaa": b"1", "bbbbb": b"2"})
        path.write_bytes(path.read_bytes().replace(b"aaaaa", wanted))
        with pytest.raises(Malformed, match="not safe"):
            read_container(path)
    path.write_bytes(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 0, 0, 0))
    with pytest.raises(Malformed):
        read_container(path)


def unpacked(bundle, folder):
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    return folder


def test_the_commands_of_verify_md_check_it_and_fail_on_a_changed_file(bundle, tmp_path):
    folder = unpacked(bundle, tmp_path / "out")
    commands = re.search(r"```sh\n(.*?)```", (folder / "VERIFY.md").read_text("utf-8"), re.DOTALL)[1]

    def run():
        return subprocess.run(["bash", "-c", commands], cwd=folder, capture_output=True, text=True, check=False)

    done = run()
    assert done.returncode == 0, done.stderr
    for name in ("documents/permit.pdf", "manifest.json", "manifest.sig", "SHA256SUMS", "log/checkpoint"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content.replace(b"e", b"f", 1))
        assert run().returncode != 0, name
        (folder / name).write_bytes(content)


def test_the_page_in_the_bundle_checks_it_in_a_browser(bundle, tmp_path):
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    folder = unpacked(bundle, tmp_path / "out")
    edited = rewritten(bundle, tmp_path / "edited.zip", lambda f: f.update({"documents/permit.pdf": b"forged"}))

    def lie(files):
        name = next(n for n in files if n.startswith("records/00002"))
        files[name] = files[name].replace(b"B2/3", b"B2/4")

    lied = rewritten(bundle, tmp_path / "lied.zip", lie, sign=SIGNER)
    bent = tmp_path / "bent.zip"
    bent.write_bytes(bundle.read_bytes()[:-30] + b"\1" + bundle.read_bytes()[-29:])
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page()
        problems = []
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.on("dialog", lambda dialog: problems.append(dialog.message))
        tab.goto((folder / "index.html").as_uri())
        assert tab.inner_text("#key").replace(" ", "") == fingerprint(VKEY)
        for path, words in ((bundle, "Intact"), (edited, "documents/permit.pdf"), (lied, "records/00002"),
                            (bent, "Not proved"), (bundle, "Intact")):  # fmt: skip
            tab.set_input_files("#zip", path)
            tab.wait_for_selector("#verdict.good, #verdict.bad")
            assert words in tab.inner_text("#verdict"), tab.inner_text("main")
        tab.fill("#vkey", vkey_of(TestSigner(seed=bytes(32))))
        tab.dispatch_event("#vkey", "change")
        tab.wait_for_selector("#verdict.bad")
        assert "manifest.sig" in tab.inner_text("#verdict")
        browser.close()
    assert problems == []
