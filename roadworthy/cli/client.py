"""The CLI as an HTTP client of a server: address and token from options or the environment, errors as exit codes.

Exit codes (the same for every verb): 0 done, the answer is yes; 1 fault; 2 wrong usage; 3 checked, the answer is
no; 4 not signed in; 5 not permitted or a second person is needed; 6 not found; 7 changed meanwhile; 8 no server.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import httpx
import typer

FAULT, USAGE, ANSWER_IS_NO, NOT_SIGNED_IN, NOT_PERMITTED, NOT_FOUND, CHANGED, UNREACHABLE = range(1, 9)
_BY_STATUS = {400: USAGE, 401: NOT_SIGNED_IN, 403: NOT_PERMITTED, 404: NOT_FOUND, 409: ANSWER_IS_NO, 422: USAGE}
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Context:
    """What the shared options say."""

    server: str
    token: str

    def client(self) -> "Client":
        """Give the client of that server and person."""
        return Client(self.server, self.token)


def connect(context: typer.Context) -> "Client":
    """Give the client that the shared options name; it is closed when the command ends."""
    shared: Context = context.obj
    client = shared.client()
    context.call_on_close(client.close)
    return client


class Client:
    """One server, one person."""

    def __init__(self, server: str, token: str) -> None:
        """Talk to `server` (an address like http://127.0.0.1:8080) with an API token."""
        self._server = server
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=server, headers=headers, timeout=120)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        """Read JSON."""
        return self._json("GET", path, params={k: v for k, v in query.items() if v not in (None, "")})

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Do something."""
        return self._json("POST", path, json=dict(body or {}))

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change something."""
        return self._json("PATCH", path, json=dict(body))

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Set something."""
        return self._json("PUT", path, json=dict(body))

    def upload(self, path: str, file: Path, **query: Any) -> Any:
        """Send a file as it is, in chunks, with its name in the query."""
        if not file.is_file():
            fail(USAGE, f"{file} is no file; check the path.")
        query = {"filename": file.name, **{k: v for k, v in query.items() if v not in (None, "")}}
        return self._json("POST", path, params=query, content=_chunks(file))

    def send(self, path: str, content: bytes, **query: Any) -> Any:
        """Send bytes as they are."""
        return self._json("POST", path, params=query, content=content)

    def upload_form(self, path: str, file: Path, **fields: Any) -> Any:
        """Send a file as a form's field `file`."""
        if not file.is_file():
            fail(USAGE, f"{file} is no file; check the path.")
        with file.open("rb") as stream:
            data = {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in fields.items()}
            return self._json("POST", path, files={"file": (file.name, stream)}, data=data)

    def attempt(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """Do something that may be refused; give the status and the answer or the problem."""
        answer = self._http.request(method, path, json=dict(body or {}))
        return answer.status_code, answer.json()

    def download(self, path: str, to: Path) -> None:
        """Write what the server sends to a file, whole or not at all."""
        draft = to.with_name(to.name + ".part")
        try:
            with self._http.stream("GET", path) as answer, draft.open("wb") as file:
                if not answer.is_success:
                    answer.read()
                    self._fail(answer)
                for chunk in answer.iter_bytes(_CHUNK):
                    file.write(chunk)
            draft.replace(to)
        except httpx.HTTPError as error:
            fail(UNREACHABLE, f"{self._server} does not answer ({error}); start it with `roadworthy serve`.")
        finally:
            draft.unlink(missing_ok=True)

    def every(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Read a list page by page to its end."""
        after = ""
        while True:
            answer = self.get(path, after=after, limit=500, **query)
            yield from answer["items"]
            if not (after := answer["next"] or ""):
                return

    def _json(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            fail(UNREACHABLE, f"{self._server} does not answer ({error}); start it with `roadworthy serve`.")
        if answer.is_success:
            return answer.json() if answer.content else None
        return self._fail(answer)

    def _fail(self, answer: httpx.Response) -> NoReturn:
        try:
            problem = answer.json()
        except ValueError:
            fail(FAULT, f"{answer.status_code} from {answer.url}: {answer.text[:300]}")
        code = CHANGED if problem.get("code") == "changed_meanwhile" else _BY_STATUS.get(answer.status_code, FAULT)
        lines = [str(problem.get("detail", ""))]
        for finding in problem.get("findings", []):
            if finding["state"] != "open":
                fix = finding["fix"]["en"]
                lines.append(
                    f"  {finding['state']:<8} {finding['code']:<12} {finding['text']['en']} "
                    f"[{finding['citation']}]" + (f"\n           next: {fix}" if fix else "")
                )
        fail(code, "\n".join(lines))


def fail(code: int, message: str) -> NoReturn:
    """Say `message` on standard error and leave with `code`."""
    typer.echo(message, err=True)
    raise typer.Exit(code)


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk
