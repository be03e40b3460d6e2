"""The words by which news names people and bodies, and those between its phrases. All lower-cased, without stops."""

from __future__ import annotations

HONORIFICS = {
    "mr": "he",
    "sir": "he",
    "lord": "he",
    "mrs": "she",
    "ms": "she",
    "miss": "she",
    "lady": "she",
    "dame": "she",
}
"""Stand before a name, and tell which pronoun goes with it."""

OFFICES = frozenset(
    "dr prof professor rev reverend father rabbi imam pastor bishop archbishop cardinal sheikh ayatollah sen sens "
    "senator senators rep reps representative representatives congressman congresswoman gov govs governor mayor "
    "president vice-president premier chancellor minister secretary speaker leader chairman chairwoman chairperson "
    "chair justice judge attorney-general commissioner director ambassador envoy consul delegate councillor "
    "councilman councilwoman alderman sheriff marshal captain capt col colonel lt lieutenant maj sgt sergeant cpl gen "
    "adm admiral commander cmdr officer detective det inspector superintendent supt constable spokesman spokeswoman "
    "spokesperson candidate nominee mp msp mep mla coach manager host anchor correspondent reporter columnist editor "
    "author analyst expert economist historian scientist researcher activist lawyer attorney counsel strategist "
    "pollster adviser advisor aide ceo cfo coo founder co-founder owner head chief whip actor actress singer comedian "
    "billionaire campaigner doctor nurse teacher student farmer resident physician biologist mother wife husband "
    "sister brother son daughter widow colleague lawmaker legislator deputy official executive professor republican "
    "democrat veteran organizer organiser critic opponent supporter member contributor blogger writer".split()
)
"""What somebody is: said before a name, or after it behind a comma."""

BODIES = frozenset(
    "association institute university college school council committee commission court department ministry agency "
    "bureau office organization organisation foundation fund bank group company corporation corp inc ltd llc plc "
    "union federation party congress parliament senate house board authority service services center centre society "
    "club league alliance coalition network project campaign administration government police army navy force forces "
    "times post journal news magazine tribune herald press media church hospital industries airlines energy systems "
    "partners states nations kingdom republic street team study report survey poll act studies watch conference "
    "chamber caucus movement front command embassy museum trust treasury kremlin pentagon hill".split()
)
"""What a body's name holds and a person's does not."""

NEVER_FIRST = frozenset(
    "the a an this that these those he she it they we i you his her its their our my your but and or so yet if when "
    "while after before since because although though as at by for from in into of on to with without under over "
    "during among what who why how where which there here then now not no yes all some many most both each every one "
    "two three four five last next another other also even still just however meanwhile moreover despite according "
    "asked told said says monday tuesday wednesday thursday friday saturday sunday january february march april june "
    "july august september october november december today yesterday tomorrow tonight let is are was were has have "
    "had do does did will would can could should may might must only more like once until unless instead perhaps "
    "maybe earlier later".split()
)
"""Words that begin sentences with a capital and are no part of a name."""

MEN = frozenset(
    "james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony mark "
    "donald steven steve stephen paul andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey "
    "jeff ryan jacob gary nicholas eric jonathan larry justin scott brandon benjamin ben samuel gregory greg frank "
    "raymond patrick jack dennis jerry tyler aaron henry douglas peter adam nathan zachary walter kyle harold carl "
    "jeremy keith roger gerald ethan arthur terry lawrence sean christian austin joe tom jim bob bill mike dan dave "
    "chris matt tony don ron tim rick ted ken greg doug fred barack mitt newt rand marco bernie vladimir boris "
    "emmanuel mohammed muhammad ahmed ali hassan hussein omar ibrahim abdul mahmoud jose juan carlos luis antonio "
    "francisco pedro mario pablo diego jean pierre hans giovanni ivan sergei dmitry mikhail xi wang li narendra imran "
    "alan ian simon nigel neil graham gordon alex martin philip phil stuart craig bruce glenn ray sam max leo luke "
    "noah harry chuck mitch lindsey jared rex rudy".split()
)
WOMEN = frozenset(
    "mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty margaret sandra ashley "
    "kimberly emily donna michelle carol amanda dorothy melissa deborah stephanie rebecca sharon laura cynthia "
    "kathleen amy angela shirley anna brenda pamela emma nicole helen samantha katherine christine debra rachel "
    "carolyn janet catherine maria heather diane ruth julie olivia joyce virginia victoria kelly lauren christina "
    "joan evelyn judith andrea hannah megan cheryl jacqueline martha gloria teresa ann anne sara madison frances "
    "kathryn janice jean alice julia grace judy sophia rose theresa denise marilyn amber danielle brittany diana "
    "abigail jane lori hillary theresa angela nikki kellyanne ivanka melania sonia elena ruth dianne claire elise "
    "kirsten kamala tulsi alexandria ilhan fatima aisha leila mariam carmen ana lucia isabel marine ursula jacinda "
    "nicola priti yvette harriet lucy kate katie caroline charlotte fiona gillian heidi ingrid irene jill kim liz "
    "loretta lynn maggie meg molly naomi pat peggy sally sheila sue susanna tara tracy valerie vanessa wendy yvonne "
    "zoe huma condoleezza".split()
)
"""Given names that tell which pronoun goes with a person; of others the text may tell."""

TIMES = frozenset(
    "day days week weeks month months year years hour hours minute minutes decade decades time moment move decision "
    "first second third last next same only".split()
)
"""Words behind a comma that tell when, or what follows, and not what somebody is."""

LINKS = frozenset(
    "that it he she they we you i him her them who whom whose which what when where why how if then there this these "
    "those because until while but and or so as than though although since unless".split()
)
"""Words that hang on what stands before them."""
VERBS = frozenset(
    "is are was were be been being has have had do does did will would can could should may might must shall am "
    "isn't aren't wasn't weren't hasn't haven't hadn't don't doesn't didn't won't wouldn't can't couldn't "
    "shouldn't cannot it's he's she's that's there's they're we're you're i'm they've we've i've they'll we'll "
    "says said say saying told tells tell asked asks ask called calls call wants want wanted makes make made takes "
    "take took gets get got gives give gave goes go went comes come came keeps keep kept lets let needs need means "
    "meant shows show helps help hurts backs slams rejects urges plans vows seeks faces wins won loses lost leads "
    "led remains became becomes become thinks think thought believes believe knows know sees see saw feels feel "
    "felt uses warns warned insists argues refuses accuses defends blames".split()
)
"""Forms that are verbs, seldom anything else."""
SMALL = frozenset(
    "a an the of for to in on at by with from and or but as into over under about against between during without "
    "through upon within across after before behind beyond near off out up down per via toward towards not no nor "
    "only just very too also even still already yet soon now then later ago back again ever never always often more "
    "most less least much many some any all both each every either neither other another such same own its his her "
    "their our my your one two three four five likely able according mr mrs ms dr".split()
)
"""Words that a phrase for a thing neither begins nor ends with, and that tell nothing of what it is."""
VAGUE = TIMES | frozenset(
    "right away place places way ways thing things lot lots kind sort part parts end today yesterday tomorrow "
    "people man men woman women person number numbers side sides case cases fact point question reason example half "
    "percent evening morning night weekend something anything nothing everything someone anyone everyone nobody".split()
)
"""Words for what nobody takes a position on."""
