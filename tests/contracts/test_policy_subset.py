"""What policies may call, and how data files are read, is the same in OPA."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from gateway.errors import StageUndefined
from gateway.policy.engine.evaluator import Evaluator
from gateway.policy.packs.source import load_snapshot
from gateway.policy.packs.strict_data import parse
from gateway.policy.packs.subset import BUILT_INS, compile_snapshot

EXPRESSIONS = r"""
abs(-3)
abs(-1.5)
ceil(1.2)
floor(-1.2)
format_int(255, 16)
max([1, null, "a"])
max([])
min({3, 1})
product([2, 3])
sum([1, 2])
sum([])
array.concat([1], [2])
array.reverse([1, 2])
array.slice([1, 2, 3], -1, 9)
count([1])
count({})
intersection({{1, 2}, {2}})
object.filter({"a": 1, "b": 2}, ["a"])
object.get({"a": {"b": 1}}, ["a", "b"], 0)
object.get({"a": 1}, "z", 0)
object.get({"a": 1}, ["a", "b"], 0)
object.keys({"a": 1})
object.remove({"a": 1, "b": 2}, ["a"])
object.subset({"a": 1, "b": 2}, {"a": 1})
object.subset({1}, {2})
object.union({"a": {"b": 1}}, {"a": {"c": 2}})
object.union_n([{"a": 1}, {"a": 2}])
union({{1}, {2}})
sort([3, 1, "a", null, true, {"a": 1}, [1]])
sort({"é", "z", "Z"})
concat(", ", {"b", "a"})
concat("", [])
contains("añ😀", "ñ")
contains("a", "")
endswith("abc", "bc")
startswith("é", "é")
indexof("añ😀b", "b")
indexof("abc", "z")
regex.match(`^[\p{L}]+$`, "héé")
regex.match(`(?i)ÉA`, "éa")
regex.split(`[^a-z]+`, "a, b..c")
regex.split(`x`, "")
replace("aaa", "a", "b")
replace("abc", "", "-")
split("a,,b", ",")
split("añ", "")
split("", ",")
sprintf("%s: %v of %v, %%", ["a", 1, -2])
sprintf("%v", [[1, "a"]])
sprintf("%v", [{"a"}])
strings.any_prefix_match("abc", ["z", "a"])
strings.any_suffix_match(["abc"], "c")
substring("añ😀b", 1, 2)
substring("abc", 1, -1)
substring("abc", 5, 1)
substring("abc", 0, 99)
trim("xxaxx", "x")
trim_left("xxa", "x")
trim_prefix("xxa", "x")
trim_right("axx", "x")
trim_space("\u00a0\u3000 a\n")
trim_suffix("axx", "x")
is_array([])
is_boolean(1)
is_null(null)
is_number("1")
is_object({})
is_set(set())
is_string("")
time.parse_rfc3339_ns("2026-11-22T20:00:00.5+02:00")
type_name({1})
type_name(null)
{1, 2} - {1}
{1} | {2}
{1, 2} & {2}
5 % 3
-5 % 3
3.0 == 3
1 + 2 * 3
"a" < "B"
"é" < "z"
null < 1
[1, 2] < [1, 3]
"2026-11-22" <= "2026-12-02"
"b" in ["a", "b"]
1 in {"a": 1}
{"a": 1}["a"]
0.1 + 0 == 0.1
0.7 >= 0.7
"""


def test_shared_built_ins_answer_alike(opa: str, tmp_path: Path) -> None:
    expressions = EXPRESSIONS.strip().splitlines()
    tried = {name for name in BUILT_INS if any(f"{name}(" in one for one in expressions)}
    assert tried == BUILT_INS, "each built-in that is allowed has an example"
    rules = "\n".join(f"r{n} := {text}\n" for n, text in enumerate(expressions))
    root = tmp_path / "policies"
    root.mkdir()
    (root / "a.rego").write_text(f"package a\n\n{rules}", encoding="utf-8")
    snapshot = load_snapshot(root)
    compile_snapshot(snapshot)
    evaluator = Evaluator(snapshot)
    command = [opa, "eval", "--strict-builtin-errors", "-f", "json", "-d", str(root), "data.a"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs = json.loads(ran.stdout)["result"][0]["expressions"][0]["value"]
    ours = {}
    for number in range(len(expressions)):
        try:
            ours[f"r{number}"] = json.loads(evaluator.evaluate("{}", f"data.a.r{number}"))
        except StageUndefined:
            continue
    shown = {expressions[int(key[1:])]: (ours.get(key), theirs.get(key)) for key in ours | theirs}
    assert {text: pair for text, pair in shown.items() if pair[0] != pair[1]} == {}


@pytest.mark.parametrize(
    "text",
    [
        "a: 2026-08-02\nb: 12:30\nc: 1.0.0\nd: +5\ne: -0\nf: .5\ng: 1.50\n",
        'a: [true, True, null, ~, ""]\nb:\nc: "no"\nd: \'1\'\n',
        "a: |\n  x\n  y\nb: >-\n  x\n  y\nc: x y\n",
        'a: {b: [c, {d: 1}]}\n"1": é😀\n',
        "a: 9007199254740991\nb: 0.1\nc: -1.5\n",
    ],
)
def test_data_files_are_read_as_opa_reads_them(opa: str, tmp_path: Path, text: str) -> None:
    (tmp_path / "data.yaml").write_text(text, encoding="utf-8")
    command = [opa, "eval", "-f", "json", "-d", str(tmp_path / "data.yaml"), "data"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs = json.loads(ran.stdout)["result"][0]["expressions"][0]["value"]
    assert parse("data.yaml", text) == theirs
