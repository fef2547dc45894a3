"""The label-attention head, and where it looked."""
