# METADATA
# title: Mass mentions
# description: >-
#   A message that rings everybody (@everyone, @here, …), or mentions many people at once, waits
#   for a person.
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
	is_string(input.text.lower)
	contains(input.text.lower, "@")
	mass(input.text.lower)
}

mass(text) if regex.match(`(^|[^\p{L}\p{N}])@(everyone|everybody|here|channel|all|room|tous)($|[^\p{L}\p{N}])`, text)

mass(text) if count(split(text, "@")) > data.platform.mentions.most + 1
