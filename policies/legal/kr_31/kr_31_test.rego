package packs.legal.kr_31_test

import data.lib.fixture
import data.packs.legal.kr_31

# What is due to an adult in KR, first met ten hours ago, for notices shown that many
# seconds ago.
due(shown, patch) := fixture.notices(results) if {
	message := object.union(
		json.remove(fixture.quiet, ["contact/disclosed_s/ai"]),
		{
			"now": "2027-03-01T12:00:00.000000Z",
			"audience": {"jurisdictions": ["KR"]},
			"contact": {"since_first_s": 36000, "disclosed_s": shown},
		},
	)
	results := kr_31.results with input as object.union(message, patch)
}

aged(minor) := {"audience": {"minor": minor}}

in_places(places) := {"audience": {"jurisdictions": places}}

test_the_first_message if {
	due({}, {"contact": {"first": true, "since_first_s": null}}) == {"ai"}
	due({"ai": 60}, {}) == set()
}

test_every_channel_and_avatar if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		due({}, {"message": {"channel": channel}, "creator": {"companion": false}}) == {"ai"}
	}
}

test_the_day_it_begins if {
	due({}, {"now": "2026-01-21T23:59:59.999999Z"}) == set()
	"ai" in due({}, {"now": "2026-01-22T00:00:00.000000Z"})
}

test_place if {
	"ai" in due({}, in_places(["KR"]))
	"ai" in due({}, in_places([]))
	due({}, in_places(["CN"])) == set()
	due({}, in_places(["US"])) == set()
}
