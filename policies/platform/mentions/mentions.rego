# METADATA
# title: Mass mentions
# description: >-
#   A message that rings everybody, or mentions many people at once, waits for a person.
# custom:
#   id: platform.mentions
#   verdicts: [hold]
package packs.platform.mentions

results contains {
	"rule": "platform.mentions",
	"text": "The text rings everybody, or mentions many people at once. Address fewer, or let a person release it.",
	"verdict": "hold",
	"obligations": [],
} if {
	is_string(input.text.submitted)
	contains(input.text.submitted, "@")
	mass(lower(input.text.submitted))
}

mass(text) if {
	some word in data.platform.mentions.everybody
	contains(text, word)
	regex.match(sprintf(`(^|[^\p{L}\p{N}])%s($|[^\p{L}\p{N}])`, [word]), text)
}

mass(text) if count(split(text, "@")) > data.platform.mentions.most + 1
