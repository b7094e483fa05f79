"""The sample wire's articles: our own words on events that never took place, in five languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

NOTE: Mapping[str, str] = MappingProxyType(
    {
        "en": "SAMPLE: this text was written to show tocsin at work; nothing of it took place.",
        "zh-Hans": "SAMPLE（样本）：本文仅为演示 tocsin 而写，所述事件并未发生。",
        "ko": "SAMPLE(견본): 이 글은 tocsin을 보여 주기 위해 쓰였으며 실제 사건이 아닙니다.",
        "ja": "SAMPLE（見本）：この記事はtocsinの動作を示すために書かれたもので、実際の出来事ではありません。",
        "de": "SAMPLE (Muster): Dieser Text wurde geschrieben, um tocsin zu zeigen; nichts davon ist geschehen.",
    }
)


TALKS = (
    "Both delegations said that duties on goods worth ${billion} billion would not rise while the pause lasts.\n"
    "Negotiators will meet again next week on rare earths, where China's export controls cover {tonnes} tonnes "
    "a year, and on semiconductor equipment."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleArticle:
    """A text with places for figures, out `after_s` seconds after the first request; a later one edits its guid.

    Only one is out at once, so that of the other stories it is known who was first: their feeds were looked at before.
    """

    feed: str
    guid: str
    after_s: float
    title: str
    lead: str
    body: str


def figures(started_at: datetime) -> dict[str, int]:
    """Return this start's figures: others at each start, so that a later one has something new to say."""
    seconds = int(started_at.timestamp())
    percent = 11 + seconds % 37
    return {
        "percent": percent,
        "corrected": percent + 4,
        "days": 30 + seconds % 61,
        "billion": 20 + seconds % 71,
        "tonnes": 500 + seconds % 1_901,
        "firms": 5 + seconds % 29,
    }


ARTICLES: tuple[SampleArticle, ...] = (
    SampleArticle(
        feed="harbour",
        guid="talks",
        after_s=0,
        title="Bessent and He Lifeng agree to hold tariffs at {percent} percent for {days} days",
        lead=(
            "US Treasury Secretary Scott Bessent and Chinese Vice Premier He Lifeng ended two days of talks with an "
            "understanding to hold tariffs at {percent} percent for {days} days, clearing the way for a summit of "
            "President Donald Trump and President Xi Jinping."
        ),
        body=TALKS,
    ),
    SampleArticle(
        feed="lantern",
        guid="rare-earths",
        after_s=3,
        title="中国拟对{tonnes}吨稀土实施新的出口管制",
        lead="中国商务部表示，将对每年{tonnes}吨稀土及相关磁材实施出口管制，涉及{firms}家企业，新规将在{days}天后生效。",
        body="何立峰与美国财政部长贝森特在会谈中讨论了关税和稀土问题。双方同意为习近平与特朗普的会晤作准备。",
    ),
    SampleArticle(
        feed="hangang",
        guid="chips",
        after_s=8,
        title="미국, 반도체 장비 수출 통제 대상에 {firms}개 기업 추가 검토",
        lead=(
            "미국 정부가 반도체 장비 수출 통제 대상에 중국 기업 {firms}곳을 추가하는 방안을 검토하고 있다. "
            "관세 {percent}퍼센트 유예 합의와는 별개라고 당국자는 말했다."
        ),
        body="트럼프 대통령과 시진핑 주석의 정상회담을 앞두고 희토류 수출 통제도 의제에 오를 전망이다.",
    ),
    SampleArticle(
        feed="harbour",
        guid="talks-update",
        after_s=15,
        title="UPDATE 1-China to buy ${billion} billion of US farm goods under tariff pause",
        lead=(
            "China will buy US farm goods worth ${billion} billion as part of the tariff pause that Scott Bessent and "
            "He Lifeng agreed on, an official said, {days} days before a planned meeting of Donald Trump and Xi."
        ),
        body="The purchases are to begin within {days} days. Tariffs stay at {percent} percent until then.",
    ),
    SampleArticle(
        feed="minato",
        guid="magnets",
        after_s=22,
        title="レアアース輸出規制、日本企業{firms}社に影響 中国が{tonnes}トンに新枠",
        lead=(
            "中国によるレアアースの輸出規制で、日本の製造業{firms}社の調達に影響が出る見通しだ。新たな枠は年{tonnes}トン。"
            "米国のトランプ大統領と習近平国家主席の首脳会談でも議題となる。"
        ),
        body="米国の関税{percent}パーセントの据え置きと合わせ、磁石の供給網の見直しが進んでいる。",
    ),
    SampleArticle(
        feed="speicher",
        guid="zoelle",
        after_s=30,
        title="USA und China frieren Zölle für {days} Tage bei {percent} Prozent ein",
        lead=(
            "Die USA und China lassen ihre Zölle für {days} Tage unverändert bei {percent} Prozent. Darauf einigten "
            "sich Finanzminister Scott Bessent und Vizepremier He Lifeng; betroffen sind Waren für {billion} "
            "Milliarden Dollar."
        ),
        body=(
            "Offen bleiben die Exportkontrollen für Seltene Erden, von denen {tonnes} Tonnen im Jahr betroffen sind. "
            "Ein Gipfel von Donald Trump und Xi Jinping soll folgen."
        ),
    ),
    SampleArticle(
        feed="harbour",
        guid="talks",
        after_s=45,
        title="CORRECTED-Bessent and He Lifeng agree to hold tariffs at {corrected} percent for {days} days",
        lead=(
            "(Corrects the rate to {corrected} percent, not {percent} percent) US Treasury Secretary Scott Bessent and "
            "Chinese Vice Premier He Lifeng ended two days of talks with an understanding to hold tariffs at "
            "{corrected} percent for {days} days, clearing the way for a summit of President Donald Trump and "
            "President Xi Jinping."
        ),
        body=TALKS,
    ),
)
