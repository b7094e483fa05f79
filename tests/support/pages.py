"""Invented news pages: articles in five scripts, and what sites put around them, with rule words planted there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import yaml

GIVEN = Path(__file__).resolve().parent.parent / "data" / "pages.yaml"
MARK = "Quillfeather"  # stands in every planted line, and in no article
LINKS = (
    f"Trump-Xi summit: what tariffs and rare earths mean for your savings, by {MARK}",
    f"{MARK}: 特朗普习近平峰会 关税 稀土 出口管制",
    f"{MARK}: 米中首脳会談と関税、レアアースの輸出規制",
)
TALKS = (
    f"Scott Bessent and He Lifeng held talks on tariffs and export controls on chips to China, {MARK} wrote at length."
)
SUMMIT = (
    f"President Trump and President Xi meet at a summit with rare earths from China on the table, {MARK} said today."
)


@dataclass(frozen=True, slots=True)
class Story:
    """An article, and the shipped rules that must alert on it; no other may."""

    name: str
    title: str
    paragraphs: Sequence[str]
    rules: frozenset[str]


def stories() -> list[Story]:
    """Return the invented articles."""
    return [
        Story(given["name"], given["title"], given["text"].strip().split("\n"), frozenset(given["rules"]))
        for given in yaml.safe_load(GIVEN.read_text("utf-8"))
    ]


def items(lines: Sequence[str] = LINKS) -> str:
    """Return a list of links."""
    return "<ul>" + "".join(f'<li><a href="/x">{escape(line)}</a></li>' for line in lines) + "</ul>"


def paragraphs(lines: Sequence[str]) -> str:
    """Return a paragraph for each line."""
    return "\n".join(f"<p>{escape(line)}</p>" for line in lines)


def plain(told: Story) -> str:
    """Return a page saved as text, as a theme for magazines gives it."""
    above = ["Sunday, October 26, 2025", f"HomeWorld{told.title[:30]}...", LINKS[0], TALKS, f"{LINKS[1]}..."]
    below = ["RELATED ARTICLES", f"{LINKS[1]}\n{TALKS}\n{SUMMIT}", "LEAVE A REPLY", "Please enter your comment!"]
    below += ["Most Popular", LINKS[0], "Recent Comments", SUMMIT]
    return "\n\n".join(["\n".join(above), told.title, *told.paragraphs, *below]) + "\n"


def windows(told: Story) -> str:
    """Return a text with a byte order mark and CRLF line ends, the title in its menu too, a tail in mixed case."""
    above = [LINKS[0], told.title, f"{LINKS[2]} ..."]
    parts = ["\n".join(above), told.title, *told.paragraphs, f"## Related Articles:\n{TALKS}\n{SUMMIT}"]
    return "\ufeff" + "\n\n".join(parts).replace("\n", "\r\n")


def bare(told: Story) -> str:
    """Return a text without anything around the article."""
    return "\n\n".join([told.title, *told.paragraphs])


def modern(told: Story) -> str:
    """Return a page in today's HTML: scripts with data, banners, share bar, boxes between paragraphs, comments."""
    title = escape(told.title)
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title} | The Wire</title>
<meta property="og:title" content="{title} - The Wire">
<script type="application/ld+json">{{"headline": "{LINKS[0]}"}}</script>
<style>.x{{color:red}}</style></head><body><a class="skip" href="#m">Skip to content</a>
<div id="cookie-banner"><p>We use cookies to show you tariffs. {MARK}</p><button>Accept all</button></div>
<header><nav>{items()}</nav><div class="ticker">{TALKS}</div></header>
<main><article><ol class="breadcrumb"><li>Home</li><li>World</li><li>{title}</li></ol>
<h1>{title}</h1><div class="byline">By <a href="/a">A. Writer</a> <time>26 October 2025</time></div>
<div class="share"><button>Share</button><a>Facebook</a></div>
<figure><img src="/p.jpg" alt="{LINKS[0]}"><figcaption>The hall before noon. Photo: The Wire</figcaption></figure>
{paragraphs(told.paragraphs[:1])}
<aside class="related"><h3>Related</h3>{items()}</aside>
<div class="newsletter-box"><p>Sign up for our newsletter {MARK}</p><form><input><button>Sign up</button></form></div>
{paragraphs(told.paragraphs[1:])}
<p class="more"><strong>Read more:</strong> <a href="/y">{LINKS[0]}</a></p></article>
<section class="comments"><h2>Recent Comments</h2><p>{TALKS}</p><p>{SUMMIT}</p></section></main>
<div class="sidebar"><h3>Most Popular</h3>{items()}</div><footer><p>{SUMMIT}</p></footer></body></html>"""


def divs(told: Story) -> str:
    """Return a page made of nothing but div and span; its boxes are known by their classes alone."""
    title = escape(told.title)
    first, *rest = (f'<div class="par">{escape(line)}</div>' for line in told.paragraphs)
    return f"""<html><body class="has-sidebar"><div id="top-menu"><div>{LINKS[0]}</div><div>{TALKS}</div></div>
<div class="crumbs"><span>Home</span> » <span>{title}</span></div><div class="promo">{SUMMIT}</div>
<div class="content"><h1 class="headline"><span>{title}</span></h1><div class="meta">26.10.2025 | 4 min</div>
{first}<div class="related-links"><div>More coverage</div><div><a>{LINKS[0]}</a></div></div>{"".join(rest)}
<div class="td-block"><div><span>RELATED ARTICLES</span></div><div><a>{LINKS[1]}</a></div></div>
<div><span>LEAVE A REPLY</span></div><div>{TALKS}</div><div>{SUMMIT}</div></div>
<div class="foot">{LINKS[0]}</div></body></html>"""


def tables(told: Story) -> str:
    """Return a page laid out by tables, without the end tags of head and paragraphs, with a table of figures."""
    title = escape(told.title)
    text = "".join(f"<p>{escape(line)}" for line in told.paragraphs)
    return f"""<html><head><title>{title}</title><body><table><tr><td width=20%>{LINKS[0]}<br>{LINKS[2]}</td>
<td><h1>{title}</h1>{text}<table><tr><th>Month</th><th>Index</th></tr><tr><td>May</td><td>101.5</td></tr></table>
<h4>Leave a Reply</h4><p>{TALKS}<p>{SUMMIT}</td></tr></table></body></html>"""


def boxed(told: Story) -> str:
    """Return a page with links between the paragraphs that no element marks, and a tail of another name."""
    middle = max(1, len(told.paragraphs) // 2)
    return f"""<html><body><p>{TALKS}</p><h1>{escape(told.title)}</h1>{paragraphs(told.paragraphs[:middle])}
<div><h4>Related: {LINKS[0]}</h4></div>{paragraphs(told.paragraphs[middle:])}
<h3>You may also like</h3>{items()}<p>{SUMMIT}</p><h3>most popular</h3>{items()}</body></html>"""


LAYOUTS: Sequence[Callable[[Story], str]] = (plain, windows, bare, modern, divs, tables, boxed)
