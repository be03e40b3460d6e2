"""Which types the heads' file may hold, asked of its raw description before anything of it is made.

skops loads some two hundred types that it takes for harmless. Some of them follow indices from the file in compiled
code without looking, so the list here names only those that the heads are made of.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from slant.errors import BundleDamaged, BundleUntrusted

SCHEMA = "schema.json"
MARKS = {"__loader__", "__class__", "__module__", "__reduce__"}
"""What tells that a part of the schema describes a type."""
MOST_BYTES = 512 * 1024 * 1024
"""Bytes that the parts of the file may have, unpacked."""
MOST_PARTS = 100_000
TOLD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")
"""Names of types that a message may repeat."""
_TREES = "sklearn.ensemble._hist_gradient_boosting"
TREE = f"{_TREES}.predictor.TreePredictor"
ALLOWED: dict[str, frozenset[str]] = {
    "JsonNode": frozenset({"builtins.str"}),
    "ListNode": frozenset({"builtins.list"}),
    "TupleNode": frozenset({"builtins.tuple"}),
    "DictNode": frozenset({"builtins.dict"}),
    "TypeNode": frozenset({"builtins.str", "builtins.int"}),
    "NdArrayNode": frozenset(
        {f"numpy.{name}" for name in ("ndarray", "bool", "float32", "float64", "int32", "int64", "uint8", "uint64")}
    ),
    "RandomGeneratorNode": frozenset({"numpy.random._generator.Generator"}),
    "LossNode": frozenset({f"sklearn._loss._loss.CyHalf{kind}Loss" for kind in ("Binomial", "Multinomial")}),
    "ObjectNode": frozenset(
        {
            TREE,
            f"{_TREES}.binning._BinMapper",
            f"{_TREES}.gradient_boosting.HistGradientBoostingClassifier",
            "sklearn._loss.link.Interval",
            "sklearn._loss.link.LogitLink",
            "sklearn._loss.link.MultinomialLogit",
            "sklearn._loss.loss.HalfBinomialLoss",
            "sklearn._loss.loss.HalfMultinomialLoss",
            "sklearn.ensemble._voting.VotingClassifier",
            "sklearn.feature_extraction.text.TfidfTransformer",
            "sklearn.linear_model._logistic.LogisticRegression",
            "sklearn.neural_network._multilayer_perceptron.MLPClassifier",
            "sklearn.pipeline.Pipeline",
            "sklearn.preprocessing._data.StandardScaler",
            "sklearn.preprocessing._label.LabelBinarizer",
            "sklearn.preprocessing._label.LabelEncoder",
        }
    ),
}
"""Full names of types, by the loader that makes them."""


def check_types(path: Path, raw: bytes) -> None:
    """Look through all that a file of skops would load.

    Parameters
    ----------
    path
        What to call the file.
    raw
        Its bytes.

    Raises
    ------
    BundleUntrusted
        It holds a type that is not in ``ALLOWED``.
    BundleDamaged
        Unpacked it would be too large, or it names one part twice.
    """
    with ZipFile(io.BytesIO(raw)) as file:
        parts = file.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
            raise BundleDamaged(f"{path}: unpacked it has more than {MOST_BYTES:,} bytes or {MOST_PARTS:,} parts")
        if len({part.filename for part in parts}) < len(parts):
            raise BundleDamaged(f"{path}: names one part twice")
        strange = set(_strange_types(json.loads(file.read(SCHEMA))))
    if strange:
        told = sorted(name for name in strange if TOLD.fullmatch(name))[:3]
        raise BundleUntrusted(f"{path}: holds {', '.join(told) or 'a type'}, which slant does not load")


def _strange_types(schema: Any) -> Iterator[str]:
    """Yield the name of every type in a schema that is not allowed."""
    left = [schema]
    while left:  # no recursion: a file may be as deep as it likes
        one = left.pop()
        if isinstance(one, list):
            left.extend(one)
        elif isinstance(one, dict):
            left.extend(one.values())
            name = f"{one.get('__module__')}.{one.get('__class__')}"
            if one.keys() & MARKS and name not in ALLOWED.get(str(one.get("__loader__")), ()):
                yield name
