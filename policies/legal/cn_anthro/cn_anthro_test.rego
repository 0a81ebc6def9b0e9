package packs.legal.cn_anthro_test

import data.lib.fixture
import data.packs.legal.cn_anthro

# What is due to an adult in CN, first met ten hours ago, for notices shown that many
# seconds ago.
due(shown, patch) := fixture.notices(results) if {
	message := object.union(
		json.remove(fixture.quiet, ["contact/disclosed_s/ai"]),
		{
			"now": "2027-03-01T12:00:00.000000Z",
			"audience": {"jurisdictions": ["CN"]},
			"contact": {"since_first_s": 36000, "disclosed_s": shown},
		},
	)
	results := cn_anthro.results with input as object.union(message, patch)
}

aged(minor) := {"audience": {"minor": minor}}

in_places(places) := {"audience": {"jurisdictions": places}}

test_the_first_message if {
	due({}, {"contact": {"first": true, "since_first_s": null}}) == {"ai"}
	due({"ai": 60, "take_a_break": 60}, {}) == set()
}

test_a_break_after_two_hours if {
	due({"ai": 60, "take_a_break": 7199}, {}) == set()
	due({"ai": 60, "take_a_break": 7200}, {}) == {"take_a_break"}
	due({"ai": 60}, {"contact": {"since_first_s": 7199}}) == set()
	due({"ai": 60}, {"contact": {"since_first_s": 7200}}) == {"take_a_break"}
	due({}, {}) == {"ai", "take_a_break"}
}

test_age_does_not_matter if {
	every minor in ["yes", "no", "unknown"] {
		due({"ai": 60, "take_a_break": 7200}, aged(minor)) == {"take_a_break"}
	}
}

test_private_channels_and_companions_alone if {
	every channel in ["space", "group", "dm"] {
		"ai" in due({}, {"message": {"channel": channel}})
	}
	due({}, {"message": {"channel": "comment"}}) == set()
	due({}, {"message": {"channel": "live"}}) == set()
	due({}, {"creator": {"companion": false}}) == set()
}

test_the_day_it_begins if {
	due({}, {"now": "2026-07-14T23:59:59.999999Z"}) == set()
	"ai" in due({}, {"now": "2026-07-15T00:00:00.000000Z"})
}

test_place if {
	"ai" in due({}, in_places(["CN", "DE"]))
	"ai" in due({}, in_places([]))
	due({}, in_places(["KR"])) == set()
	due({}, in_places(["US"])) == set()
}
