package packs.legal.eu_aia_50_4_test

import data.lib.fixture
import data.packs.legal.eu_aia_50_4

notices(patch) := fixture.notices(results) if {
	public := {"message": {"channel": "comment"}, "editorial": {"public_interest": true}}
	results := eu_aia_50_4.results with input as fixture.message(object.union(public, patch))
}

by(reviewer, editor) := {"editorial": {"reviewed_by": reviewer, "editor": editor}}

shown(channel, age) := {"message": {"channel": channel}, "contact": {"disclosed_s": {"ai_public": age}}}

test_public_channels_alone if {
	every channel in ["space", "comment", "live"] {
		notices({"message": {"channel": channel}}) == {"ai_public"}
	}
	every channel in ["group", "dm"] {
		notices({"message": {"channel": channel}}) == set()
	}
}

test_public_interest_alone if {
	notices({"editorial": {"public_interest": false}}) == set()
}

test_review_and_editor_lift_it_together if {
	notices(by("rev-1", "ed-1")) == set()
	notices(by("rev-1", null)) == {"ai_public"}
	notices(by(null, "ed-1")) == {"ai_public"}
	notices(by("rev-1", " ")) == {"ai_public"}
	notices(by("", "ed-1")) == {"ai_public"}
}

test_each_comment_and_now_and_then_on_live if {
	notices(shown("comment", 0)) == {"ai_public"}
	notices(shown("live", 899)) == set()
	notices(shown("live", 900)) == {"ai_public"}
	notices(shown("space", 899)) == set()
}

test_from_the_second_of_august_2026 if {
	notices({"now": "2026-08-01T23:59:59.999999Z"}) == set()
	notices({"now": "2026-08-02T00:00:00.000000Z"}) == {"ai_public"}
}

test_place if {
	notices({"audience": {"jurisdictions": ["IT"]}}) == {"ai_public"}
	notices({"audience": {"jurisdictions": []}}) == {"ai_public"}
	notices({"audience": {"jurisdictions": ["GB"]}}) == set()
}
