"""Articles on what railways, hotels, doctors or power companies charge, and on customs tariffs that touch them."""

import pytest

from streams.matching.matcher import Matcher
from tests.support.headlines import shipped
from tests.support.matching import article

Text = tuple[str, str, str]  # headline, lead, body
CHARGES: list[Text] = [
    (
        "Power tariffs to rise in Maharashtra from April",
        "",
        (
            "The state electricity regulator has approved an average tariff rise of 10% for households. MSEDCL "
            "had asked for 17%. Consumer groups said the tariff order ignores losses. The tariff for farms stays "
            "unchanged."
        ),
    ),
    (
        "Airtel, Jio hike mobile plans",
        "Bharti Airtel and Reliance Jio raised prepaid tariffs by up to 25%.",
        (
            "Analysts expect another round of tariff hikes before the IPO. Average revenue per user will rise. "
            "The tariff increase comes after elections."
        ),
    ),
    (
        "Rail freight tariffs in Kazakhstan go up 8%",
        "The national railway will index tariffs in January, it said.",
        (
            "Shippers of grain and coal exporters complained. The tariff for coal wagons rises by 12%. "
            "China-bound containers pay a lower tariff."
        ),
    ),
    (
        "Energy bills: fixed tariffs beat the cap",
        "Households can save £200 by switching to a fixed tariff, Uswitch says.",
        (
            "Octopus and British Gas have cut tariffs. Fixed tariffs are now cheaper than the standard variable "
            "tariff. The tariff lasts a year."
        ),
    ),
    (
        "Ghana's PURC announces new tariffs",
        "Electricity tariff goes up by 14.75% from May.",
        "Water tariffs rise by 4%. The commission said the tariff covers the cedi's fall.",
    ),
    (
        "Doctors reject new tariff",
        "The health ministry set a tariff of 45 lei for a consultation.",
        "Clinics and hospitals say the tariff covers half of the cost.",
    ),
    (
        "Port of Mombasa revises tariff book",
        "Kenya Ports Authority has published a new tariff for storage and handling.",
        "Importers will pay more for storage, the tariff says. Shipping lines had asked for delay.",
    ),
    (
        "Tariff dispute at airport",
        "The airport regulator AERA cut the aeronautical tariff of Delhi airport.",
        "Airlines welcome the tariff cut.",
    ),
    (
        "Hotel tariffs soar in Ayodhya",
        "Room tariffs rise to Rs 70,000 a night.",
        "Tour operators expect guests from America; President Trump's visit to India may lift demand further.",
    ),
    (
        "Suez Canal cuts tariffs for container ships",
        "The authority will discount transit tariffs by 15%.",
        "Transit fees fell in the crisis.",
    ),
    (
        "Gazprom asks for higher transit tariffs",
        "Ukraine gas transit tariff rises.",
        "The pipeline operator said the tariff for transmission doubles.",
    ),
    (
        "Motor insurance: new tariff classes",
        "German insurers put 10 million drivers in other tariff classes.",
        "Drivers in Berlin pay more.",
    ),
    (
        "Public sector pay: new tariff agreement",
        "Verdi and the employers agree on a tariff.",
        "Workers get 5.8% more in two steps. The tariff applies to 2.5 million staff.",
    ),
    (
        "Free prison calls: FCC caps phone tariffs",
        "",
        "",
    ),
    (
        "Solar feed-in tariff ends in Victoria",
        "The minimum feed-in tariff drops to 0.04 cents.",
        "Rooftop owners will be paid nothing by retailers.",
    ),
    (
        "Uber tariffs regulated in Lagos",
        "",
        "",
    ),
    (
        "Electricity tariff cut helps Pakistani exporters as Trump trade deal looms",
        "The regulator lowered the power tariff for industry by 7 rupees per unit.",
        "The tariff was the highest in the region. Textile exporters asked for parity.",
    ),
]
CUSTOMS: list[Text] = [
    (
        "Indian exporters brace for 50% US tariffs",
        "New Delhi said the duties were unfair.",
        "Shrimp, textiles and gems will be hit. Tata Power fell in Mumbai; electricity demand is unaffected.",
    ),
    (
        "Railway wagons hit by steel tariffs",
        "Wabtec said Trump's tariffs on steel raise the cost of railway wagons.",
        "Freight railways expect delays.",
    ),
    (
        "Telecom gear makers Nokia, Ericsson warn of tariffs",
        "The telecom equipment makers said U.S. tariffs cost 30 million euros this quarter.",
        "Subscribers will not see it in their bills, operators said.",
    ),
    (
        "Hotels see fewer Canadians as tariff row drags on",
        "Canadian guests stay away from hotels because of Trump's tariffs.",
        "Room bookings fell 20%.",
    ),
    (
        "Utilities face higher transformer costs on copper tariffs",
        "US utilities said tariffs on copper will lift electricity bills.",
        "The regulator will hear them.",
    ),
    (
        "Hospitals fear drug tariffs",
        "A 100% tariff on imported medicines would hit hospitals and clinics, the association said.",
        "Trump announced the tariff on Thursday.",
    ),
    (
        "Eskom tariff shock",
        "Nersa approved a tariff hike of 12.74%.",
        (
            "Municipalities will add to the tariffs. Business leaders said US tariffs on cars already hurt "
            "exporters of Eastern Cape."
        ),
    ),
]


@pytest.fixture(scope="module")
def rules() -> Matcher:
    return shipped()


@pytest.mark.parametrize("text", CHARGES, ids=lambda text: text[0])
def test_what_someone_charges_is_no_customs_tariff(rules: Matcher, text: Text) -> None:
    assert "tariffs" not in {hit.rule_id for hit in rules.match(article(*text)).rules}


@pytest.mark.parametrize("text", CUSTOMS, ids=lambda text: text[0])
def test_customs_tariffs_alert_whomever_they_hit(rules: Matcher, text: Text) -> None:
    assert "tariffs" in {hit.rule_id for hit in rules.match(article(*text)).rules}
