# METADATA
# title: AI companions say that they are AI (Washington)
# description: >-
#   At the start and every three hours; every hour to someone who is or may be a minor. Claims to be
#   human are creator.human_claim, manipulation is creator.guilt.
# custom:
#   id: us.wa.2225
#   citation: Washington HB 2225 (2026)
#   verdicts: [publish]
#   obligations: [disclose]
package packs.legal.us_wa_2225

import data.lib.contact
import data.lib.law

results contains {
	"rule": "us.wa.2225",
	"text": sprintf("A companion in Washington tells from time to time that it is AI; due now: %s (HB 2225).", [concat(", ", due)]),
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": notice, "position": "start"}} | some notice in due],
} if {
	rule := law.in_reach["us.wa.2225"]
	due := contact.due(rule.params.clock)
	count(due) > 0
}
