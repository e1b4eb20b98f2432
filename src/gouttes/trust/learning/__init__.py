"""What a company's own customers teach: the weight of each drop and bucket, and how long it is remembered."""
