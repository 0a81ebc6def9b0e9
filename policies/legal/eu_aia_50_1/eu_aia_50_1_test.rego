package packs.legal.eu_aia_50_1_test

import data.lib.fixture
import data.packs.legal.eu_aia_50_1

notices(patch) := fixture.notices(results) if {
	results := eu_aia_50_1.results with input as fixture.message(patch)
}

first := {"contact": {"first": true, "since_first_s": null, "gap_s": null}}

shown(age) := {"contact": {"disclosed_s": {"ai": age}}}

test_first_contact_on_every_channel if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		notices(object.union(first, {"message": {"channel": channel}})) == {"ai"}
	}
}

test_not_again_in_the_same_conversation if {
	notices({}) == set()
	notices(shown(100000000)) == set()
}

test_due_when_the_first_message_was_never_shown if {
	results := eu_aia_50_1.results with input as object.union(
		object.remove(fixture.quiet, ["contact"]),
		{"contact": {"first": false, "since_first_s": 60, "gap_s": 60, "disclosed_s": {}}},
	)
	fixture.notices(results) == {"ai"}
}

test_live_is_labelled_now_and_then if {
	live := {"message": {"channel": "live"}}
	notices(object.union(live, shown(899))) == set()
	notices(object.union(live, shown(900))) == {"ai"}
	notices(object.union(live, {"contact": {"disclosed_s": {"ai": 9000, "ai_reminder": 30}}})) == set()
}

test_from_the_second_of_august_2026 if {
	notices(object.union(first, {"now": "2026-08-01T23:59:59.999999Z"})) == set()
	notices(object.union(first, {"now": "2026-08-02T00:00:00.000000Z"})) == {"ai"}
}

test_place if {
	notices(object.union(first, {"audience": {"jurisdictions": ["FR"]}})) == {"ai"}
	notices(object.union(first, {"audience": {"jurisdictions": ["EU"]}})) == {"ai"}
	notices(object.union(first, {"audience": {"jurisdictions": []}})) == {"ai"}
	notices(object.union(first, {"audience": {"jurisdictions": ["US-NY"]}})) == set()
}

test_age_does_not_matter if {
	every minor in ["yes", "no", "unknown"] {
		notices(object.union(first, {"audience": {"minor": minor}})) == {"ai"}
	}
}

test_it_never_keeps_a_message_back if {
	results := eu_aia_50_1.results with input as fixture.message(first)
	fixture.verdicts(results) == {"publish"}
}
