package packs.creator.self_harm_test

import data.lib.fixture
import data.packs.creator.self_harm

test_the_persons_words_count if {
	results := self_harm.results with input as fixture.heard("creator.self_harm", {})
	fixture.verdicts(results) == {"publish"}
	fixture.kinds(results) == {"replace", "escalate"}
}

test_the_avatars_words_count if {
	results := self_harm.results with input as fixture.said("creator.self_harm", {})
	fixture.kinds(results) == {"replace", "escalate"}
}

test_the_template_is_the_crisis_text if {
	results := self_harm.results with input as fixture.heard("creator.self_harm", {})
	some result in results
	{"kind": "replace", "params": {"template": "crisis"}} in result.obligations
}

test_no_hit_says_nothing if {
	self_harm.results == set() with input as fixture.quiet
	self_harm.results == set() with input as fixture.said("creator.guilt", {})
}

test_the_words_of_a_person_who_took_over_stay if {
	results := self_harm.results with input as fixture.heard("creator.self_harm", {"message": {"author": "human"}})
	fixture.verdicts(results) == {"publish"}
	fixture.kinds(results) == {"escalate"}
}
