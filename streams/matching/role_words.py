"""Words before a title that make it someone else's: a former, a deputy, an acting one."""

from collections.abc import Mapping

# How many words before the title each may stand: "former U.S. Treasury Secretary", but "deputy" right before it.
NOT_THE_HOLDER: Mapping[str, int] = {
    **dict.fromkeys(("former", "ex", "erstwhile", "onetime", "previous"), 3),
    **dict.fromkeys(("deputy", "assistant", "vice", "shadow", "acting", "interim", "then"), 1),
    **dict.fromkeys(("ehemaliger", "ehemalige", "ehemaligen", "fruherer", "fruhere", "fruheren"), 3),
    **dict.fromkeys(("stellvertretender", "stellvertretende", "stellvertretenden"), 1),
    **dict.fromkeys(("ancien", "ancienne", "exministro", "бывший", "бывшая", "бывшего"), 3),
    **dict.fromkeys(("前", "原"), 3),  # former, in Chinese and Japanese
    **dict.fromkeys(("副", "元"), 1),  # deputy in both, former in Japanese
}
FARTHEST = 3
NOT_FORMER = frozenset("日目此之先以年天月期会午提向面眼跟")  # before 前 they make another word: 日前 is "recently"
RUNS_ON = frozenset(" .-‐–'’·\u00a0\u3000")  # what may stand between such a word and the title
