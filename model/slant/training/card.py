"""CARD.md: what a bundle was made from, what it may be used for, how good it is, what it is bad at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from slant.inference.manifest import Manifest
from slant.types import Json

_HEAD = """# {name} {version}

A Slant bundle: it says what a news article is about and where it stands toward a target.

- **Encoder**: MiniLM, 6 layers, 384 values a vector, int8; from all-MiniLM-L6-v2 (Apache-2.0){trained}.
- **Attribution**: another MiniLM of the same word embeddings, int8, which finds who says what.
- **Hearer**: the encoder once more, its upper half tuned to where a source stands.
- **Heads**: scikit-learn, calibrated on articles that neither they nor the encoder were fitted to.
- **Topics**: {topics}.
- **Stances**: {stances}.
- **Language**: English. Anything else is answered with the warning `language-unsupported`.
- **Made with**: {libraries}.

"""
_USE = """## What it is for

To sort and count many news articles by topic and by stance toward targets that a person names, to find the
passages that a reader should look at, and to send what it is unsure of to that reader (`min_confidence`).

## What it is not for

- To judge a person, an outlet or a single article by its label alone. Read the evidence.
- To remove, rank or demote speech without a reader in between.
- Other text than English news without measuring first. Comments and tweets were learnt from, but on the side.
- To tell what is true. `favor` toward "the claim that ..." says that the text treats it as true, no more.

"""
_LIMITS = """## What it is bad at

- **Irony** and praise that is meant as blame: "What a triumph: a bridge that nobody can cross" may count as favor.
- **A stance shown by the choice of facts alone**, in a report that takes no side in so many words.
- **Quoted and own voice**: an article that quotes only opponents is easily called against, though it reports.
- **Favor** is found less surely than against: news blames in plainer words than it praises.
- **Sources**: who says what is found well; whether it is for or against a target is right six to seven times in ten.
- **Narrow targets inside a broad subject**: an article against a war says little of one ceasefire proposal.
- **Conditions**: "not now, but if there were money" has a side that changes with how the target is worded.

"""


def write_card(manifest: Manifest) -> str:
    """Return the card of a bundle, from its manifest alone."""
    figures = manifest.figures
    measured = _measured(figures["dev"]) if "dev" in figures else []
    training = [_figures(task, figures[task]) for task in ("topic", "stance", "source") if task in figures]
    parts = [_head(manifest), _USE, *measured, _LIMITS, *training, _encoder(figures), _data(manifest.training)]
    return "\n".join(part for part in parts if part)


def _head(manifest: Manifest) -> str:
    return _HEAD.format(
        name=manifest.name,
        version=manifest.version,
        topics=_topics(manifest) or "none; this bundle has no topic head",
        stances=", ".join(manifest.stances) or "none; this bundle has no stance head",
        libraries=", ".join(f"{name} {version}" for name, version in manifest.libraries.items()),
        trained=", trained further for stances and topics" if "encoder" in manifest.figures else "",
    )


def _topics(manifest: Manifest) -> str:
    upper = [topic["name"] for topic in manifest.topics if "broader" not in topic]
    lower = len(manifest.topics) - len(upper)
    return ", ".join(upper) + (f"; beneath them {lower} of the second level" if lower else "")


def _measured(dev: Json) -> list[str]:
    """Return the figures on dev sets: the main table, slices, calibration, confidence, label sets, robustness."""
    return [
        "## Figures\n\nNone of these texts was fitted or calibrated to. The figure of each set is the one its "
        "field reports; brackets hold 95% bootstrap intervals.\n",
        _table(("set", "what", "rows", "figure", "", "masked", "word counts", "majority", "ECE", "surest half"),
               map(_main_row, dev, dev.values())),
        "Masked: the same with the target hidden. Word counts: a logistic regression on tf-idf. Majority: always "
        "the commonest label. Surest half: accuracy on the half of the rows with the highest confidence.\n",
        _table(("set", "published elsewhere"), ((n, f["published"]) for n, f in dev.items() if f["published"])),
        _section("By slice", ("set", "slice", "rows", "figure", "ECE"), _slice_rows(dev)),
        _section("Calibration: accuracy (and rows) by confidence", ("set", *map(_bin, range(_BINS))), _bin_rows(dev)),
        _section("Precision (and rows) of a label, from a confidence up", _precision_head(dev), _precision_rows(dev)),
        _section("Label sets", ("set", "promised", "held", "labels in a set"), _set_rows(dev)),
        _section("Robustness", ("set", "rule", "rows", "label changed", "favor and against flipped", "figure before",
                                "after"), _robust_rows(dev)),
    ]  # fmt: skip


_BINS = 10


def _main_row(name: str, found: Json) -> Sequence[object]:
    figure = found["figure"]
    low, high = found["intervals"].get(figure) or (None, None)
    between = f" ({_cell(low)} to {_cell(high)})" if low is not None else ""
    majority = found["majority_f1"] if figure == "macro_f1" else found["majority"] if figure != "f_avg" else None
    return (name, found["about"], found["n"], figure, f"**{_cell(found[figure])}**{between}", found["masked"],
            found["word_counts"], majority, found["ece"], found["surest_half"])  # fmt: skip


def _slice_rows(dev: Json) -> Iterator[Sequence[object]]:
    for name, found in dev.items():
        for key, part in found["slices"].items():
            yield name, key, part["n"], part[found["figure"]], part["ece"]


def _bin(place: int) -> str:
    return f"{place / _BINS:.1f}"


def _bin_rows(dev: Json) -> Iterator[Sequence[object]]:
    """Yield for every set the accuracy in each tenth of the confidence."""
    for name, found in dev.items():
        cells = []
        for place in range(_BINS):
            bins = [b for b in found["reliability"] if int(b["confidence"] * _BINS) == place]
            count = sum(b["count"] for b in bins)
            right = sum(b["accuracy"] * b["count"] for b in bins)
            cells.append(f"{right / count:.2f} ({count})" if count else "")
        yield name, *cells


def _precision_head(dev: Json) -> Sequence[str]:
    first: Json = next(iter(dev.values()))["precision"]
    return "set", "label", *(f"{point['confidence']:.1f}" for point in next(iter(first.values())))


def _precision_rows(dev: Json) -> Iterator[Sequence[object]]:
    for name, found in dev.items():
        if found["task"] == "stance":
            for label, points in found["precision"].items():
                yield name, label, *(f"{p['precision']:.2f} ({p['count']})" if p["count"] else "" for p in points)


def _set_rows(dev: Json) -> Iterator[Sequence[object]]:
    for name, found in dev.items():
        for point in found["label_sets"] or ():
            yield name, point["promised"], point["held"], point["size"]


def _robust_rows(dev: Json) -> Iterator[Sequence[object]]:
    for name, found in dev.items():
        for rule, row in (found["robustness"] or {}).items():
            yield name, rule, row["n"], row["changed"], row["flipped"], row["macro_f1_before"], row["macro_f1"]


def _encoder(figures: Json) -> str:
    if "encoder" not in figures:
        return ""
    one = figures["encoder"]
    hours = one["seconds"] / 3600
    return (
        f"## The encoder's training\n\n{one['steps']} steps of the recipe `{one['recipe']}` in {hours:.1f} hours on "
        f"{one['device']}: about {hours * one['watts'] / 1000:.2f} kWh at {one['watts']} W. To build it again: "
        "`make encoder`, `make attribution`, `make hearer`, `make bundle`, `make measure`, with `DATA` the folder of "
        "the files below. What else was tried is in `model/slant/training/README.md`.\n"
    )


def _data(records: Iterable[Json]) -> str:
    """Return one row for each file, with what it trained."""
    files: dict[str, Json] = {}
    for record in records:
        row = files.setdefault(record["sha256"], record | {"trains": []})
        row["trains"].append(
            record["task"] if record["task"] == "encoder" else f"{record['task']} x{record['weight']:g}"
        )
    rows = (
        (r["set"], ", ".join(r["trains"]), r["rows"], r["origin"], r["paper"], r["licence"], f"`{r['sha256']}`")
        for r in files.values()
    )
    head = ("set", "trains", "rows", "origin", "paper", "licence as stated there", "sha256 of the file")
    about = (
        "The licence is what the origin states. Several state none, or research: whether your use is covered is yours "
        "to judge. Sets whose licence says non-commercial (SEESAW, SICK) were not trained on."
    )
    return f"## Data\n\n{about}\n\n{_table(head, rows)}"


def _figures(task: str, figures: Json) -> str:
    columns = list(dict.fromkeys(name for row in figures.values() for name in row))
    rows = ((name, *(row.get(column) for column in columns)) for name, row in figures.items())
    title = f"## Held out: {task}\n\nOn the articles of each set that were held out (20%, by a hash of the text)."
    return f"{title}\n\n{_table(('set', *columns), rows)}"


def _section(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    return f"### {title}\n\n{_table(head, rows)}"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *lines, ""])


def _cell(value: object) -> str:
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
