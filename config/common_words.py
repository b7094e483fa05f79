"""Words so common that, as a name in any case, they would name their entity in most articles."""

from collections.abc import Mapping

from streams.text.fold import fold

# English, German, then French, Spanish, Italian and Portuguese together, Russian, Chinese and Japanese; folded.
_WORDS = """
a about after against all also an and another any are as at back be because been before being between both but
by came can come could day did do down each even first for from get go good great had has have he her here him
his how i if in into is it its just know last like little long made make man many may me men might more most
mr much must my never new no not now of off old on one only or other our out over own people right said same
see she should since so some state still such take than that the their them then there these they this those
three through time to too two under up us used very was way we well were what when where which while who will
with work world would year years you your
aber als am an auch auf aus bei bis das dass dem den der des die doch durch ein eine einem einen einer eines
er es fur hat haben ich ihr im in ist kann mehr mit nach nicht noch nur oder sein sich sie sind so uber um und
uns vom von vor war was wenn werden wie wird wir zu zum zur
al au aux avec ce ces che com como con da dans de del della des di do dos du e el elle en entre est et ha i il
ils je la las le les lo los ma mais mas mi mit muy na no nos nous o on ont os ou par para pas per pero plus
por pour que qui sa se ses si son su sur te tu um un una une uno vous y
а без бы в во все вы да для до его ее если же за и из или к как когда мы на не но о он она они от по с так то
ты у уже что это я
的 了 在 是 和 有 不 人 中 大 国 上 下 年 月 日 等 为 与 对 将 以 也 这 个 会 说 时 出 到 他 她 我 就 后 前 要 于 新 多
の は を に が で と も か へ や
"""
COMMON_WORDS = frozenset(_WORDS.split())
# German, French, Spanish and Portuguese words that an English word finds, since accents don't count.
_ACCENTED = "für über wäre männer räte bär même sûr côté sólo até"
WITH_ACCENTS: Mapping[str, str] = {fold(word): word for word in _ACCENTED.split()}
