"""Simplified and traditional Han characters: which of them count as one."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def variants() -> Mapping[str, str]:
    """Return for each character of a class the one that stands for all: 貝 → 贝, 發 and 髮 → 发.

    Where one script has one character for two of the other (后 for 后 and 後), all of them are one class, so that a
    rule in either script finds both. Japanese forms are characters of their own, unless Chinese lists hold them
    (関 → 关). Cost: about 3 ms, once. Source: the header of variants.txt.
    """
    lines = Path(__file__).with_name("variants.txt").read_text("utf-8").splitlines()
    classes = (group for line in lines if not line.startswith("#") for group in line.split())
    return {char: group[0] for group in classes for char in group[1:]}
