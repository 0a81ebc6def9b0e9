# METADATA
# title: AI notice and breaks in emotional interaction (China)
# description: >-
#   The AI notice at the start, a break after two hours. Romance with minors is creator.romance,
#   self-harm is creator.self_harm.
# custom:
#   id: cn.anthro
#   citation: Interim Measures for Anthropomorphic AI Interaction Services (China)
#   verdicts: [publish]
#   obligations: [disclose]
package packs.legal.cn_anthro

import data.lib.contact
import data.lib.law

results contains {
	"rule": "cn.anthro",
	"text": sprintf("Sustained interaction with an AI in China needs a notice and breaks; due now: %s (Anthropomorphic AI Measures).", [concat(", ", due)]),
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": notice, "position": "start"}} | some notice in due],
} if {
	rule := law.in_reach["cn.anthro"]
	due := contact.due(rule.params.clock)
	count(due) > 0
}
