"""`roadworthy law`: read, test and compare packs of law as files; sign, activate and weigh them on a server."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from roadworthy.cli.classify import read_facts
from roadworthy.cli.client import ANSWER_IS_NO, USAGE, connect, fail
from roadworthy.cli.law_files import SHIPPED, digest_of_file, explained, law_in, refusal, rules_named
from roadworthy.cli.output import Format, show
from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.time import SystemTime, parse_date
from roadworthy.law import Packs, add_working_days, classify, load_calendar
from roadworthy.law.diff import LawDiff
from roadworthy.law.diff import diff as differences
from roadworthy.law.load import UPGRADE_QUESTION
from roadworthy.law.reach import at_odds, idle, reach

app = typer.Typer(no_args_is_help=True)
Output = typer.Option(Format.TABLE, "-o", "--output", help="table, json or jsonl.")
Folder = typer.Option(SHIPPED, "--folder", help="Folder or file of packs; without it, the packs that are shipped.")
Questions = typer.Option("", "--about", help="The question that packs are about; without it, every question.")
On = typer.Option("", "--on", help="Rules in force on this Beijing day; without it, all rules whatever their dates.")
BASE = "/api/v1/law"


@app.command("list")
def list_packs(folder: str = Folder, output: Format = Output) -> None:
    """List packs: version, status, rules, and how well they are evidenced."""
    rows = [
        {
            "id": pack.id,
            "version": pack.version,
            "about": about,
            "status": pack.status,
            "rules": len(pack.rules),
            "authentic": all(packs.doubt(rule)["authentic"] for rule in pack.rules),
            "digest": pack.digest,
        }
        for about, packs in law_in(folder).items()
        for pack in packs.packs
    ]
    show(rows, output)


@app.command("show")
def show_pack(pack: str, folder: str = Folder, output: Format = Output) -> None:
    """Show a pack: its texts, its clauses, and every rule with what it gives and when."""
    for about, packs in law_in(folder).items():
        found = next((one for one in packs.packs if one.id == pack), None)
        if found is not None:
            said: dict[str, Any] = {"id": found.id, "version": found.version, "about": about, "digest": found.digest}
            said |= {"title": found.title.to_json(), "status": found.status}
            rules = [explained(packs, rule) for rule in found.rules]
            if output is Format.TABLE:
                show(said, output)
                show(rules, output, ("id", "kind", "since", "when", "gives", "grade"))
            else:
                show({**said, "rules": rules}, output)
            return
    raise Unusable(f"There is no pack {pack}; see roadworthy law list.")


@app.command()
def explain(
    rule: str = typer.Argument(help="Id of a rule, token of a gate, a label, a tier or an outcome."),
    folder: str = Folder,
    facts: Path | None = typer.Option(
        None, help="JSON file with the facts of an upgrade: say what the rule makes of it."
    ),
    output: Format = Output,
) -> None:
    """Explain a rule: its clauses, when it holds, how well it is evidenced; with facts, why it fires or not."""
    law = law_in(folder)
    found = [(packs, one) for packs, one in rules_named(law, rule)]
    if not found:
        raise Unusable(f"No rule, gate, label, tier or outcome is called {rule}; see roadworthy law show PACK.")
    rows = [explained(packs, one) for packs, one in found]
    if facts is not None:
        given = read_facts(facts)
        for row, (packs, one) in zip(rows, found, strict=True):
            row["models"] = _applied(packs, given, one.id)
    show(rows if output is not Format.TABLE else rows[0] if len(rows) == 1 else rows, output)


def _applied(packs: Packs, given: Mapping[str, Any], rule_id: str) -> list[dict[str, Any]]:
    if packs.vocabulary.about != UPGRADE_QUESTION:
        raise Unusable(f"{rule_id} is about {packs.vocabulary.about}; its facts go to roadworthy incident due.")
    answer = classify(given, packs, SystemTime().now())
    return [
        {"model_code": model["model_code"], "fired": fired, **row}
        for model in answer.models
        for fired, rows in ((True, model["fired"]), (False, model["not_fired"]))
        for row in rows
        if row["rule"] == rule_id
    ]


@app.command("test")
def check(folder: str = typer.Argument(SHIPPED, help="Folder or file of packs."), output: Format = Output) -> None:
    """Check packs as the server does: names, dates, coverage, examples. 0 fit, 2 refused, naming what to write instead.

    A folder without a vocabulary is checked in its place among the shipped packs.
    """
    try:
        law = law_in(folder)
    except Unusable as error:
        show([refusal(error)], output, ("file", "line", "rule", "zh", "en"))
        raise typer.Exit(USAGE) from error
    rows = [
        {"id": p.id, "version": p.version, "about": about, "examples": len(p.examples), "digest": p.digest, "fit": True}
        for about, packs in law.items()
        for p in packs.packs
    ]
    show(rows, output)


@app.command()
def coverage(folder: str = Folder, about: str = Questions, on: str = On, output: Format = Output) -> None:
    """Solve the decision tables: situations without an answer, idle rules, gates at odds; 3 when there are any."""
    every, day = [_question(folder, one) for one in _questions(about, folder)], parse_date(on) if on else None
    found = [one for packs in every for one in reach(packs, day)]
    dead = [one for packs in every for one in idle(packs, day)]
    odds = [list(pair) for packs in every for pair in at_odds(packs, day)]
    if output is Format.TABLE:
        show([one.to_json() for one in found], output)
        for line in (*dead, *(f"{one} and {other}: never open together" for one, other in odds)):
            typer.echo(line)
    else:
        show({"at_odds": odds, "idle": dead, "tables": [one.to_json() for one in found]}, output)
    if dead or odds or any(one.uncovered for one in found):
        raise typer.Exit(ANSWER_IS_NO)


@app.command("diff")
def diff_packs(
    old: str = typer.Argument(help="Folder or file of packs, or the word shipped."),
    new: str = typer.Argument(help="The same, for the other side."),
    about: str = Questions,
    on: str = On,
    output: Format = Output,
) -> None:
    """Compare two states of the law: texts, and in which situations a decision differs; 3 when one does."""
    day = parse_date(on) if on else None
    pairs = [(_question(old, one), _question(new, one)) for one in _questions(about, old, new)]
    each = [differences(before, after, day) for before, after in pairs]
    text = {(change.kind, change.id): change for one in each for change in one.text}
    found = LawDiff(tuple(text.values()), tuple(table for one in each for table in one.tables))
    _show_diff(found, output)
    if found.tables:
        raise typer.Exit(ANSWER_IS_NO)


def _show_diff(found: LawDiff, output: Format) -> None:
    if output is not Format.TABLE:
        show(found.to_json(), output)
        return
    for change in found.text:
        typer.echo(
            f"{change.what:<8} {change.kind} {change.id}" + (f": {', '.join(change.fields)}" if change.fields else "")
        )
    for table in found.tables:
        more = "" if table.complete else "at least "
        typer.echo(f"\n{table.table}: {more}{table.changed:,} of {table.combinations:,} combinations change")
        shown = ""
        for row in table.to_json()["situations"]:
            given = ", ".join(f"{name}={'|'.join(map(str, values))}" for name, values in row["given"].items())
            step = f"{_word(row['old'])} -> {_word(row['new'])}"
            if step != shown:
                typer.echo(f"  {step}")
            shown = step
            typer.echo(f"    {row['combinations']:,}: {given or 'always'}")
    if not found.text and not found.tables:
        typer.echo("no difference")


def _word(said: Any) -> str:
    return (", ".join(said) or "-") if isinstance(said, list) else str(said)


@app.command()
def calendar(
    start: str = typer.Argument("", help="A day: count working days from it."),
    days: int = typer.Option(0, "--working-days", help="How many; negative counts back."),
    output: Format = Output,
) -> None:
    """Show the calendar's years, or the working day so many days from a day; provisional: no notice says so yet."""
    known = load_calendar()
    if not start:
        rows = [
            {"year": y, "published": d.published, "holidays": len(d.holidays), "workdays": len(d.workdays),
             "source": d.source, "digest": d.digest}
            for y, d in sorted(known.years.items())
        ]  # fmt: skip
        show(rows, output)
        return
    day = parse_date(start)
    found = add_working_days(known, day, days)
    said = {"from": start, "working_days": days, "day": found.day.isoformat(), "provisional": found.provisional}
    show(said | {"is_working_day": known.is_working_day(day)}, output)


@app.command("in-force")
def in_force(context: typer.Context, output: Format = Output) -> None:
    """List the packs in force on the server, and those on trial beside them."""
    rows = connect(context).get(f"{BASE}/in-force")["items"]
    show(rows, output, ("id", "version", "about", "counts", "grade", "authentic", "digest"))


@app.command()
def packs(context: typer.Context, output: Format = Output) -> None:
    """List the versions that were brought into the server."""
    rows = list(connect(context).every(f"{BASE}/packs"))
    show(rows, output, ("id", "version", "status", "author", "imported_at", "digest"))


@app.command("import")
def import_pack(
    context: typer.Context,
    file: Path,
    author: str = typer.Option("", help="Id of the person who wrote it, when it is not you."),
    draft: bool = typer.Option(False, "--draft", help="Do not put it before the two who sign yet."),
) -> None:
    """Bring a version of a pack into the server and put it before the two who sign it."""
    client = connect(context)
    made = client.post(f"{BASE}/packs", {"text": _text(file), "author": author})
    show(made if draft else client.post(f"{BASE}/packs/{made['digest']}/submit"), Format.TABLE)


@app.command()
def sign(
    context: typer.Context,
    pack: str = typer.Argument(help="The file as you have read it, or a digest."),
    refuse: bool = typer.Option(False, "--refuse", help="Refuse it; say why with --remark."),
    remark: str = "",
) -> None:
    """Approve or refuse a version: first counsel (compliance_officer), then the second (release_manager)."""
    body = {"meaning": "refuse" if refuse else "approve", "remark": remark}
    show(connect(context).post(f"{BASE}/packs/{digest_of_file(pack)}/sign", body), Format.TABLE)


@app.command()
def activate(
    context: typer.Context,
    pack: str = typer.Argument(help="File or digest of a signed version; an activation's id confirms that proposal."),
    shadow: bool = typer.Option(False, "--shadow", help="Try it beside the law in force; it blocks nothing."),
    effective_from: str = typer.Option("", "--from", help="Instant from which it counts; at once without it."),
) -> None:
    """Propose that a version counts (compliance_officer), or confirm a proposal as another person (release_manager)."""
    client = connect(context)
    if pack.startswith("ACV-"):
        show(client.post(f"{BASE}/activations/{pack}/confirm"), Format.TABLE)
        return
    body = {"mode": "shadow" if shadow else "in_force", "effective_from": effective_from or None}
    show(client.post(f"{BASE}/packs/{digest_of_file(pack)}/activations", body), Format.TABLE)


@app.command()
def impact(context: typer.Context, candidate: str, output: Format = Output) -> None:
    """Judge every open campaign and release under a candidate (file or digest); 3 when one that is open would close."""
    path = Path(candidate)
    body = {"text": _text(path)} if path.is_file() else {"digest": candidate}
    found = connect(context).post(f"{BASE}/impact", body)
    if output is Format.TABLE:
        show([_impact_row(one) for one in found["items"] if one["changes"]], output)
        typer.echo(f"{found['changed']} of {found['asked']} change, {found['closed']} would close.")
    else:
        show(found, output)
    if found["closed"]:
        raise typer.Exit(ANSWER_IS_NO)


def _impact_row(one: Mapping[str, Any]) -> dict[str, Any]:
    gates = [f"{token}: {old} -> {new}" for token, (old, new) in (one["gates"] or {}).items()]
    later = [f"from {row['from']}: {row['token']}" for row in one["would_block"]]
    return {
        "id": one["id"],
        "status": one["status"],
        "vehicle_type": one["vehicle_type"],
        "decision": " -> ".join(one["decision"]),
        "gates": gates + later,
        "problem": one["problem"],
    }


def _questions(about: str, *places: str) -> list[str]:
    return [about] if about else list(dict.fromkeys(one for place in places for one in law_in(place)))


def _question(place: str, about: str) -> Packs:
    law = law_in(place)
    if about not in law:
        raise Unusable(f"No pack is about {about}; these are: {', '.join(sorted(law))}.")
    return law[about]


def _text(file: Path) -> str:
    if not file.is_file():
        fail(USAGE, f"{file} is no file; check the path.")
    try:
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        fail(USAGE, f"{file} is not UTF-8 text; save it as UTF-8.")
