"""Three further events as ten newsrooms might tell each: own words, no text of any publisher; some bring news."""

from tests.support.twenty_feeds import Told

SUMMIT = (
    Told("Wire One", "en", "Trump and Xi to meet in South Korea on Oct. 30, White House says"),
    Told(
        "Wire Two", "en", "White House sets Trump-Xi talks for October 30 in Busan",
        "WASHINGTON, Oct 24 (Wire Two) - President Donald Trump will meet Chinese leader Xi Jinping in Busan on "
        "Thursday, October 30, the White House said.",
        "It will be their first meeting in six years.\nTariffs and rare earths are on the agenda.",
    ),
    Told(
        "晨报", "zh", "白宫：特朗普与习近平10月30日将在韩国会晤",
        "白宫表示，美国总统特朗普将于10月30日在韩国釜山会见中国国家主席习近平。", "这将是两人六年来首次会面。",
    ),
    Told(
        "Börsenblick", "de", "Trump und Xi treffen sich am 30. Oktober in Südkorea",
        "US-Präsident Donald Trump und Chinas Staatschef Xi Jinping kommen am 30. Oktober in Südkorea zusammen, "
        "teilte das Weiße Haus mit.",
        "Es ist das erste Treffen der beiden seit sechs Jahren.",
    ),
    Told(
        "朝刊", "ja", "米中首脳会談、30日に韓国で開催　ホワイトハウス発表",
        "ホワイトハウスは、トランプ大統領と中国の習近平国家主席が10月30日に韓国で会談すると発表した。",
    ),
    Told(
        "Harbour Times", "en", "Trump, Xi to hold summit in South Korea next Thursday",
        "Donald Trump and Xi Jinping will hold a summit in Busan next Thursday, the White House said.",
        "The two leaders last met in 2019.",
    ),
    Told(
        "財經日報", "zh", "川普與習近平30日南韓會面　白宮敲定行程",
        "白宮宣布，川普將於10月30日與中國國家主席習近平在南韓釜山會面。",
    ),
    Told(
        "City Evening", "en", "UPDATE 1-White House confirms Trump-Xi summit on Oct 30",
        "The White House on Thursday confirmed that Trump would meet Xi in South Korea on Oct. 30.",
    ),
    Told(
        "Pacific Radio", "en", "Trump-Xi summit moved to October 31, officials say",
        "The meeting of Donald Trump and Xi Jinping in South Korea has been put back by a day to October 31, "
        "officials said.",
    ),
    Told(
        "Seehafen Zeitung", "de", "Treffen von Trump und Xi auf den 31. Oktober verschoben",
        "Das Treffen von Donald Trump und Xi Jinping in Südkorea ist um einen Tag auf den 31. Oktober verschoben "
        "worden.",
    ),
)  # fmt: skip

RATES = (
    Told("Wire One", "en", "Fed cuts rates by quarter point, signals one more cut this year"),
    Told(
        "Wire Two", "en", "Federal Reserve lowers interest rates by 25 basis points to 3.75%-4.00%",
        "WASHINGTON, Oct 29 (Wire Two) - The Federal Reserve cut its benchmark rate by a quarter of a percentage "
        "point on Wednesday, to a range of 3.75% to 4.00%.",
        "Two policymakers dissented.\nThe vote was 10-2.\nFed Chair Jerome Powell speaks at 2:30 p.m.",
    ),
    Told(
        "晨报", "zh", "美联储降息25个基点，联邦基金利率降至3.75%至4%",
        "美联储周三宣布将联邦基金利率目标区间下调25个基点至3.75%至4.00%，符合市场预期。",
    ),
    Told(
        "Börsenblick", "de", "Fed senkt Leitzins um einen Viertelprozentpunkt",
        "Die US-Notenbank senkt den Leitzins um 0,25 Prozentpunkte auf 3,75 bis 4,00 Prozent.",
    ),
    Told(
        "朝刊", "ja", "FRB、0.25%利下げ決定　政策金利3.75～4.00%に",
        "米連邦準備理事会（FRB）は29日、政策金利を0.25ポイント引き下げ、3.75～4.00%にすると決めた。",
    ),
    Told(
        "Harbour Times", "en", "Fed trims rates a quarter-point as labor market cools",
        "The Fed reduced borrowing costs by 0.25 percentage point on Wednesday, to between 3.75 and 4 percent.",
    ),
    Told(
        "財經日報", "zh", "聯準會降息1碼　利率降至3.75%到4%",
        "美國聯準會宣布降息1碼（0.25個百分點），聯邦基金利率降至3.75%至4%。",
    ),
    Told(
        "Metro", "en", "U.S. central bank cuts rates by 0.25 point",
        "The Federal Reserve cut its key rate by a quarter percentage point to 3.75-4.00 percent.",
    ),
    Told(
        "City Evening", "en", "UPDATE 1-Fed cuts rates by 25 bps; Powell says December cut not a foregone conclusion",
        "The Fed cut rates by a quarter point. A further cut in December is not a foregone conclusion, Powell said.",
    ),
    Told(
        "Capital News", "en", "Fed cuts rates quarter point in 10-2 vote",
        "The Federal Reserve cut rates by a quarter point in a 10-2 vote on Wednesday.",
    ),
)  # fmt: skip

TRUCE = (
    Told("Wire One", "en", "U.S., China extend tariff truce by 90 days"),
    Told(
        "Wire Two", "en", "Trump extends China tariff truce by 90 days, until November 10",
        "WASHINGTON, Aug 11 (Wire Two) - U.S. President Donald Trump signed an order on Monday that extends the tariff "
        "truce with China for another 90 days, the White House said.",
        "The truce was to end on Tuesday. U.S. tariffs on Chinese goods stay at 30%, China's at 10%.",
    ),
    Told(
        "Harbour Times", "en", "Tariff truce between Washington and Beijing prolonged to Nov. 10",
        "The United States and China have given themselves three more months, to Nov. 10, before higher tariffs "
        "come back.",
    ),
    Told(
        "晨报", "zh", "中美关税休战再延长90天", "美国总统特朗普周一签署行政令，将对华关税休战期延长90天至11月10日。",
    ),
    Told(
        "財經日報", "zh", "川普延長對中關稅休兵90天　至11月10日止", "美國總統川普簽署行政命令，美中關稅休兵再延90天。",
    ),
    Told(
        "Börsenblick", "de", "USA und China verlängern Zollpause um 90 Tage",
        "Die USA und China verlängern ihre Pause im Zollstreit um neunzig Tage. US-Präsident Donald Trump "
        "unterschrieb eine Anordnung bis zum 10. November.",
    ),
    Told(
        "朝刊", "ja", "米中、関税停止を90日延長　11月10日まで",
        "トランプ米大統領は中国への追加関税の停止を90日間延長する大統領令に署名した。期限は11月10日。",
    ),
    Told(
        "Pacific Radio", "en", "No higher China tariffs for now: Trump adds ninety days to truce",
        "President Donald Trump has put off higher tariffs on Chinese goods for ninety days.",
    ),
    Told(
        "Trade Wire", "en", "China keeps tariffs on U.S. goods at 10% as truce is extended",
        "China will suspend its further tariffs on U.S. goods for 90 days and keep the 10% tariff, its commerce "
        "ministry said.",
    ),
    Told(
        "City Evening", "en", "UPDATE 1-Trump extends tariff truce with China, averting 145% tariffs",
        "Trump extended the tariff truce with China by 90 days. Without it U.S. tariffs would have risen to 145%.",
    ),
)  # fmt: skip
