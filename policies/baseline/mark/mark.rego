# METADATA
# title: Machine-readable marks
# description: >-
#   Every published message of the avatar carries the IPTC digital source type and the schema.org property, so
#   that software can tell that a machine wrote it. Readers see nothing of it.
# custom:
#   id: baseline.mark
#   verdicts: [publish]
#   obligations: [mark]
package packs.baseline.mark

import data.lib.author

results contains {
	"rule": "baseline.mark",
	"text": "An AI wrote this message, so it is marked for software (IPTC, schema.org).",
	"verdict": "publish",
	"obligations": [{"kind": "mark", "params": {"formats": ["iptc", "schema_org"]}}],
} if {
	not author.is_person
}
