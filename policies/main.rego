# METADATA
# title: The decision about one message
# description: >-
#   Collects what every rule of every pack says about the message in `input` and folds it into
#   one decision. The strictest verdict wins. A pack is any package `packs.<pack>.<rule>` that
#   defines the partial set `results`; this file names none of them.
# custom:
#   id: gateway
package gateway

import data.lib.replacement

# METADATA
# title: The decision
# description: >-
#   `verdict` is publish, hold or block. `reasons` lists every result, sorted by rule.
#   `obligations` lists what must be done before publishing, equal ones merged, each with the
#   rules that caused it.
# entrypoint: true
# custom:
#   id: gateway.decision
decision := {"verdict": verdict(reasons), "reasons": reasons, "obligations": obligations} if {
	results := in_crisis({result | result := data.packs[_][_].results[_]}) | unavailable
	known := {"publish": 0, "hold": 0, "block": 0}
	stated := [{"rule": result.rule, "text": result.text, "verdict": result.verdict} |
		some result in results
		known[result.verdict] == 0
	]
	asked := [[[obligation.kind, obligation.params], result.rule] |
		some result in results
		some obligation in result.obligations
	]
	reasons := sort(array.concat(stated, malformed(results, stated, asked)))
	tasks := {one[0] | some one in asked}
	obligations := [{"kind": task[0], "params": task[1], "rules": rules} |
		some task in tasks
		rules := sort({one[1] | some one in asked; one[0] == task})
	]
}

# METADATA
# title: What may stop the crisis answer
# description: >-
#   It takes the place of the avatar's words, so what any rule has against those words, or against
#   the moment, would only keep help from someone who needs it now. Each reason stays, and asks for
#   nothing. Who withdrew the avatar, or speaks in its place, is heeded all the same, and so is what
#   is wrong with files, which the answer does not replace.
# custom:
#   id: gateway.crisis
in_crisis(results) := {aside(result) | some result in results} if {
	replacement.crisis
} else := results

aside(result) := result if {
	object.get(result, "rule", "") in heeded
} else := object.union(result, {"verdict": "publish"})

heeded := {"baseline.handover", "creator.consent", "creator.kill_switch", "platform.media"}

verdict(reasons) := "block" if {
	some reason in reasons
	reason.verdict == "block"
} else := "hold" if {
	some reason in reasons
	reason.verdict == "hold"
} else := "publish"

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
malformed(results, stated, asked) := [] if {
	count(stated) == count(results)
	numbers := [number |
		some result in results
		is_array(result.obligations)
		number := count(result.obligations)
	]
	count(numbers) == count(results)
	sum(numbers) == count(asked)
} else := [{
	"rule": "gateway.malformed",
	"text": "A policy rule answered in a shape that cannot be read, so nothing it meant may be lost. Run `policy check` and mend the pack.",
	"verdict": "block",
}]
