# METADATA
# title: AI companions remind minors that they are AI (Oregon)
# description: >-
#   At the start, and every hour to someone who is or may be a minor. Self-harm is
#   creator.self_harm.
# custom:
#   id: us.or.1546
#   citation: Oregon SB 1546 (2026)
#   verdicts: [publish]
#   obligations: [disclose]
package packs.legal.us_or_1546

import data.lib.contact
import data.lib.law

results contains {
	"rule": "us.or.1546",
	"text": sprintf("A companion in Oregon tells minors every hour that it is AI; due now: %s (SB 1546).", [concat(", ", due)]),
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": notice, "position": "start"}} | some notice in due],
} if {
	rule := law.in_reach["us.or.1546"]
	due := contact.due(rule.params.clock)
	count(due) > 0
}
