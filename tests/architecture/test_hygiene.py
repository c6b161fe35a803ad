"""What must not lie in the repository."""

import re

from tests.architecture.source import ROOT, files, name_of

# The bars between the words keep this file from holding what it looks for.
INDEX_HOSTS = re.compile(r"\b(pypi|pythonhosted|npmjs|debian)\.(org|com)\b", re.IGNORECASE)
HOMES = re.compile(r"(?<![\w./-])/(home|root|work|Users)/[\w.-]")
SECRET = re.compile(r"-----BEGIN (EC |RSA |OPENSSH |ENCRYPTED )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}")
LARGEST = 2 * 1024 * 1024


def texts() -> list[tuple[str, str]]:
    """Every text file with its name."""
    found = []
    for path in files():
        body = path.read_bytes()
        if b"\0" not in body[:8192]:
            found.append((name_of(path), body.decode("utf-8")))
    return found


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{n}" for name, body in texts() for n, line in enumerate(body.splitlines(), 1) if pattern.search(line)
    ]


def test_no_package_index_is_named() -> None:
    assert not lines_with(INDEX_HOSTS)


def test_no_path_of_somebodys_computer_is_named() -> None:
    assert not lines_with(HOMES)


def test_no_private_key_is_committed() -> None:
    assert not [name for name, body in texts() if SECRET.search(body)]


def test_no_large_file_is_committed() -> None:
    assert not {name_of(path): size for path in files() if (size := path.stat().st_size) > LARGEST}


def test_every_lock_is_by_hash_and_the_small_one_is_part_of_the_large() -> None:
    locks = {}
    for name in ("constraints.txt", "constraints-run.txt"):
        body = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
        pins = [line for line in body.splitlines() if line.strip() and not line.startswith("#")]
        assert all(re.match(r"[a-z0-9._-]+==", pin) and "--hash=sha256:" in pin for pin in pins), name
        locks[name] = {pin.split()[0] for pin in pins}
    assert locks["constraints-run.txt"] <= locks["constraints.txt"]


def test_what_a_reader_looks_for_is_there() -> None:
    for name in ("LICENSE", "NOTICE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", ".ci/run"):
        assert (ROOT / name).is_file(), name
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_decisions_are_one_page_with_their_bad_consequences() -> None:
    for path in sorted((ROOT / "docs" / "adr").glob("*.md")):
        body = path.read_text(encoding="utf-8")
        assert body.count("\n") <= 60, f"{name_of(path)} is longer than a page"
        for heading in ("## Context", "## Decision", "## Consequences"):
            assert heading in body, f"{name_of(path)}: {heading}"
        assert "Bad:" in body, f"{name_of(path)}: write the negative consequences down"


def test_scripts_can_be_run() -> None:
    scripts = [p for p in files() if p.suffix == ".sh" or p == ROOT / ".ci" / "run"]
    assert scripts
    assert all(p.stat().st_mode & 0o111 for p in scripts)
