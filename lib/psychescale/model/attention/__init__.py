"""Where a label-attention head looked, and what that is worth."""
