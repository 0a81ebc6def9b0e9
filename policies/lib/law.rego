# METADATA
# title: Which legal rules hold here and now
# description: >-
#   The rules that hold at `input.now`, on this channel, where the person may be, and for them,
#   whether or not anything is due: `packs.legal.duties` says that. Some rules, such as the keeping
#   of records, ask for nothing message by message.
package lib.law

in_reach contains rule.id if {
	some place in input.audience.places
	some rule in data.law.rules[place]
	rule.channels[input.message.channel]
	rule.spares_minor != input.audience.minor
	rule.spares_companion != input.creator.companion
	rule.from <= input.now
	input.now < rule.until
}
