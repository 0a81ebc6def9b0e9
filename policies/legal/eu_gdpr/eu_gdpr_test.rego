package packs.legal.eu_gdpr_test

import data.lib.fixture
import data.lib.law

in_reach(patch) if "eu.gdpr" in law.in_reach with input as fixture.message(patch)

at(places) := {"audience": {"jurisdictions": places}}

test_nothing_is_asked_of_a_message if {
	fixture.law("eu.gdpr", fixture.message({})) == set()
}

test_the_day_it_begins if {
	not in_reach({"now": "2018-05-24T23:59:59.999999Z"})
	in_reach({"now": "2018-05-25T00:00:00.000000Z"})
}

test_place if {
	in_reach(at(["PL"]))
	in_reach(at(["EU"]))
	in_reach(at([]))
	not in_reach(at(["CN"]))
	not in_reach(at(["GB", "US-NY"]))
}

test_every_channel_and_age if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		in_reach({"message": {"channel": channel}})
	}
	every minor in ["yes", "no", "unknown"] {
		in_reach({"audience": {"minor": minor}})
	}
}
