"""The two articles that every bundle classifies after loading, before it is called ready."""

from __future__ import annotations

TEST_ARTICLES: tuple[dict[str, str], ...] = (
    {
        "title": "A reckless war",
        "text": (
            "The invasion was a terrible mistake, and the government that ordered it should resign. Thousands of "
            "soldiers have been killed in a war that was never necessary. Ministers lied about the threat, ignored "
            "every warning, and sent young men to die for their pride. The bombing of the border towns was a crime. "
            "Nothing has been won. The war is a disaster and a disgrace, it is wrong, and it must end now, before "
            "more troops are killed and more cities are destroyed."
        ),
        "target": "the war",
        "topic": "conflict, war and peace",
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
