# METADATA
# title: The decision about one message
# description: >-
#   Collects what every rule of every pack says about the message in `input` and folds it into
#   one decision. The strictest verdict wins. A pack is any package `packs.<pack>.<rule>` that
#   defines the partial set `results`; this file names none of them.
# custom:
#   id: gateway
package gateway

# METADATA
# title: The decision
# description: >-
#   `verdict` is publish, hold or block. `reasons` lists every result, sorted by rule.
#   `obligations` lists what must be done before publishing, equal ones merged, each with the
#   rules that caused it.
# entrypoint: true
# custom:
#   id: gateway.decision
decision := {"verdict": verdict, "reasons": reasons, "obligations": obligations}

results := {result | result := data.packs[_][_].results[_]} | unavailable

default verdict := "publish"

verdict := "block" if {
	some reason in reasons
	reason.verdict == "block"
} else := "hold" if {
	some reason in reasons
	reason.verdict == "hold"
}

reasons := sort(array.concat(stated, malformed))

stated := [{"rule": result.rule, "text": result.text, "verdict": result.verdict} |
	some result in results
	result.verdict in {"publish", "hold", "block"}
	result.obligations == [obligation |
		some obligation in result.obligations
		obligation.kind
		obligation.params
	]
]

caused[key] contains result.rule if {
	some result in results
	some obligation in result.obligations
	key := [obligation.kind, obligation.params]
}

obligations := sort([{"kind": cause[0], "params": cause[1], "rules": sort(rules)} | some cause, rules in caused])

# METADATA
# title: A stage that could not be asked
# description: >-
#   A detector, the creator's record or the disclosure clock gave no answer, so nobody knows
#   whether the message is safe. It waits for a person.
# custom:
#   id: gateway.unavailable
#   verdicts: [hold]
unavailable := {{
	"rule": "gateway.unavailable",
	"text": sprintf("The stage '%s' gave no answer, so the message could not be checked in full. Review it by hand, or submit it again when the stage answers.", [failure.stage]),
	"verdict": "hold",
	"obligations": [],
} |
	some failure in input.unavailable
}

# METADATA
# title: A rule that answered in another shape
# description: >-
#   Comprehensions skip what lacks a field. A result that would be skipped could have asked for
#   a block, so it blocks.
# custom:
#   id: gateway.malformed
#   verdicts: [block]
malformed := [reason |
	count(stated) != count(results)
	reason := {
		"rule": "gateway.malformed",
		"text": "A policy rule answered in a shape that cannot be read, so nothing it meant may be lost. Run `policy check` and mend the pack.",
		"verdict": "block",
	}
]
