package lib.contact_test

import data.lib.contact
import data.lib.fixture

clock(patch) := {"contact": object.union({"first": false, "since_first_s": 7200, "gap_s": 60}, patch)}

never(notice, patch) if {
	shown := contact.shown with input as patch
	not shown[notice]
}

again(notices, interval_s, patch) if contact.due_again(notices, interval_s) with input as patch

test_never if {
	never("ai", clock({"disclosed_s": {}}))
	never("ai", clock({"disclosed_s": {"ad": 5}}))
	not never("ai", clock({"disclosed_s": {"ai": 5}}))
	not never("ai", clock({"disclosed_s": {"ai": 0}}))
}

test_first_contact_counts_as_never if {
	never("ai", clock({"first": true, "disclosed_s": {"ai": 5}}))
}

test_due_again_at_the_interval if {
	again(["ai"], 3600, clock({"disclosed_s": {"ai": 3600}}))
	not again(["ai"], 3600, clock({"disclosed_s": {"ai": 3599}}))
}

test_the_latest_of_several_counts if {
	not again(["ai", "ai_reminder"], 3600, clock({"disclosed_s": {"ai": 9000, "ai_reminder": 3599}}))
	again(["ai", "ai_reminder"], 3600, clock({"disclosed_s": {"ai": 9000, "ai_reminder": 3600}}))
}

test_never_shown_counts_from_the_first_contact if {
	again(["ai"], 7200, clock({"disclosed_s": {}}))
	not again(["ai"], 7201, clock({"disclosed_s": {}}))
	again(["ai"], 7201, clock({"disclosed_s": {}, "since_first_s": null}))
}

test_not_again_on_a_first_contact if {
	not again(["ai"], 0, clock({"first": true, "disclosed_s": {"ai": 9000}}))
}

test_the_fixture_was_told_an_hour_ago if {
	not never("ai", fixture.quiet)
	again(["ai"], 3600, fixture.quiet)
}

clocked(clock, minor, patch) := due if {
	due := contact.due(clock) with input as {"audience": {"minor": minor}, "contact": object.union({"first": false, "since_first_s": 7200, "gap_s": 60}, patch)}
}

test_clock_with_nothing_set_is_never_due if {
	clocked({}, "unknown", {"disclosed_s": {}}) == []
}

test_clock_tells_first_and_does_not_remind_beside_it if {
	clocked({"first": true, "every_s": 3600}, "no", {"disclosed_s": {}}) == ["ai"]
	clocked({"first": true, "every_s": 3600}, "no", {"disclosed_s": {"ai": 3600}}) == ["ai_reminder"]
	clocked({"first": true, "every_s": 3600}, "no", {"disclosed_s": {"ai": 3599}}) == []
}

test_clock_for_minors_is_for_those_who_may_be if {
	clocked({"minors_every_s": 60}, "yes", {"disclosed_s": {"ai": 60}}) == ["ai_reminder"]
	clocked({"minors_every_s": 60}, "unknown", {"disclosed_s": {"ai": 60}}) == ["ai_reminder"]
	clocked({"minors_every_s": 60}, "no", {"disclosed_s": {"ai": 60}}) == []
}

test_clock_for_breaks if {
	clocked({"break_every_s": 7200}, "no", {"disclosed_s": {}}) == ["take_a_break"]
	clocked({"break_every_s": 7201}, "no", {"disclosed_s": {}}) == []
	clocked({"first": true, "break_every_s": 60}, "no", {"disclosed_s": {}}) == ["ai", "take_a_break"]
}
