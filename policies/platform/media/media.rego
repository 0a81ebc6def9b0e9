# METADATA
# title: Media by channel
# description: >-
#   The gateway judges words. Files of a type the channel does not take, or too many of them, wait
#   for a person.
# custom:
#   id: platform.media
#   verdicts: [hold]
package packs.platform.media

results contains {
	"rule": "platform.media",
	"text": "The message brings files that this channel does not take without review: too many, or of another type. Remove them, or let a person look.",
	"verdict": "hold",
	"obligations": [],
} if {
	input.media[0]
	not fits(object.get(data.platform.media.channels, input.message.channel, {"types": [], "most": 0}))
}

fits(limits) if {
	count(input.media) <= limits.most
	every file in input.media {
		some type in limits.types
		startswith(file.content_type, type)
	}
}
