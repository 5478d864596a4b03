#!/bin/sh
# rustdoc that may write JSON, which is not stable yet. Only rustdoc itself sees this variable: build scripts of
# dependencies look at it, too, and cargo would compile them again.
RUSTC_BOOTSTRAP=1 exec rustdoc "$@"
