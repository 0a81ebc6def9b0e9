package packs.creator.profanity_test

import data.lib.fixture
import data.packs.creator.profanity

verdicts(channel, settings) := fixture.verdicts(results) if {
	results := profanity.results with input as fixture.said("creator.profanity", {"message": {"channel": channel}, "creator": settings})
}

test_the_creators_word_counts if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		verdicts(channel, {"tone": {"profanity": "allow"}}) == set()
		verdicts(channel, {"tone": {"profanity": "hold"}}) == {"hold"}
	}
}

test_otherwise_the_channel if {
	every channel in ["space", "comment", "live"] {
		verdicts(channel, {}) == {"hold"}
		verdicts(channel, {"tone": {}}) == {"hold"}
	}
	every channel in ["group", "dm"] {
		verdicts(channel, {}) == set()
	}
}

test_no_swearing_says_nothing if {
	profanity.results == set() with input as fixture.on("live")
	profanity.results == set() with input as fixture.heard("creator.profanity", {"message": {"channel": "live"}})
}
