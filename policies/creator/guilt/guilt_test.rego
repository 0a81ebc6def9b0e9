package packs.creator.guilt_test

import data.lib.fixture
import data.packs.creator.guilt

verdicts(message) := fixture.verdicts(results) if {
	results := guilt.results with input as message
}

test_a_hit_holds_on_every_channel if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		verdicts(fixture.said("creator.guilt", {"message": {"channel": channel}})) == {"hold"}
	}
}

test_no_hit_says_nothing if {
	verdicts(fixture.quiet) == set()
	verdicts(fixture.said("creator.another_list", {})) == set()
}

test_the_humans_words_do_not_count if {
	verdicts(fixture.heard("creator.guilt", {})) == set()
}

test_the_crisis_answer_comes_first if {
	signals := [
		{"list": "creator.guilt", "source": "en:1", "start": 0, "end": 5, "in": "text"},
		{"list": "creator.self_harm", "source": "en:1", "start": 0, "end": 5, "in": "human"},
	]
	results := guilt.results with input as fixture.message({"findings": {"signals": signals}})
	results == set()
}
