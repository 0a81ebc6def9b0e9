from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.pii.domains import Domains
from gateway.pii.message import ScannedText
from gateway.pii.recognizers.generic.glued_email import capitals, signed, together

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    "address",
    ["john#gmail.com", "marie.curie#laposte.net", "zhang#qq点com", "sales#some-shop.co.uk",
     "john%gmail.com", "john&gmail.com", "john*gmx.de",
     "johnATgmailDOTcom", "john.doeATyahoo.com", "JohnATgmailDOTcom", "hansATgmxPUNKTde",
     "anaARROBAterraPUNTOes", "marioCHIOCCIOLAliberoPUNTOit", "uweKLAMMERAFFEwebPUNKTde",
     "janeATsome-firmDOTorg",
     "johnatgmaildotcom", "juanarrobagmailpuntocom", "mariochiocciolaliberopuntoit",
     "JohnAtGmailDotCom"],
)  # fmt: skip
def test_dodges(find: Find, address: str) -> None:
    assert find(f"my mail: {address} thanks") == [("EMAIL_ADDRESS", address)]


@pytest.mark.parametrize(
    "text",
    ["C# is fine. So is F#", "see issue#12.com", "example.com/page#part.com", "#tag#other.com",
     "r#programming.help", "50%gmail users", "him&her.com", "a*b.com",
     "greATest.com", "ATgmailDOTcom", "WHATshopDOTcom says", "MEATballs.com",
     "look atgmaildotcom", "that gmail dot com thing", "atgmail"],
)  # fmt: skip
def test_others(find: Find, text: str) -> None:
    assert [one for one in find(text) if one[0] == "EMAIL_ADDRESS"] == []


PIECES = ("john", "AT", "at", "gmail", "DOT", "dot", ".", "#", "com", "ARROBA", "arroba", "点", " ")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_what_its_gate_keeps_away_does_not_match(text: str) -> None:
    domains = Domains()
    for rule in (signed(domains), capitals(domains), together(domains)):
        assert rule.gate.opens(ScannedText(text)) or not list(rule.hits(ScannedText(text), 5))
