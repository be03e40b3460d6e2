"""The public data sets Slant knows: where each comes from, what it may be used for, what it was exactly.

``sha256`` is that of the file trained on; a bundle's card prints it beside the origin and the licence.
Nothing is downloaded: the folder is the caller's. Sets whose licence forbids commercial use (SEESAW,
SICK) are measured on but not trained on, so that the embedded bundle can be used like the code.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DataSet:
    """A file of labelled rows. ``weight`` is what one row counts for; ``limit`` the most rows taken."""

    name: str
    file: str
    origin: str
    paper: str
    licence: str
    sha256: str
    weight: float = 1.0
    limit: int | None = None
    label_map: str | None = None
    held_out: bool = True
    """Whether a fifth of its articles is kept for measuring; not where a dev file of its own serves for that."""


READ = "labelled by reading for this task"
TOPIC_SETS: tuple[DataSet, ...] = (
    DataSet(
        "stance_silver",
        "gold/stance_silver.train.jsonl.gz",
        READ,
        "-",
        "texts belong to their publishers",
        "4eb35df8266fe2e30afc25eaffa6671a60f152b6d506b5fa801630fdebad7d82",
        weight=3.0,
    ),
    DataSet(
        "topic_silver",
        "gold/topic_silver.train.jsonl.gz",
        READ,
        "-",
        "texts belong to their publishers",
        "55511faa6d0df57815b7e8b4b14cef4e3d75740cdf391f95fcc7171c7a92ec01",
        weight=2.0,
    ),
    DataSet(
        "bbc",
        "topic/bbc.train.jsonl.gz",
        "github.com/dejanbatanjac/bbc-article-classify-bert",
        "Greene and Cunningham 2006",
        "research",
        "a073a966200e3ed4c3ec7895e7a2e00bf961a2ceddf6846068a80621ca98f9c3",
        weight=6.0,
        label_map="bbc",
    ),
    DataSet(
        "masakhanews_eng",
        "topic/masakhanews_eng.train_fewshot.jsonl.gz",
        "github.com/masakhane-io/masakhane-news",
        "Adelani et al. 2023",
        "not stated",
        "ca61074319c60dfbc56891774cc9c5968e0a6b97d4d45a90ed47b09dc60a9588",
        weight=20.0,
        label_map="masakhanews_eng",
        held_out=False,
    ),
    DataSet(
        "ag_news",
        "topic/ag_news.train_subset.jsonl.gz",
        "github.com/KEAML-JLU/DeepTextClustering",
        "Zhang et al. 2015",
        "research",
        "3410e535394beddc9cf42c7eacd685637e4774e9a44cf707a80304fbf232de5d",
        weight=1.0,
        label_map="ag_news",
    ),
    DataSet(
        "inshorts",
        "topic/inshorts.train.jsonl.gz",
        "github.com/Programmer-RD/News-Classification-Predictions",
        "-",
        "not stated",
        "833bef3d42d845398c0b2c1bdefbedad96090d1f5eba630e0cfaa8b72a2e5c1c",
        weight=1.0,
        label_map="inshorts",
    ),
    DataSet(
        "cap_nyt",
        "topic/cap_nyt.all.jsonl.gz",
        "github.com/timjurka/RTextTools",
        "Boydstun 2013",
        "GPL-3",
        "69e34723a74038269b10318114dd54c01f4b0050edd2302709a96a84e5d615c0",
        weight=0.5,
        label_map="cap_nyt",
    ),
    DataSet(
        "huffpost",
        "topic/huffpost_v3_head.train.jsonl.gz",
        "github.com/Limpery/MGO",
        "Misra 2022",
        "not stated",
        "b5cc5cda361fcd1c9686a7b508fd699c7d5948cf6d989495ad301cf78bd0af23",
        weight=1.0,
        label_map="huffpost_v3_head",
    ),
    DataSet(
        "ecbplus",
        "topic/ecbplus.all.jsonl.gz",
        "github.com/tommasoc80/EventStoryLine",
        "Cybulska and Vossen 2014",
        "CC BY 3.0",
        "1d2a3c0d682d9413a55e54cb0194efdb8fd8f5f5f11ba90ce7ad6dc0de46267c",
        weight=1.0,
        label_map="ecbplus",
    ),
)

STANCE_SETS: tuple[DataSet, ...] = (
    DataSet(
        "stance_silver",
        "gold/stance_silver.train.jsonl.gz",
        READ,
        "-",
        "texts belong to their publishers",
        "4eb35df8266fe2e30afc25eaffa6671a60f152b6d506b5fa801630fdebad7d82",
        weight=2.0,
    ),
    DataSet(
        "vast",
        "stance/vast.train.jsonl.gz",
        "github.com/HITSZ-HLT/JointCL",
        "Allaway and McKeown 2020",
        "not stated",
        "e75feaacb9d5bec5215c089509d631314c144058ed2a7d3a98ea5d71fcbd1249",
        weight=1.0,
    ),
    DataSet(
        "fnc1",
        "stance/fnc1.train.jsonl.gz",
        "github.com/FakeNewsChallenge/fnc-1",
        "FNC-1 2017; Hanselowski et al. 2018",
        "not stated (Apache-2.0 for the second)",
        "1b9416b0c37d9a10b38f3edb386e3a2d70b66e893a9d7dc1e1351b6b57ca13f6",
        weight=1.0,
        limit=14_000,
    ),
    DataSet(
        "newsmtsc",
        "stance/newsmtsc.train.jsonl.gz",
        "github.com/fhamborg/NewsMTSC",
        "Hamborg and Donnay 2021",
        "MIT",
        "7cf6e9171492bb18751c3d4f7e76fda335b41732a65c8c57f7167f37b8a714c9",
        weight=1.0,
    ),
)

WITHHELD_FILES: tuple[str, ...] = (
    "gold/stance_gold.dev.jsonl.gz",
    "gold/wikinews_gold.dev.jsonl.gz",
    "topic/masakhanews_eng.dev.jsonl.gz",
    "stance/vast.dev.jsonl.gz",
    "stance/seesaw_article.dev.jsonl.gz",
)
"""Files that are measured on: a training row whose text stands in one of them is left out."""


def file_sha256(path: Path) -> str:
    """Return the sha256 of a data file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
