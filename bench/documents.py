"""What a paper costs: `python -m bench documents`. Each form in each kind of file after a warm-up, the best of three.

The last rows show growth: a list of 100, 1,000 and 10,000 vehicles in one form. The aim for one form is 300 ms.
"""

from time import perf_counter
from typing import Any

from roadworthy.documents import Kind, RecordRef, draw
from roadworthy.law.forms import Filled, Form, fill, load_forms

RECORD = RecordRef(
    "FIL-01JZX8Q5T3M4N6P7R8S9T0V1W2", "https://roadworthy.example/filings/FIL-01JZX8Q5T3M4N6P7R8S9T0V1W2"
)
AIM = 300
SIZES = (100, 1_000, 10_000)


def spent(filled: Filled, kind: Kind) -> tuple[float, int]:
    """Give milliseconds and bytes of one drawing in Chinese."""
    began = perf_counter()
    content = draw(filled, kind, "zh", RECORD).content
    return (perf_counter() - began) * 1000, len(content)


def row(name: str, form: Form, times: int = 3, **facts: Any) -> float:
    """Print one row; give the slowest. Each time one value differs, so that no cache can answer."""
    example = {**form.example, **facts}
    producer = {**form.example["producer"], **facts.get("producer", {})}
    papers = [fill(form, {**example, "producer": {**producer, "phone": f"{name} {n}"}}) for n in range(times)]
    found = [min(spent(paper, kind) for paper in papers) for kind in Kind]
    print(f"{name:30}" + "".join(f"{ms:>9.1f} ms {size / 1000:>7.0f} kB" for ms, size in found))
    return max(ms for ms, _ in found)


def main() -> None:
    """Print the table."""
    forms = load_forms()
    first = forms["samr_record"]
    print(f"{'':30}" + "".join(f"{kind:>12}{'':10}" for kind in Kind))
    row("first of all (cold)", first, 1)
    slowest = max(row(name, form) for name, form in forms.items())
    print(f"slowest {slowest:.0f} ms, aim {AIM} ms: {'met' if slowest <= AIM else 'missed'}")
    row("beyond the bundled font (cold)", first, 1, producer={"name": "𬬮"})
    row("beyond the bundled font", first, producer={"name": "𬬮"})
    for size in SIZES:
        models = [{"code": f"SPX{n:05}BEV", "quantity": n} for n in range(size)]
        row(f"a list of {size:,}", first, 1, models=models)


if __name__ == "__main__":
    main()
