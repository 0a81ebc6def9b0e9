package lib.author_test

import data.lib.author
import data.lib.fixture

test_a_person_is_named_so if {
	author.is_person with input as fixture.message({"message": {"author": "human"}})
}

test_all_else_is_the_avatars if {
	not author.is_person with input as fixture.message({"message": {"author": "avatar"}})
	not author.is_person with input as fixture.quiet
}
