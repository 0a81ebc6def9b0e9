package packs.baseline.mark_test

import data.lib.fixture
import data.packs.baseline.mark

test_every_message_is_marked_on_every_channel if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		results := mark.results with input as fixture.on(channel)
		fixture.verdicts(results) == {"publish"}
		some result in results
		result.obligations == [{"kind": "mark", "params": {"formats": ["iptc", "schema_org"]}}]
	}
}

test_a_persons_words_are_not_marked_as_a_machines if {
	results := mark.results with input as fixture.message({"message": {"author": "human"}})
	results == set()
}
