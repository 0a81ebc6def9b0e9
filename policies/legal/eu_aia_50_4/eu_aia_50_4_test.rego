package packs.legal.eu_aia_50_4_test

import data.lib.fixture

# The notices due in DE to an adult first met ten hours ago, for notices shown that many
# seconds ago.
due(shown, patch) := fixture.notices(fixture.law("eu.aia.50.4", fixture.shown(shown, object.union(
	{
		"now": "2026-11-22T20:00:00.000000Z",
		"audience": {"jurisdictions": ["DE"]},
		"contact": {"since_first_s": 36000},
	},
	object.union({"message": {"channel": "comment"}, "editorial": {"public_interest": true}}, patch),
))))

first := {"contact": {"first": true, "since_first_s": null, "gap_s": null}}

aged(minor) := {"audience": {"minor": minor}}

at(places) := {"audience": {"jurisdictions": places}}

on(channel) := {"message": {"channel": channel}}

by(reviewer, editor) := {"editorial": {"reviewed_by": reviewer, "editor": editor}}

test_public_channels_alone if {
	every channel in ["space", "comment", "live"] {
		due({}, on(channel)) == {"ai_public"}
		due({}, object.union(first, on(channel))) == {"ai_public"}
	}
	every channel in ["group", "dm"] {
		due({}, on(channel)) == set()
	}
}

test_public_interest_alone if {
	due({}, {"editorial": {"public_interest": false}}) == set()
}

test_review_and_editor_lift_it_together if {
	due({}, by("rev-1", "ed-1")) == set()
	due({}, by("rev-1", null)) == {"ai_public"}
	due({}, by(null, "ed-1")) == {"ai_public"}
	due({}, by("rev-1", " ")) == {"ai_public"}
	due({}, by("", "ed-1")) == {"ai_public"}
}

test_each_comment_and_now_and_then_elsewhere if {
	due({"ai_public": 0}, on("comment")) == {"ai_public"}
	every channel in ["live", "space"] {
		due({"ai_public": 899}, on(channel)) == set()
		due({"ai_public": 900}, on(channel)) == {"ai_public"}
	}
}

test_the_day_it_begins if {
	due({}, {"now": "2026-08-01T23:59:59.999999Z"}) == set()
	due({}, {"now": "2026-08-02T00:00:00.000000Z"}) == {"ai_public"}
}

test_age_does_not_matter if {
	every minor in ["yes", "no", "unknown"] {
		due({}, aged(minor)) == {"ai_public"}
	}
}

test_place if {
	due({}, at(["IT"])) == {"ai_public"}
	due({}, at(["EU"])) == {"ai_public"}
	due({}, at([])) == {"ai_public"}
	due({}, at(["GB"])) == set()
	due({}, at(["US"])) == set()
}
