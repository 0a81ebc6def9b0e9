"""The measurements that `make bench` runs: one file for each room, each with `measure() ->
Iterator[Figure]`."""
