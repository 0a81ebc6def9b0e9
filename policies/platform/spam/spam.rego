# METADATA
# title: Shouting and repetition
# description: >-
#   What platforms' spam filters punish: long texts all in capitals, and the same few words over and
#   over.
# custom:
#   id: platform.spam
#   verdicts: [hold]
package packs.platform.spam

results contains {
	"rule": "platform.spam",
	"text": "The text is all in capitals, or says the same few words over and over, which platforms take for spam. Rewrite it, or let a person release it.",
	"verdict": "hold",
	"obligations": [],
} if {
	input.text.length >= 20
	input.message.channel in data.platform.spam.channels
	spam(input.text)
}

spam(text) if {
	text.shouted
	text.length >= data.platform.spam.shouting
}

spam(text) if {
	is_string(text.lower)
	words := split(text.lower, " ")
	count(words) >= data.platform.spam.words
	count({word | some word in words}) * data.platform.spam.repeats <= count(words)
}
