"""One event as twenty newsrooms might tell it, in their order of arrival: own words, no text of any publisher.

Flashes, two-liners and full stories, with datelines, furniture and rounded figures as they come; two in Chinese, two in
German, one of them marked CORRECTED.
"""

from typing import NamedTuple


class Told(NamedTuple):
    """What one feed carried."""

    publisher: str
    language: str
    title: str
    lead: str = ""
    body: str = ""


TWENTY = (
    Told(
        "Wire One", "en",
        "China to delay rare earth export controls for a year, U.S. drops 100% tariff threat - Bessent",
    ),
    Told(
        "Wire Two", "en",
        "Bessent: China will put off its rare earths curbs by one year, 100 percent tariffs off the table",
        "KUALA LUMPUR, Oct 26 (Wire Two) - China will hold back its export controls on rare earths for a year and "
        "the United "
        "States will not go ahead with a 100 percent tariff on Chinese goods, Treasury Secretary Scott Bessent said "
        "on Sunday.",
    ),
    Told(
        "Harbour Times", "en",
        "US shelves 100% tariff on China as Beijing delays rare earth controls",
        "The United States has dropped its threat of a 100% tariff on Chinese goods after Beijing agreed to delay "
        "its rare "
        "earth export controls, Bessent said on Sunday.",
        "The accord was sketched in two days of talks in Malaysia between Bessent and Vice Premier He Lifeng.\n"
        "Trump and Xi Jinping are to meet in South Korea on Thursday.\n"
        "China will also buy U.S. soybeans again, Bessent said.\nShare this article\n3 min read",
    ),
    Told(
        "The Courier", "en",
        "Rare earths: China delays export licences for a year",
        "China is to delay the rare earth export controls by a year, the US Treasury Secretary says.",
    ),
    Told(
        "Morning Ledger", "en",
        "Washington and Beijing step back: no 100% tariff, rare earth controls delayed",
        "WASHINGTON - A 100-percent tariff on Chinese goods will not take effect on Nov. 1, and China will delay "
        "the new "
        "controls on its rare earths for a year, Bessent said Sunday after talks in Kuala Lumpur.",
        "The tariff was threatened by President Donald Trump this month after Beijing widened its licensing rules.\n"
        "Bessent spoke after two days of talks with He Lifeng.",
    ),
    Told(
        "晨报", "zh",
        "贝森特：中国将推迟稀土出口管制一年，美国不再对华加征100%关税",
        "晨报吉隆坡10月26日电 美国财政部长贝森特周日表示，中国将把稀土出口管制推迟一年，"
        "美方不再考虑对中国商品加征百分之一百的关税。",
    ),
    Told("Pacific Radio", "en", "Bessent says 100% China tariff is off, rare earth curbs delayed"),
    Told(
        "Börsenblick", "de",
        "Bessent: China verschiebt Exportkontrollen für Seltene Erden um ein Jahr, 100-Prozent-Zölle vom Tisch",
        "China verschiebt die Exportkontrollen für Seltene Erden um ein Jahr. Die USA werden die Zölle von 100 "
        "Prozent auf "
        "chinesische Waren nicht verhängen, sagte US-Finanzminister Scott Bessent am Sonntag.",
    ),
    Told(
        "Metal Desk", "en",
        "Bessent: China to delay rare earth export controls one year",
        "China will delay its export controls on rare earths for one year while it looks at them again, U.S. "
        "Treasury Secretary "
        "Bessent said in Malaysia.",
        "Rare earths go into magnets for cars and jets.\nThe 100% tariff of the United States is off the table, he "
        "said.",
    ),
    Told(
        "City Evening", "en",
        "UPDATE 1-China delays rare earth curbs, U.S. drops 100% tariff - Bessent",
        "KUALA LUMPUR, Oct 26 (City) - China delays its rare earth controls by a year and the 100% tariff is "
        "dropped, said "
        "Bessent, the U.S. Treasury Secretary.",
    ),
    Told(
        "Northern Star", "en",
        "What the delay of China's rare earth export controls means for the 100% tariff",
        "Bessent said on Sunday that China will delay the controls on rare earth exports for a year, so that the "
        "tariff of "
        "100 per cent, due on 1 November, will not be imposed.",
        "The talks in Malaysia took two days. Beijing has not commented in detail.",
    ),
    Told(
        "Trade Wire", "en",
        "CORRECTED-China to delay rare earth export controls by one year, Bessent says",
        "(Corrects headline to say one year, not six months)\nChina will delay its export controls on rare earths "
        "by one year, "
        "Treasury Secretary Bessent said. The United States will drop its 100% tariff.",
    ),
    Told(
        "財經日報", "zh",
        "貝森特稱中國將延後稀土出口管制一年　美方不會加徵100%關稅",
        "美國財政部長貝森特星期日表示，中國同意將稀土出口管制延後一年，美國不會對中國商品加徵100%關稅。",
        "雙方官員在吉隆坡舉行了兩天會談。",
    ),
    Told(
        "Daily Globe", "en",
        "China delays rare earth controls by a year as U.S. drops 100% tariff, Bessent says",
        "China will delay its rare earth export controls by a year and the United States will not impose a 100% "
        "tariff, "
        "Treasury Secretary Scott Bessent said on Sunday after two days of talks.",
    ),
    Told(
        "Seehafen Zeitung", "de",
        "USA verzichten auf Zölle von 100 Prozent, China verschiebt Kontrollen für Seltene Erden",
        "Die USA verhängen keine Zölle von 100 Prozent auf Waren aus China. Peking verschiebt im Gegenzug die "
        "Exportkontrollen "
        "für Seltene Erden um ein Jahr, wie Finanzminister Bessent am 26. Oktober sagte.",
        "Die Gespräche in Kuala Lumpur dauerten zwei Tage.",
    ),
    Told(
        "Capital News", "en",
        "Tariff of 100% on China is 'effectively off the table', Bessent says",
        "U.S. Treasury Secretary Scott Bessent said China would delay its rare earth export controls for a year.",
        "By Our Staff\nPublished 2:41 PM, October 26, 2025\nBessent and He Lifeng met for two days in Kuala Lumpur.\n"
        "The S&P 500 rose in late trade.",
    ),
    Told(
        "Mining Weekly Review", "en",
        "China's rare earth export controls delayed a year, Bessent says",
        "China's export controls on rare earths are delayed for a year, Bessent said on Sunday; the U.S. will not "
        "levy a 100% "
        "tariff on China.",
    ),
    Told(
        "Channel 8", "en",
        "China agrees to delay rare earth controls; U.S. won't impose 100% tariff, Bessent says",
        "China agreed to delay its rare earth export controls for a year and the U.S. won't impose a tariff of 100 "
        "percent, "
        "Bessent told reporters in Kuala Lumpur.",
    ),
    Told(
        "Export Journal", "en",
        "Rare earth controls: China gives a year's delay, U.S. forgoes 100% tariff",
        "The U.S. forgoes its 100% tariff on Chinese goods and China delays its rare earth export controls by a "
        "year, Treasury "
        "Secretary Scott Bessent said.",
        "The controls were announced on Oct. 9.",
    ),
    Told(
        "The Sunday Sheet", "en",
        "No 100% tariff on China after rare earth delay, says Bessent",
        "There will be no 100% tariff on China, Scott Bessent said on Sunday, because Beijing will delay its rare "
        "earth export "
        "controls for a year.",
        "About 90 percent of the world's refined rare earths come from China.",
    ),
)  # fmt: skip

CHIPS = (
    Told("Wire One", "en", "U.S. adds 42 Chinese firms to export blacklist over AI chips"),
    Told(
        "Wire Two", "en", "US widens export controls on chips, puts 42 companies from China on Entity List",
        "WASHINGTON, Oct 26 (Wire Two) - The Commerce Department put 42 Chinese companies on its Entity List on "
        "Tuesday and "
        "widened its export controls on advanced chips, hitting trade worth about $1.5 billion a year.",
        "China's commerce ministry said it would take what it called necessary steps.\nNvidia shares fell 2.1 "
        "percent.\n"
        "(Reporting by Our Bureau; Editing by A. Person)",
    ),
    Told("The Courier", "en", "Forty-two Chinese companies hit by new US chip export controls"),
    Told(
        "晨报", "zh", "美国将42家中国企业列入出口管制实体清单",
        "美国商务部周二扩大芯片出口管制，将42家中国企业列入实体清单，涉及贸易额约15亿美元。",
    ),
    Told(
        "Börsenblick", "de",
        "USA setzen 42 chinesische Firmen auf schwarze Liste und verschärfen Exportkontrollen für Chips",
        "Das US-Handelsministerium weitet die Exportkontrollen für Chips aus. Betroffen ist Handel im Umfang von "
        "rund 1,5 "
        "Milliarden Dollar im Jahr.",
        "Die Aktien von Nvidia fielen um 2,1 Prozent.",
    ),
    Told(
        "Harbour Times", "en", "Washington tightens chip export controls on China",
        "The United States on Tuesday tightened export controls on advanced chips and blacklisted 42 Chinese firms. "
        "The "
        "measures touch about $1.46bn of yearly trade.",
        "It is the third such round since 2022.\nShares of chip makers fell 2.1% in early trade.",
    ),
    Told(
        "City Evening", "en", "UPDATE 2-U.S. adds 42 Chinese firms to export blacklist, widens controls on chips",
        "The U.S. Commerce Department widened export controls on chips on Tuesday, adding 42 Chinese firms to its "
        "Entity List.",
    ),
    Told(
        "財經日報", "zh", "美擴大晶片出口管制　42家中企列入實體清單",
        "美國商務部星期二擴大晶片出口管制，把42家中國公司列入實體清單。",
    ),
    Told(
        "Trade Wire", "en", "China condemns U.S. export controls on chips, vows countermeasures",
        "China's commerce ministry condemned new U.S. export controls on chips that put 42 Chinese companies on a "
        "blacklist.",
    ),
    Told(
        "Capital News", "en", "U.S. chip export controls: 45 firms from China on the list, official says",
        "The number of Chinese companies on the new export control list is 45, a Commerce Department official said.",
    ),
)  # fmt: skip
