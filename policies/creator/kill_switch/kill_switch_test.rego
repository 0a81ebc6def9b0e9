package packs.creator.kill_switch_test

import data.lib.fixture
import data.packs.creator.kill_switch

verdicts(settings) := fixture.verdicts(results) if {
	results := kill_switch.results with input as fixture.message({"creator": settings})
}

test_on_blocks if {
	verdicts({"kill_switch": true}) == {"block"}
}

test_off_or_unset_says_nothing if {
	verdicts({"kill_switch": false}) == set()
	verdicts({}) == set()
}
