"""Who says what: names, their bearers, and spans that hold what they should."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import slant.sources.pieces
from slant.article import Article, Judgement
from slant.features.encoder import Encoder
from slant.features.reading import read_article
from slant.inference.classifier import Classifier
from slant.inference.sources import MOST_SPEAKERS
from slant.sources.attribution import Attribution
from slant.sources.cast import Cast
from slant.sources.decode import LEAST, smooth
from slant.sources.names import names
from slant.sources.pieces import pieces_of
from slant.sources.resolve import Resolver
from slant.sources.speakers import Speaker
from slant.sources.tagger import LENGTH, OVERLAP, windows
from slant.text.clean import clean
from slant.text.sentences import sentences
from slant.text.spans import Span
from support import read_vote

TOLL = "the harbour toll"
SPEAKERS = [
    'Ingrid Solberg, the council leader, backs it. "The harbour toll pays for the bridge," Solberg said.',
    'Daniel Okafor, a docker, wants it gone. "The harbour toll is an unfair tax on the poor," Okafor told reporters.',
    "According to the Chamber of Commerce, the harbour toll has cost the town two hundred jobs.",
    'A senior official at the ministry said the harbour toll was "a matter for the town".',
]


def resolver(text: str) -> Resolver:
    cleaned = clean(text)
    return Resolver(cleaned, sentences(cleaned))


def said_by(text: str, *mentions: str) -> list[Speaker]:
    """Return the speakers of a text in which each mention, found from where the last one ended, says something."""
    found, place = list[Attribution](), 0
    for mention in mentions:
        start = text.index(mention, place)
        place = start + len(mention)
        found.append(Attribution((Span(start, place),), (), (Span(start, place),)))
    return resolver(text).speakers(found)


def called(text: str, *mentions: str) -> list[tuple[str, str | None]]:
    found = said_by(text, *mentions)
    return [(one.name.of(text), one.role.of(text) if one.role else None) for one in found]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Attorney General Jeff Sessions spoke.", ["Jeff Sessions"]),
        ("He met Mr. Obama and President Enrique Peña Nieto.", ["Obama", "Enrique Peña Nieto"]),
        ("The Bank of Scotland's study was wrong.", ["Bank of Scotland"]),
        ("Trump's lawyer Michael Cohen left.", ["Trump", "Michael Cohen"]),
        ("But on Tuesday the House of Representatives voted.", ["House of Representatives"]),
        ("Ursula von der Leyen spoke to Peter T. King.", ["Ursula von der Leyen", "Peter T. King"]),
        ("General Motors declined.", ["General Motors"]),
    ],
)
def test_names(text: str, wanted: list[str]) -> None:
    cleaned = clean(text)
    assert [name.span.of(text) for name in names(cleaned, sentences(cleaned))] == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Mary King, a nurse, met Peter T. King. Ms. King left. Mr. King stayed.", [2, 2]),
        ("The National Rifle Association said no. The NRA is rich.", [2]),
        ("Enrique Peña Nieto called. Peña Nieto hung up. Nieto laughed.", [3]),
        ("Officials met Solberg. Ingrid Solberg was late.", [2]),
        ("John Smith ran. Ann Smith walked. Smith fell.", [1, 2]),
        ("Hillary Clinton spoke. Hillary won.", [2]),
    ],
)
def test_names_of_one_bearer_are_brought_together(text: str, wanted: list[int]) -> None:
    cleaned = clean(text)
    figures = Cast(cleaned, names(cleaned, sentences(cleaned))).figures
    assert [len(figure.names) for figure in figures] == wanted


@pytest.mark.parametrize(
    ("text", "mentions", "wanted"),
    [
        ("Ingrid Solberg, the council leader, wants it. She said so. Solberg insisted.", ["She", "Solberg"],
         [("Ingrid Solberg", "the council leader")]),
        ("Home Secretary Charles Clarke spoke. Mr Clarke agreed.", ["Home Secretary Charles Clarke", "Mr Clarke"],
         [("Charles Clarke", "Home Secretary")]),
        ("A senior official at the ministry said no. The official left.", ["A senior official at the ministry", "The official"],
         [("A senior official at the ministry", None)]),
        ("The ministry's spokeswoman, Ana Ruiz, spoke. The spokeswoman left.",
         ["The ministry's spokeswoman, Ana Ruiz,", "The spokeswoman"],
         [("Ana Ruiz", "The ministry's spokeswoman")]),
        ("Critics of Smith said no. Smith said yes.", ["Critics of Smith", "Smith"],
         [("Critics of Smith", None), ("Smith", None)]),
        ("Mary Poole met Tom Hale. He said no. She said yes.", ["He", "She"], [("Tom Hale", None), ("Mary Poole", None)]),
        ("I think so. The harbour board denies it.", ["I", "The harbour board"], [("The harbour board", None)]),
        ("Daniel Okafor, who leads them, disagreed.", ["who"], [("Daniel Okafor", None)]),
    ],
)  # fmt: skip
def test_mentions_are_of_whom_a_reader_would_say(
    text: str, mentions: list[str], wanted: list[tuple[str, str | None]]
) -> None:
    assert called(text, *mentions) == wanted


def test_a_word_torn_off_a_mention_is_nobody() -> None:
    text = "A senior official, who asked not to be named, said no."
    parts = tuple(Span(text.index(part), text.index(part) + len(part)) for part in ("A senior official", "named"))
    (speaker,) = resolver(text).speakers([Attribution(parts, (Span(46, 50),), (Span(51, 53),))])
    assert speaker.name.of(text) == "A senior official"


def test_words_inside_words_are_said_once() -> None:
    content = [(Span(4, 20),), (Span(8, 12), Span(24, 30)), (Span(4, 20),)]
    speaker = Speaker(Span(0, 3), None, [Attribution((), (), one) for one in content])
    assert speaker.said == [Span(4, 20), Span(24, 30)]


@given(st.text(max_size=300), st.lists(st.tuples(st.integers(0, 300), st.integers(1, 40)), max_size=5))
@settings(max_examples=150, deadline=None)
def test_any_text_has_its_speakers_named_by_spans_of_it(text: str, places: list[tuple[int, int]]) -> None:
    spans = [Span(min(start, len(text)), min(start + length, len(text))) for start, length in places]
    found = resolver(text).speakers([Attribution((span,), (), (span,)) for span in spans if span.start < span.end])
    for one in found:
        for span in [one.name, *([one.role] if one.role else [])]:
            assert 0 <= span.start < span.end <= len(text)


@pytest.mark.parametrize("n", [0, 1, LENGTH - 1, LENGTH, LENGTH + 1, *range(1_000, 1_020)])
def test_windows_take_every_piece_once_with_something_around_it(n: int) -> None:
    found = list(windows(n))
    assert [one.begin for one in found[1:]] == [one.end for one in found[:-1]]
    assert (found[0].begin, found[-1].end) == (0, n)
    for one in found:
        assert one.first <= one.begin <= one.end <= one.stop <= one.first + LENGTH
        assert one.begin - one.first >= OVERLAP // 2 or one.begin == 0
        assert one.stop - one.end >= OVERLAP // 2 or one.end == n


def test_smoothing_fills_gaps_and_drops_specks() -> None:
    odds = np.array([[-3, 2, 2, -0.5, 2, -3, -3, 0.5, -3], [-1] * 9, [1] * 9], dtype=float)
    found = smooth(odds, switch=(1.5, 1.5, 1.5))
    assert found.astype(int).tolist() == [[0, 1, 1, 1, 1, 0, 0, 0, 0], [0] * 9, [1] * 9]


@pytest.fixture(scope="module")
def told(classifier: Classifier) -> Judgement:
    return classifier.classify(read_vote()[0], [TOLL, "opposition to the harbour toll"], sources=True)


def test_the_sample_has_the_sources_that_its_reader_found(told: Judgement) -> None:
    found = {one.name: one.role for one in told.sources}
    assert {row["name"] for row in read_vote()[1]} <= found.keys()
    assert (found["Tom Haldane"], found["Petra Haldane"]) == ("Her brother", "a skipper from the old harbour")
    words = {one.name: " ".join(span.text for span in one.spans) for one in told.sources}
    assert "It takes four pounds" in words["Daniel Okafor"]
    assert "eleven thousand pounds" in words["Tom Haldane"]
    labels = {one.name: one.label for one in told.stances[0].sources}
    right = [labels.get(row["name"]) == row["stance"] for row in read_vote()[1]]
    assert sum(right) >= 4


def test_spans_of_sources_slice_to_their_text(told: Judgement) -> None:
    text = read_vote()[0].text or ""
    spans = [span for one in told.sources for span in one.spans]
    spans += [span for stance in told.stances for one in stance.sources for span in one.spans]
    assert spans
    assert all(text[span.start : span.end] == span.text and span.text.strip() for span in spans)


def test_a_source_stands_to_opposition_as_to_the_thing_turned_round(told: Judgement) -> None:
    plain, turned = ({one.name: one for one in stance.sources} for stance in told.stances)
    assert plain.keys() == turned.keys() != set()
    for name, one in plain.items():
        other = turned[name].probabilities
        assert (one.probabilities["favor"], one.probabilities["neutral"]) == (other["against"], other["neutral"])
        assert sum(other.values()) == pytest.approx(1, abs=1e-5)


def test_sources_are_told_only_if_asked_for(classifier: Classifier, told: Judgement) -> None:
    silent = classifier.classify(read_vote()[0], [TOLL])
    assert (silent.sources, silent.stances[0].sources) == ((), ())
    assert silent.stances[0].probabilities == told.stances[0].probabilities
    without = classifier.classify(read_vote()[0], sources=True)
    assert without.sources == told.sources
    assert json.loads(json.dumps(told.to_dict()))["sources"][0].keys() == {"name", "role", "spans"}


def test_an_unsure_source_gets_no_label(classifier: Classifier) -> None:
    (stance,) = classifier.classify(Article(text=SPEAKERS[0]), [TOLL], sources=True, min_confidence=1.0).stances
    assert [one.label for one in stance.sources] == [None] * len(stance.sources) != []


def test_a_bundle_without_a_head_for_sources_says_so(classifier: Classifier) -> None:
    without = Classifier(replace(classifier.bundle, source=None))
    found = without.classify(Article(text=SPEAKERS[0]), [TOLL], sources=True)
    assert (found.warnings, found.stances[0].sources) == (("no-source-head",), ())
    assert found.sources
    assert without.classify(Article(text=SPEAKERS[0]), [TOLL]).warnings == ()


def test_an_article_without_sources_has_none(classifier: Classifier) -> None:
    found = classifier.classify(Article(text="It rained. The river rose."), ["the river"], sources=True)
    assert (found.sources, found.stances[0].sources) == ((), ())


@pytest.mark.parametrize("limit", ["LONGEST", "MOST_PIECES"])
def test_sources_are_looked_for_in_how_a_long_article_begins(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    whole = classifier.classify(Article(text="\n\n".join(SPEAKERS)), sources=True)
    first = classifier.classify(Article(text=SPEAKERS[0]), sources=True)
    monkeypatch.setattr(slant.sources.pieces, limit, len(SPEAKERS[0]) if limit == "LONGEST" else 30)
    found = classifier.classify(Article(text="\n\n".join(SPEAKERS)), [TOLL], sources=True)
    assert (whole.warnings, found.warnings) == ((), ("sources-text-cut",))
    assert (len(whole.sources), found.sources) == (len(SPEAKERS), first.sources)
    assert classifier.classify(Article(text="\n\n".join(SPEAKERS)), [TOLL]).warnings == ()


def test_an_article_without_text_of_its_own_has_no_sources(classifier: Classifier) -> None:
    found = classifier.classify(Article(title=TOLL, text="Leave a Reply\nName *\n"), [TOLL], sources=True)
    assert (found.sources, found.stances[0].evidence) == ((), ())


def test_a_window_is_not_kept_for_a_cue_of_it(classifier: Classifier) -> None:
    bundle = classifier.bundle
    reading = read_article(bundle.encoder, Article(text="\n\n".join(SPEAKERS)))
    cues = list(bundle.tagger.cues(pieces_of(bundle.encoder.tokenizer, reading), LEAST))
    assert len(cues) >= len(SPEAKERS)
    for cue in cues:
        assert cue.parts.base is None or cue.parts.base.nbytes <= cue.parts.nbytes


def test_a_heading_is_nobodys_words(classifier: Classifier) -> None:
    text = '"It is a disgrace," said Ida Holm.\n\nA long wait\n\nThe queue is now 400 names long, said Holm.'
    (holm,) = classifier.classify(Article(text=text), sources=True).sources
    assert [span.text for span in holm.spans] == ['"It is a disgrace,"', "The queue is now 400 names long"]


def test_an_article_of_sixty_sources(classifier: Classifier) -> None:
    letters = "ABCDEFGHIJKLMNOPRSTUVW"
    people = [f"Anna {one}{two.lower()}rner" for one in letters for two in "aeio"][:60]
    text = "\n\n".join(f'"The harbour toll is too high," said {name}.' for name in people)
    found = classifier.classify(Article(text=text), [TOLL], sources=True)
    assert {one.name for one in found.sources} == set(people)
    assert 0 < len(found.stances[0].sources) <= MOST_SPEAKERS
    assert found.warnings == ("sources-cut",)


def test_who_speaks_of_other_things_is_not_asked(classifier: Classifier) -> None:
    """A speaker whose words are far from a target is left out before the encoder reads them beside it."""
    article = Article(text="\n\n".join(SPEAKERS))
    with mock.patch.object(Encoder, "judge", autospec=True, side_effect=Encoder.judge) as judged:
        near = classifier.classify(article, [TOLL], sources=True).stances[0]
        asked = judged.call_count
        far = classifier.classify(article, ["quantum gravity"], sources=True).stances[0]
    assert (len(near.sources), far.sources) == (len(SPEAKERS), ())
    assert judged.call_count - asked < asked


def test_a_page_of_html_has_sources_by_the_text_that_comes_back(classifier: Classifier) -> None:
    page = "<html><body><article>" + "".join(f"<p>{one}</p>" for one in SPEAKERS * 2) + "</article></body></html>"
    found = classifier.classify(Article(html=page), [TOLL], sources=True)
    assert found.text is not None
    assert "Ingrid Solberg" in {one.name for one in found.sources}
    assert all(found.text[s.start : s.end] == s.text for one in found.sources for s in one.spans)


def labels(found: Judgement) -> dict[str, str | None]:
    return {one.name: one.label for one in found.stances[0].sources}


def words(found: Judgement) -> dict[str, set[str]]:
    return {one.name: {word for span in one.spans for word in span.text.split()} for one in found.sources}


@given(st.permutations(SPEAKERS))
@settings(max_examples=6, deadline=None)
def test_paragraphs_of_independent_speakers_in_another_order(classifier: Classifier, order: list[str]) -> None:
    first = classifier.classify(Article(text="\n\n".join(SPEAKERS)), [TOLL], sources=True)
    other = classifier.classify(Article(text="\n\n".join(order)), [TOLL], sources=True)
    assert len(labels(first)) == len(SPEAKERS)
    assert labels(first) == labels(other)
    for name, said in words(first).items():  # where a clause ends may hang a little on what stands before it
        assert len(said & words(other)[name]) / len(said | words(other)[name]) > 0.75


@given(st.sampled_from([("Martin", "Lindqvist"), ("Pedro", "Vargas"), ("Omar", "Bensaid")]))
@settings(max_examples=3, deadline=None)
def test_a_speaker_by_another_name(classifier: Classifier, name: tuple[str, str]) -> None:
    text = "\n\n".join(SPEAKERS)
    renamed = text.replace("Daniel", name[0]).replace("Okafor", name[1])
    before, after = (classifier.classify(Article(text=one), [TOLL], sources=True) for one in (text, renamed))
    full = " ".join(name)
    assert [one.name for one in after.sources] == [re.sub("Daniel Okafor", full, one.name) for one in before.sources]
    shares = [{one.name: one.probabilities for one in found.stances[0].sources} for found in (before, after)]
    for one, probabilities in shares[0].items():
        other = shares[1][one.replace("Daniel Okafor", full)]
        assert all(abs(probabilities[label] - other[label]) < 0.15 for label in other)
