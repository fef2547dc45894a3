"""Token batches → logits."""
