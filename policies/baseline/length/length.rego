# METADATA
# title: Length by channel
# description: >-
#   An avatar that says far more than the channel is used to is out of hand: hold, and block what
#   is absurd. A message with nothing in it once hidden characters are removed is blocked, unless
#   it brings media.
# custom:
#   id: baseline.length
#   verdicts: [hold, block]
package packs.baseline.length

results contains {
	"rule": "baseline.length",
	"text": "Nothing readable is left of the text once hidden characters are removed. Submit a message with words or media.",
	"verdict": "block",
	"obligations": [],
} if {
	input.text.length < 100
	input.media == []
	blank(input.text)
}

results contains {
	"rule": "baseline.length",
	"text": sprintf("The text has %v characters, more than this channel takes without review. Shorten or split it.", [input.text.length]),
	"verdict": verdict,
	"obligations": [],
} if {
	input.text.length > 280
	verdict := judged(input.message.channel)
}

blank(text) if text.length == 0

blank(text) if {
	is_string(text.normalised)
	trim_space(text.normalised) == ""
}

judged(channel) := "block" if {
	not within(channel, "block")
} else := "hold" if {
	not within(channel, "hold")
}

within(channel, verdict) if input.text.length <= data.baseline.length.channels[channel][verdict]
