"""What customers did, before what they say."""
