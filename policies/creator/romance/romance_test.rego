package packs.creator.romance_test

import data.lib.fixture
import data.packs.creator.romance

verdicts(minor) := fixture.verdicts(results) if {
	results := romance.results with input as fixture.said("creator.romance", {"audience": {"minor": minor}})
}

test_a_minor_blocks if {
	verdicts("yes") == {"block"}
}

test_unknown_age_holds if {
	verdicts("unknown") == {"hold"}
}

test_an_adult_says_nothing if {
	verdicts("no") == set()
}

test_no_hit_says_nothing if {
	every minor in ["yes", "no", "unknown"] {
		romance.results == set() with input as fixture.message({"audience": {"minor": minor}})
	}
}

test_the_humans_words_do_not_count if {
	romance.results == set() with input as fixture.heard("creator.romance", {"audience": {"minor": "yes"}})
}
