"""The table "To add something" of docs/architecture.md, tried on a scratch copy: each thing is
added by touching only what its row names, and then works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.scratch import documented_places, make_scratch_copy, outside

STRIP = """
import asyncio, json, sys

from bench.messages import direct
from gateway.model.obligation import Obligation, ObligationKind
from gateway.pii.detector import PiiDetector
from gateway.pii.redaction import make_redactor
from gateway.pii.reference import recognizers_page
from gateway.text.reader import TextReader


async def strip(text, language):
    detector = PiiDetector()
    await detector.warm()
    message, read = direct(text, language=language), TextReader()(text, language)
    detection = await detector.detect(message, read)
    await detector.close()
    order = Obligation(kind=ObligationKind.REDACT, rules=("r",), params={"kinds": ["*"]})
    redact = make_redactor(b"k" * 32, detector.placeholders)
    return {
        "text": redact(message, read, [detection], [order]).text,
        "found": [(finding.kind, finding.source) for finding in detection.findings],
        "reference": recognizers_page(),
    }


print(json.dumps(asyncio.run(strip(*sys.argv[1:]))))
"""
"""A script: the text of its first argument, in the language of its second, stripped of all PII."""

GENERATED = ("tests/properties/test_identities.py", "tests/architecture/test_kinds.py")
"""Tests that draw values and sentences from bench/identities.py, or look at every kind."""

PUPIL_NUMBER = """
    NumberFormat(
        kind="UK_UPN",
        about="English unique pupil numbers",
        pattern=r"[A-Z]\\d{12}",
        digits=12,
        counts="named",
        words=("upn", "pupil number"),
        places=_HOME,
        is_valid=upn.is_valid,
        checksum=True,
    ),"""
PUPIL_ROW = """
        ("UK_UPN", "gb.upn", "A801xxxxxxxxx", "The pupil number is {}."),"""
PUPIL_CASE = """
        ("pupil number B801200005001", "en", "UK_UPN", "B801200005001"),"""


@pytest.mark.timeout(600)
def test_an_identity_number_is_a_row_of_its_countrys_table(tmp_path: Path) -> None:
    copy = make_scratch_copy(tmp_path)
    table = "gateway/pii/recognizers/gb/numbers.py"
    copy.insert(table, ", upn", after="from stdnum.gb import nhs")
    copy.insert(table, PUPIL_NUMBER, after="NUMBERS = (")
    copy.insert("bench/identities.py", PUPIL_ROW, after='"GB", "en",')
    cases = "tests/unit/pii/recognizers/gb/test_numbers.py"
    copy.insert(cases, PUPIL_CASE, after='("text", "place", "kind", "number"),\n    [')
    assert outside(copy.touched(), documented_places("an identity number", country="gb")) == set()

    stripped = json.loads(copy.python("-c", STRIP, "My UPN is B801200005001.", "en"))
    assert stripped["text"] == "My UPN is [ID number]."
    assert stripped["found"] == [["UK_UPN", "UkUpnRecognizer"]]
    assert "| United Kingdom | UK_UPN |" in stripped["reference"]
    copy.run_tests("-k", "UK_UPN or national_kind", cases, *GENERATED)


DUTCH = '''"""Numbers of the Netherlands."""

from __future__ import annotations

from stdnum.nl import bsn

from gateway.pii.recognizers.national import NumberFormat

NUMBERS = (
    NumberFormat(
        kind="NL_BSN",
        about="Dutch citizen service numbers",
        pattern=r"\\d{9}|\\d{4}\\.\\d{2}\\.\\d{3}",
        digits=9,
        counts="named",
        words=("bsn", "burgerservicenummer", "sofinummer"),
        places=("nl", "NL"),
        is_valid=bsn.is_valid,
        checksum=True,
    ),
)
'''
DUTCH_ROWS = """
    *_all(
        "NL", "nl",
        ("NL_BSN", "nl.bsn", "[12]xxxxxxxx|[12]xxx.xx.xxx",
         "Mijn burgerservicenummer is {}.|Het BSN is {}, klopt dat?"),
    ),"""
DUTCH_TEST = """from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize("number", ["111222333", "1112.22.333"])
def test_dutch_numbers(find: Find, number: str) -> None:
    assert ("NL_BSN", number) in find(f"mijn BSN: {number}", "nl")


@pytest.mark.parametrize("text", ["mijn BSN: 111222334", "111222333 !"])
def test_no_dutch_numbers(find: Find, text: str) -> None:
    assert "NL_BSN" not in [kind for kind, _ in find(text, "nl")]
"""


@pytest.mark.timeout(600)
def test_a_country_is_a_folder_and_a_line_of_the_table_of_countries(tmp_path: Path) -> None:
    copy = make_scratch_copy(tmp_path)
    folder, cases = "gateway/pii/recognizers/nl", "tests/unit/pii/recognizers/nl/test_numbers.py"
    copy.write(f"{folder}/__init__.py", '"""The Netherlands."""\n')
    copy.write(f"{folder}/numbers.py", DUTCH)
    copy.insert(
        "gateway/pii/recognizers/__init__.py",
        "\nfrom gateway.pii.recognizers.nl import numbers as nl",
        after="from gateway.pii.recognizers.national import NumberFormat",
    )
    copy.insert(
        "gateway/pii/recognizers/__init__.py",
        '\n    "Netherlands": nl.NUMBERS,',
        after='"Japan": jp.NUMBERS,',
    )
    copy.insert("bench/identities.py", DUTCH_ROWS, after="IDENTITIES = (")
    copy.write(cases, DUTCH_TEST)
    places = documented_places("a country's identity numbers", country="nl")
    assert outside(copy.touched(), places) == set()

    stripped = json.loads(copy.python("-c", STRIP, "Mijn BSN is 111222333.", "nl"))
    assert stripped["text"] == "Mijn BSN is [ID number]."
    assert stripped["found"] == [["NL_BSN", "NlBsnRecognizer"]]
    assert "| Netherlands | NL_BSN |" in stripped["reference"]
    copy.run_tests("-k", "NL_BSN or national_kind or dutch", cases, *GENERATED)


@pytest.mark.timeout(600)
def test_a_rule_is_a_folder_of_its_pack(tmp_path: Path) -> None:
    copy = make_scratch_copy(tmp_path)
    copy.gateway("policy", "new", "creator.exams", "--policies", "policies")
    copy.gateway("policy", "check", "--policies", "policies")
    copy.gateway("policy", "test", "--policies", "policies", "--run", "creator.exams")
    copy.python("-m", "docs.generate")
    places = documented_places("a rule or a pack", pack="creator", rule="exams")
    assert outside(copy.touched(), places) == set()
    assert "creator.exams" in (copy.folder / "docs/reference/packs.md").read_text("utf-8")
    copy.run_tests("tests/unit/policy/authoring/test_describe.py")


@pytest.mark.timeout(600)
def test_a_law_is_a_folder_of_the_legal_pack(tmp_path: Path) -> None:
    copy = make_scratch_copy(tmp_path)
    copy.gateway("policy", "new", "--law", "us.xx", "--policies", "policies")
    copy.gateway("policy", "check", "--policies", "policies")
    copy.gateway("policy", "test", "--policies", "policies", "--run", "legal.us_xx")
    copy.python("-m", "docs.generate")
    assert outside(copy.touched(), documented_places("a law", law="us_xx")) == set()
    copy.run_tests("tests/unit/policy/packs/test_legal.py")


PLATFORM = """\
platform: example
title: Example
sources: ["https://example.org/api"]
credential: {header: Authorization, prefix: "Bearer "}
limit: {length: 280, unit: characters}
error: {status: 403, body: {error: "{message}"}}
operations:
  - name: post
    methods: [POST]
    paths: [/posts]
    action: judge
    content: [json]
    texts: [{at: /text}]
    label: [/text]
    channel: [{is: comment}]
  - name: edit
    methods: [PATCH]
    paths: ["/posts/{id}"]
    action: judge
    edits: post
    content: [json]
    texts: [{at: /text}]
    label: [/text]
    channel: [{is: comment}]
"""


@pytest.mark.timeout(600)
def test_a_platform_is_a_file(tmp_path: Path) -> None:
    copy = make_scratch_copy(tmp_path)
    copy.write("gateway/platforms/shipped/example.yaml", PLATFORM)
    copy.python("-m", "docs.generate")
    places = documented_places("a platform behind the proxy", platform="example")
    assert outside(copy.touched(), places) == set()
    assert "(#example)" in (copy.folder / "docs/reference/routes.md").read_text("utf-8")
    copy.run_tests("tests/unit/platforms/test_loading.py", "tests/unit/cli/test_routes.py")


MESSAGE_ID = "msg_019aadf3e40000000000000000000000"
"""Of the text that golden files of marks are about."""
MARK = '''"""A mark that names the generator alone."""

from __future__ import annotations

from typing import Any

from gateway.disclosure.formats.subject import MarkedText, MarkFormat


def _build(subject: MarkedText) -> dict[str, Any]:
    return {"generated_by": subject.producer, "id": subject.message_id}


FORMAT = MarkFormat(name="plain_tag", build=_build)
'''


@pytest.mark.timeout(600)
def test_a_label_format_is_a_file_and_a_line(tmp_path: Path) -> None:
    copy = make_scratch_copy(tmp_path)
    copy.write("gateway/disclosure/formats/plain_tag.py", MARK)
    table = "gateway/disclosure/formats/__init__.py"
    copy.insert(table, ", plain_tag", after="import c2pa, gb45438, iptc")
    copy.insert(table, ", plain_tag.FORMAT", after="schema_org.FORMAT, gb45438.FORMAT")
    copy.insert(
        "gateway/model/disclosure.py", '\n    PLAIN_TAG = "plain_tag"', after='C2PA = "c2pa"'
    )
    for kind in ("generated", "edited"):
        golden = (
            json.dumps({"generated_by": "https://gateway.example", "id": MESSAGE_ID}, indent=1)
            + "\n"
        )
        copy.write(f"tests/golden/disclosure/format/plain_tag.{kind}.json", golden)
    assert outside(copy.touched(), documented_places("a label format", format="plain_tag")) == set()
    copy.run_tests("tests/unit/disclosure/formats", "tests/unit/policy/engine/test_result.py")
