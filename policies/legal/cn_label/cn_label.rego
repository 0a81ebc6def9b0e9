# METADATA
# title: Visible and implicit label on generated text (China)
# description: Each message carries the visible label and the GB 45438 object, on every channel.
# custom:
#   id: cn.label
#   citation: Measures for Labelling AI-Generated Synthetic Content (China), Art. 4 and 5; GB 45438-2025
#   verdicts: [publish]
#   obligations: [disclose, mark]
package packs.legal.cn_label

import data.lib.law

results contains {
	"rule": "cn.label",
	"text": "Each generated text shown in China carries a visible label and the GB 45438 mark; both are added.",
	"verdict": "publish",
	"obligations": [
		{"kind": "disclose", "params": {"notice": "ai", "position": rule.params.position}},
		{"kind": "mark", "params": {"formats": ["gb45438"]}},
	],
} if {
	rule := law.in_reach["cn.label"]
}
