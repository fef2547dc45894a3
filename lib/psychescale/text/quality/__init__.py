"""What can be said of texts as data: their language, what stands for none, a look at a sample."""
