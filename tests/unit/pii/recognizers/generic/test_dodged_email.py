from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.pii.domains import Domains
from gateway.pii.message import ScannedText
from gateway.pii.recognizers.generic.dodged_email import (
    bracketed,
    named,
    touching,
    worded,
    worded_touching,
)

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    "address",
    ["john at gmail dot com", "john (at) gmail (dot) com", "john[at]gmail.com",
     "john{at}gmail[dot]com",
     "jean arobase gmail point com", "jean chez laposte point net", "john @ gmail . com",
     "john AT gmail DOT com", "j o h n @ g m a i l . c o m", "john@gmail,com", "john@gmail dot com",
     "john at gmail.com", "john at the rate gmail dot com", "jean.dupont arobase free point fr",
     "juan arroba gmail punto com", "hans-at-web-dot-de",
     "hans@web-dot-de", "hans-at-web-punkt-de", "hans ät web punkt de", "hans at web punkt de",
     "hans affenschwanz gmx punkt de", "hans unterstrich meier klammeraffe web punkt de",
     "mario chiocciola libero punto it", "mario at libero punto it",
     "mario trattino basso rossi chiocciolina gmail punto com",
     "juan guion bajo perez arroba gmail punto com", "élise arroba sapo ponto pt",
     "joão (arroba) uol ponto com ponto br", "ivan собака mail точка ru", "jan małpa wp kropka pl",
     "zhang 艾特 163 点 com", "taro アットマーク gmail ドット com",
     "john at gmail period com", "john at gmail (.) com", "john (at) gmail (period) com",
     "hans-ät-gmx-punkt-de",
     'john"at"gmail"dot"com',
     "ahmet et gmail nokta com", "ahmet kuyruklu a gmail nokta com", "ahmet(et)gmail(nokta)com",
     "minsu골뱅이naver점com", "minsu 골뱅이 naver 닷 com", "minsu골뱅이네이버닷컴",
     "taro アットマーク gmail ドットコム", "ivan собака майл точка ру"],
)  # fmt: skip
def test_dodges(find: Find, address: str) -> None:
    assert find(f"my mail: {address}") == [("EMAIL_ADDRESS", address)]


@pytest.mark.parametrize(
    "text",
    ["look at the dot com", "higher than at any point in history", "à ce point de vue",
     "meet me at example.com", "Thanks @lea. You rock", "at that point it was over",
     "from @lea. Now what", "on est à deux. Point de suspense", "la página web punto de encuentro",
     "ci vediamo a milano punto it", "a las 3 punto com", "é o ponto de partida", "собака и точка"],
)  # fmt: skip
def test_plain_sentences(find: Find, text: str) -> None:
    assert find(text) == []


@pytest.mark.parametrize(
    "address", ["zhang艾特qq点com", "zhang at qq点com", "zhang@qq点com", "wang@163點com"]
)
def test_in_chinese_the_word_before_an_address_touches_it(find: Find, address: str) -> None:
    assert find(f"我的邮箱是{address}", "zh") == [("EMAIL_ADDRESS", address)]


PIECES = (
    *("john", " at ", "(at)", "@", " arobase ", "艾特", "골뱅이", " et ", " dot ", "(dot)", "点"),
    *("닷", "com", "컴", " nokta ", "gmail", ".", "-at-", '"at"', "-dot-", "-ät-", " "),
    *("네이버", " ät "),
)
DOMAINS = Domains()


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_what_its_gate_keeps_away_does_not_match(text: str) -> None:
    for make in (bracketed, named, touching, worded, worded_touching):
        rule = make(DOMAINS)
        assert rule.gate.opens(ScannedText(text)) or not list(rule.hits(ScannedText(text), 5))
