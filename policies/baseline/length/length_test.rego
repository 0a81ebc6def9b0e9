package packs.baseline.length_test

import data.lib.fixture
import data.packs.baseline.length

verdicts(channel, size) := fixture.verdicts(results) if {
	results := length.results with input as fixture.message({"message": {"channel": channel}, "text": {"length": size}})
}

empty(text, media) := fixture.verdicts(results) if {
	results := length.results with input as fixture.message({
		"text": {"submitted": text, "normalised": text, "folded": text, "length": count(text)},
		"media": media,
	})
}

picture := {"sha256": "00", "content_type": "image/png"}

test_limits_of_each_channel if {
	limits := {"space": [1000, 10000], "group": [4000, 20000], "dm": [8000, 20000], "comment": [3000, 10000], "live": [500, 5000]}
	every channel, limit in limits {
		verdicts(channel, limit[0]) == set()
		verdicts(channel, limit[0] + 1) == {"hold"}
		verdicts(channel, limit[1]) == {"hold"}
		verdicts(channel, limit[1] + 1) == {"block"}
	}
}

test_short_text_says_nothing if {
	verdicts("live", 1) == set()
	verdicts("dm", 280) == set()
}

test_nothing_left_blocks if {
	empty("", []) == {"block"}
	empty(" \n\t ", []) == {"block"}
	empty(".", []) == set()
}

test_media_may_come_without_words if {
	empty("", [picture]) == set()
}

test_a_channel_without_limits_blocks_long_text if {
	results := length.results with input as fixture.message({"text": {"length": 300}})
		with data.baseline.length.channels as {}
	fixture.verdicts(results) == {"block"}
}

test_masked_text_is_judged_by_its_length if {
	masked := fixture.message({"text": {"submitted": null, "normalised": null, "folded": null}})
	length.results == set() with input as masked
}
