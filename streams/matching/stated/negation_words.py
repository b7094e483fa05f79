"""Words that deny, and the acts that they deny, in the shipped languages."""

from collections.abc import Mapping
from types import MappingProxyType


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ACTS = {  # the act → English stems, German forms, Chinese, Japanese and Korean words as they are written
    "agree": """agre agreement deal accord consensus pact einigen einigten geeinigt einig einigung abkommen vereinbarung
        协议 協議 共识 共識 合意 합의 谈妥 談妥""",
    "sign": "sign unterzeichnen unterzeichnet unterschreiben unterschrieben 签署 簽署 署名 서명",
    "meet": """meet met summit treffen getroffen gipfel gipfeltreffen 会面 會面 会晤 會晤 峰会 峰會
        会談 会谈 會談 會谈 회담""",
    "talk": "talk negoti verhandeln verhandlungen gespräche 谈判 談判 协商 協商 磋商 交渉 협상",
    "impose": """impos levi slap tariff verhängen verhängt zölle zoll
        加征 加徵 征收 徵收 課す 課さ 부과 关税 關稅 関税 관세""",
    "raise": "rais hike erhöhen erhöht anheben angehoben 上调 上調 提高 加息 升息 引き上げ 利上げ 인상",
    "cut": "cut lower senken gesenkt 下调 下調 降低 降息 減息 引き下げ 利下げ 인하",
    "extend": "extend extens verlängern verlängert verlängerung 延长 延長 연장",
    "buy": "buy bought purchas kaufen gekauft 购买 購買 購入 구매",
    "sell": "sell sold verkaufen verkauft 出售 売却 매각",
    "lift": "lift eas aufheben aufgehoben 取消 解除 해제",
    "confirm": "confirm bestätigen bestätigt 证实 證實 确认 確認 확인",
    "decide": "decid decis entscheiden entschieden entscheidung 决定 決定 결정",
    "plan": "plan intend planen plant geplant 计划 計劃 計画 打算 계획",
    "change": "chang ändern geändert änderung änderungen 改变 改變 変更 변경",
    "attend": "attend teilnehmen teilgenommen 出席 参加 參加 참석",
    "resign": "resign zurücktreten 辞职 辭職 辞任 사임",
    "default": "default 违约 違約",
    "invade": "invad 入侵 침공",
}
ACTS: Mapping[str, str] = MappingProxyType({word: act for act, words in _ACTS.items() for word in words.split()})
DENIES, REFUSES = "denies", "refuses"
_DENIALS = {
    DENIES: """denies denied deny denying denial refute refutes refuted rebuts rebutted
        dementiert dementierte dementierten dementi bestreitet bestreiten bestritt bestritten""",
    REFUSES: """refuses refused refuse rejects rejected reject
        weigert weigerte weigern lehnt lehnte lehnten ablehnt""",
}
DENIALS: Mapping[str, str] = MappingProxyType(
    {word: denial for denial, words in _DENIALS.items() for word in words.split()}
)
NEGATORS = _words(  # these deny any verb
    """not never cannot don't doesn't didn't isn't aren't wasn't weren't won't can't couldn't wouldn't shouldn't
    hasn't haven't hadn't"""
)
GERMAN = _words("nicht nie kein keine keinen keiner keinem keines ohne")
ABSENCES = _words("no without") | GERMAN  # these deny only an act that is known
DROPPED = _words(  # "drops its 100% tariff" says that there is none; only right before an act that is known
    """drop drops dropped shelve shelves shelved scrap scraps scrapped forgo forgoes forwent abandon abandons abandoned
    cancel cancels cancelled canceled verzichtet verzichten verzichtete"""
)
OFF = _words(  # a word of each way of calling something off behind its name
    """off cancelled canceled scrapped shelved abandoned dropped axed collapse collapses collapsed through down
    tisch abgesagt abgeblasen geplatzt gestrichen gekippt"""
)
OPEN = _words(  # "may be called off": it is not, or not yet
    """may might could would should can if unless whether threaten threatens threatened threatening
    consider considers considering mulls weighs wants urges urged demands risk fears
    droht drohen drohte drohung könnte könnten falls würde"""
)
EMPTY = _words(  # what stands between a negation and its verb
    """yet really necessarily be been have has had to a an the any so very being in at on of for it its new further more
    additional trade tentative immediate formally currently still ever threat threats threatened planned
    mehr noch zu auf mit sich ein eine einen einer einem der die das den dem neue neuen
    weitere weiteren bei ihr ihre im am"""
)
IDLE = _words(  # "not only", "did not immediately respond", "no doubt": nothing is denied
    """only just merely least doubt matter one wonder less comment respond clear available surprising surprisingly later
    know known longer everyone all unlike enough too reached reachable reply sure much many want long far alone
    disclos identifi elabor say name specifi like as alreadi now than includ given give detail think see seen mean but
    immediately nur zuletzt weniger"""
)
