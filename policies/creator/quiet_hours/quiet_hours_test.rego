package packs.creator.quiet_hours_test

import data.lib.fixture
import data.packs.creator.quiet_hours

test_quiet_holds if {
	results := quiet_hours.results with input as fixture.message({"creator": {"quiet": true}})
	fixture.verdicts(results) == {"hold"}
}

test_outside_says_nothing if {
	quiet_hours.results == set() with input as fixture.quiet
}

test_the_crisis_answer_does_not_wait if {
	quiet_hours.results == set() with input as fixture.heard("creator.self_harm", {"creator": {"quiet": true}})
}
