"""The encoder's one opinion: every family's, weighed by how likely a pair is of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from slant.features.opinions import opinions
from slant.features.views import opinion_columns
from slant.inference.classifier import Classifier
from slant.labels import STANCES

COLUMNS = ("note:favor", "note:against", "claim:against", "claim:no_label", "kind:note", "kind:claim")


def test_the_family_that_a_pair_is_of_is_believed() -> None:
    logits = np.array([[4.0, 0.0, 4.0, 0.0, 9.0, 0.0], [4.0, 0.0, 4.0, 0.0, 0.0, 9.0]])
    as_note, as_claim = np.exp(opinions(logits, COLUMNS))
    assert STANCES[as_note.argmax()] == "favor"
    assert STANCES[as_claim.argmax()] == "against"
    assert as_note[STANCES.index("unrelated")] < 0.001


def test_what_is_given_to_no_stance_is_lost() -> None:
    sure_of_nothing = np.array([[0.0, 0.0, 0.0, 9.0, 0.0, 9.0]])
    assert np.exp(opinions(sure_of_nothing, COLUMNS)).sum() < 0.01


def test_the_encoder_tells_a_tweet_from_an_argument(classifier: Classifier) -> None:
    encoder = classifier.bundle.encoder
    places = [n for n, name in enumerate(encoder.judged) if name.startswith("kind:")]
    pairs = {
        "tweet": ("Bike Lanes", "@someone so tired of this nonsense, just let us ride!! #smh #bikes"),
        "claim": ("Homework should be banned", "Homework teaches children to work on their own."),
    }
    for kind, (target, text) in pairs.items():
        asked, passage = encoder.tokenise([target, text])
        best = places[int(encoder.judge(asked, [passage])[0, places].argmax())]
        assert encoder.judged[best] == f"kind:{kind}"


def test_the_head_and_the_encoder_have_one_vote_each(classifier: Classifier) -> None:
    head = classifier.bundle.stance
    assert head is not None
    assert [place - head.opinion[0] for place in head.opinion] == [0, 1, 2, 3]
    features = np.zeros((1, head.estimator.n_features_in_))
    before = head.logits(features)
    features[0, head.opinion] = np.log([0.97, 0.01, 0.01, 0.01])
    silent = replace(head, opinion=np.zeros(0, dtype=int))
    assert np.allclose(before, silent.logits(np.zeros_like(features)) / 2)
    assert np.allclose(head.logits(features), (silent.logits(features) + features[:, head.opinion]) / 2)


def test_a_head_of_other_labels_has_no_opinion_to_hear(classifier: Classifier) -> None:
    assert opinion_columns(classifier.bundle.encoder, STANCES).tolist()
    assert not opinion_columns(classifier.bundle.encoder, ("pro", "contra")).tolist()
