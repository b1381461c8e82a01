"""Questions: one `.rq` file each, in this folder, and what asks them."""
