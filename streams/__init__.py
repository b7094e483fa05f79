"""What flows, and what is decided about it; pure values and functions, no I/O.

feeds -> articles      streams.feeds parses bytes into entries, streams.articles gives them an identity
articles -> matches    streams.matching: every rule that an article satisfies, with the spans that prove it
matches -> alerts      streams.stories groups, streams.alerts says what is new
alerts -> desks        streams.routing: who is told, as what, through which receivers, or why not
"""
