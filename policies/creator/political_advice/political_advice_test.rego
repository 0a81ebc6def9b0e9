package packs.creator.political_advice_test

import data.lib.fixture
import data.packs.creator.political_advice

verdicts(message) := fixture.verdicts(results) if {
	results := political_advice.results with input as message
}

test_a_hit_holds_on_every_channel if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		verdicts(fixture.said("creator.political_advice", {"message": {"channel": channel}})) == {"hold"}
	}
}

test_no_hit_says_nothing if {
	verdicts(fixture.quiet) == set()
	verdicts(fixture.said("creator.another_list", {})) == set()
}

test_the_humans_words_do_not_count if {
	verdicts(fixture.heard("creator.political_advice", {})) == set()
}
