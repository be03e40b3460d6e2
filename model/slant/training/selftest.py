"""The two articles that every bundle classifies after loading, before it is called ready."""

from __future__ import annotations

TEST_ARTICLES: tuple[dict[str, str], ...] = (
    {
        "title": "Parliament should reject the emergency powers bill",
        "text": (
            "The emergency powers bill is a bad law, and members of parliament should vote it down on Thursday. "
            "The prime minister says that her government needs it to act quickly. It does not. Ministers have all "
            "the powers they need already, and this reckless bill would let them rule by decree, without a vote "
            "and without an end. The opposition calls the bill dangerous, and for once the opposition is right. "
            "No government of any party should be trusted with so much power for so long. I can think of no law "
            "more harmful to our democracy. Senators who vote for this bill will deserve to lose their seats at "
            "the next election. The emergency powers bill must be stopped."
        ),
        "target": "the emergency powers bill",
        "topic": "politics",
        "stance": "against",
    },
    {
        "title": "Late goal sends Rovers through to the cup final",
        "text": (
            "Rovers reached the cup final for the first time in thirty years on Saturday after a goal in the last "
            "minute by their captain, Ama Lindqvist. The match had been level since half time, when United's "
            "goalkeeper saved a penalty. Rovers' coach said her players had trained for exactly such an ending. "
            "United, the league champions, finished with ten players after a red card. The final will be played "
            "at the national stadium on 3 June, and tickets go on sale on Monday."
        ),
        "target": "nuclear power",
        "topic": "sport",
        "stance": "unrelated",
    },
)
