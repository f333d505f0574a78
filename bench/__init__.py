"""What is measured: each figure a ratio to a peer, or a limit, in the same run on the same machine."""
