package packs.creator.topics_test

import data.lib.fixture
import data.packs.creator.topics

verdicts(list, where) := fixture.verdicts(results) if {
	results := topics.results with input as fixture.message({"findings": {"terms": [{"list": list, "term": "lawsuit", "in": where}]}})
}

test_a_denied_topic_in_the_text_holds if {
	verdicts("topics.deny", "text") == {"hold"}
}

test_other_lists_and_places_say_nothing if {
	verdicts("brands.deny", "text") == set()
	verdicts("topics.deny", "brand") == set()
	topics.results == set() with input as fixture.quiet
}
